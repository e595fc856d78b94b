package programs_test

import "testing"

// TestGoBuild builds and tests a module, whose files and build cache are in the mount.
func TestGoBuild(t *testing.T) {
	needs(t, "go")
	if scale(0, 1, 1) == 0 {
		t.Skip("it compiles half of the standard library, once is enough")
	}
	p := newPlace(t)
	out := p.sh(`
		mkdir -p module/sum cache && cd module
		cat > go.mod <<-EOT
			module example.com/module
			go 1.22
		EOT
		cat > main.go <<-EOT
			package main
			import ("fmt"; "example.com/module/sum")
			func main() { fmt.Println(sum.Of(1, 2, 3)) }
		EOT
		cat > sum/sum.go <<-EOT
			package sum
			import "sort"
			func Of(n ...int) (s int) { sort.Ints(n); for _, i := range n { s += i }; return s }
		EOT
		cat > sum/sum_test.go <<-EOT
			package sum
			import "testing"
			func TestOf(t *testing.T) { if Of(2, 2) != 4 { t.Fail() } }
		EOT
		export GOCACHE="$PWD/../cache" GOFLAGS=-mod=mod GOTOOLCHAIN=local GOTELEMETRY=off
		go build -o bin/module . && bin/module
		go test ./sum | grep -c ok
		go vet ./... && go build -o bin/module . && go test ./sum | grep -c cached`)
	if want := "6\n1\n1\n"; out != want {
		t.Errorf("got %q, want %q", out, want)
	}
}
