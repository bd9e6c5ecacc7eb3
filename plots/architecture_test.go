package plots

import (
	"slices"
	"strings"
	"testing"

	"gonum.org/v1/plot/vg"
)

// paperNet is the paper's network for 80 nuclides: 82-1024-2048 ten times-82.
func paperNet(hidden int) Architecture {
	a := Architecture{
		Inputs:  []Terminal{{Name: "log *T*", Count: 1}, {Name: "log *ρ*", Count: 1}, {Name: "*X*_{i}", Count: 80}},
		Layers:  []Layer{{Width: 1024, Activation: "ReLU"}},
		Outputs: []Terminal{{Name: "ln *X*_{i}", Count: 80, Activation: "log-softmax"}, {Name: "*ε*_{nuc}", Count: 1}, {Name: "*ε*_{ν}", Count: 1}},
	}
	for len(a.Layers) < hidden {
		a.Layers = append(a.Layers, Layer{Width: 2048, Activation: "ReLU"})
	}
	return a
}

func TestArchitecture(t *testing.T) {
	f, err := paperNet(11).Figure()
	if err != nil {
		t.Fatal(err)
	}
	d := read(t, f)
	for text, want := range map[string]int{"2048": 10, "1024": 1, "82": 2, "ReLU": 11, "log-softmax": 1, "(80)": 2, "input": 1, "output": 1, "hidden layers": 1} {
		if n := count(d.texts, text); n != want {
			t.Errorf("%q stands %d times, want %d: %q", text, n, want, d.texts)
		}
	}
	if len(f.Data.Rows) != 17 || !slices.Equal(f.Data.Rows[3], []any{1, "hidden 1", 1024, "ReLU"}) || !slices.Equal(f.Data.Rows[14], []any{12, "ln Xi", 80, "log-softmax"}) {
		t.Errorf("data %v", f.Data.Rows)
	}
	if !strings.HasPrefix(f.Alt, "Neural network of 12 layers of weights, 82-1024-2048-") || len(f.SVG()) > 100_000 {
		t.Errorf("alt text %q, SVG of %d bytes", f.Alt, len(f.SVG()))
	}
	// A deeper one shows as many layers as fit and says how many are left out.
	deep, err := paperNet(25).Figure()
	if err != nil {
		t.Fatal(err)
	}
	d = read(t, deep)
	if n := count(d.texts, "2048"); n != 10 || !slices.Contains(d.texts, "14 more") {
		t.Errorf("%d of 24 equal layers: %q", n, d.texts)
	}
}

// TestPlaceNeurons: small groups whole, large ones in part, the middle of a column at the height asked for.
func TestPlaceNeurons(t *testing.T) {
	for _, c := range []struct {
		groups []int
		most   int
		drawn  []int
	}{
		{[]int{1, 1, 80}, 12, []int{1, 1, 7}},
		{[]int{2048}, 12, []int{12}},
		{[]int{3}, 12, []int{3}},
		{[]int{512}, 9, []int{7}},
	} {
		s := neurons{groups: c.groups}.place(10, 50, 5, c.most)
		sum := 0
		for g, n := range c.drawn {
			sum += n
			if s.whole[g] != (n == c.groups[g]) {
				t.Errorf("%v: group %d whole: %v", c.groups, g, s.whole[g])
			}
		}
		top, bottom := s.at[0].Y, s.at[len(s.at)-1].Y
		if len(s.at) != sum || vg.Length(top+bottom)/2 != 50 {
			t.Errorf("%v: %d neurons from %g to %g, want %d around 50", c.groups, len(s.at), top, bottom, sum)
		}
	}
}

func TestArchitectureErrors(t *testing.T) {
	for name, change := range map[string]func(*Architecture){
		"no inputs":     func(a *Architecture) { a.Inputs = nil },
		"no outputs":    func(a *Architecture) { a.Outputs = nil },
		"empty group":   func(a *Architecture) { a.Outputs[1].Count = 0 },
		"empty layer":   func(a *Architecture) { a.Layers[1].Width = 0 },
		"negative size": func(a *Architecture) { a.Inputs[0].Count = -1 },
	} {
		a := paperNet(3)
		change(&a)
		if _, err := a.Figure(); err == nil || !strings.HasPrefix(err.Error(), "plots: architecture: ") {
			t.Errorf("%s: error %v", name, err)
		}
	}
}
