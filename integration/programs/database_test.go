package programs_test

import (
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"pfsd/integration/harness"
)

// TestSQLite keeps databases in the mount, in both ways that they journal.
func TestSQLite(t *testing.T) {
	needs(t, "sqlite3")
	p := newPlace(t)
	for _, mode := range []string{"delete", "wal"} {
		out := p.sh(`
			sqlite3 $MODE.db "pragma journal_mode=$MODE; create table t (n integer primary key, s text);"
			for i in 1 2 3 4 5; do
				sqlite3 $MODE.db "begin; with recursive c(x) as (select 1 union all select x+1 from c where x < 500)
					insert into t (s) select hex(randomblob(100)) from c; commit;"
			done
			sqlite3 $MODE.db 'pragma integrity_check; select count(*) from t; update t set s = s || s where n % 3 = 0; vacuum;'
			sqlite3 $MODE.db 'pragma integrity_check'`, "MODE="+mode)
		if want := mode + "\nok\n2500\nok\n"; out != want {
			t.Errorf("%s: %q, want %q", mode, out, want)
		}
	}
}

// TestSQLiteKilled takes the server away by kill -9 while transactions are made. What had been committed is there afterwards,
// and the database is sound.
func TestSQLiteKilled(t *testing.T) {
	needs(t, "sqlite3")
	for _, mode := range []string{"delete", "wal"} {
		t.Run(mode, func(t *testing.T) {
			p := newPlace(t)
			p.sh(`sqlite3 k.db "pragma journal_mode=$MODE; create table t (n integer primary key, s text);"`, "MODE="+mode)
			done := p.transactions(mode)
			p.mount.Kill()
			last := <-done
			harness.LazyUnmount(t, p.mount.Dir)
			p.mount = p.Mount("master.work")
			out := strings.Fields(p.sh(`sqlite3 k.db 'pragma integrity_check; select max(n) from t; select count(*) from t'`))
			if len(out) != 3 || out[0] != "ok" || out[1] != out[2] {
				t.Fatalf("the database has %q", out)
			}
			if n, _ := strconv.Atoi(out[1]); n < last {
				t.Errorf("%d rows were committed, and %d are there", last, n)
			}
		})
	}
}

// transactions begins to insert one row in each of many transactions, and returns when some have been made. What comes later
// is the number of the last that was acknowledged.
func (p *place) transactions(mode string) <-chan int {
	p.t.Helper()
	// Only this setting has each transaction synced in both modes, the removal of the journal included.
	cmd := p.Command("sh", "-c", `
		i=0
		while i=$((i+1)) && sqlite3 k.db "pragma synchronous=extra; insert into t values ($i, hex(randomblob(3000)))"; do
			echo $i
		done`)
	cmd.Dir = p.mount.Dir
	out, err := cmd.StdoutPipe()
	if err != nil {
		p.t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		p.t.Fatal(err)
	}
	some, done := make(chan struct{}), make(chan int, 1)
	go func() {
		last := 0
		for line := range lines(out) {
			if n, err := strconv.Atoi(line); err == nil {
				last = n
			}
			if last == 10 && some != nil {
				close(some)
				some = nil
			}
		}
		_ = cmd.Wait() // It fails when the mount is gone.
		done <- last
	}()
	select {
	case <-some:
	case <-time.After(time.Minute):
		p.t.Fatalf("%s: no transactions are made", mode)
	}
	return done
}

// TestFio has fio write at random places, by system calls and through a mapping, and verify all of it by checksums.
func TestFio(t *testing.T) {
	if _, err := exec.LookPath("fio"); err != nil {
		t.Skip(err)
	}
	p := newPlace(t)
	size := strconv.Itoa(scale(4, 16, 512)) + "m"
	for _, engine := range []string{"psync", "mmap"} {
		for _, direct := range []string{"0", "1"} {
			if engine == "mmap" && direct == "1" {
				continue
			}
			p.sh(`fio --name=job --filename=$ENGINE$DIRECT --rw=randwrite --bs=4k-64k --bs_unaligned=$((1 - DIRECT)) --size=$SIZE \
				--ioengine=$ENGINE --direct=$DIRECT --verify=crc32c --do_verify=1 --verify_fatal=1 --fsync=200 \
				--randseed=7 --minimal --output="$OUTSIDE/fio.out"`, "ENGINE="+engine, "DIRECT="+direct, "SIZE="+size)
		}
	}
}
