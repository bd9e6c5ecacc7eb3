package cli

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"nuclab/nucnet/nuclide"
	"nuclab/nucnet/star"
)

// coreDoc is the JSON of schema nuclab.core/1.
type coreDoc struct {
	Schema   string      `json:"schema"`
	Model    string      `json:"model"`
	Network  string      `json:"network"`
	Mass     number      `json:"mass"`
	Options  any         `json:"options"`
	Points   []corePoint `json:"points"`
	Collapse *number     `json:"collapse"` // time at which it begins, s; null without one
	Burns    int         `json:"burns"`
}

type corePoint struct {
	Time      number                  `json:"t"`
	T         number                  `json:"T"`
	Rho       number                  `json:"rho"`
	Dt        number                  `json:"dt"`
	Ye        number                  `json:"ye"`
	Internal  number                  `json:"energy"`
	Work      number                  `json:"work"`
	Nuclear   number                  `json:"q"`
	WeakNu    number                  `json:"eps_nu_integral"`
	ThermalNu number                  `json:"thermal_nu_integral"`
	X         byName[nuclide.Nuclide] `json:"X"`
}

const coreModel = "one zone in virial equilibrium until it falls freely; not a stellar model"

func (a *app) core() *cobra.Command {
	var (
		c  star.Core
		n  network
		x  string
		ph physics

		normalize bool
		threads   int
	)
	cmd := &cobra.Command{
		Use:   "core",
		Short: "Follow a contracting core of one zone to collapse",
		Long: `Follow the core of a massive star as one zone from the end of oxygen burning to collapse: it contracts as it
loses energy to neutrinos, heats up, burns silicon and collapses. A model to learn from, not a stellar one: there
is no convection, no shell burning and no envelope.

Printed along the track: time t and step dt in s, T in K, rho in g/cm3, ye, mass fractions X; and since the start, in
erg/g, the work of gravity, the rest-mass energy q released, eps_nu_integral lost to neutrinos of weak reactions and
thermal_nu_integral to thermal ones. energy is the internal energy of the matter.`,
		Example: "  nuclab core --mass 1.5 --net mesa_80",
		Args:    cobra.NoArgs,
	}
	f := cmd.Flags()
	n.flags(cmd, true)
	f.Float64Var(&c.Mass, "mass", 1.5, "mass of the core in solar masses; below some 1.4 it cools instead of collapsing")
	f.Float64Var(&c.Rho, "rho", 1e7, "density at the start in g/cm3; the temperature follows from equilibrium")
	f.StringVarP(&x, "composition", "x", "", "mass fractions at the start, `si28=0.6,s32=0.4` or @FILE (default: ashes of oxygen burning)")
	f.Float64Var(&c.EndT, "end-T", 8e9, "temperature at which to stop in K")
	f.Float64Var(&c.EndRho, "end-rho", 1e10, "density at which to stop in g/cm3")
	f.Float64Var(&c.FallTime, "fall-time", 1, "shortest time of contraction in units of 446 s rho^-1/2")
	f.Float64Var(&c.Step, "step", 0.04, "largest change in a step of ln T, of a mass fraction and of half of ln rho")
	f.BoolVar(&normalize, "normalize", false, "divide the mass fractions by their sum instead of refusing a sum other than 1")
	ph.flags(cmd)
	threadsFlag(cmd, &threads)
	out := a.outputFlag(cmd)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		net, err := n.build(ph.rules())
		if err != nil {
			return err
		}
		c.Network = net
		if c.Options, err = ph.options(); err != nil {
			return err
		}
		if x != "" {
			m := matter{x: x, normalize: normalize}
			if err := m.checkComposition(); err != nil {
				return err
			}
			if c.X, err = net.Vector(m.composition); err != nil {
				return badInput("-x: %v", err)
			}
		}
		for _, p := range []struct {
			flag      string
			v, lo, hi float64
			unit      string
		}{
			{"--mass", c.Mass, 0.1, 100, "solar masses"}, {"--rho", c.Rho, 1e5, 1e10, "g/cm3"},
			{"--end-T", c.EndT, 1e8, 5e10, "K"}, {"--end-rho", c.EndRho, 1e5, 1e12, "g/cm3"},
			{"--fall-time", c.FallTime, 0.01, 1e6, "free-fall times"}, {"--step", c.Step, 1e-3, 0.2, ""},
		} {
			if err := inRange(p.flag, p.v, p.lo, p.hi, p.unit); err != nil {
				return err
			}
		}
		if err := useThreads(threads); err != nil {
			return err
		}
		a.warnHot(c.EndT)
		e, err := c.Evolve(cmd.Context(), nil)
		if errors.Is(err, star.ErrCore) {
			return badInput("--mass, --rho: %v", err)
		}
		if e == nil {
			return err
		}
		return errors.Join(err, writeCore(out, &c, &ph, &n, e))
	}
	return cmd
}

