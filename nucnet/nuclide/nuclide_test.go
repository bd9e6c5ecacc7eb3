package nuclide

import (
	"encoding/json"
	"errors"
	"math"
	"slices"
	"testing"
)

func must(t testing.TB, name string) Nuclide {
	t.Helper()
	n, err := Parse(name)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestParse(t *testing.T) {
	for name, want := range map[string]string{
		"n": "neut", "neut": "neut", "Neutron": "neut", "p": "h1", "h1": "h1", "H": "h1", "d": "h2", "t": "h3", "prot": "prot",
		"a": "he4", "alpha": "he4", "he4": "he4", "Fe56": "fe56", "28Si": "si28", "si-28": "si28", " NI56 ": "ni56", "N14": "n14",
		"p31": "p31", "14n": "n14", "1h": "h1", "sn125": "sn125", "1n": "neut",
	} {
		if got := must(t, name).String(); got != want {
			t.Errorf("%q: %s, want %s", name, got, want)
		}
	}
	for _, name := range []string{"", "fe", "56", "xx12", "he99", "fe0", "fe-", "fe56x", "5fe6", "fe512", "fe99999999999999999999", "he4 he4", "α"} {
		if n, err := Parse(name); !errors.Is(err, ErrUnknown) {
			t.Errorf("%q: %v, error %v", name, n, err)
		}
	}
}

func TestOrder(t *testing.T) {
	list, err := ParseList("fe56, h2,neut he4,prot,h1\nhe3,n14,c12,c13")
	if err != nil {
		t.Fatal(err)
	}
	Sort(list)
	want := []string{"neut", "h1", "prot", "h2", "he3", "he4", "c12", "c13", "n14", "fe56"}
	for i, n := range list {
		if n.String() != want[i] {
			t.Errorf("place %d: %s, want %s", i, n, want[i])
		}
	}
	if !slices.IsSortedFunc(All(), Nuclide.Compare) || len(All()) < 3500 {
		t.Errorf("All: %d nuclides, or not sorted", len(All()))
	}
}

// Values of AME2020, NUBASE2020 and FRDM, and the estimates for nuclides that AME2020 lacks.
func TestProperties(t *testing.T) {
	for _, c := range []struct {
		name       string
		dm, weight float64
		estimated  bool
	}{
		{"n", 8.0713181, 2, false}, {"h1", 7.288971064, 2, false}, {"he4", 2.42491587, 1, false}, {"prot", 7.288971064, 2, false},
		{"ar45", math.NaN(), 2, false}, {"p40", math.NaN(), 5, false}, {"p42", math.NaN(), 9, false}, {"ge85", math.NaN(), 2, false},
		{"as86", math.NaN(), 5, false}, {"as87", math.NaN(), 4, false}, {"as88", math.NaN(), 5, false}, {"as90", math.NaN(), 5, false},
		{"as92", math.NaN(), 3, false}, {"br89", math.NaN(), 4, false}, {"br90", math.NaN(), 3, false},
		{"sr72", -26.1, 1, true}, {"zr76", -25.2, 1, true}, {"mo80", -24.75, 1, true}, {"pd88", -23.0, 1, true}, {"pd89", -29.9, 4, true},
	} {
		n := must(t, c.name)
		if !math.IsNaN(c.dm) && n.MassExcess() != c.dm {
			t.Errorf("%s: mass excess %g, want %g", n, n.MassExcess(), c.dm)
		}
		if n.Spin() != c.weight || n.MassEstimated() != c.estimated {
			t.Errorf("%s: weight %g, estimated %v, want %g, %v", n, n.Spin(), n.MassEstimated(), c.weight, c.estimated)
		}
	}
	if n := Neutron; n.HalfLife() != 609.8 || !math.IsInf(Proton.HalfLife(), 1) {
		t.Errorf("half-lives of n and p: %g, %g", n.HalfLife(), Proton.HalfLife())
	}
	// 28.2957 MeV bind he4 and 8.79 MeV a nucleon fe56 (AME2020).
	if b := Alpha.Binding(); math.Abs(b-28.29566) > 1e-5 {
		t.Errorf("binding of he4: %g", b)
	}
	if b := must(t, "fe56").Binding() / 56; math.Abs(b-8.7903563) > 2e-6 {
		t.Errorf("binding of fe56 per nucleon: %g", b)
	}
	if m := Alpha.Mass(); math.Abs(m-4.00260325413) > 1e-10 {
		t.Errorf("mass of he4: %.12g u", m)
	}
	var none Nuclide
	if !math.IsNaN(none.MassExcess()) || !math.IsNaN(none.Spin()) || none.String() != "" {
		t.Error("the zero value has properties")
	}
}

// The logarithm is linear between nodes, 0 below the first and held above 1e10 K. Nodes are those of Rauscher &
// Thielemann (2000).
func TestPartitionFunction(t *testing.T) {
	o17 := must(t, "o17")
	for temperature, want := range map[float64]float64{1e9: 1, 2.5e9: 1.01, 5e9: 1.04, 1e10: 1.15, 3e10: 1.15, 1e6: 1} {
		if g, _ := o17.PartitionFunction(temperature); math.Abs(g-want) > 1e-14 {
			t.Errorf("o17 at %g K: %g, want %g", temperature, g, want)
		}
	}
	g, d := o17.PartitionFunction(9.5e9)
	if want := math.Sqrt(1.13 * 1.15); math.Abs(g-want) > 1e-14 {
		t.Errorf("o17 between nodes: %g, want %g", g, want)
	}
	if want := math.Log(1.15/1.13) / 1e9; math.Abs(d-want) > 1e-14*want {
		t.Errorf("slope %g, want %g", d, want)
	}
	if g, d := Alpha.PartitionFunction(9e9); g != 1 || d != 0 {
		t.Errorf("he4: %g, %g", g, d)
	}
	nodes := PartitionTemperatures()
	if i := slices.Index(nodes, 9e9); i < 0 || nodes[i+1] != 1e10 || len(nodes) != i+2 {
		t.Errorf("nodes at %g K", nodes)
	}
	if g, d := o17.PartitionFunction(math.NaN()); g != 1 || d != 0 {
		t.Errorf("no temperature: %g, %g", g, d)
	}
}

func TestJSON(t *testing.T) {
	b, err := json.Marshal(map[Nuclide]float64{Alpha: 1, Neutron: 2})
	if err != nil || string(b) != `{"he4":1,"neut":2}` {
		t.Errorf("%s, %v", b, err)
	}
	var back map[Nuclide]float64
	if err := json.Unmarshal(b, &back); err != nil || back[Alpha] != 1 {
		t.Errorf("%v, %v", back, err)
	}
	if err := json.Unmarshal([]byte(`["xx"]`), &[]Nuclide{}); !errors.Is(err, ErrUnknown) {
		t.Errorf("error %v", err)
	}
}

func TestRanges(t *testing.T) {
	list, err := ParseRanges("n; h1-2; fe52-54,56; prot")
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"neut", "h1", "h2", "fe52", "fe53", "fe54", "fe56", "prot"}
	if len(list) != len(want) {
		t.Fatalf("%v", list)
	}
	for i := range list {
		if list[i].String() != want[i] {
			t.Errorf("place %d: %s, want %s", i, list[i], want[i])
		}
	}
	for _, s := range []string{"", "fe54-52", "fe1-", "xx3-4", "fe52,,54", "fe52-999999"} {
		if list, err := ParseRanges(s); !errors.Is(err, ErrUnknown) {
			t.Errorf("%q: %v, error %v", s, list, err)
		}
	}
}

