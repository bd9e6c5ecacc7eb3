package cli

import (
	"fmt"
	"math"
	"runtime"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"nuclab/nucnet"
	"nuclab/nucnet/nuclide"
	"nuclab/nucnet/rate"
)

// The ranges of temperature (K) and density (g/cm3) that the physics accepts.
const (
	minT, maxT     = 1e3, 1e11
	minRho, maxRho = 1e-10, 1e12
)

// matter is the state of the matter that a physical verb speaks of, from its flags.
type matter struct {
	T, rho      float64
	x           string
	normalize   bool
	composition nuclide.Composition
}

// flags adds -T, --rho and, if composition is set, -x and --normalize, all of them required.
func (m *matter) flags(cmd *cobra.Command, composition bool) {
	m.placeFlags(cmd)
	cmd.MarkFlagRequired("temperature")
	cmd.MarkFlagRequired("rho")
	if composition {
		m.compositionFlags(cmd)
		cmd.MarkFlagRequired("composition")
	}
}

// placeFlags adds -T and --rho.
func (m *matter) placeFlags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.Float64VarP(&m.T, "temperature", "T", 0, "temperature in K, 1e3..1e11")
	f.Float64Var(&m.rho, "rho", 0, "density in g/cm3, 1e-10..1e12")
}

// compositionFlags adds -x and --normalize.
func (m *matter) compositionFlags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVarP(&m.x, "composition", "x", "", "mass fractions, `si28=0.9,ne22=0.1` or @FILE with lines \"name value\" or a JSON object")
	f.BoolVar(&m.normalize, "normalize", false, "divide the mass fractions by their sum instead of refusing a sum other than 1")
}

// check holds T and rho to their ranges and parses the composition, if there is a flag for it.
func (m *matter) check() error {
	if err := m.checkPlace(); err != nil {
		return err
	}
	if m.x == "" {
		return nil
	}
	return m.checkComposition()
}

func (m *matter) checkPlace() error {
	if err := inRange("-T", m.T, minT, maxT, "K"); err != nil {
		return err
	}
	return inRange("--rho", m.rho, minRho, maxRho, "g/cm3")
}

func (m *matter) checkComposition() error {
	c, err := parseComposition(m.x)
	if err != nil {
		return badInput("-x: %v", err)
	}
	if m.normalize && c.Sum() > 0 {
		c = c.Normalize()
	}
	if m.composition, err = nuclide.NewComposition(c.Nuclides, c.X); err != nil {
		hint := ""
		if math.Abs(c.Sum()-1) > nuclide.SumTolerance && !m.normalize {
			hint = "; --normalize divides by the sum"
		}
		return badInput("-x: %v%s", err, hint)
	}
	return nil
}

// useThreads lets this process run on so many processors at once; 0 leaves it as it is.
func useThreads(n int) error {
	if n < 0 {
		return badInput("--threads: %d is less than 0", n)
	}
	if n > 0 {
		runtime.GOMAXPROCS(n)
	}
	return nil
}

// warnHot says on standard error what holds above the highest temperature that rates are known for.
func (a *app) warnHot(t float64) {
	if t > rate.MaxT {
		fmt.Fprintf(a.stderr, "warning: T = %g K: rates and partition functions are those of %g K above it\n", t, rate.MaxT)
	}
}

func inRange(flag string, v, lo, hi float64, unit string) error {
	if v >= lo && v <= hi {
		return nil
	}
	return badInput("%s: %g %s is outside %g..%g %s", flag, v, unit, lo, hi, unit)
}

// physics is the choice of physics and solver, shared by burn and dataset generate.
type physics struct {
	screening, weak, balance, solver string
	rtol, atol                       float64
}

func (p *physics) flags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVar(&p.screening, "screening", "chugunov", "screening of strong reactions: chugunov|extended|salpeter|none")
	weakFlag(cmd, &p.weak, "tables|suzuki|none")
	f.StringVar(&p.balance, "detailed-balance", "correct", "reverse rates: correct|r2305|r2408|r2604 (r...: as in those MESA releases)")
	f.StringVar(&p.solver, "solver", "", "integrator: "+strings.Join(nucnet.SolverNames(), "|")+" (default: the fastest that keeps its promise)")
	f.Float64Var(&p.rtol, "rtol", 1e-6, "relative tolerance of the mass fractions")
	f.Float64Var(&p.atol, "atol", 1e-12, "absolute tolerance of the mass fractions")
}

// options turns the flags into what nucnet.Burn takes.
func (p *physics) options() (o nucnet.Options, err error) {
	if o.Screening, err = rate.ParseScreening(p.screening); err != nil {
		return o, badInput("--screening: %v", err)
	}
	switch p.weak {
	case "tables", "suzuki":
	case "none":
		o.Weak = nucnet.NoWeak
	default:
		return o, badInput("--weak: %q is none of tables, suzuki, none", p.weak)
	}
	if o.DetailedBalance, err = rate.ParseBalance(p.balance); err != nil {
		return o, badInput("--detailed-balance: %v", err)
	}
	for _, tol := range []struct {
		flag  string
		v     float64
		least float64
	}{{"--rtol", p.rtol, 1e-13}, {"--atol", p.atol, math.SmallestNonzeroFloat64}} {
		if !(tol.v >= tol.least && tol.v < 1) {
			return o, badInput("%s: %g is outside %g..1", tol.flag, tol.v, tol.least)
		}
	}
	if p.solver != "" && !slices.Contains(nucnet.SolverNames(), p.solver) {
		return o, badInput("--solver: %q is none of %s", p.solver, strings.Join(nucnet.SolverNames(), ", "))
	}
	o.Solver, o.RTol, o.ATol = p.solver, p.rtol, p.atol
	return o.WithDefaults(), nil
}

// rules says which weak tables the flags ask for.
func (p *physics) rules() rate.Rules { return rate.Rules{Suzuki: p.weak == "suzuki"} }

// weakRules reads --weak of verbs that show rates.
func weakRules(weak string) (rate.Rules, error) {
	if weak != "tables" && weak != "suzuki" {
		return rate.Rules{}, badInput("--weak: %q is none of tables, suzuki", weak)
	}
	return rate.Rules{Suzuki: weak == "suzuki"}, nil
}

func weakFlag(cmd *cobra.Command, weak *string, values string) {
	cmd.Flags().StringVar(weak, "weak", "tables", "weak reactions: "+values+" (suzuki: those of Suzuki et al. 2016 for A = 17 to 28)")
}

// netFlag adds --net, the name of a stock network.
func netFlag(cmd *cobra.Command, name *string) {
	cmd.Flags().StringVar(name, "net", "mesa_80", "network: "+strings.Join(nucnet.StockNames(), ", "))
}

// stock returns the network that --net names.
func stock(name string) (*nucnet.Network, error) {
	net, err := nucnet.Stock(name)
	if err != nil {
		return nil, badInput("--net: %v", err)
	}
	return net, nil
}

// parseNumbers reads a comma-separated list of numbers.
func parseNumbers(flag, s string) ([]float64, error) {
	fields := strings.Split(s, ",")
	numbers := make([]float64, len(fields))
	for i, f := range fields {
		v, err := strconv.ParseFloat(strings.TrimSpace(f), 64)
		if err != nil || math.IsNaN(v) || math.IsInf(v, 0) {
			return nil, badInput("%s: %q is not a number; a list looks like 1e-6,1e-3,1", flag, f)
		}
		numbers[i] = v
	}
	return numbers, nil
}
