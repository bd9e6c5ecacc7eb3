package plots_test

import (
	"fmt"
	"log"
	"os"
	"path/filepath"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"

	"nuclab/nucnet/nuclide"
	"nuclab/plots"
)

func ExampleChart() {
	nuclides, err := nuclide.ParseList("he4, si28, fe54, co55, ni56")
	if err != nil {
		log.Fatal(err)
	}
	chart := plots.Chart{Panels: []plots.ChartPanel{{
		Title:    "*T* = 5 GK, *\u03c1* = 10^{9} g cm^{\u22123}",
		Nuclides: nuclides,
		Values:   []float64{0.01, 1e-4, 0.6, 0.2, 0.19},
	}}}
	fig, err := chart.Figure()
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(fig)
	// Output: Chart of nuclides, neutron number to the right, charge number upward, coloured by size on a logarithmic scale. Panel 1: largest fe54 0.6, co55 0.2, ni56 0.19.
}

func ExampleAbundances() {
	nuclides, err := nuclide.ParseList("si28, s32, ni56")
	if err != nil {
		log.Fatal(err)
	}
	fig, err := plots.Abundances{
		Times:    []float64{1e-3, 1, 100},
		Nuclides: nuclides,
		X:        [][]float64{{0.99, 0.01, 0}, {0.6, 0.3, 0.1}, {0.01, 0.01, 0.98}},
	}.Figure()
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(fig)
	// Output: Mass fractions of 3 nuclides against time, both axes logarithmic. At the end ni56 is the largest shown, with 0.98.
}

func ExampleTraining() {
	fig, err := plots.Training{
		Train:      []float64{2.1, 1.2, 0.8, 0.6, 0.5},
		Validation: []float64{2.2, 1.3, 1.0, 0.9, 0.95},
	}.Figure()
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(fig)
	// Output: Loss against epoch over 5 epochs; the training loss falls from 2.1 to 0.5. The best validation loss, 0.9, is that of epoch 4.
}

func ExampleLosses() {
	fig, err := plots.Losses([]float64{2.1, 1.2}, []float64{2.2, 1.3}, 2)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(fig)
	// Output: Loss against epoch over 2 epochs; the training loss falls from 2.1 to 1.2. The best validation loss, 1.3, is that of epoch 2.
}

func ExampleComparison() {
	nuclides, err := nuclide.ParseList("fe54, co55, ni56, ni58")
	if err != nil {
		log.Fatal(err)
	}
	fig, err := plots.Comparison{
		Nuclides: nuclides,
		Series: []plots.Series{
			{Name: "burn", X: []float64{0.5, 0.1, 0.15, 0.25}},
			{Name: "NSE", X: []float64{0.52, 0.09, 0.15, 0.24}},
		},
	}.Figure()
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(fig)
	// Output: Mass fractions of the 4 nuclides with most of burn, side by side on a logarithmic axis.
}

func ExampleParity() {
	nuclides, err := nuclide.ParseList("fe54, co55, ni56, ni58")
	if err != nil {
		log.Fatal(err)
	}
	fig, err := plots.Parity{
		Nuclides:   nuclides,
		Reference:  []float64{0.5, 0.1, 0.15, 0.25},
		Prediction: []float64{0.52, 0.09, 0.15, 0.24},
	}.Figure()
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(fig)
	// Output: Mass fractions of 4 nuclides, prediction against burn, both axes logarithmic, with the line of equality.
}

func ExampleExport() {
	fig, err := plots.Training{Train: []float64{2.1, 1.2, 0.8}}.Figure()
	if err != nil {
		log.Fatal(err)
	}
	dir, err := os.MkdirTemp("", "figures")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	err = plots.Export(fig, filepath.Join(dir, "figA2"), plots.Origin{Data: "4096 burns of mesa_80", Seed: 1, Scale: "demo"})
	if err != nil {
		log.Fatal(err)
	}
	files, err := filepath.Glob(filepath.Join(dir, "figA2.*"))
	if err != nil {
		log.Fatal(err)
	}
	for _, f := range files {
		fmt.Println(filepath.Base(f))
	}
	// Output:
	// figA2.csv
	// figA2.json
	// figA2.pdf
	// figA2.png
	// figA2.svg
}

