package dataset

import (
	"fmt"
	"math"
	"path/filepath"
	"slices"
	"strings"

	"github.com/parquet-go/parquet-go"

	"nuclab/nucnet/nuclide"
)

// Summary is what a card says about a set beyond its settings.
type Summary struct {
	Samples, Failed, Retried int
	Bytes                    int64
	// Reasons counts the failures by what the burns said; the numbers in the messages are left out.
	Reasons map[string]int
	// T, Rho and Ye are the ranges of the initial states.
	T, Rho, Ye [2]float64
	// YeBins counts the initial states in ten equal parts of the range of Ye asked for.
	YeBins [10]int
	// Neutrons is the median mass fraction of free neutrons at the start, NaN in a network without.
	Neutrons float64
}

// Summarize reads the initial states and the outcomes of a set, not its abundances.
func (s *Set) Summarize() (*Summary, error) {
	sum := &Summary{Reasons: map[string]int{}, Neutrons: math.NaN()}
	for _, r := range []*[2]float64{&sum.T, &sum.Rho, &sum.Ye} {
		*r = [2]float64{math.Inf(1), math.Inf(-1)}
	}
	neutronColumn := "X_" + nuclide.Neutron.String()
	neutron := slices.Index(s.columns(), neutronColumn)
	var neutrons []float64
	for _, f := range s.Files {
		p, err := openPart(filepath.Join(s.Dir, f.Name), s.Recipe, f)
		if err != nil {
			return nil, err
		}
		err = p.eachColumn(func(c, _ int, v parquet.Value) {
			switch {
			case c >= 1 && c <= 3:
				x := number(v)
				r := []*[2]float64{&sum.T, &sum.Rho, &sum.Ye}[c-1]
				r[0], r[1] = min(r[0], x), max(r[1], x)
				if c == 3 {
					lo, hi := s.Sampling.Ye[0], s.Sampling.Ye[1]
					if hi > lo {
						sum.YeBins[min(max(int(10*(x-lo)/(hi-lo)), 0), 9)]++
					}
				}
			case c == neutron:
				neutrons = append(neutrons, number(v))
			default:
				if status := string(v.ByteArray()); status != statusOK {
					sum.Reasons[withoutNumbers(status)]++
				}
			}
		}, "T", neutronColumn, "rho", "status", "ye")
		p.Close()
		if err != nil {
			return nil, fmt.Errorf("dataset: %s: %w: %w", p.path, ErrDamaged, err)
		}
		sum.Samples += f.Samples
		sum.Failed += f.Failed
		sum.Retried += f.Retried
		sum.Bytes += f.Bytes
	}
	if len(neutrons) > 0 {
		slices.Sort(neutrons)
		sum.Neutrons = neutrons[len(neutrons)/2]
	}
	return sum, nil
}

// withoutNumbers replaces the numbers of a message, so that like failures count as one.
func withoutNumbers(s string) string {
	words := strings.Fields(s)
	for i, w := range words {
		if strings.ContainsAny(w[:1], "0123456789+-") {
			words[i] = "#"
		}
	}
	return strings.Join(words, " ")
}

