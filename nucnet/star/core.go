package star

import (
	"context"
	"errors"
	"fmt"
	"math"

	"nuclab/nucnet"
	"nuclab/nucnet/nuclide"
)

// Errors that callers may want to tell apart with errors.Is.
var (
	ErrCore  = errors.New("invalid core")
	ErrCools = errors.New("the core cools down")
	ErrSteps = errors.New("too many steps")
)

// Law says what makes a core contract.
type Law int

const (
	// Virial keeps the core in hydrostatic equilibrium under its own weight: it contracts as fast as it loses energy,
	// expands when burning gives it more than it loses, and collapses when no slow contraction can hold it up.
	Virial Law = iota
	// FreeFall lets the core collapse from the start, whatever its pressure.
	FreeFall
)

// Core is a model of a star's core as one zone: matter of one temperature, density and composition that contracts,
// burns and radiates neutrinos. It shows in seconds what late burning is about, and gives states like those in which
// it happens; but it is no stellar model. There is no convection to bring fuel, no shell burning, no envelope, no
// radiation of photons, no relativity, and neutrinos leave freely.
//
// The zone obeys the first law of thermodynamics,
//
//	dE/dt = P/rho^2 drho/dt + q - eps_weak - eps_thermal,
//
// with E and P of package plasma, q the rest-mass energy released per time by the network, and losses by neutrinos of
// its weak reactions and thermal ones. What drives it is Law. By the virial theorem the central pressure of a polytrope
// of index n is f_n G M^(2/3) rho^(4/3); an isentropic core, as convection makes it, has n = 1/(Gamma_1 - 1). The
// density then changes no faster than dln rho/dt = 1/(FallTime t_ff), t_ff = 446 s rho^(-1/2), and does so when
// equilibrium would ask for more: this is collapse.
type Core struct {
	Network *nucnet.Network
	Mass    float64 // M in solar masses; 0 stands for 1.5. Below some 1.4 electrons hold the core up and it cools.
	Law     Law

	// X is the composition at the start in the order of the network; nil stands for that of OxygenAshes.
	X []float64
	// Rho is the density at the start, g/cm3; 0 stands for 1e7. The temperature follows from equilibrium.
	Rho float64
	// EndT and EndRho end the evolution, K and g/cm3; 0 stands for 8e9 and 1e10.
	EndT, EndRho float64
	// FallTime is the shortest time in which the density grows e-fold, in units of t_ff; 0 stands for 1.
	FallTime float64

	// Step is the largest change in one step of ln T, of any mass fraction and of half of ln rho; 0 stands for 0.04.
	Step float64
	// MaxSteps limits the number of steps; 0 stands for 5000.
	MaxSteps int
	Options  nucnet.Options // of the burns
}

// Budget is where the energy of a core has gone since the start, all in erg/g: Internal less its value at the start
// is Work + Nuclear - WeakNu - ThermalNu.
type Budget struct {
	Internal  float64 // internal energy E of the matter
	Work      float64 // done by gravity through contraction
	Nuclear   float64 // rest-mass energy released
	WeakNu    float64 // lost to neutrinos of weak reactions
	ThermalNu float64 // lost to thermal neutrinos
}

// Evolution is what became of a core.
type Evolution struct {
	Track
	Budgets []Budget // at each point
	// Collapse is the index of the first point of the collapse, len(Points) if there was none.
	Collapse int
	Burns    int // calls of the network
}

// OxygenAshes returns mass fractions, in the order of the network, like those that oxygen burning leaves behind:
// silicon and sulfur with some argon and calcium (the products that Woosley, Heger & Weaver 2002, Rev. Mod. Phys. 74,
// 1015 name), and Ye = 0.495. Networks that lack the neutron-rich ones get those with as many neutrons as protons. The
// error wraps nucnet.ErrNotMember if there is no silicon or sulfur either.
func OxygenAshes(net *nucnet.Network) ([]float64, error) {
	const (
		rich  = "si28=0.50,s32=0.28,s34=0.10,ar36=0.02,ar38=0.07,ca40=0.03"
		plain = "si28=0.56,s32=0.34,ar36=0.06,ca40=0.04"
	)
	var x []float64
	for _, ashes := range []string{rich, plain} {
		c, err := nuclide.ParseComposition(ashes)
		if err != nil {
			return nil, err
		}
		if x, err = net.Vector(c); err == nil {
			return x, nil
		} else if ashes == plain {
			return nil, err
		}
	}
	return x, nil
}

