package nnlib

import "math"

// rate returns the learning rate of a step, which counts from 0, of a training of
// so many steps.
func (c Config) rate(step, steps int) float64 {
	cosine := func(from, to, at float64) float64 { return to + (from-to)*(1+math.Cos(math.Pi*min(at, 1)))/2 }
	up := c.Warmup * float64(steps)
	at := float64(step)
	switch c.Schedule {
	case "cosine":
		if at < up {
			return c.LR * (at + 1) / (up + 1)
		}
		return cosine(c.LR, 0, (at-up)/(float64(steps)-up))
	case "onecycle":
		// The ends are those of PyTorch's OneCycleLR.
		first, last := c.LR/25, c.LR/25e4
		if at < up {
			return cosine(first, c.LR, at/up)
		}
		return cosine(c.LR, last, (at-up)/max(float64(steps)-1-up, 1))
	}
	return c.LR * min(1, (at+1)/(up+1))
}
