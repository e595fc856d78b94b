package control_test

import (
	"context"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"

	"pfsd/cli/internal/control"
	"pfsd/pfs"
)

// text returns the bytes of a file.
func text(t *testing.T, c *control.Client, ref, path string) string {
	t.Helper()
	var b strings.Builder
	err := c.Cat(t.Context(), control.FileRequest{Ref: ref, Path: path}, &b)
	switch pfs.KindOf(err) {
	case 0:
		return b.String()
	case pfs.KindFileNotFound:
		return "-"
	}
	t.Fatal(err)
	return ""
}

func wantKind(t *testing.T, what string, err error, kind pfs.Kind) {
	t.Helper()
	if pfs.KindOf(err) != kind {
		t.Errorf("%s: %v, want %v", what, err, kind)
	}
}

// history returns the ids of a log, newest first.
func history(t *testing.T, c *control.Client, r control.FileRequest) []pfs.CommitID {
	t.Helper()
	var ids []pfs.CommitID
	for _, line := range collect(t, c.Log(t.Context(), r)) {
		ids = append(ids, line.ID)
	}
	return ids
}

func TestNamesComeAndGo(t *testing.T) {
	eachWay(t, func(t *testing.T, c *control.Client) {
		ctx := t.Context()
		createRepo(t, c, "r")
		first := put(t, c, "r", map[string]string{"a": "1"})
		put(t, c, "r", map[string]string{"a": "2"})
		tag, err := c.CreateTag(ctx, control.TagRequest{Ref: "v1.r", From: "master^.r"})
		if err != nil || tag.Commit != first.ID {
			t.Fatalf("tag %+v, %v; want that of %v", tag, err, first.ID)
		}
		_, err = c.CreateTag(ctx, control.TagRequest{Ref: "v1.r", From: "r"})
		wantKind(t, "a tag of a tag's name", err, pfs.KindExists)
		_, err = c.CreateTag(ctx, control.TagRequest{Ref: "v2.r", From: "master~9.r"})
		wantKind(t, "a tag of what is not there", err, pfs.KindCommitNotFound)
		if _, err := c.RenameRepo(ctx, control.RenameRequest{Repo: "r", To: "s"}); err != nil {
			t.Fatal(err)
		}
		if _, err := c.RenameBranch(ctx, control.RenameRequest{Ref: "master.s", To: "main"}); err != nil {
			t.Fatal(err)
		}
		if got := text(t, c, "main.s", "a") + text(t, c, "v1.s", "a"); got != "21" {
			t.Errorf("after the renames the files are %q", got)
		}
		if err := c.DeleteTag(ctx, control.TagRequest{Ref: "v1.s"}); err != nil {
			t.Fatal(err)
		}
		if err := c.DeleteRepo(ctx, control.RepoRequest{Name: "s", Force: true}); err != nil {
			t.Fatal(err)
		}
		deleted := collect(t, c.Deletions(ctx))
		if len(deleted) != 3 || deleted[len(deleted)-1].Kind != "tag" {
			t.Errorf("deletions: %+v", deleted)
		}
		for _, r := range []control.UndeleteRequest{{Repo: "s", Ref: "s"}, {Ref: "v1.s"}} {
			if err := c.Undelete(ctx, r); err != nil {
				t.Fatal(err)
			}
		}
		info, err := c.InspectRepo(ctx, control.RepoRequest{Name: "s"})
		if err != nil || len(info.Branches) != 1 || len(info.Tags) != 1 || info.Tags[0].Commit != first.ID {
			t.Errorf("after undelete: %+v, %v", info, err)
		}
		wantKind(t, "undelete of what is there", c.Undelete(ctx, control.UndeleteRequest{Ref: "v1.s"}), pfs.KindExists)
		if got := collect(t, c.Tags(ctx, control.TagRequest{})); len(got) != 1 {
			t.Errorf("tags of all repos: %v", got)
		}
	})
}

