package plasma

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"nuclab/nucnet/nuclide"
)

// moments of matter with a mean mass and charge number.
func moments(abar, zbar float64) nuclide.Moments {
	return nuclide.Moments{Abar: abar, Zbar: zbar, Ye: zbar / abar}
}

// far returns by how much got differs from want, in units of want.
func far(got, want float64) float64 {
	if got == want {
		return 0
	}
	if math.IsNaN(got) {
		return math.Inf(1)
	}
	return math.Abs(got-want) / math.Abs(want)
}

// The first three rows are states of the test suites of Microphysics and pynucastro (neutrino cooling by sneut5), the
// next come from pynucastro 3.1.0, for all decades, the liquid metal and heavy nuclei that recombine; the others were
// computed with an independent program from the published fits.
func TestNeutrinosAgreeWithOtherCodes(t *testing.T) {
	const none = -1
	for _, c := range []struct {
		rho, t, abar, zbar                      float64
		plasma, pair, photo, brems, reco, total float64
		digits                                  float64 // relative rounding of the row
	}{
		{549.2802717, 8.576958986e8, 1.255100538, 1.08784409, .12608518, 1.24104901e10, 4400976.95, 25.3852679, none, 1.2414891e10, 1e-8},
		{23946644.66, 5.411695265e9, 1.526742695, 1.209769625, 3.8274843e9, 4.8377582e14, 1.8274626e12, 9.4145665e8, none, 4.8560805e14, 2e-8},
		{1.315341948e9, 5.411695265e9, 1.255100538, 1.08784409, 2.7667477e11, 2.1906299e11, 5.5441032e10, -5.4865455e9, none, 5.4569225e11, 2e-8},
		{10000, 5e+07, 4, 2, 0.00143549679, 9.42746394e-96, 0.000857840602, 0.00051740542, 7.67256538e-06, 0.00281841538, 1e-8},
		{1e+06, 3e+07, 14, 7, 0.0276314353, 1.52816574e-198, 1.97663088e-10, 0.000329029576, 0, 0.0279604651, 1e-8},
		{1000, 3e+08, 4, 2, 0.00344717378, 0.00113441876, 1242.26883, 0.17246781, 0.000485032766, 1242.44636, 1e-8},
		{1e+06, 3e+08, 14, 7, 1648.42711, 1.49188164e-08, 302.846161, 479.638877, 1.34422263, 2432.25637, 1e-8},
		{1e+09, 3e+08, 14, 7, 25712.9736, 4.89676441e-45, 4.67115901e-09, 322.218529, 0, 26035.1921, 1e-8},
		{1e+09, 1e+09, 56, 26, 100270575, 1.3317362e-05, 888.902919, 1319223.34, 0, 101590687, 1e-8},
		{1e+10, 3e+09, 60, 27, 4.26142406e+10, 404.182613, 5363446.78, 1.01312336e+09, 0, 4.36327278e+10, 1e-8},
		{100000, 2e+10, 4, 2, 8427115.8, 1.64388408e+22, 3.56654541e+15, 1.21136959e+12, 17851.5757, 1.64388444e+22, 1e-8},
		{10000, 1e+08, 56, 26, 0.00999437874, 2.20558293e-41, 0.230698816, 0.138099004, 1.54767168, 1.92646388, 1e-8},
		{3e+06, 1e+09, 56, 26, 366517.017, 11892773.9, 3959693.85, 902281.008, 112290.587, 17233556.3, 1e-8},
		{100000, 3e+07, 28, 14, 0.0107533409, 8.88261586e-178, 6.08121089e-07, 0.000619473288, 0, 0.0113734223, 1e-8},
		{300000, 2e+08, 28, 14, 60.4297827, 3.37112922e-17, 21.7515528, 65.1617337, 5.95613348, 153.299203, 1e-8},
		{1e7, 3e9, 30, 15, 7.306388e7, 4.272771e12, 1.779600e10, 1.979540e8, none, 4.29084083e12, 4e-7},
		{1e8, 5e9, 54, 26, 5.458210e9, 4.219582e13, 3.451673e11, 1.731718e10, none, 4.25638018e13, 4e-7},
		{1e9, 5e9, 54, 25, 5.101785e10, 5.142444e11, 4.142189e10, 2.649094e10, none, 6.33175039e11, 4e-7},
		{1e9, math.Pow(10, 9.9), 54, 24.5, 2.188613e11, 1.677922e14, 2.839622e12, 4.629417e11, none, 1.71313577e14, 4e-7},
		{1e9, 3e9, 54, 26, 9.31791e9, 1.12218e8, 2.77152e8, 1.18041e9, none, 1.088769e10, 5e-6}, // liquid metal
	} {
		l, err := Neutrinos(c.t, c.rho, moments(c.abar, c.zbar))
		if err != nil {
			t.Fatal(err)
		}
		for _, q := range []struct {
			name      string
			got, want float64
		}{
			{"plasma", l.Plasma.Value, c.plasma}, {"pair", l.Pair.Value, c.pair}, {"photo", l.Photo.Value, c.photo},
			{"brems", l.Brems.Value, c.brems}, {"recombination", l.Recombination.Value, c.reco}, {"total", l.Total.Value, c.total},
		} {
			digits := c.digits
			switch q.name {
			case "recombination":
				digits = 1e-7 // the other code approximates the inverse Fermi integral
			case "total":
				if digits < 1e-6 {
					digits = 2e-8 // known better than its parts
				}
			}
			if q.want != none && far(q.got, q.want) > digits {
				t.Errorf("T = %g, rho = %g: %s %.9g, want %.9g", c.t, c.rho, q.name, q.got, q.want)
			}
		}
	}
}

