package nnlib

import (
	"testing"

	"nuclab/nucnet/dataset"
)

// The committed models must do on burns that nobody has seen what the project
// promises of them: Ye within 0.05 %, neutrino losses within 20 %, compositions
// many times better than approx21's. The mean error of the energy is that of the
// few runs that still burn fast, too few here for a narrow bar.
func TestPretrainedKeepsItsPromise(t *testing.T) {
	for _, name := range PretrainedNames() {
		t.Run(name, func(t *testing.T) {
			m, err := Pretrained(name)
			if err != nil {
				t.Fatal(err)
			}
			set := generated(t, dataset.Settings{Network: m.Network(), Samples: 32, Seed: 4711, Protocol: dataset.CleanTest})
			table, err := set.Load()
			if err != nil {
				t.Fatal(err)
			}
			e, err := Evaluate(t.Context(), m, table)
			if err != nil {
				t.Fatal(err)
			}
			if len(e.Times) != 9 {
				t.Errorf("it predicts %d of the nine times", len(e.Times))
			}
			for _, at := range e.Times {
				var ours, small float64
				for k, v := range at.NNN.XMAE {
					ours += v
					small += at.Approx21.XMAE[k]
				}
				if at.NNN.Ye > 5e-4 || !(at.NNN.EpsNuc < 0.5*at.Approx21.EpsNuc) || at.NNN.EpsNu > 0.2 || !(ours < 0.1*small) || at.NNN.Sum > 1e-6 {
					t.Errorf("%g s: Ye %v, energy %v, neutrinos %v, sum of X off by %.2g, |dX| %.2g of approx21's", at.T, at.NNN.Ye, at.NNN.EpsNuc,
						at.NNN.EpsNu, at.NNN.Sum, ours/small)
				}
			}
		})
	}
}
