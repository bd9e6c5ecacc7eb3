package dataset

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"
	"sync"

	"nuclab/nucnet/nuclide"
	"nuclab/nucnet/rate"
)

const (
	manifestName = "manifest.json"
	cardName     = "card.md"
	schemaName   = "nuclab.dataset/1"
)

// Manifest describes a data set and lists its files. It is kept as manifest.json beside them.
type Manifest struct {
	Schema string `json:"schema"`
	Code   string `json:"code"` // the commit of the program that began the set, "unknown" if it was built without one
	Recipe
	Shard    string `json:"shard,omitempty"` // the part of the files that belong here, "2/4"; empty: all
	Complete bool   `json:"complete"`        // every file of the part is there
	Failed   int    `json:"failed"`          // burns that did not reach their end
	Retried  int    `json:"retried"`         // burns that reached it with the sturdy solver alone
	Files    []File `json:"files"`
}

// Recipe is everything that decides what stands in the rows.
type Recipe struct {
	Network   string            `json:"network"`
	Nuclides  []nuclide.Nuclide `json:"nuclides"`
	Samples   int               `json:"samples"`
	Seed      uint64            `json:"seed"`
	Protocol  Protocol          `json:"protocol"`
	Generator string            `json:"generator"`
	Sampling  Sampling          `json:"sampling"`
	States    string            `json:"states,omitempty"` // of the generator "list"
	Times     []float64         `json:"times_s"`
	Steps     []float64         `json:"steps_s"`
	Burn      Burn              `json:"burn"`
	Labels    []float64         `json:"labels_s,omitempty"` // test sets: the times of the emulators under test
	Inputs    []float64         `json:"inputs_s,omitempty"` // test sets: ages of the runs at the inputs
	Small     []nuclide.Nuclide `json:"small,omitempty"`    // test sets: nuclides of the small network
	Float     int               `json:"float"`
	PerFile   int               `json:"per_file"`
	Data      string            `json:"data"` // SHA-256 of the nuclear data
	Units     map[string]string `json:"units"`
}

// Sampling holds the ranges that initial states are drawn from, see sample.Design.
type Sampling struct {
	LogT       [2]float64 `json:"log10_T"`
	LogRho     [2]float64 `json:"log10_rho"`
	Ye         [2]float64 `json:"ye"`
	LogX       [2]float64 `json:"log10_X"`
	NeutronMax float64    `json:"neutron_max"`
	Tolerance  float64    `json:"ye_tolerance"`
	Alpha      float64    `json:"dirichlet_alpha"`
	Present    int        `json:"dirichlet_present"`
	Spread     float64    `json:"equilibrium_spread"`
}

// Burn holds the physics and the accuracy of the burns, see nucnet.Options.
type Burn struct {
	Screening       string  `json:"screening"`
	Weak            string  `json:"weak"`
	DetailedBalance string  `json:"detailed_balance"`
	Solver          string  `json:"solver"`
	RTol            float64 `json:"rtol"`
	ATol            float64 `json:"atol"`
	MaxSteps        int     `json:"max_steps"`

	Rules    string   `json:"rules,omitempty"` // "mesa": MESA's choice of fits, see Settings.MESA
	Suzuki   bool     `json:"suzuki,omitempty"`
	Rates    string   `json:"rates,omitempty"`     // text of the user's own fits, in the format of REACLIB
	OwnRates []string `json:"own_rates,omitempty"` // reactions of the network that they are for
}

// File is one file of a data set.
type File struct {
	Name    string `json:"name"`
	First   int    `json:"first"`   // number of its first sample
	Samples int    `json:"samples"` // rows
	Failed  int    `json:"failed"`  // burns that did not reach their end
	Retried int    `json:"retried"` // burns that reached it with the sturdy solver alone
	Bytes   int64  `json:"bytes"`
	SHA256  string `json:"sha256"`
}