func TestOpenCommits(t *testing.T) {
	eachWay(t, func(t *testing.T, c *control.Client) {
		ctx := t.Context()
		createRepo(t, c, "r")
		put(t, c, "r", map[string]string{"a": "1"})
		open, err := c.StartCommit(ctx, control.ChangeRequest{Ref: "master.r", Message: "open", By: control.Person{Name: "ann"}})
		if err != nil {
			t.Fatal(err)
		}
		address := open.ID.String() + ".master.r"
		put(t, c, address, map[string]string{"a": "2", "b": "3"})
		if got := text(t, c, "r", "a") + text(t, c, address, "a"); got != "12" {
			t.Errorf("the branch and the open commit show %q", got)
		}
		info, err := c.InspectCommit(ctx, control.FileRequest{Ref: address})
		if err != nil || !info.Open || info.Branch != "master" || info.Files != 2 {
			t.Errorf("inspect: %+v, %v", info, err)
		}
		if all := collect(t, c.OpenCommits(ctx, control.BranchRequest{Ref: "master.r"})); len(all) != 1 || all[0].ID != open.ID {
			t.Errorf("open commits: %+v", all)
		}
		for _, e := range collect(t, c.Annotate(ctx, control.FileRequest{Ref: address})) {
			if e.Version == nil || *e.Version != open.ID || e.Author != "ann" || e.Time.IsZero() {
				t.Errorf("annotate in an open commit: %+v", e)
			}
		}
		if got := text(t, c, open.ID.String()+"^.r", "a"); got != "1" {
			t.Errorf("before the open commit a file is %q", got)
		}
		for _, err := range c.Log(ctx, control.FileRequest{Ref: address}) {
			wantKind(t, "the log of an open commit", err, pfs.KindConflict)
		}
		put(t, c, "r", map[string]string{"a": "other"})
		_, err = c.FinishCommit(ctx, control.ChangeRequest{Ref: address})
		var conflict *pfs.ConflictError
		if !errors.As(err, &conflict) || !slices.Equal(conflict.Paths, []string{"a"}) {
			t.Fatalf("finish: %v, want a conflict in a", err)
		}
		if got := text(t, c, "r", "b"); got != "-" {
			t.Errorf("a finish that failed has left b as %q", got)
		}
		done, err := c.FinishCommit(ctx, control.ChangeRequest{Ref: address, Resolve: "theirs"})
		if err != nil || done.ID != open.ID || done.Author != "ann" || done.Message != "open" {
			t.Errorf("finish: %+v, %v", done, err)
		}
		if got := text(t, c, "r", "a") + text(t, c, "r", "b"); got != "23" {
			t.Errorf("after the finish the files are %q", got)
		}
		_, err = c.FinishCommit(ctx, control.ChangeRequest{Ref: address})
		wantKind(t, "finish of a finished commit", err, pfs.KindReadOnly)
		dropped, err := c.StartCommit(ctx, control.ChangeRequest{Ref: "master.r"})
		if err != nil {
			t.Fatal(err)
		}
		request := control.ChangeRequest{Ref: dropped.ID.String() + ".r"}
		if id, err := c.AbortCommit(ctx, request); err != nil || id != dropped.ID {
			t.Fatal(id, err)
		}
		_, err = c.AbortCommit(ctx, request)
		wantKind(t, "abort of what was aborted", err, pfs.KindCommitNotFound)
	})
}

