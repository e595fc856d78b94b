package pfs_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"strings"

	"lukechampine.com/blake3"

	"pfsd/pfs"
	"pfsd/pfs/internal/pack"
)

// watchedDisk is a directory of packs that tells of each operation that changes something.
type watchedDisk struct {
	pack.FS
	// after is called after each such operation, if it is not nil.
	after func()
}

func (d *watchedDisk) note(err error) error {
	if d.after != nil {
		d.after()
	}
	return err
}

func (d *watchedDisk) Create(name string) (pack.File, error) {
	f, err := d.FS.Create(name)
	return &watchedFile{f, d}, d.note(err)
}

func (d *watchedDisk) Remove(name string) error { return d.note(d.FS.Remove(name)) }

func (d *watchedDisk) Sync() error { return d.note(d.FS.Sync()) }

// watchedFile is a file of a watchedDisk.
type watchedFile struct {
	pack.File
	disk *watchedDisk
}

func (f *watchedFile) WriteAt(p []byte, off int64) (int, error) {
	n, err := f.File.WriteAt(p, off)
	return n, f.disk.note(err)
}

func (f *watchedFile) Sync() error { return f.disk.note(f.File.Sync()) }

// large returns bytes that are a chunk in a pack, and others, different for each seed; a hole is among them.
func large(seed uint64) string {
	b := make([]byte, 200<<10)
	rnd := rand.NewChaCha8([32]byte{byte(seed)})
	_, _ = rnd.Read(b)
	clear(b[64<<10 : 128<<10])
	return string(b)
}

func hashOf(text string) pfs.Hash { return blake3.Sum256([]byte(text)) }

// ingest stores bytes.
func (r *scriptRun) ingest(text string) *pfs.Ingested {
	r.t.Helper()
	in, err := r.store.Ingest(ctx, strings.NewReader(text))
	r.noError(err)
	return in
}

// update makes a commit that has the branch show c.
func (r *scriptRun) update(branch, step string, c contents, fn func(*pfs.Tx) error) {
	r.t.Helper()
	r.next(branch, step, c)
	made, err := r.store.Update(ctx, r.ref(branch), byCLI, fn)
	r.noError(err)
	r.synced(branch)
	if made.ID.IsZero() {
		return // in an open commit
	}
	files := maps.Clone(c)
	maps.DeleteFunc(files, func(path string, _ pfs.Hash) bool { return strings.Contains(path, " of ") })
	r.commits[made.ID] = files
}

// put writes a file as a commit.
func (r *scriptRun) put(branch, path, text string) {
	r.t.Helper()
	r.step = "ingest of " + path
	in := r.ingest(text)
	defer in.Release()
	c := r.now(branch)
	c[path] = hashOf(text)
	r.update(branch, "put of "+path, c, func(tx *pfs.Tx) error { return tx.PutFile(path, in.Content, nil, 0) })
}

// apply writes a file as a mount does.
func (r *scriptRun) apply(branch, path, text string) {
	r.t.Helper()
	r.step = "ingest of " + path
	in := r.ingest(text)
	defer in.Release()
	c := r.now(branch)
	c[path] = hashOf(text)
	r.next(branch, "apply of "+path, c)
	r.noError(r.store.Apply(ctx, r.ref(branch), byMount, func(tx *pfs.Tx) error {
		return tx.PutFile(path, in.Content, nil, 0)
	}))
}

var byMount = pfs.By{Origin: pfs.OriginMount}

func (r *scriptRun) sync(branch string) {
	r.t.Helper()
	r.step = "sync of " + branch
	r.noError(r.store.Sync(ctx, r.ref(branch)))
	r.synced(branch)
}

func (r *scriptRun) cut(branch string) {
	r.t.Helper()
	r.step = "cut of " + branch
	made, err := r.store.Cut(ctx, r.ref(branch))
	r.noError(err)
	r.synced(branch)
	r.commits[made.ID] = r.now(branch)
}

// upload writes a file in parts.
func (r *scriptRun) upload(branch, path string, parts ...string) {
	r.t.Helper()
	ref := r.ref(branch)
	c := r.now(branch)
	c["upload of "+path] = pfs.Hash{}
	r.next(branch, "start of an upload", c)
	u, err := r.store.CreateUpload(ctx, ref, path, nil)
	r.noError(err)
	r.synced(branch)
	var chosen []pfs.Part
	for i, text := range parts {
		r.step = "ingest of a part"
		p, err := r.store.IngestPart(ctx, strings.NewReader(text), int64(len(strings.Join(parts[:i], ""))))
		r.noError(err)
		c := r.now(branch)
		c["part "+string(rune('1'+i))+" of "+path] = hashOf(text)
		r.next(branch, "part of an upload", c)
		part, err := r.store.PutPart(ctx, ref, u.ID, i+1, p, nil)
		r.noError(err)
		p.Release()
		r.synced(branch)
		chosen = append(chosen, part)
	}
	r.step = "join of an upload"
	in, err := r.store.JoinParts(ctx, ref, u.ID, chosen)
	r.noError(err)
	defer in.Release()
	c = r.now(branch)
	maps.DeleteFunc(c, func(name string, _ pfs.Hash) bool { return strings.HasSuffix(name, " of "+path) })
	c[path] = hashOf(strings.Join(parts, ""))
	r.update(branch, "end of an upload", c, func(tx *pfs.Tx) error {
		if err := tx.EndUpload(u.ID); err != nil {
			return err
		}
		return tx.PutFile(path, in.Content, nil, 0)
	})
}

