package programs_test

import "testing"

// TestReplaceByRename writes files as editors and data libraries do: beside the old one, and renamed over it.
func TestReplaceByRename(t *testing.T) {
	p := newPlace(t)
	out := p.sh(`
		echo first > file && chmod 640 file
		exec 3< file
		for i in 1 2 3 4 5; do
			cp -p file file~                                          # vim with backupcopy
			echo "version $i" > .file.swp && chmod --reference=file .file.swp
			sync .file.swp && mv .file.swp file
			ln -f file file.bak && rm file~
		done
		cat file file.bak && cat <&3 && stat -c '%a %h' file
		printf 'a,b\n1,2\n' > data.csv.tmp && mv -T data.csv.tmp data.csv && cat data.csv
		sed -i 's/1/7/' data.csv && cat data.csv`)
	if want := "version 5\nversion 5\nfirst\n640 2\na,b\n1,2\na,b\n7,2\n"; out != want {
		t.Errorf("got %q, want %q", out, want)
	}
	p.Pfsd("cat", "master.work:/file")
}
