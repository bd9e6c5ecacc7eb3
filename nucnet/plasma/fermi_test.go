package plasma

import (
	"math"
	"math/rand/v2"
	"testing"

	"gonum.org/v1/gonum/integrate/quad"
)

// Integrals of the definition, in the variable x, by mpmath's adaptive quadrature with 30 digits:
// n = F_1/2 + beta F_3/2 of electrons less that of positrons, nPlus the latter, p = 2/3 (F_3/2 + beta/2 F_5/2) and
// u = F_3/2 + beta F_5/2 of both.
var definition = []struct{ eta, beta, n, nPlus, p, u float64 }{
	{-5, 0.0001, 0.0059582952519137978, 0, 0.0059653738516600815, 0.0089491798378408604},
	{-1, 0.5, 0.54259949945862979, 0.092202742071123688, 0.75366694035160979, 1.5910228333009136},
	{0, 15, 9.0076492169333638, 69.628823533737291, 155.76380745836847, 457.70626520435901},
	{2.5, 0.01, 3.2930190660600266, 1.0256869146989853e-88, 5.2418546239701466, 7.9927712162280884},
	{8, 1, 189.59191305589069, 0.0001417884279635113, 468.92307799144778, 1245.7880110173693},
	{20, 0.2, 315.04151656658116, 1.1657785966474111e-13, 1890.7354283654104, 4538.4686250691049},
	{35, 2, 30050.622745476655, 1.4436881993673674e-15, 268700.78964405614, 791392.60162086727},
	{37, 0.05, 402.22085279217081, 0, 4817.52686593635, 10143.893331931259},
	{150, 0.01, 2835.907839515173, 0, 140492.27641999738, 285027.16497365215},
	{2000, 0.003, 477028.72715967031, 0, 270043720.88347467, 684015793.22088574},
}

func TestFermiIntegralsAgreeWithDefinition(t *testing.T) {
	for _, c := range definition {
		g := fermi(c.eta, c.eta+1/c.beta, c.beta)
		unit := math.Sqrt2 * math.Pow(c.beta, 1.5) // from dx to momenta
		for _, q := range []struct {
			name      string
			got, want float64
		}{{"n", g.n, c.n}, {"nPlus", g.nPlus, c.nPlus}, {"p", g.p, c.p}, {"u", g.u, c.u}} {
			if q.name == "nPlus" && c.nPlus < 1e-14*c.n {
				continue // nothing sees them
			}
			if far(q.got/unit, q.want) > 2e-13 {
				t.Errorf("eta = %g, beta = %g: %s = %.17g, want %.17g", c.eta, c.beta, q.name, q.got/unit, q.want)
			}
		}
	}
}

// reference integrates the moments of gas piece by piece with Gauss's rule, in the square root of x.
func reference(eta, mu, beta float64) gas {
	var nodes, weights [10]float64
	quad.Legendre{}.FixedLocations(nodes[:], weights[:], 0, 1)
	etaPlus := -mu - 1/beta
	var g gas
	for t, end := 0.0, math.Sqrt(max(eta, 0)+60); t < end; {
		step := min(0.1, 0.2/max(t, 1), 0.1*math.Sqrt(2/beta)+0.1*t)
		for i, node := range nodes {
			r := t + step*node
			x, dx := r*r, 2*r*step*weights[i]
			p := math.Sqrt(2*beta*x) * math.Sqrt(1+beta*x/2)
			number := p * (1 + beta*x) * beta * dx // p^2 dp
			press := p * p * p / 3 * dx
			f, fp := 1/(1+math.Exp(x-eta)), 1/(1+math.Exp(x-etaPlus))
			k, kp := f/(1+math.Exp(eta-x)), fp/(1+math.Exp(etaPlus-x))
			y, yp := x-eta, x-etaPlus
			g.n += number * (f - fp)
			g.nPlus += number * fp
			g.p += press * (f + fp)
			g.u += number * x * (f + fp)
			g.s += press * (y*k + yp*kp)
			g.d1 += number * (k + kp)
			g.d2 += number * (k*(1-2*f) - kp*(1-2*fp))
			g.t1 += number * (y*k - yp*kp)
			g.t2 += number * (y*y*k + yp*yp*kp)
		}
		t += step
	}
	return g
}

func TestFermiMomentsAgreeWithDirectIntegration(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for range 200 {
		beta := math.Pow(10, -6.5+7.7*r.Float64())
		eta := -min(30, 1/beta)*r.Float64() + 70*r.Float64()*r.Float64()
		mu := eta + 1/beta
		got, want := fermi(eta, mu, beta), reference(eta, mu, beta)
		for _, q := range []struct {
			name             string
			got, want, scale float64
		}{
			{"n", got.n, want.n, want.n}, {"p", got.p, want.p, want.p}, {"u", got.u, want.u, want.u},
			{"s", got.s, want.s, want.s}, {"d1", got.d1, want.d1, want.d1}, {"d2", got.d2, want.d2, want.d1},
			{"t1", got.t1, want.t1, want.n}, {"t2", got.t2, want.t2, want.t2}, {"nPlus", got.nPlus, want.nPlus, want.n},
		} {
			if !(math.Abs(q.got-q.want) <= 5e-13*math.Abs(q.scale)) {
				t.Errorf("eta = %g, beta = %g: %s = %.15g, want %.15g", eta, beta, q.name, q.got, q.want)
			}
		}
	}
}

func TestExpansionMeetsIntegral(t *testing.T) {
	for _, beta := range []float64{1e-7, 1e-3, 0.1, 1, 17} {
		for _, eta := range []float64{degenerate, 45, 60, 101} {
			a, b := trapezoid(eta, eta+1/beta, beta), sommerfeld(eta, beta)
			for i, q := range [][2]float64{{a.n, b.n}, {a.p, b.p}, {a.u, b.u}, {a.d1, b.d1}, {a.t2, b.t2}, {a.s, b.s}, {a.t1, b.t1}} {
				if far(q[0], q[1]) > 3e-12 {
					t.Errorf("beta = %g, eta = %g: moment %d: integral %.15g, expansion %.15g", beta, eta, i, q[0], q[1])
				}
			}
		}
	}
}