func TestNeutrinoDerivatives(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 300 {
		temperature, rho := math.Pow(10, 7.1+3.8*r.Float64()), math.Pow(10, 12*r.Float64())
		m := nuclide.Moments{Abar: 1 + 60*r.Float64(), Ye: 0.3 + 0.7*r.Float64()}
		at := func(x [4]float64) [6]float64 {
			l, err := Neutrinos(x[0], x[1], nuclide.Moments{Abar: x[2], Ye: x[3]})
			if err != nil {
				t.Fatal(err)
			}
			return [6]float64{l.Pair.Value, l.Plasma.Value, l.Photo.Value, l.Brems.Value, l.Recombination.Value, l.Total.Value}
		}
		l, err := Neutrinos(temperature, rho, m)
		if err != nil {
			t.Fatal(err)
		}
		x := [4]float64{temperature, rho, m.Abar, m.Ye}
		numeric, size := differences(x, func(x [4]float64) []float64 { v := at(x); return v[:] })
		for i, q := range []Quantity{l.Pair, l.Plasma, l.Photo, l.Brems, l.Recombination, l.Total} {
			for j, got := range []float64{q.DT, q.DRho, q.DAbar, q.DYe} {
				// One of the fits' jumps may lie between the points: allow for it by the second estimate.
				scale := math.Abs(q.Value)/x[j] + math.Abs(got)
				if diff := math.Abs(got - numeric[i][j]); !(diff <= 1e-6*scale || diff <= 3*size[i][j]) {
					t.Errorf("T = %g, rho = %g, %v: process %d, variable %d: %g, by differences %g", temperature, rho, m, i, j, got, numeric[i][j])
				}
			}
		}
	}
}

// differences returns the derivatives of the components of f with respect to each variable by central differences of
// two steps, extrapolated, and by how much the two differed.
func differences(x [4]float64, f func([4]float64) []float64) (slope, spread [][4]float64) {
	slope, spread = make([][4]float64, len(f(x))), make([][4]float64, len(f(x)))
	for j := range x {
		central := func(h float64) []float64 {
			up, down := x, x
			up[j] *= 1 + h
			down[j] *= 1 - h
			a, b := f(up), f(down)
			d := make([]float64, len(a))
			for i := range d {
				d[i] = (a[i] - b[i]) / (up[j] - down[j])
			}
			return d
		}
		wide, narrow := central(2e-4), central(1e-4)
		for i := range wide {
			slope[i][j] = narrow[i] + (narrow[i]-wide[i])/3
			spread[i][j] = math.Abs(narrow[i] - wide[i])
		}
	}
	return slope, spread
}

func TestNeutrinosAreFiniteEverywhere(t *testing.T) {
	for lt := 3.0; lt <= 11; lt += 0.05 {
		for lr := -10.0; lr <= 12; lr += 0.5 {
			for _, ye := range []float64{0, 1e-9, 0.5, 1} {
				temperature, rho := min(math.Pow(10, lt), MaxT), min(math.Pow(10, lr), MaxRho)
				l, err := Neutrinos(temperature, rho, nuclide.Moments{Abar: 4, Ye: ye})
				if err != nil {
					t.Fatal(err)
				}
				if l.Pair.Value < 0 || l.Plasma.Value < 0 || l.Photo.Value < 0 || l.Recombination.Value < 0 {
					t.Errorf("T = %g, rho = %g, Ye = %g: negative loss in %+v", temperature, rho, ye, l)
				}
				if temperature < 1e7 && l != (Losses{}) {
					t.Errorf("T = %g: losses %+v below the fits", temperature, l)
				}
				q := l.Total
				if s := q.Value + q.DT + q.DRho + q.DAbar + q.DYe; math.IsNaN(s) || math.IsInf(s, 0) {
					t.Errorf("T = %g, rho = %g, Ye = %g: %+v", temperature, rho, ye, q)
				}
			}
		}
	}
}

func ExampleNeutrinos() {
	l, err := Neutrinos(3e9, 1e7, nuclide.Moments{Abar: 30, Ye: 0.5})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("%.3g erg/g/s, of which pairs %.3g; grows with T^%.1f\n", l.Total.Value, l.Pair.Value, 3e9*l.Total.DT/l.Total.Value)
	// Output: 4.29e+12 erg/g/s, of which pairs 4.27e+12; grows with T^10.4
}