func TestDiffs(t *testing.T) {
	eachWay(t, func(t *testing.T, c *control.Client) {
		ctx := t.Context()
		createRepo(t, c, "r")
		put(t, c, "r", map[string]string{"same": "s", "edit": "1", "gone": "g", "old/name": "moved", "empty": ""})
		if _, err := c.Remove(ctx, control.RemoveRequest{Ref: "r", Paths: []string{"gone", "old/name", "empty"}}); err != nil {
			t.Fatal(err)
		}
		put(t, c, "r", map[string]string{"edit": "22", "new/name": "moved", "added": "", "more": "m"})
		got := map[string]string{}
		for _, d := range collect(t, c.Diff(ctx, control.DiffRequest{From: "master~2.r", To: "r"})) {
			got[d.Path] = strings.TrimSpace(d.Status + " " + d.From)
		}
		want := map[string]string{
			"edit": control.Changed, "gone": control.Deleted, "new/name": control.Renamed + " old/name", "added": control.Added,
			"empty": control.Deleted, "more": control.Added,
		}
		if len(got) != len(want) {
			t.Errorf("diff: %v", got)
		}
		for path, status := range want {
			if got[path] != status {
				t.Errorf("%s is %q, want %q", path, got[path], status)
			}
		}
		if one := collect(t, c.Diff(ctx, control.DiffRequest{From: "master~2.r", To: "r", Path: "new"})); len(one) != 1 {
			t.Errorf("diff of a directory: %+v", one)
		}
		if last := collect(t, c.Diff(ctx, control.DiffRequest{To: "r"})); len(last) != 4 {
			t.Errorf("what the last commit changed: %+v", last)
		}
		if none := collect(t, c.Diff(ctx, control.DiffRequest{To: "master~3.r"})); len(none) != 0 {
			t.Errorf("what the first commit changed: %+v", none)
		}
		for _, a := range collect(t, c.Annotate(ctx, control.FileRequest{Ref: "r"})) {
			at := "master.r"
			if a.Path == "same" {
				at = "master~2.r"
			}
			info, err := c.InspectCommit(ctx, control.FileRequest{Ref: at})
			if err != nil || a.Version == nil || *a.Version != info.ID || !a.Time.Equal(info.Time) {
				t.Errorf("%s was changed by %v at %v, want %v (%v)", a.Path, a.Version, a.Time, info.Commit, err)
			}
		}
	})
}

