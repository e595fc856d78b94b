package pfs

import (
	"context"
	"fmt"
	"maps"

	"pfsd/pfs/internal/schema"
)

// maxSettingName is the longest name of a setting, and maxSettings how many bytes the names and values of a branch sum to at
// most: they are written again with every commit of the branch.
const (
	maxSettingName = 64
	maxSettings    = 64 << 10
)

// SetBranchSetting keeps a value with a branch under a name, durably, in place of the one that was there; an empty value
// removes it. The core knows nothing of what it means. It stays when the branch is renamed, is deleted and restored with
// it, and is not copied to branches made from it. Names are 1 to 64 bytes; names and values of one branch sum to at most 64
// KiB. The error is of KindInvalid for a bad name or the workspace of an open commit, KindTooLarge, or as with Update.
func (s *Store) SetBranchSetting(ctx context.Context, ref Ref, name, value string) error {
	const op = "pfs.SetBranchSetting"
	if name == "" || len(name) > maxSettingName {
		return &Error{Op: op, Kind: KindInvalid, Ref: ref.String(), Err: fmt.Errorf("a setting cannot be called %q", name)}
	}
	return s.committer.do(ctx, true, func(g *group) error {
		b, err := s.writable(op, ref)
		if err != nil {
			return err
		}
		if b.open != nil {
			return &Error{Op: op, Kind: KindInvalid, Ref: ref.String()}
		}
		settings := maps.Clone(b.named())
		if settings == nil {
			settings = map[string]string{}
		}
		settings[name] = value
		if value == "" {
			delete(settings, name)
		}
		if size := settingsSize(settings); size > maxSettings {
			return &Error{Op: op, Kind: KindTooLarge, Ref: ref.String(),
				Err: fmt.Errorf("the settings of a branch would be %d bytes, and may be %d", size, maxSettings)}
		}
		return g.putSettings(ctx, b, settings)
	})
}

// putSettings stores the branch with other settings, and what is pending on it in a commit.
func (g *group) putSettings(ctx context.Context, b *branch, settings map[string]string) error {
	w := g.workOn(b)
	if err := w.cutPending(ctx); err != nil {
		return err
	}
	w.moved = false
	rec := b.record(&w.state)
	rec.Settings = settings
	g.put(schema.BranchKey(b.repo.id, b.name), rec.Append(nil))
	g.publish = append(g.publish, func() { b.settings.Store(&settings) })
	return nil
}

// named returns the settings of a branch, which must not be changed.
func (b *branch) named() map[string]string {
	if settings := b.settings.Load(); settings != nil && len(*settings) > 0 {
		return *settings
	}
	return nil
}

func settingsSize(settings map[string]string) int {
	size := 0
	for name, value := range settings {
		size += len(name) + len(value)
	}
	return size
}
