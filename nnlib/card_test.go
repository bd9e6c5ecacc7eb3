package nnlib

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/BurntSushi/toml"

	"nuclab/nucnet/dataset"
)

func TestCard(t *testing.T) {
	m, path := saved(t)
	m.Nets[1].Origin.Command = "nuclab train --data DATA -p dt=1"
	card := m.Card()
	for _, want := range []string{
		"# Emulator of test", "5 nuclides", "after 0.001 and 1 s", "| 1 | 7-32-32-7 | 1543 | 30 |",
		"For 0.001 s:", "For 1 s:", `inputs = "scaled"`, "lr = 0.003", "log10 T (K)", "nuclab train --data DATA -p dt=1",
		m.Nets[0].Data, "-p dt=0.001", "commit `" + dataset.CodeVersion() + "`",
	} {
		if !strings.Contains(card, want) {
			t.Errorf("no %q in\n%s", want, card)
		}
	}
	if h := m.Nets[0].History; len(h.some(8)) < 5 || h.some(8)[0].Epoch != 1 || h.some(8)[len(h.some(8))-1].Epoch != 30 {
		t.Errorf("epochs shown: %+v", h.some(8))
	}
	// A file says all that the model said.
	if err := m.Save(path); err != nil {
		t.Fatal(err)
	}
	l, err := Load(path)
	if err != nil {
		t.Fatal(err)
	}
	if l.Card() != card {
		t.Errorf("saved and loaded, the card is\n%s", l.Card())
	}
}

// The settings of a card are the net's.
func TestCardSettings(t *testing.T) {
	c := Config{Network: "mesa_80", LR: 3e-5, EnergyScale: 1e20, Seed: 1 << 60, Patience: 4, Schedule: "cosine"}.withDefaults()
	var settings map[string]any
	if _, err := toml.Decode(c.settings(), &settings); err != nil {
		t.Fatal(err)
	}
	got := Config{Device: c.Device}
	for name, v := range settings {
		if err := got.Set(name, sprint(v)); err != nil {
			t.Error(err)
		}
	}
	if got != c {
		t.Errorf("%+v, want %+v", got, c)
	}
}

// The command in a card makes the data set again.
func TestGenerateCommand(t *testing.T) {
	s := onDisk(t, 5, dataset.Train)
	if got, want := generateCommand(s.Recipe), "nuclab dataset generate --out DATA --net approx21_cr60_plus_co56 --samples 5 --seed 2 "+
		"--times 1e-09,1e-06 --solver "+s.Burn.Solver+" --rtol 1e-06 --atol 1e-12 --per-file 25"; got != want {
		t.Errorf("%s\nwant %s", got, want)
	}
	r := s.Recipe
	r.Network, r.Generator, r.Sampling.LogT, r.Burn.DetailedBalance, r.Burn.Rules, r.Float = "mesa_80", "paper:2,qse:1", [2]float64{9.5, 9.7}, "r2305", "mesa", 32
	var err error
	if r.Times, r.Steps, err = dataset.PaperTimes("mesa_80"); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"--generator paper:2,qse:1", "--log-T 9.5:9.7", "--detailed-balance r2305", "--rules mesa", "--float 32", "--times paper"} {
		if got := generateCommand(r); !strings.Contains(got, want) {
			t.Errorf("no %q in %s", want, got)
		}
	}
}

func TestPretrained(t *testing.T) {
	m, path := saved(t)
	if err := m.SaveFloat16(path); err != nil {
		t.Fatal(err)
	}
	file, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	fsys := fstest.MapFS{"models/small.safetensors": {Data: file}, "models/cut.safetensors": {Data: file[:200]}, "models/README.md": {}}
	l, err := pretrained(fsys, "small")
	if err != nil {
		t.Fatal(err)
	}
	if l.Network() != "test" || len(l.Nets) != 2 {
		t.Errorf("network %q, %d nets", l.Network(), len(l.Nets))
	}
	if _, err := pretrained(fsys, "mesa_81"); err == nil || !strings.Contains(err.Error(), "there are: cut, small") {
		t.Errorf("a name that no model has: %v", err)
	}
	if _, err := pretrained(fsys, "cut"); err == nil || !strings.Contains(err.Error(), "model cut") {
		t.Errorf("a damaged file: %v", err)
	}
	// Those of this program can be read and are not large.
	for _, name := range PretrainedNames() {
		if _, err := Pretrained(name); err != nil {
			t.Error(err)
		}
		if info, err := fs.Stat(models, filepath.ToSlash(filepath.Join("models", name+".safetensors"))); err != nil || info.Size() > 6<<20 {
			t.Errorf("%s: %v, %d bytes", name, err, info.Size())
		}
	}
}