func TestCombining(t *testing.T) {
	eachWay(t, func(t *testing.T, c *control.Client) {
		ctx := t.Context()
		createRepo(t, c, "r")
		put(t, c, "r", map[string]string{"a": "1", "b": "1"})
		if _, err := c.CreateBranch(ctx, control.BranchRequest{Ref: "side.r", From: "r"}); err != nil {
			t.Fatal(err)
		}
		put(t, c, "side.r", map[string]string{"a": "side"})
		put(t, c, "r", map[string]string{"b": "main"})
		merged, err := c.Merge(ctx, control.ChangeRequest{Ref: "master.r", From: "side.r"})
		if err != nil || len(merged.Parents) != 2 || merged.Message != "merge side.r" {
			t.Fatalf("merge: %+v, %v", merged, err)
		}
		if again, err := c.Merge(ctx, control.ChangeRequest{Ref: "master.r", From: "side.r"}); err != nil || again.ID != merged.ID {
			t.Errorf("a second merge: %+v, %v", again, err)
		}
		if _, err := c.Revert(ctx, control.ChangeRequest{Ref: "master.r", From: "master^.r"}); err != nil {
			t.Fatal(err)
		}
		if got := text(t, c, "r", "a") + text(t, c, "r", "b"); got != "side1" {
			t.Errorf("after merge and revert the files are %q", got)
		}
		if _, err := c.CherryPick(ctx, control.ChangeRequest{Ref: "side.r", From: "master.r"}); err != nil {
			t.Fatal(err)
		}
		put(t, c, "side.r", map[string]string{"b": "x"})
		put(t, c, "r", map[string]string{"b": "y"})
		_, err = c.Merge(ctx, control.ChangeRequest{Ref: "master.r", From: "side.r"})
		var conflict *pfs.ConflictError
		if !errors.As(err, &conflict) || !slices.Equal(conflict.Paths, []string{"b"}) {
			t.Errorf("merge: %v, want a conflict in b", err)
		}
		if _, err := c.Merge(ctx, control.ChangeRequest{Ref: "master.r", From: "side.r", Resolve: "ours"}); err != nil {
			t.Fatal(err)
		}
		restored, err := c.Restore(ctx, control.ChangeRequest{Ref: "master.r", Path: "b", From: "side.r"})
		if err != nil || restored.ID.IsZero() || text(t, c, "r", "b") != "x" {
			t.Errorf("restore: %+v, %v", restored, err)
		}
		restored, err = c.Restore(ctx, control.ChangeRequest{Ref: "master.r", Path: "b", From: "side.r"})
		if err != nil || !restored.ID.IsZero() {
			t.Errorf("a restore of what is there made the commit %+v, %v", restored, err)
		}
		put(t, c, "r", map[string]string{"dir/new": "n"})
		if _, err := c.Restore(ctx, control.ChangeRequest{Ref: "master.r", Path: "dir", From: "side.r"}); err != nil {
			t.Fatal(err)
		}
		if got := text(t, c, "r", "dir/new"); got != "-" {
			t.Errorf("what the other version does not have is still there: %q", got)
		}
		squashed, err := c.Squash(ctx, control.ChangeRequest{Ref: "master.r", From: merged.ID.String() + ".r", Message: "one"})
		if err != nil || squashed.Parents[0] != merged.ID || text(t, c, "r", "b") != "x" {
			t.Errorf("squash: %+v, %v", squashed, err)
		}
		put(t, c, "r", map[string]string{"b": "y"})
		put(t, c, "r", map[string]string{"b": "z"})
		ranged, err := c.Squash(ctx, control.ChangeRequest{Ref: "master.r", From: merged.ID.String() + ".r", Until: "master^.r"})
		if err != nil || text(t, c, "r", "b") != "z" || text(t, c, "master^.r", "b") != "y" || len(ranged.Parents) != 1 {
			t.Errorf("squash of a range: %+v, %v", ranged, err)
		}
		if _, err := c.Reset(ctx, control.ChangeRequest{Ref: "master.r", From: "master^.r"}); err != nil {
			t.Fatal(err)
		}
		if back, err := c.Reset(ctx, control.ChangeRequest{Ref: "master.r", From: "master^.r"}); err != nil || back.ID != merged.ID {
			t.Errorf("reset: %+v, %v", back, err)
		}
		before := history(t, c, control.FileRequest{Ref: "r"})
		for what, err := range map[string]error{
			"squash since a stranger": second(c.Squash(ctx, control.ChangeRequest{Ref: "master.r", From: "side.r"})),
			"reset of a commit":       second(c.Reset(ctx, control.ChangeRequest{Ref: "master^.r", From: "side.r"})),
			"merge into a tag":        second(c.Merge(ctx, control.ChangeRequest{Ref: "none.r", From: "side.r"})),
			"restore of nothing":      second(c.Restore(ctx, control.ChangeRequest{Ref: "master.r", From: "side.r", Path: "none"})),
			"an unknown resolution":   second(c.Merge(ctx, control.ChangeRequest{Ref: "master.r", From: "side.r", Resolve: "x"})),
		} {
			if err == nil {
				t.Errorf("%s succeeds", what)
			}
		}
		if after := history(t, c, control.FileRequest{Ref: "r"}); !slices.Equal(before, after) {
			t.Errorf("what failed has changed the history from %v to %v", before, after)
		}
	})
}

func second[T any](_ T, err error) error { return err }

