package fsys_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// run runs a shell script in dir.
func run(t *testing.T, dir, script string) string {
	t.Helper()
	cmd := exec.Command("sh", "-euc", script)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "HOME="+dir, "GIT_CONFIG_NOSYSTEM=1", "GOFLAGS=")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s\n%s%v", script, out, err)
	}
	return string(out)
}

// needs skips the test when a program is not installed.
func needs(t *testing.T, program string) {
	t.Helper()
	if _, err := exec.LookPath(program); err != nil {
		t.Skip(err)
	}
}

// goRoot returns where the Go toolchain is: a tree of real files.
func goRoot(t *testing.T) string {
	t.Helper()
	needs(t, "go")
	out, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(out))
}

func TestGit(t *testing.T) {
	needs(t, "git")
	f := newFixture(t)
	run(t, f.dir, `
		git init -q repo && cd repo
		git config user.name test && git config user.email test@localhost
		for i in $(seq 1 60); do mkdir -p d$((i%7)); echo "file $i" > d$((i%7))/f$i; done
		git add . && git commit -q -m one
		echo changed > d1/f1 && git commit -q -a -m two
		git gc -q --prune=now && git fsck --strict
		cd .. && git clone -q repo clone && cd clone
		test "$(git status --porcelain)" = "" && test "$(git log --oneline | wc -l)" = 2
		git checkout -q HEAD~1 && grep -q 'file 1' d1/f1`)
}

func TestSQLite(t *testing.T) {
	needs(t, "sqlite3")
	f := newFixture(t)
	for _, mode := range []string{"delete", "wal"} {
		out := run(t, f.dir, `
			db=`+mode+`.db
			sqlite3 $db 'pragma journal_mode='`+mode+`'; create table t (n integer primary key, s text);'
			for i in 1 2 3 4 5; do
				sqlite3 $db "begin; with recursive c(x) as (select 1 union all select x+1 from c where x < 500)
					insert into t (s) select hex(randomblob(100)) from c; commit;"
			done
			sqlite3 $db 'pragma integrity_check; select count(*) from t; update t set s = s || s where n % 3 = 0; vacuum;'
			sqlite3 $db 'pragma integrity_check'`)
		if want := mode + "\nok\n2500\nok\n"; out != want {
			t.Errorf("%s: %q, want %q", mode, out, want)
		}
	}
}

func TestTar(t *testing.T) {
	needs(t, "tar")
	f := newFixture(t)
	source := filepath.Join(goRoot(t), "src", "net")
	archive := filepath.Join(f.root, "net.tar")
	run(t, source, "tar cf "+archive+" .")
	run(t, f.dir, "tar xf "+archive+" && tar df "+archive+" && cp -a . ../copy && diff -r . ../copy && rm -rf ./*")
	if left, err := os.ReadDir(f.dir); err != nil || len(left) > 0 {
		t.Errorf("left %v, %v", left, err)
	}
}

func TestRsync(t *testing.T) {
	needs(t, "rsync")
	f := newFixture(t)
	source := filepath.Join(goRoot(t), "src", "encoding") + "/"
	run(t, f.dir, "rsync -aHAX "+source+" copy")
	if again := run(t, f.dir, "rsync -aHAXi "+source+" copy"); again != "" {
		t.Errorf("the second run transfers %q", again)
	}
}

func TestExecAndMap(t *testing.T) {
	f := newFixture(t)
	self, err := os.ReadFile("/bin/true")
	if err != nil {
		t.Skip(err)
	}
	name := filepath.Join(f.dir, "true")
	if err := os.WriteFile(name, self, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := exec.Command(name).Run(); err != nil {
		t.Error(err)
	}
	if got := f.get("true"); !bytes.Equal(got.Data, self) {
		t.Error("the core has other bytes")
	}
}