// recipe returns what settings say about the rows.
func (s Settings) recipe(g *generator, own []rate.Reaction) Recipe {
	d := g.sampler.Design
	r := Recipe{
		Network: s.Network, Nuclides: g.net.Nuclides(), Samples: s.Samples, Seed: s.Seed, Protocol: s.Protocol, Generator: s.Generator,
		Sampling: Sampling{LogT: d.LogT, LogRho: d.LogRho, Ye: d.Ye, LogX: d.LogX, NeutronMax: d.NeutronMax,
			Tolerance: d.Tolerance, Alpha: d.Alpha, Present: d.Present, Spread: d.Spread},
		States: s.States, Times: s.Times, Steps: s.Steps,
		Burn: Burn{Screening: fmt.Sprint(s.Burn.Screening), Weak: fmt.Sprint(s.Burn.Weak),
			DetailedBalance: fmt.Sprint(s.Burn.DetailedBalance), Solver: s.Burn.Solver, RTol: s.Burn.RTol, ATol: s.Burn.ATol,
			MaxSteps: s.Burn.MaxSteps, Suzuki: s.Suzuki, Rates: s.Rates},
		Float: s.Float, PerFile: s.PerFile, Data: dataHash(),
	}
	if s.MESA {
		r.Burn.Rules = rulesMESA
	}
	for _, reaction := range own {
		r.Burn.OwnRates = append(r.Burn.OwnRates, reaction.String())
	}
	if g.spans != nil {
		r.Labels, r.Times, r.Steps, r.Small = s.Times, nil, nil, g.small.Nuclides()
		for _, c := range g.spans {
			r.Inputs, r.Times, r.Steps = append(r.Inputs, c.input), append(r.Times, c.length), append(r.Steps, c.step)
		}
	}
	r.Units = r.units()
	return r
}

// rulesMESA names MESA's choice of fits in a manifest.
const rulesMESA = "mesa"

// CodeVersion returns the commit that this program was built from, with a plus
// behind it if files had changed since, or "unknown".
func CodeVersion() string { return codeVersion() }

var codeVersion = sync.OnceValue(func() string {
	version, changed := "unknown", ""
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, s := range info.Settings {
			switch {
			case s.Key == "vcs.revision":
				version = s.Value
			case s.Key == "vcs.modified" && s.Value == "true":
				changed = "+"
			}
		}
	}
	return version + changed
})

// ID is a hash of the recipe: it names the data. Every file carries it, so that files of different sets cannot be mixed
// unnoticed.
func (r Recipe) ID() string {
	sum := sha256.Sum256(r.json())
	return hex.EncodeToString(sum[:])
}

func (r Recipe) json() []byte {
	b, err := json.Marshal(r)
	if err != nil {
		panic(fmt.Sprintf("dataset: a recipe holds what JSON cannot: %v", err)) // only NaN could do that, and check refuses it
	}
	return b
}

// differences names the settings in which two recipes differ, with both values.
func (r Recipe) differences(other Recipe) string {
	flat := func(r Recipe) map[string]string {
		all := map[string]string{}
		var fields map[string]json.RawMessage
		json.Unmarshal(r.json(), &fields)
		for key, value := range fields {
			var inner map[string]json.RawMessage
			if json.Unmarshal(value, &inner) != nil {
				all[key] = string(value)
			}
			for k, v := range inner {
				all[key+"."+k] = string(v)
			}
		}
		return all
	}
	a, b := flat(r), flat(other)
	keys := slices.Sorted(maps.Keys(a))
	for key := range b {
		if _, ok := a[key]; !ok {
			keys = append(keys, key)
		}
	}
	slices.Sort(keys)
	var list []string
	for _, key := range keys {
		if a[key] != b[key] {
			list = append(list, fmt.Sprintf("%s %s instead of %s", key, short(b[key]), short(a[key])))
		}
	}
	return strings.Join(list, ", ")
}

func short(s string) string {
	switch {
	case s == "":
		return "nothing"
	case len(s) > 120:
		return s[:117] + "..."
	}
	return s
}

// fileCount returns the number of files of the whole set.
func (r Recipe) fileCount() int { return (r.Samples + r.PerFile - 1) / r.PerFile }

// file returns what is known of file number f before it is made.
func (r Recipe) file(f int) File {
	first := f * r.PerFile
	return File{Name: fmt.Sprintf("part-%06d.parquet", f), First: first, Samples: min(r.PerFile, r.Samples-first)}
}

