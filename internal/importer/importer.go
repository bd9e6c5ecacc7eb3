// Package importer makes the embedded nuclear data out of the files of the Python package pynucastro: the fits of
// REACLIB, masses, spins, half-lives, partition functions and weak rates. What it writes depends on these files alone.
package importer

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"

	"nuclab/nucnet/nuclide/table"
	"nuclab/nucnet/rate"
	"nuclab/nucnet/rate/reaclib"
)

// Version is the version of pynucastro whose files are read.
const Version = "3.1.0"

// ErrSource is wrapped by errors about a source file that is not as it should be.
var ErrSource = errors.New("bad source file")

// Tables holds the embedded files: where each belongs in this repository, and its bytes.
type Tables map[string][]byte

// Places of the tables in the repository.
const (
	NuclidePath = "nucnet/nuclide/data/nuclides.bin"
	ReaclibPath = "nucnet/rate/data/reaclib.bin"
	WeakPath    = "nucnet/rate/data/weak.bin"
	SuzukiPath  = "nucnet/rate/data/suzuki.bin"
)

// Import reads pynucastro's package directory and returns the tables. Errors name the file, the line and the reason.
func Import(dir string) (Tables, error) {
	im := &importer{dir: dir}
	if err := im.checkVersion(); err != nil {
		return nil, err
	}
	tables := make(Tables)
	for _, t := range []struct {
		path string
		make func() (table.Header, []byte, error)
	}{{NuclidePath, im.nuclides}, {ReaclibPath, im.reaclib}, {WeakPath, im.weak}, {SuzukiPath, im.suzuki}} {
		im.sources = nil
		h, payload, err := t.make()
		if err != nil {
			return nil, err
		}
		h.Producer, h.Sources = "pynucastro "+Version, im.sources
		if tables[t.path], err = table.Encode(h, payload); err != nil {
			return nil, err
		}
	}
	return tables, nil
}

type importer struct {
	dir     string
	sources []table.Source // files read for the current table
}

// read returns a source file and notes its hash.
func (im *importer) read(name string) ([]byte, error) {
	b, err := os.ReadFile(filepath.Join(im.dir, filepath.FromSlash(name)))
	if err != nil {
		return nil, fmt.Errorf("importer: %w", err)
	}
	sum := sha256.Sum256(b)
	im.sources = append(im.sources, table.Source{File: name, SHA256: hex.EncodeToString(sum[:])})
	return b, nil
}

var versionLine = regexp.MustCompile(`(?m)^__version__ = .*'([^'\n]*)'$`)

func (im *importer) checkVersion() error {
	b, err := os.ReadFile(filepath.Join(im.dir, "_version.py"))
	if err != nil {
		return fmt.Errorf("importer: %s is not an installed pynucastro: %w", im.dir, err)
	}
	m := versionLine.FindSubmatch(b)
	switch {
	case m == nil:
		return fmt.Errorf("importer: %s: %w: _version.py has no line with __version__", im.dir, ErrSource)
	case string(m[1]) != Version:
		return fmt.Errorf("importer: %s: %w: want pynucastro %s, this is %s", im.dir, ErrSource, Version, m[1])
	}
	return nil
}

func (im *importer) reaclib() (table.Header, []byte, error) {
	const name = "data/reaclib_default2_20250330"
	b, err := im.read(name)
	if err != nil {
		return table.Header{}, nil, err
	}
	sets, isomers, err := reaclib.Parse(bytes.NewReader(b), name)
	if err != nil {
		return table.Header{}, nil, fmt.Errorf("importer: %w", err)
	}
	reaclib.Sort(sets)
	payload, err := reaclib.Pack(sets)
	if err != nil {
		return table.Header{}, nil, fmt.Errorf("importer: %s: %w", name, err)
	}
	return table.Header{
		Name:      "REACLIB default2 2025-03-30",
		Citations: []string{"Cyburt et al. 2010, ApJS 189, 240"},
		Notes: []string{fmt.Sprintf("%d sets; %d more that name al-6 or al*6 are left out", len(sets), isomers),
			"sorted by reaction, coefficients exact"},
	}, payload, nil
}

func (im *importer) weak() (table.Header, []byte, error) {
	merged := make(map[[2]reaclib.Code]*rate.WeakRow)
	var rows []rate.WeakRow
	for _, f := range weakFiles {
		b, err := im.read(f.name)
		if err != nil {
			return table.Header{}, nil, err
		}
		found, err := f.parse(b)
		if err != nil {
			return table.Header{}, nil, fmt.Errorf("importer: %w", err)
		}
		if err := im.compareSplit(f, found); err != nil {
			return table.Header{}, nil, fmt.Errorf("importer: %w", err)
		}
		for i := range found {
			pair := [2]reaclib.Code{found[i].Parent, found[i].Daughter}
			if merged[pair] == nil {
				merged[pair] = &found[i]
				rows = append(rows, found[i])
			}
		}
	}
	return table.Header{
		Name: "weak rates",
		Citations: []string{"Langanke & Martinez-Pinedo 2001, ADNDT 79, 1", "Oda et al. 1994, ADNDT 56, 231",
			"Fuller, Fowler & Newman 1982, ApJ 252, 715"},
		Notes: []string{fmt.Sprintf("%d directed pairs, decay and capture apart; the first source that has a pair counts", len(rows))},
	}, rate.PackWeak(rows), nil
}

// lines calls f with the number and text of each line, without its end, and puts file and line before f's error.
func lines(b []byte, name string, f func(line string) error) error {
	in := bufio.NewScanner(bytes.NewReader(b))
	n := 0
	for in.Scan() {
		n++
		if err := f(string(bytes.TrimRight(in.Bytes(), "\r"))); err != nil {
			return fmt.Errorf("%s:%d: %w: %w", name, n, ErrSource, err)
		}
	}
	if err := in.Err(); err != nil {
		return fmt.Errorf("%s:%d: %w: %w", name, n+1, ErrSource, err)
	}
	return nil
}

// integer reads a whole number within limits.
func integer(word string, low, high int) (int, error) {
	i, err := strconv.Atoi(word)
	if err != nil || i < low || i > high {
		return 0, fmt.Errorf("%q is not a whole number from %d to %d", word, low, high)
	}
	return i, nil
}