// withDefaults returns the core with every zero replaced by what it stands for, checked.
func (c Core) withDefaults() (Core, error) {
	if c.Network == nil {
		return c, fmt.Errorf("star: %w: no network", ErrCore)
	}
	for _, p := range []struct {
		name             string
		v                *float64
		standard, lo, hi float64
	}{
		{"mass", &c.Mass, 1.5, 0.1, 100},
		{"density at the start", &c.Rho, 1e7, 1e5, 1e10},
		{"temperature at the end", &c.EndT, 8e9, 1e8, 5e10},
		{"density at the end", &c.EndRho, 1e10, 1e5, 1e12},
		{"time of fall", &c.FallTime, 1, 0.01, 1e6},
		{"step", &c.Step, 0.04, 1e-3, 0.2},
	} {
		if *p.v == 0 {
			*p.v = p.standard
		}
		if !(*p.v >= p.lo && *p.v <= p.hi) {
			return c, fmt.Errorf("star: %w: %s %g, want %g to %g", ErrCore, p.name, *p.v, p.lo, p.hi)
		}
	}
	if c.Rho >= c.EndRho {
		return c, fmt.Errorf("star: %w: density %g g/cm3 at the start is not below %g at the end", ErrCore, c.Rho, c.EndRho)
	}
	if c.Law != Virial && c.Law != FreeFall {
		return c, fmt.Errorf("star: %w: law %d", ErrCore, c.Law)
	}
	if c.MaxSteps == 0 {
		c.MaxSteps = 5000
	}
	if c.X == nil {
		var err error
		if c.X, err = OxygenAshes(c.Network); err != nil {
			return c, fmt.Errorf("star: %w: %w", ErrCore, err)
		}
	}
	if len(c.X) != c.Network.Len() {
		return c, fmt.Errorf("star: %w: %d mass fractions for the %d nuclides of %s", ErrCore, len(c.X), c.Network.Len(), c.Network.Name())
	}
	return c, nil
}

// Evolve follows the core until it is as hot or as dense as EndT and EndRho say. Progress, unless nil, sees every
// point.
//
// An error comes with the evolution so far. It wraps ErrCore for wrong input, ErrCools if degenerate electrons stop the
// contraction and the core cools to half of its highest temperature, ErrSteps, that of a burn, or ctx.Err().
func (c Core) Evolve(ctx context.Context, progress func(Point)) (*Evolution, error) {
	c, err := c.withDefaults()
	if err != nil {
		return nil, err
	}
	z := zone{Core: c, members: c.Network.Nuclides()}
	e := &Evolution{Track: Track{Nuclides: z.members}}
	now, err := z.start()
	if err != nil {
		return nil, err
	}
	note := func(dt float64) {
		p := Point{Time: now.time, Dt: dt, T: now.eos.T, Rho: now.eos.Rho, Ye: now.eos.Ye, X: now.x}
		e.Points, e.Budgets = append(e.Points, p), append(e.Budgets, now.budget)
		if !z.collapsing {
			e.Collapse = len(e.Points)
		}
		e.Burns = z.burns
		if progress != nil {
			progress(p)
		}
	}
	note(0)
	hottest := now.eos.T
	h := z.firstStep(now)
	for now.eos.T < c.EndT && now.eos.Rho < c.EndRho {
		if len(e.Points) > c.MaxSteps {
			return e, fmt.Errorf("star: %w: %d; reached T = %.3g K, rho = %.3g g/cm3", ErrSteps, c.MaxSteps, now.eos.T, now.eos.Rho)
		}
		next, used, err := z.advance(ctx, now, h)
		if err != nil {
			return e, fmt.Errorf("star: at %.6g s, T = %.3g K, rho = %.3g g/cm3: %w", now.time, now.eos.T, now.eos.Rho, err)
		}
		h = used * min(max(0.8*c.Step/z.change(now, next), 0.3), 1.4)
		now = next
		note(used)
		hottest = max(hottest, now.eos.T)
		if now.eos.T < 0.5*hottest {
			return e, fmt.Errorf("star: %w: %.3g solar masses reached %.3g K at most", ErrCools, c.Mass, hottest)
		}
	}
	return e, nil
}

// gravity is G M_sun^(2/3), cgs: G of CODATA 2018, the mass from the IAU's nominal G M_sun (2015, resolution B3).
var gravity = 6.67430e-8 * math.Pow(1.3271244e26/6.67430e-8, 2./3)

// polytropes are xi^2 |dtheta/dxi| at the surface of polytropes of index n (Chandrasekhar 1939, Stellar Structure,
// table 4).
var polytropes = []struct{ n, mass float64 }{{1.5, 2.71406}, {2, 2.41105}, {2.5, 2.18720}, {3, 2.01824}}

// hold returns the factor f in P = f G M^(2/3) rho^(4/3) for a core whose adiabatic exponent is gamma: that of a
// polytrope of index 1/(gamma-1), linear between indices and constant outside of 1.5 to 3.
func hold(gamma float64) float64 {
	n := min(max(1/(gamma-1), polytropes[0].n), polytropes[len(polytropes)-1].n)
	f := func(i int) float64 {
		p := polytropes[i]
		return math.Cbrt(4*math.Pi) / ((p.n + 1) * math.Pow(p.mass, 2./3))
	}
	i := 0
	for i < len(polytropes)-2 && n > polytropes[i+1].n {
		i++
	}
	w := (n - polytropes[i].n) / (polytropes[i+1].n - polytropes[i].n)
	return (1-w)*f(i) + w*f(i+1)
}