func TestLogsNarrowed(t *testing.T) {
	eachWay(t, func(t *testing.T, c *control.Client) {
		createRepo(t, c, "r")
		var made []control.Commit
		for _, author := range []string{"Ann", "bob", "joanna"} {
			commit, err := c.Put(t.Context(), control.PutRequest{Ref: "r", By: control.Person{Name: author}},
				func(parts *control.PartWriter) error {
					w, err := parts.Next(control.Entry{Path: "a", Kind: "file"})
					if err == nil {
						_, err = io.WriteString(w, author)
					}
					return err
				})
			if err != nil {
				t.Fatal(err)
			}
			made = append(made, commit)
		}
		for name, want := range map[string]struct {
			r   control.FileRequest
			ids []pfs.CommitID
		}{
			"author": {control.FileRequest{Ref: "r", Author: "ann"}, []pfs.CommitID{made[2].ID, made[0].ID}},
			"since":  {control.FileRequest{Ref: "r", Since: made[1].Time}, []pfs.CommitID{made[2].ID, made[1].ID}},
			"both":   {control.FileRequest{Ref: "r", Since: made[1].Time, Author: "ann"}, []pfs.CommitID{made[2].ID}},
			"limit":  {control.FileRequest{Ref: "r", Path: "a", Author: "ann", Limit: 1}, []pfs.CommitID{made[2].ID}},
		} {
			if got := history(t, c, want.r); !slices.Equal(got, want.ids) {
				t.Errorf("%s: %v, want %v", name, got, want.ids)
			}
		}
	})
}

// TestFollow reads a log while commits are made, until the branch is deleted.
func TestFollow(t *testing.T) {
	eachWay(t, func(t *testing.T, c *control.Client) {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		createRepo(t, c, "r")
		first := put(t, c, "r", map[string]string{"a": "1"})
		lines := make(chan control.LogLine)
		end := make(chan error, 1)
		go func() {
			for line, err := range c.Follow(ctx, control.FileRequest{Ref: "master.r", Limit: 1}) {
				if err != nil {
					end <- err
					return
				}
				lines <- line
			}
			end <- nil
		}()
		want := first.ID
		for i := range 5 {
			if got := <-lines; got.ID != want {
				t.Fatalf("line %d is %v, want %v", i, got.ID, want)
			}
			want = put(t, c, "r", map[string]string{"b": strings.Repeat("b", i+1)}).ID
		}
		if got := <-lines; got.ID != want {
			t.Errorf("the last line is %v, want %v", got.ID, want)
		}
		if err := c.DeleteBranch(t.Context(), control.BranchRequest{Ref: "master.r"}); err != nil {
			t.Fatal(err)
		}
		wantKind(t, "the end", <-end, pfs.KindBranchNotFound)
	})
}

func TestKeepAndUsage(t *testing.T) {
	eachWay(t, func(t *testing.T, c *control.Client) {
		ctx := t.Context()
		createRepo(t, c, "r")
		put(t, c, "r", map[string]string{"a": "12345", "b": "12345"})
		if got := collect(t, c.SetKeep(ctx, control.KeepRequest{Ref: "master.r", Policy: "forever"})); len(got) != 0 {
			t.Errorf("commits of the command line were thinned out: %v", got)
		}
		if got := collect(t, c.SetKeep(ctx, control.KeepRequest{Ref: "master.r", Policy: "1h:1h", DryRun: true})); len(got) != 0 {
			t.Errorf("commits of the command line would go: %v", got)
		}
		info, err := c.InspectBranch(ctx, control.BranchRequest{Ref: "master.r"})
		if err != nil || info.Keep != "forever" {
			t.Errorf("inspect: %+v, %v", info, err)
		}
		for _, err := range c.SetKeep(ctx, control.KeepRequest{Ref: "master.r", Policy: "often"}) {
			wantKind(t, "a malformed policy", err, pfs.KindInvalid)
		}
		u, err := c.Usage(ctx, control.UsageRequest{Ref: "r", History: true})
		if err != nil || u.Files != 2 || u.Logical != 10 || u.Unique != 5 || u.Physical != 5 || u.Alone != 5 {
			t.Errorf("usage: %+v, %v", u, err)
		}
	})
}