// bulk writes so many files as one commit that their bytes and directories do not fit into one transaction.
func (r *scriptRun) bulk(branch, dir string) {
	r.t.Helper()
	r.step = "ingest of many files"
	c := r.now(branch)
	linked := map[string]pfs.Content{}
	for i := range 900 {
		text := fmt.Sprint(i, large(8)[:1500])
		in := r.ingest(text)
		defer in.Release()
		path := fmt.Sprintf("%s/%04d/file", dir, i)
		c[path], linked[path] = hashOf(text), in.Content
	}
	r.update(branch, "put of many files", c, func(tx *pfs.Tx) error {
		for path, content := range linked {
			if err := tx.PutFile(path, content, nil, 0); err != nil {
				return err
			}
		}
		return nil
	})
}

// rename moves what is at one path, with all that is below, as a commit.
func (r *scriptRun) rename(branch, from, to string) {
	r.t.Helper()
	c := contents{}
	for path, h := range r.now(branch) {
		if path == from || strings.HasPrefix(path, from+"/") {
			path = to + strings.TrimPrefix(path, from)
		}
		c[path] = h
	}
	r.update(branch, "rename of "+from, c, func(tx *pfs.Tx) error { return tx.Rename(from, to, pfs.RenameReplace) })
}

// link gives what is at one path another name, as a commit.
func (r *scriptRun) link(branch, from, to string) {
	r.t.Helper()
	c := r.now(branch)
	c[to] = c[from]
	r.update(branch, "link of "+from, c, func(tx *pfs.Tx) error { return tx.Link(from, to) })
}

// edit writes a file that has several names through one of them, as a mount does; the others are given.
func (r *scriptRun) edit(branch, path, text string, others ...string) {
	r.t.Helper()
	r.step = "ingest of " + path
	in := r.ingest(text)
	defer in.Release()
	c := r.now(branch)
	for _, name := range append(others, path) {
		c[name] = hashOf(text)
	}
	r.next(branch, "edit of "+path, c)
	r.noError(r.store.Apply(ctx, r.ref(branch), byMount, rewrite(in.Content, path)))
}

func (r *scriptRun) remove(branch, path string) {
	r.t.Helper()
	c := r.now(branch)
	delete(c, path)
	r.update(branch, "removal of "+path, c, func(tx *pfs.Tx) error { return tx.Remove(path) })
}

// create makes a branch, from another one if that is given; the first one comes with its repo.
func (r *scriptRun) create(branch, from string) {
	r.t.Helper()
	o := pfs.BranchOptions{By: byCLI, CreateRepo: true}
	c := contents{}
	if from != "" {
		o.From, c = pfs.BranchRef("images", from), r.now(from)
		maps.DeleteFunc(c, func(path string, _ pfs.Hash) bool { return strings.Contains(path, " of ") })
	}
	r.next(branch, "creation of "+branch, c)
	_, err := r.store.CreateBranch(ctx, r.ref(branch), o)
	r.noError(err)
	r.synced(branch)
	if from != "" {
		r.synced(from)
	}
}

func (r *scriptRun) drop(branch string) {
	r.t.Helper()
	r.next(branch, "deletion of "+branch, nil)
	r.noError(r.store.DeleteBranch(ctx, r.ref(branch), false))
	r.synced(branch)
}

// script does something of every sort.
func (r *scriptRun) script() {
	r.create("master", "")
	r.put("master", "a", "small")
	r.put("master", "dir/sub/b", large(1))
	r.put("master", "dir/same", large(1))
	r.put("master", "a", "smaller")
	r.upload("master", "dir/parts", large(2), large(3), "end")
	r.rename("master", "dir/sub", "moved")
	r.link("master", "dir/same", "dir/name")
	r.create("dev", "master")
	r.edit("dev", "dir/name", large(10), "dir/same")
	r.sync("dev")
	r.link("dev", "dir/same", "third name")
	r.remove("dev", "dir/name")
	for range 2 {
		r.apply("dev", "m/x", "applied")
		r.apply("dev", "m/y", large(4))
		r.sync("dev")
		r.apply("dev", "m/y", large(5))
		r.cut("dev")
	}
	r.apply("dev", "m/z", large(6))
	r.put("dev", "n", "cuts what is pending")
	r.apply("dev", "m/lost", "perhaps")
	r.create("third", "dev")
	r.remove("dev", "m/z")
	r.remove("master", "moved/b")
	r.apply("third", "m/new", large(7))
	r.drop("third")
	r.create("third", "master")
	r.drop("dev")
	r.bulk("third", "many")
	r.remove("third", "many/0007/file")
	r.apply("third", "last", large(8))
	r.versions()
	r.apply("third", "very last", large(9))
	r.step = "close"
	r.noError(r.store.Close())
	r.synced("third")
}