func TestComposition(t *testing.T) {
	c, err := ParseComposition("si28=0.9, ne22 = 0.1")
	if err != nil {
		t.Fatal(err)
	}
	// Ye = 0.9/2 + 0.1 10/22, 1/Abar = 0.9/28 + 0.1/22.
	sy := 0.9/28 + 0.1/22
	for what, d := range map[string]float64{
		"Ye": c.Ye() - (0.45 + 1.0/22), "Abar": c.Abar() - 1/sy, "Zbar": c.Zbar() - (0.45+1.0/22)/sy,
		"Z2bar": c.Z2bar() - (0.9/28*196+0.1/22*100)/sy, "Sum": c.Sum() - 1, "X": c.Fraction(must(t, "ne22")) - 0.1,
		"Y": c.Y()[0] - 0.9/28, "none": c.Fraction(Alpha),
	} {
		if math.Abs(d) > 1e-13 {
			t.Errorf("%s is off by %g", what, d)
		}
	}
	if _, err := NewComposition(c.Nuclides, c.X); err != nil {
		t.Error(err)
	}
	half, err := ParseComposition("si28=0.4,ne22=0.1")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := NewComposition(half.Nuclides, half.X); !errors.Is(err, ErrComposition) {
		t.Errorf("sum of 0.5: %v", err)
	}
	if n := half.Normalize(); math.Abs(n.Sum()-1) > 1e-15 || math.Abs(n.X[0]-0.8) > 1e-15 {
		t.Errorf("normalized: %v", n.X)
	}
	for _, s := range []string{"", "si28", "si28=x", "si28=-0.1,he4=1.1", "si28=0.5,28Si=0.5", "si28=NaN", "si28=Inf"} {
		if _, err := ParseComposition(s); !errors.Is(err, ErrComposition) {
			t.Errorf("%q: error %v", s, err)
		}
	}
	if _, err := ParseComposition("zz1=1"); !errors.Is(err, ErrUnknown) {
		t.Error(err)
	}
	if _, err := NewComposition(c.Nuclides, nil); !errors.Is(err, ErrComposition) {
		t.Error(err)
	}
}

// The fallback constants agree with each other: the unit of mass is 931.494 MeV, and e in esu is e in C times c/10.
func TestConstants(t *testing.T) {
	if u := AtomicMass * LightSpeed * LightSpeed / MeV; math.Abs(u/AtomicMassMeV-1) > 1e-9 {
		t.Errorf("u = %.12g MeV", u)
	}
	if e := 1.602176634e-19 * LightSpeed / 10; math.Abs(e/Charge-1) > 1e-14 {
		t.Errorf("e = %.17g esu", e)
	}
	if math.Abs(ElectronMassMeV-0.51099895) > 1e-8 {
		t.Errorf("m_e = %g MeV", ElectronMassMeV)
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{"n", "28Si", "fe56", "he-4", "prot", "\xff"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		n, err := Parse(s)
		if err != nil {
			if !errors.Is(err, ErrUnknown) {
				t.Error(err)
			}
			return
		}
		if back, err := Parse(n.String()); err != nil || back != n {
			t.Errorf("%q: %v, back %v, %v", s, n, back, err)
		}
	})
}