// Card returns a description of the set in Markdown. It depends on the data alone.
func (s *Set) Card() (string, error) {
	sum, err := s.Summarize()
	if err != nil {
		return "", err
	}
	var b strings.Builder
	fmt.Fprintf(&b, "# %d burns of %s\n\n", sum.Samples, s.Network)
	fmt.Fprintf(&b, "Each row is one burn at constant temperature and density: the initial state, the state at %d times up to %g s, and how it ended. "+
		"In Python, `pyarrow.dataset.dataset(folder, format=\"parquet\", exclude_invalid_files=True)` reads them all.\n\n", len(s.Times), s.Times[len(s.Times)-1])
	if s.Shard != "" {
		fmt.Fprintf(&b, "This is part %s of a set of %d.\n\n", s.Shard, s.Recipe.Samples)
	}
	line := func(name, format string, args ...any) {
		fmt.Fprintf(&b, "| %s | %s |\n", name, fmt.Sprintf(format, args...))
	}
	b.WriteString("| | |\n| --- | --- |\n")
	line("network", "%s, %d nuclides", s.Network, len(s.Nuclides))
	line("compositions", "generator `%s`, seed %d", s.Generator, s.Seed)
	drawn := func(name string, asked [2]float64, format string, lo, hi float64) {
		text := fmt.Sprintf("%g to %g", asked[0], asked[1])
		if lo <= hi { // there may be no sample
			text += fmt.Sprintf("; drawn "+format+" to "+format, lo, hi)
		}
		line(name, "%s", text)
	}
	drawn("log10 T (K)", s.Sampling.LogT, "%.4f", math.Log10(sum.T[0]), math.Log10(sum.T[1]))
	drawn("log10 rho (g/cm3)", s.Sampling.LogRho, "%.4f", math.Log10(sum.Rho[0]), math.Log10(sum.Rho[1]))
	drawn("Ye", s.Sampling.Ye, "%.5f", sum.Ye[0], sum.Ye[1])
	if !math.IsNaN(sum.Neutrons) {
		line("median X of free neutrons", "%.3g", sum.Neutrons)
	}
	if s.Protocol != Train {
		line("protocol", "%s: a test for emulators of the times %s s", s.Protocol, list(s.Labels))
	}
	line("times (s)", "%s", list(s.Times))
	line("step before each time (s)", "%s", list(s.Steps))
	line("detailed balance", "%s", s.Burn.DetailedBalance)
	line("screening", "%s", s.Burn.Screening)
	line("weak rates", "%s", s.Burn.Weak)
	if s.Burn.Suzuki {
		line("weak rates, A = 17 to 28", "%s", "Suzuki et al. (2016)")
	}
	if len(s.Burn.OwnRates) > 0 {
		line("own rates", "%s", strings.Join(s.Burn.OwnRates, ", "))
	}
	line("solver", "%s, relative tolerance %g, absolute %g", s.Burn.Solver, s.Burn.RTol, s.Burn.ATol)
	if s.Burn.Rules != "" {
		line("choice of fits", "%s", s.Burn.Rules)
	}
	line("code", "`%s`", s.Code)
	line("nuclear data", "SHA-256 `%s`", s.Data)
	line("numbers", "float%d", s.Float)
	line("failed burns", "%d", sum.Failed)
	line("burns retried with the sturdy solver", "%d", sum.Retried)
	line("files", "%d, %d bytes", len(s.Files), sum.Bytes)
	b.WriteString("\n## Columns\n\n| column | meaning |\n| --- | --- |\n")
	for _, c := range meanings {
		line("`"+c.column+"`", "%s", c.meaning)
	}
	if len(s.Small) > 0 {
		for _, c := range testMeanings {
			line("`"+c.column+"`", "%s", c.meaning)
		}
	}
	if sum.Failed+sum.Retried > 0 {
		b.WriteString("\n## Failures and retries\n\n| burns | reason |\n| --- | --- |\n")
		reasons := make([]string, 0, len(sum.Reasons))
		for r := range sum.Reasons {
			reasons = append(reasons, r)
		}
		slices.Sort(reasons)
		for _, r := range reasons {
			fmt.Fprintf(&b, "| %d | %s |\n", sum.Reasons[r], r)
		}
	}
	if lo, hi := s.Sampling.Ye[0], s.Sampling.Ye[1]; hi > lo {
		b.WriteString("\n## Initial Ye\n\n| from | to | samples |\n| --- | --- | --- |\n")
		for i, n := range sum.YeBins {
			step := (hi - lo) / 10
			fmt.Fprintf(&b, "| %.4f | %.4f | %d |\n", lo+float64(i)*step, lo+float64(i+1)*step, n)
		}
	}
	return b.String(), nil
}

func list(v []float64) string {
	words := make([]string, len(v))
	for i, x := range v {
		words[i] = fmt.Sprintf("%.9g", x)
	}
	return strings.Join(words, ", ")
}

// writeCard writes the card beside the files.
func writeCard(dir string, m *Manifest) error {
	text, err := (&Set{Dir: dir, Manifest: *m}).Card()
	if err != nil {
		return err
	}
	return writeFile(filepath.Join(dir, cardName), []byte(text))
}