// readManifest reads a folder's manifest. The error wraps ErrNoDataset if there is none.
func readManifest(dir string) (*Manifest, error) {
	path := filepath.Join(dir, manifestName)
	b, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("dataset: %s: %w: it has no %s", dir, ErrNoDataset, manifestName)
	}
	if err != nil {
		return nil, fmt.Errorf("dataset: %w", err)
	}
	var m Manifest
	if err := json.Unmarshal(b, &m); err != nil {
		return nil, fmt.Errorf("dataset: %s: %w: %w", path, ErrDamaged, err)
	}
	if m.Schema != schemaName {
		return nil, fmt.Errorf("dataset: %s: %w: schema %q, this program reads %q", path, ErrNoDataset, m.Schema, schemaName)
	}
	if err := m.check(); err != nil {
		return nil, fmt.Errorf("dataset: %s: %w: %w", path, ErrDamaged, err)
	}
	return &m, nil
}

// check reports what no manifest that this program wrote says. What follows may then trust its numbers, but for whether the
// files are as it tells.
func (m *Manifest) check() error {
	shard, err := ParseShard(m.Shard)
	times := len(m.Times)
	switch {
	case err != nil:
		return err
	case m.Samples < 1 || m.Samples > maxSamples || shard.M > maxSamples:
		return fmt.Errorf("%d samples, shard %q", m.Samples, m.Shard)
	case m.PerFile < 1 || m.PerFile > maxPerFile:
		return fmt.Errorf("%d samples in a file", m.PerFile)
	case m.Float != 32 && m.Float != 64:
		return fmt.Errorf("numbers of %d bits", m.Float)
	case len(m.Nuclides) == 0:
		return errors.New("no nuclides")
	case times < 1 || times > maxTimes || len(m.Steps) != times || len(m.Labels) > 0 && len(m.Labels) != times:
		return fmt.Errorf("%d times, %d steps, %d labels", times, len(m.Steps), len(m.Labels))
	}
	for _, f := range m.Files {
		if n := f.First / m.PerFile; n < 0 || n >= m.fileCount() || !shard.has(n) || f.Name != m.file(n).Name || f.First != m.file(n).First ||
			f.Samples != m.file(n).Samples {
			return fmt.Errorf("file %q with %d samples from number %d", f.Name, f.Samples, f.First)
		}
	}
	return nil
}

func (m *Manifest) write(dir string) error {
	b, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return fmt.Errorf("dataset: %w", err)
	}
	return writeFile(filepath.Join(dir, manifestName), append(b, '\n'))
}

// writeFile writes a file so that it appears whole or not at all, also after a loss of power.
func writeFile(path string, data []byte) error {
	return atomically(path, func(f *os.File) error {
		_, err := f.Write(data)
		return err
	})
}

// temporary begins the name of every file that is being written.
const temporary = ".tmp-"

// isTemporary reports whether a file is one that atomically left behind when the program was killed.
func isTemporary(name string) bool {
	rest, ok := strings.CutPrefix(name, temporary)
	return ok && (strings.HasPrefix(rest, "part-") || isTimings(rest) || strings.HasPrefix(rest, manifestName) || strings.HasPrefix(rest, cardName))
}

// atomically lets write fill a temporary file beside path, brings it to the disk and renames it.
func atomically(path string, write func(*os.File) error) (err error) {
	f, err := os.CreateTemp(filepath.Dir(path), temporary+filepath.Base(path)+"-*")
	if err != nil {
		return fmt.Errorf("dataset: cannot write %s: %w", path, err)
	}
	defer func() {
		if err != nil {
			f.Close()
			os.Remove(f.Name())
		}
	}()
	if err := write(f); err != nil {
		return err
	}
	if err := errors.Join(f.Chmod(0o644), f.Sync(), f.Close()); err != nil {
		return fmt.Errorf("dataset: cannot write %s: %w", path, err)
	}
	if err := os.Rename(f.Name(), path); err != nil {
		return fmt.Errorf("dataset: cannot write %s: %w", path, err)
	}
	syncDir(filepath.Dir(path))
	return nil
}

// syncDir brings a folder's list of names to the disk, where the system can.
func syncDir(dir string) {
	if d, err := os.Open(dir); err == nil {
		d.Sync() // some file systems refuse; the file itself is safe
		d.Close()
	}
}

// hashFile returns the size and the SHA-256 of a file.
func hashFile(path string) (int64, string, error) {
	f, err := os.Open(path)
	if err != nil {
		return 0, "", err
	}
	defer f.Close()
	h := sha256.New()
	n, err := io.Copy(h, f)
	return n, hex.EncodeToString(h.Sum(nil)), err
}