func ExampleFlows() {
	nuclides, err := nuclide.ParseList("mg24, al27, si28, p31, s32")
	if err != nil {
		log.Fatal(err)
	}
	mg, al, si, p, s := nuclides[0], nuclides[1], nuclides[2], nuclides[3], nuclides[4]
	fig, err := plots.Flows{Panels: []plots.FlowPanel{{
		Nuclides: nuclides,
		X:        []float64{0.01, 1e-4, 0.69, 1e-3, 0.299},
		Arrows:   []plots.Arrow{{From: si, To: s, Flow: 20}, {From: si, To: p, Flow: 3}, {From: p, To: s, Flow: 3}, {From: si, To: mg, Flow: 7}, {From: si, To: al, Flow: 1}},
	}}}.Figure()
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(fig)
	// Output: Charts of nuclides, neutron number to the right, charge number upward, with arrows for the flows between them, wider and darker for larger ones on a logarithmic scale. Panel 1: largest si28 to s32 20, si28 to mg24 7, p31 to s32 3.
}

func ExampleEvolution() {
	fig, err := plots.Evolution{
		Tracks: []plots.EvolutionTrack{{
			Name: "1.5 solar masses",
			Time: []float64{0, 4.7e6, 4.81e6, 4.8101e6},
			T:    []float64{1.9e9, 3.2e9, 6.7e9, 8e9},
			Rho:  []float64{1e7, 1e8, 1.1e9, 2.5e9},
			Dt:   []float64{0, 2e4, 1, 1e-3},
		}},
		ShadeT: [2]float64{1.6e9, 7.9e9},
	}.Figure()
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(fig)
	// Output: Temperature, density and time step against the time left, all axes logarithmic, time running to the right. 1.5 solar masses: from 1.9e+09 K and 1e+07 g/cm3 to 8e+09 K and 2.5e+09 g/cm3 in 4.8e+06 s.
}

func ExampleCurves() {
	temperature := []float64{1e9, 3e9, 5e9}
	fig, err := plots.Curves{
		Curves: []plots.Curve{
			{Name: "^{12}C(α,γ)^{16}O", X: temperature, Y: []float64{6.45e-6, 7.11e-2, 2.78}},
			{Name: "^{16}O(γ,α)^{12}C", X: temperature, Y: []float64{2.67e-31, 1.76e-2, 9.64e4}},
		},
		XLabel: "*T* (K)", YLabel: "*λ*",
	}.Figure()
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(fig)
	// Output: λ (logarithmic) against T (K) (logarithmic). 12C(α,γ)16O: from 6.45e-06 at 1e+09 to 2.78 at 5e+09. 16O(γ,α)12C: from 2.67e-31 at 1e+09 to 9.64e+04 at 5e+09.
}

func ExamplePanels() {
	dt := []float64{1e-6, 1e-3, 1}
	fig, err := plots.Panels{
		XLabel: "d*t* (s)",
		Rows: [][]plots.Panel{
			{{
				Y:     plots.Scale{Label: "Error of *Y*_{e} (%)"},
				Bands: []plots.Band{{Name: "published", Y: [2]float64{0.33, 0.53}}},
				Traces: []plots.Trace{
					{Name: "NNN", X: dt, Y: []float64{0.8, 0.7, 0.9}, Look: plots.Marks},
					{Name: "approx21", X: dt, Y: []float64{1.5, 2.5, 3.5}},
				},
			}},
			{{
				Y:      plots.Scale{Label: "Improvement"},
				Traces: []plots.Trace{{Name: "approx21 / NNN", X: dt, Y: []float64{1.9, 3.6, 3.9}, Look: plots.Linked}},
			}},
		},
	}.Figure()
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(fig)
	// Output: Panel (a), Error of Ye (%) against dt (s). NNN: 0.7 to 0.9. approx21: 1.5 to 3.5. Panel (b), Improvement against dt (s). approx21 / NNN: 1.9 to 3.9.
}

