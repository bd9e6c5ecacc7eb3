package nb

import (
	"fmt"
	"runtime"
	"time"
)

// Bench runs f again and again for about a second, and prints how long one call takes and what it allocates.
func Bench(f func()) {
	const enough = time.Second
	for n := 1; ; {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		start := time.Now()
		for range n {
			f()
		}
		took := time.Since(start)
		runtime.ReadMemStats(&after)
		if took >= enough/2 || n >= 1<<30 {
			fmt.Printf("%d runs: %s, %d bytes and %d allocations a run\n", n, perRun(took, n),
				(after.TotalAlloc-before.TotalAlloc)/uint64(n), (after.Mallocs-before.Mallocs)/uint64(n))
			return
		}
		// Aim at enough, but do not trust a short measurement further than a hundredfold.
		next := float64(n) * float64(enough) / float64(max(took, 1))
		n = int(min(max(next, float64(n)+1), 100*float64(n)))
	}
}

// perRun writes a duration with three or four digits; short ones have fractions of a nanosecond.
func perRun(total time.Duration, n int) string {
	one := total / time.Duration(n)
	switch {
	case one < time.Microsecond:
		return fmt.Sprintf("%.1f ns", float64(total)/float64(n))
	case one < time.Millisecond:
		return one.Round(time.Nanosecond).String()
	case one < time.Second:
		return one.Round(time.Microsecond).String()
	}
	return one.Round(time.Millisecond).String()
}