func writeCore(out *output, c *star.Core, ph *physics, n *network, e *star.Evolution) error {
	doc := coreDoc{
		Schema: "nuclab.core/1", Model: coreModel, Network: c.Network.Name(), Mass: number(c.Mass),
		Options: optionsDoc(c.Options, ph, n), Burns: e.Burns,
	}
	scalars := []string{"t", "T", "rho", "dt", "ye", "energy", "work", "q", "eps_nu_integral", "thermal_nu_integral"}
	full := &grid{head: scalars}
	for _, n := range e.Nuclides {
		full.head = append(full.head, n.String())
	}
	for i, p := range e.Points {
		b := e.Budgets[i]
		doc.Points = append(doc.Points, corePoint{number(p.Time), number(p.T), number(p.Rho), number(p.Dt), number(p.Ye),
			number(b.Internal), number(b.Work), number(b.Nuclear), number(b.WeakNu), number(b.ThermalNu),
			byName[nuclide.Nuclide]{e.Nuclides, p.X}})
		row := []any{p.Time, p.T, p.Rho, p.Dt, p.Ye, b.Internal, b.Work, b.Nuclear, b.WeakNu, b.ThermalNu}
		for _, x := range p.X {
			row = append(row, x)
		}
		full.add(row...)
	}
	last := e.Points[len(e.Points)-1]
	notes := []string{fmt.Sprintf("%s with %s, %g solar masses: %d steps, %d burns", coreModel, c.Network.Name(), c.Mass, len(e.Points)-1, e.Burns)}
	if e.Collapse < len(e.Points) {
		t := number(e.Points[e.Collapse].Time)
		doc.Collapse = &t
		notes = append(notes, fmt.Sprintf("The collapse begins at t = %.6g s.", float64(t)))
	}
	if out.format == "csv" {
		return out.write(doc, nil, full)
	}
	// For a person: some twenty points, with the time left, and the nuclides that matter.
	const lines, most = 24, 6
	peak := make([]float64, len(e.Nuclides))
	for _, p := range e.Points {
		for i, x := range p.X {
			peak[i] = max(peak[i], x)
		}
	}
	top := largest(peak, most)
	t := &grid{head: []string{"t [s]", "to go [s]", "T [K]", "rho [g/cm3]", "dt [s]", "ye"}}
	for _, i := range top {
		t.head = append(t.head, e.Nuclides[i].String())
	}
	for k := range min(lines, len(e.Points)) {
		p := e.Points[k*(len(e.Points)-1)/max(min(lines, len(e.Points))-1, 1)]
		row := []any{short(p.Time, 7), short(last.Time-p.Time, 3), short(p.T, 4), short(p.Rho, 4), short(p.Dt, 3), fmt.Sprintf("%.5f", p.Ye)}
		for _, i := range top {
			row = append(row, short(p.X[i], 3))
		}
		t.add(row...)
	}
	notes = append(notes, fmt.Sprintf("%d of %d points, %d of %d nuclides; --format csv or json gives all.", len(t.rows), len(e.Points), len(top), len(e.Nuclides)))
	return out.write(doc, notes, t)
}

func short(v float64, digits int) string { return fmt.Sprintf("%.*g", digits, v) }
