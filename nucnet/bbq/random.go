package bbq

import (
	"math"
	"math/rand/v2"

	"nuclab/nucnet/nuclide"
)

// Random is the namelist of FromRandom. Ranges are of logarithms to base 10, of s, K, g/cm3 and mass fractions.
type Random struct {
	OutputStartingFilename, OutputEndingFilename string

	NumSamples                      int // 0 or less: no end
	LogTime, LogTemp, LogRho, LogXa [2]float64
	NeutProtLimitFrac               float64 // upper limit of neut and prot, but not of h1, before the sum is made 1
	Seed                            int     // 0 or less: another one each time
	Restartable                     bool    // go on with the files that are there
	SyncFreq                        int     // make sure that files are on disk after as many samples, unless below 1
}

// Draw returns sample id, which counts from 1. As in BBQ time, temperature, density and all mass fractions are drawn in
// this order, each uniform in its logarithm, and the fractions then divided by their sum; the random numbers are not
// BBQ's. A sample depends on seed and id alone, so that a run that was cut off goes on as it would have.
func (r *Random) Draw(seed uint64, id int, nuclides []nuclide.Nuclide) Zone {
	random := rand.New(rand.NewPCG(seed, uint64(id)))
	between := func(low, high float64) float64 { return low + random.Float64()*(high-low) }
	z := Zone{Time: math.Pow(10, between(r.LogTime[0], r.LogTime[1]))}
	z.LogT = between(r.LogTemp[0], r.LogTemp[1])
	z.LogRho = between(r.LogRho[0], r.LogRho[1])
	z.X = make([]float64, len(nuclides))
	sum := 0.0
	for i, n := range nuclides {
		high := r.LogXa[1]
		if n == nuclide.Neutron || n == nuclide.Prot {
			high = math.Log10(r.NeutProtLimitFrac)
		}
		z.X[i] = math.Pow(10, between(r.LogXa[0], high))
		sum += z.X[i]
	}
	for i := range z.X {
		z.X[i] /= sum
	}
	return z
}

// seed returns the seed of the run.
func (r *Random) seed() uint64 {
	if r.Seed > 0 {
		return uint64(r.Seed)
	}
	return rand.Uint64()
}
