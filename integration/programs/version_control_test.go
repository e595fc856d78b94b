package programs_test

import (
	"fmt"
	"testing"
)

// TestGit keeps a repository of thousands of files in the mount.
func TestGit(t *testing.T) {
	needs(t, "git")
	p := newPlace(t)
	dirs := scale(10, 100, 100)
	p.sh(`
		git init -q -b main repo && cd repo
		git config user.name test && git config user.email test@localhost
		for d in $(seq 1 $DIRS); do
			mkdir -p d$d
			for i in $(seq 1 50); do echo "file $i of $d" > d$d/f$i; done
		done
		git add . && git commit -q -m one
		echo changed > d1/f1 && git mv d2/f2 d3/moved && git rm -q d4/f4 && git commit -q -a -m two
		git gc -q --prune=now && git fsck --strict
		git checkout -q -b side HEAD~1 && echo side > d5/f5 && git commit -q -a -m three && git merge -q -m merged main
		test "$(git status --porcelain)" = "" && test "$(git ls-files | wc -l)" = $((DIRS * 50 - 1))
		cd .. && git clone -q repo clone && cd clone
		test "$(git status --porcelain)" = "" && test "$(git log --oneline | wc -l)" = 4
		grep -qx side d5/f5 && grep -qx changed d1/f1 && test ! -e d4/f4 && git fsck --strict`, fmt.Sprintf("DIRS=%d", dirs))
}
