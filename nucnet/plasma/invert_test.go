package plasma

import (
	"errors"
	"fmt"
	"math"
	"testing"

	"nuclab/nucnet/nuclide"
)

func TestInversesReturn(t *testing.T) {
	states(400, func(temperature, rho float64, m nuclide.Moments) {
		want := mustAt(t, temperature, rho, m)
		for _, guess := range []float64{0, 1.3, 1e-30} { // none, close, far out of range
			near := func(v float64) float64 { return guess * v }
			e, err := AtDensityEnergy(rho, want.E.Value, m, near(temperature))
			if err != nil {
				t.Errorf("T = %g, rho = %g: %v", temperature, rho, err)
			} else if far(e.E.Value, want.E.Value) > 1e-13 && far(e.T, temperature) > 1e-13 {
				t.Errorf("T = %g, rho = %g: T from energy %.15g", temperature, rho, e.T)
			}
			p, err := AtDensityPressure(rho, want.P.Value, m, near(temperature))
			if err != nil {
				t.Errorf("T = %g, rho = %g: %v", temperature, rho, err)
			} else if far(p.P.Value, want.P.Value) > 1e-13 && far(p.T, temperature) > 1e-13 {
				t.Errorf("T = %g, rho = %g: T from pressure %.15g", temperature, rho, p.T)
			}
			d, err := AtTemperaturePressure(temperature, want.P.Value, m, near(rho))
			if err != nil {
				t.Errorf("T = %g, rho = %g: %v", temperature, rho, err)
			} else if far(d.P.Value, want.P.Value) > 1e-13 && far(d.Rho, rho) > 1e-13 {
				t.Errorf("T = %g, rho = %g: rho from pressure %.15g", temperature, rho, d.Rho)
			}
		}
	})
	// Where the function is steep, the argument itself returns.
	m := nuclide.Moments{Abar: 30, Ye: 0.48}
	want := mustAt(t, 3.3e9, 1e8, m)
	e, _ := AtDensityEnergy(1e8, want.E.Value, m, 0)
	p, _ := AtDensityPressure(1e8, want.P.Value, m, 0)
	d, _ := AtTemperaturePressure(3.3e9, want.P.Value, m, 0)
	if far(e.T, want.T) > 1e-12 || far(p.T, want.T) > 1e-12 || far(d.Rho, want.Rho) > 1e-12 {
		t.Errorf("T = %.15g, %.15g, rho = %.15g", e.T, p.T, d.Rho)
	}
}

func TestNothingToFind(t *testing.T) {
	m := nuclide.Moments{Abar: 4, Ye: 0.5}
	cold := mustAt(t, MinT, 1e9, m)
	for name, run := range map[string]func() (State, error){
		"less energy than cold matter":   func() (State, error) { return AtDensityEnergy(1e9, 0.9*cold.E.Value, m, 0) },
		"less pressure than cold matter": func() (State, error) { return AtDensityPressure(1e9, 0.9*cold.P.Value, m, 1e6) },
		"less pressure than radiation":   func() (State, error) { return AtTemperaturePressure(1e9, 1e20, m, 0) },
		"too much energy":                func() (State, error) { return AtDensityEnergy(1e9, 1e30, m, 0) },
		"too much pressure":              func() (State, error) { return AtTemperaturePressure(1e9, 1e40, m, 0) },
		"energy is no number":            func() (State, error) { return AtDensityEnergy(1e9, math.NaN(), m, 0) },
		"negative pressure":              func() (State, error) { return AtDensityPressure(1e9, -1, m, 0) },
		"infinite pressure":              func() (State, error) { return AtDensityPressure(1e9, math.Inf(1), m, 0) },
		"guess is no number":             func() (State, error) { return AtDensityPressure(1e9, 1e25, m, math.NaN()) },
		"density out of range":           func() (State, error) { return AtDensityEnergy(1e13, 1e18, m, 0) },
		"temperature out of range":       func() (State, error) { return AtTemperaturePressure(1, 1e20, m, 0) },
		"no composition":                 func() (State, error) { return AtDensityEnergy(1e9, 1e18, nuclide.Moments{}, 0) },
	} {
		if s, err := run(); !errors.Is(err, ErrRange) {
			t.Errorf("%s: %v, T = %g, rho = %g", name, err, s.T, s.Rho)
		}
	}
}

func ExampleAtDensityEnergy() {
	// Burning at constant density: add 1e17 erg/g.
	m := nuclide.Moments{Abar: 28, Ye: 0.5}
	before, err := At(2e9, 1e7, m)
	if err != nil {
		fmt.Println(err)
		return
	}
	after, err := AtDensityEnergy(1e7, before.E.Value+1e17, m, before.T)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("%.3g K\n", after.T)
	// Output: 2.79e+09 K
}
