package nnlib

import (
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"nuclab/internal/testenv"
	"nuclab/nucnet"
)

// Values of IEEE 754-2008's binary16, and which of two neighbours a number between them goes to.
func TestHalf(t *testing.T) {
	for h, v := range map[uint16]float32{
		0x0000: 0, 0x3c00: 1, 0xc000: -2, 0x3555: 0x1.554p-2, 0x7bff: 65504, 0xfbff: -65504, 0x0400: 0x1p-14, 0x03ff: 0x3ffp-24, 0x0001: 0x1p-24,
	} {
		if got := fromHalf(h); got != v {
			t.Errorf("%#04x is %v, want %v", h, got, v)
		}
	}
	for h := range uint16(0x7c00) { // every finite number from 0 up
		v := fromHalf(h)
		if got := toHalf(v); got != h {
			t.Fatalf("%v became %#04x, want %#04x", v, got, h)
		}
		if got := toHalf(-v); got != h|0x8000 {
			t.Fatalf("%v became %#04x, want %#04x", -v, got, h|0x8000)
		}
		if h == 0x7bff {
			break
		}
		middle := (v + fromHalf(h+1)) / 2
		if got, want := toHalf(middle), (h+1)&^1; got != want {
			t.Fatalf("%v, half way, became %#04x, want the even %#04x", middle, got, want)
		}
		if toHalf(math.Nextafter32(middle, 0)) != h || toHalf(math.Nextafter32(middle, 1e6)) != h+1 {
			t.Fatalf("beside %v: not the nearest", middle)
		}
	}
	if toHalf(65520) != 0x7c00 || toHalf(65519.996) != 0x7bff || toHalf(float32(math.Inf(-1))) != 0xfc00 || toHalf(1e-8) != 0 {
		t.Error("the ends of the range")
	}
	if v := float64(fromHalf(toHalf(float32(math.NaN())))); !math.IsNaN(v) {
		t.Errorf("not a number became %v", v)
	}
}

// Half the file costs a few parts in 10^4 of the mass fractions.
func TestSaveFloat16(t *testing.T) {
	m, path := saved(t)
	small := filepath.Join(t.TempDir(), "half.safetensors")
	if err := m.SaveFloat16(small); err != nil {
		t.Fatal(err)
	}
	a, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	b, err := os.Stat(small)
	if err != nil {
		t.Fatal(err)
	}
	weights := 0
	for _, n := range m.Nets {
		weights += n.Parameters()
	}
	if saved := a.Size() - b.Size(); math.Abs(float64(saved-2*int64(weights))) > 200 { // of the header
		t.Errorf("%d bytes saved with %d weights", saved, weights)
	}
	l, err := Load(small)
	if err != nil {
		t.Fatal(err)
	}
	d := table(t, 30, 20)
	var states []nucnet.State
	for r := range 30 {
		states = append(states, state(d, r))
	}
	worst := 0.0
	for k := range m.Nets {
		want, err := m.Nets[k].Predict(t.Context(), states)
		if err != nil {
			t.Fatal(err)
		}
		got, err := l.Nets[k].Predict(t.Context(), states)
		if err != nil {
			t.Fatal(err)
		}
		for i := range want {
			for j := range want[i].X {
				worst = max(worst, math.Abs(got[i].X[j]-want[i].X[j]))
			}
		}
	}
	if worst == 0 || worst > 1e-3 { // weights are rounded by up to 5e-4 of themselves
		t.Errorf("mass fractions differ by up to %g", worst)
	}
	m.Nets[0].weights[0].Data().([]float32)[3] = 7e4
	if err := m.SaveFloat16(small); err == nil || !strings.Contains(err.Error(), "too large") {
		t.Errorf("a weight of 7e4: %v", err)
	}
	if _, err := Load(small); err != nil {
		t.Errorf("the old file: %v", err)
	}
}

// numpy rounds as we do, and the format's own package reads what we write.
func TestPythonReadsFloat16(t *testing.T) {
	python := testenv.Python(t, "safetensors", "numpy")
	m, path := saved(t)
	small := filepath.Join(t.TempDir(), "half.safetensors")
	if err := m.SaveFloat16(small); err != nil {
		t.Fatal(err)
	}
	const script = `
import sys
import numpy as np
from safetensors import safe_open
with safe_open(sys.argv[1], "np") as a, safe_open(sys.argv[2], "np") as b:
    assert sorted(a.keys()) == sorted(b.keys()) and len(a.keys()) > 0
    for k in a.keys():
        h = b.get_tensor(k)
        assert h.dtype == np.float16 and np.array_equal(h, a.get_tensor(k).astype(np.float16)), k
`
	if out, err := exec.Command(python, "-c", script, path, small).CombinedOutput(); err != nil {
		t.Errorf("%v: %s", err, out)
	}
}