func ExampleHistogram() {
	fig, err := plots.Histogram{
		Samples: []plots.Sample{{Name: "NNN", Values: []float64{0.1, 0.2, 0.25, 0.9}}},
		Bins:    4, Min: 0.0, Max: 1, XLabel: "Error of *Y*_{e} (%)",
	}.Figure()
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(fig)
	// Output: Histogram of Error of Ye (%) in 4 bins from 0 to 1. NNN: 4 values, most between 0 and 0.25.
}

func ExampleArchitecture() {
	fig, err := plots.Architecture{
		Inputs: []plots.Terminal{{Name: "log *T*", Count: 1}, {Name: "log *ρ*", Count: 1}, {Name: "*X*_{i}", Count: 80}},
		Layers: []plots.Layer{{Width: 512, Activation: "ReLU"}, {Width: 512, Activation: "ReLU"}},
		Outputs: []plots.Terminal{
			{Name: "ln *X*_{i}", Count: 80, Activation: "log-softmax"},
			{Name: "*ε*_{nuc}", Count: 1},
			{Name: "*ε*_{ν}", Count: 1},
		},
	}.Figure()
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(fig)
	// Output: Neural network of 3 layers of weights, 82-512-512-82 neurons wide. Inputs: log T, log ρ, Xi (80). Outputs: ln Xi (80), εnuc, εν.
}

func ExampleByMass() {
	nuclides, err := nuclide.ParseList("he4, si28, fe54, fe56, ni56")
	if err != nil {
		log.Fatal(err)
	}
	fig, err := plots.ByMass{Nuclides: nuclides, Series: []plots.Series{{Name: "burn", X: []float64{0.05, 0.1, 0.3, 0.25, 0.3}}}}.Figure()
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(fig)
	// Output: Mass fraction against mass number, on a logarithmic axis. burn: most at A = 56, 0.55.
}

func ExampleFigure_For() {
	fig, err := plots.Training{Train: []float64{2.1, 1.2, 0.8}}.Figure()
	if err != nil {
		log.Fatal(err)
	}
	slide := fig.For(plots.Slide)
	fmt.Printf("%.2f by %.2f inches\n", slide.Width.Points()/72, slide.Height.Points()/72)
	// Output: 10.00 by 7.50 inches
}

func ExampleStyle() {
	p := plot.New()
	p.X.Label.Text, p.Y.Label.Text = "*t* (s)", "*X*(^{56}Ni)"
	p.X.Scale = plot.LogScale{}
	points := plotter.XYs{{X: 1e-3, Y: 0}, {X: 1, Y: 0.4}, {X: 100, Y: 0.1}}
	line, err := plotter.NewLine(points)
	if err != nil {
		log.Fatal(err)
	}
	line.LineStyle = plots.LineStyle(0)
	p.Add(line)
	data := plots.Table{Columns: []string{"t", "X"}}
	for _, xy := range points {
		data.Rows = append(data.Rows, []any{xy.X, xy.Y})
	}
	fig := plots.FromPlot(plots.Style(p), plots.OneColumn, 2*vg.Inch, data, "Nickel rises to 0.4 within a second and falls.")
	fmt.Println(fig)
	// Output: Nickel rises to 0.4 within a second and falls.
}

func ExampleLabel() {
	nuclides, err := nuclide.ParseList("neut, h1, ni56")
	if err != nil {
		log.Fatal(err)
	}
	for _, n := range nuclides {
		fmt.Println(plots.Label(n), plots.Element(n.Z()))
	}
	// Output:
	// n n
	// ^{1}H H
	// ^{56}Ni Ni
}

func ExamplePower() {
	fmt.Println("*ρ* = " + plots.Power(8) + " g cm" + "^{−3}")
	// Output: *ρ* = 10^{8} g cm^{−3}
}
