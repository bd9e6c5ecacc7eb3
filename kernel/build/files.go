package build

import (
	"crypto/sha256"
	"encoding/hex"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// digest is a short name for a text.
func digest(parts ...string) string {
	h := sha256.New()
	for _, p := range parts {
		h.Write([]byte(p))
		h.Write([]byte{0})
	}
	return hex.EncodeToString(h.Sum(nil)[:10])
}

// writeFile writes a file that other processes see whole or not at all.
func writeFile(path string, data []byte, mode os.FileMode) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(path), ".tmp-*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	if _, err := f.Write(data); err != nil {
		f.Close()
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	if err := os.Chmod(f.Name(), mode); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}

// digestFiles is a digest of the Go and assembly files of some directories of a file system, tests left out.
func digestFiles(fsys fs.FS, dirs ...string) (string, error) {
	var parts []string
	for _, dir := range dirs {
		err := fs.WalkDir(fsys, dir, func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || !isSource(path) {
				return err
			}
			b, err := fs.ReadFile(fsys, path)
			parts = append(parts, path, string(b))
			return err
		})
		if err != nil {
			return "", err
		}
	}
	return digest(parts...), nil
}

func isSource(path string) bool {
	return (strings.HasSuffix(path, ".go") || strings.HasSuffix(path, ".s")) && !strings.HasSuffix(path, "_test.go")
}
