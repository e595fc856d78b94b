package clients_test

import (
	"os"
	"testing"

	"pfsd/integration/harness"
)

// TestPandas writes and reads tables with pandas through smart-open, which uploads in parts and reads by ranges.
func TestPandas(t *testing.T) {
	t.Parallel()
	s := harness.New(t)
	door := s.S3()
	mount := s.Mount("master.tables", "--create")
	if err := os.WriteFile(mount.Path("mounted.csv"), []byte("a,b\n1,2\n3,4\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	cmd := s.Command(python, absolute(t, "python/frames.py"))
	cmd.Env = append(s.ClientEnv(door), "BUCKET=master.tables")
	s.Quiet(cmd)
	s.Quiet(s.Command(python, "-c", "import pandas, sys; assert len(pandas.read_csv(sys.argv[1])) == 200000", mount.Path("table.csv.gz")))
}

// TestDuckDB writes and reads Parquet, CSV and a database with DuckDB in a mount, beside S3. Its own reader of S3 is not in
// its package, but is downloaded by it, which these tests do not do.
func TestDuckDB(t *testing.T) {
	t.Parallel()
	s := harness.New(t)
	door := s.S3()
	mount := s.Mount("master.tables", "--create")
	local := s.Dir + "/other.csv"
	if err := os.WriteFile(local, []byte("a,b\n1,2\n3,4\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	s.Quiet(s.RcloneCommand(door, "copyto", local, "pfsd:master.tables/other.csv"))
	cmd := javascript(t, s, "duckdb.cjs")
	cmd.Env = append(cmd.Env, "DIR="+mount.Dir)
	s.Quiet(cmd)
	// S3 has the same.
	s.Quiet(s.RcloneCommand(door, "copy", "pfsd:master.tables", s.Dir+"/back"))
	s.Diff(mount.Dir, s.Dir+"/back")
}
