package dataset

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// Merge joins the parts of a data set, made with different Settings.Shard, in a new folder and checks that nothing is
// missing. The result has the same bytes as a set made in one piece. A folder with the rest of a merge of the same set
// that did not end is gone on with. The error wraps ErrDifferent for parts of different sets, ErrDamaged, with the names,
// for files that are missing, altered or there twice and unlike, and ErrExists if there is something else in the folder.
func Merge(ctx context.Context, dir string, parts ...string) (*Manifest, error) {
	if len(parts) == 0 {
		return nil, fmt.Errorf("dataset: %w: nothing to merge", ErrSettings)
	}
	var m *Manifest
	from := map[string]string{}
	found := map[string]File{}
	for _, part := range parts {
		p, err := readManifest(part)
		if err != nil {
			return nil, err
		}
		if m == nil {
			m = &Manifest{Schema: schemaName, Code: p.Code, Recipe: p.Recipe, Files: []File{}}
		} else if d := m.Recipe.differences(p.Recipe); d != "" {
			return nil, fmt.Errorf("dataset: %s and %s: %w: %s", parts[0], part, ErrDifferent, d)
		}
		for _, f := range p.Files {
			if old, ok := found[f.Name]; ok && old != f {
				return nil, fmt.Errorf("dataset: %w: %s of %s and of %s are not alike", ErrDamaged, f.Name, from[f.Name], part)
			}
			found[f.Name], from[f.Name] = f, part
		}
	}
	for f := range m.fileCount() {
		name := m.file(f).Name
		file, ok := found[name]
		if !ok {
			return nil, fmt.Errorf("dataset: %w: no part holds %s", ErrDamaged, name)
		}
		m.Files = append(m.Files, file)
		m.Failed += file.Failed
		m.Retried += file.Retried
	}
	empty := &Manifest{Schema: schemaName, Code: m.Code, Recipe: m.Recipe, Files: []File{}}
	begun, err := readManifest(dir)
	_, done, err := prepare(dir, empty, err == nil && !begun.Complete && begun.ID() == m.ID() && len(begun.Files) == 0)
	if err != nil {
		return nil, err
	}
	for _, f := range m.Files {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if done[f.Name] != f {
			source := filepath.Join(from[f.Name], f.Name)
			p, err := openPart(source, m.Recipe, f) // it may carry the name and the hash of one of ours
			if err != nil {
				return nil, err
			}
			if err := errors.Join(p.Close(), copyPart(filepath.Join(dir, f.Name), source, f)); err != nil {
				return nil, err
			}
		}
		if b, err := os.ReadFile(filepath.Join(from[f.Name], timingsName(f))); err == nil {
			if err := writeFile(filepath.Join(dir, timingsName(f)), b); err != nil {
				return nil, err
			}
		}
	}
	m.Complete = true
	if err := m.write(dir); err != nil {
		return nil, err
	}
	return m, writeCard(dir, m)
}

// copyPart copies a file and checks the copy against its hash.
func copyPart(to, from string, f File) error {
	err := atomically(to, func(w *os.File) error {
		r, err := os.Open(from)
		if err != nil {
			return fmt.Errorf("dataset: %w: %w", ErrDamaged, err)
		}
		defer r.Close()
		if _, err := io.Copy(w, r); err != nil {
			return fmt.Errorf("dataset: copying %s to %s: %w", from, to, err)
		}
		if _, sum, err := hashFile(w.Name()); err != nil || sum != f.SHA256 {
			return fmt.Errorf("dataset: %w: %s has been altered: its SHA-256 is %s, want %s", ErrDamaged, from, sum, f.SHA256)
		}
		return nil
	})
	return err
}