func TestFilesAreArranged(t *testing.T) {
	eachWay(t, func(t *testing.T, c *control.Client) {
		ctx := t.Context()
		createRepo(t, c, "r")
		createRepo(t, c, "other")
		put(t, c, "r", map[string]string{"a": "1", "d/x": "2", "d/e/y": "3"})
		from := func(paths ...string) (places []control.Place) {
			for _, path := range paths {
				places = append(places, control.Place{Ref: "r", Path: path})
			}
			return places
		}
		steps := []struct {
			name string
			err  error
			kind pfs.Kind
		}{
			{"copy a file", second(c.Copy(ctx, control.FilesRequest{Ref: "r", Sources: from("a"), To: "b"})), 0},
			{"copy a directory", second(c.Copy(ctx, control.FilesRequest{Ref: "r", Sources: from("d"), To: "copy"})), pfs.KindIsDir},
			{"copy a tree", second(c.Copy(ctx, control.FilesRequest{Ref: "r", Sources: from("d"), To: "copy", Recursive: true})), 0},
			{"copy into itself",
				second(c.Copy(ctx, control.FilesRequest{Ref: "r", Sources: from("d"), To: "d/in", Recursive: true})), pfs.KindInvalid},
			{"copy to another repo",
				second(c.Copy(ctx, control.FilesRequest{Ref: "other", Sources: from("d", "a"), Recursive: true})), 0},
			{"remove a file of the copy", second(c.Remove(ctx, control.RemoveRequest{Ref: "other", Paths: []string{"d/e/y"}})), 0},
			{"put another one there", second(put(t, c, "other", map[string]string{"d/z": "4"}), nil), 0},
			{"copy over a directory",
				second(c.Copy(ctx, control.FilesRequest{Ref: "other", Sources: from("d"), Recursive: true})), 0},
			{"copy two to a file", second(c.Copy(ctx, control.FilesRequest{Ref: "r", Sources: from("a", "b"), To: "a"})), pfs.KindNotDir},
			{"make directories", second(c.MakeDir(ctx, control.FilesRequest{Ref: "r", Paths: []string{"m", "n"}})), 0},
			{"make what is there", second(c.MakeDir(ctx, control.FilesRequest{Ref: "r", Paths: []string{"m"}})), pfs.KindExists},
			{"make below nothing",
				second(c.MakeDir(ctx, control.FilesRequest{Ref: "r", Paths: []string{"p/q"}})), pfs.KindFileNotFound},
			{"make all", second(c.MakeDir(ctx, control.FilesRequest{Ref: "r", Paths: []string{"p/q"}, Parents: true})), 0},
			{"move into a directory", second(c.Move(ctx, control.FilesRequest{Ref: "r", Sources: from("a", "d"), To: "m"})), 0},
			{"move under another name", second(c.Move(ctx, control.FilesRequest{Ref: "r", Sources: from("b"), To: "s/t/b2"})), 0},
			{"move what is not there",
				second(c.Move(ctx, control.FilesRequest{Ref: "r", Sources: from("b"), To: "c"})), pfs.KindFileNotFound},
			{"move into nothing", second(c.Move(ctx, control.FilesRequest{Ref: "r", Sources: from("m"), To: "x", Into: true})),
				pfs.KindFileNotFound},
		}
		for _, s := range steps {
			wantKind(t, s.name, s.err, s.kind)
		}
		for path, want := range map[string]string{"m/a": "1", "m/d/e/y": "3", "copy/x": "2", "s/t/b2": "1", "a": "-", "b": "-"} {
			if got := text(t, c, "r", path); got != want {
				t.Errorf("%s is %q, want %q", path, got, want)
			}
		}
		if got := text(t, c, "other", "d/e/y") + text(t, c, "other", "a") + text(t, c, "other", "d/z"); got != "314" {
			t.Errorf("the other repo has %q", got)
		}
		var names []string
		for _, e := range collect(t, c.Glob(ctx, control.FileRequest{Ref: "r", Path: "**/[xy]"})) {
			names = append(names, e.Path)
		}
		slices.Sort(names)
		if want := []string{"copy/e/y", "copy/x", "m/d/e/y", "m/d/x"}; !slices.Equal(names, want) {
			t.Errorf("glob: %v, want %v", names, want)
		}
		for _, err := range c.Glob(ctx, control.FileRequest{Ref: "r", Path: "[x"}) {
			wantKind(t, "a malformed pattern", err, pfs.KindInvalid)
		}
	})
}