// versions does what is done with whole versions.
func (r *scriptRun) versions() {
	r.t.Helper()
	r.create("main", "")
	r.put("main", "a", "1")
	r.open("main", "work")
	r.put("work", "b", large(20))
	r.apply("work", "c", large(21))
	r.sync("work")
	r.put("main", "d", "meanwhile")
	r.finish("main", "work")
	r.open("main", "play")
	r.put("play", "e", large(22))
	r.whole("play", "abort", nil, func() error { return r.store.AbortCommit(ctx, r.ref("play")) })
	r.create("side", "main")
	r.apply("side", "f", large(23))
	r.merge("side", "main")
	r.refs["tag"] = pfs.BranchRef("images", "tag")
	r.whole("tag", "tag", r.now("main"), func() error {
		_, err := r.store.CreateTag(ctx, r.ref("tag"), r.ref("main"))
		return err
	})
	r.drop("side")
	r.whole("side", "undelete", r.now("main"), func() error { return r.store.Undelete(ctx, r.ref("side")) })
	r.remove("side", "a")
	r.whole("side", "reset", r.now("main"), func() error {
		_, err := r.store.Reset(ctx, r.ref("side"), r.ref("main"), byCLI)
		return err
	})
	r.moveBranch("side", "aside")
	r.gc()
	r.put("main", "after a collection", large(30))
	r.put("aside", "alone", large(31))
	r.drop("aside")
	r.gc()
}

// gc collects all garbage, what was deleted before included: from the first moment on that can no longer be restored, and a
// commit that no branch has in its history need not be there.
func (r *scriptRun) gc() {
	r.t.Helper()
	r.step = "collection of garbage"
	for id := range r.commits {
		if !r.inUse(id) {
			delete(r.commits, id)
		}
	}
	report, err := r.store.GC(ctx, pfs.GCOptions{Compact: pfs.CompactAll})
	r.noError(err)
	if report.Reclaimable() == 0 {
		r.t.Error("the collection found no garbage")
	}
	r.collected = append(r.collected, report)
}

// inUse reports whether a commit is in the history of a branch or tag.
func (r *scriptRun) inUse(id pfs.CommitID) bool {
	for name, all := range r.shown {
		if _, other := r.refs[name]; all[len(all)-1] == nil || other && name != "tag" {
			continue
		}
		for entry, err := range r.store.Log(ctx, r.ref(name), "") {
			r.noError(err)
			if entry.Commit.ID == id {
				return true
			}
		}
	}
	return false
}

// whole does something by which a name comes to show c.
func (r *scriptRun) whole(name, step string, c contents, request func() error) {
	r.t.Helper()
	r.next(name, step, c)
	r.noError(request())
	r.synced(name)
}

// open starts a commit on a branch, whose workspace is called name.
func (r *scriptRun) open(branch, name string) {
	r.t.Helper()
	r.step = "start of a commit"
	made, err := r.store.StartCommit(ctx, r.ref(branch), byCLI)
	r.noError(err)
	r.refs[name] = pfs.Ref{Repo: "images", Name: branch, Commit: made.ID}
	r.next(name, "start of a commit", r.now(branch))
	r.synced(name)
}

// finish publishes the workspace name on its branch, which may have gone on.
func (r *scriptRun) finish(branch, name string) {
	r.t.Helper()
	both := r.now(branch)
	maps.Copy(both, r.now(name))
	r.next(name, "finish of a commit", both)
	r.whole(branch, "finish of a commit", both, func() error {
		_, err := r.store.FinishCommit(ctx, r.ref(name), byCLI, 0)
		return err
	})
	r.synced(name)
}

func (r *scriptRun) merge(from, to string) {
	r.t.Helper()
	both := r.now(to)
	maps.Copy(both, r.now(from))
	r.whole(to, "merge", both, func() error {
		_, err := r.store.Merge(ctx, r.ref(from), r.ref(to), byCLI, 0)
		return err
	})
	r.synced(from)
}

// moveBranch gives a branch another name: it has one of them at any time.
func (r *scriptRun) moveBranch(from, to string) {
	r.t.Helper()
	c := r.now(from)
	r.next(from, "rename of a branch", nil)
	r.whole(to, "rename of a branch", c, func() error {
		_, err := r.store.RenameBranch(ctx, r.ref(from), to)
		return err
	})
	r.synced(from)
}
