package dataset

import (
	"context"
	"runtime"
	"testing"
)

// TestFlatMemory: eight times the samples take the same memory. Held all at once they would take 8 MB more.
func TestFlatMemory(t *testing.T) {
	s := Settings{Network: "approx21_cr60_plus_co56", PerFile: 64}
	for k := range 40 {
		s.Times = append(s.Times, 1e-14*float64(k+1))
	}
	most := func(samples int) (bytes uint64) {
		s.Samples = samples
		if _, err := Generate(context.Background(), t.TempDir(), s, func(done, _ int) {
			if done%64 == 32 {
				var m runtime.MemStats
				runtime.GC()
				runtime.ReadMemStats(&m)
				bytes = max(bytes, m.HeapAlloc)
			}
		}); err != nil {
			t.Fatal(err)
		}
		return bytes
	}
	most(128) // tables are decoded once
	few, many := most(128), most(1024)
	if many > few+4<<20 {
		t.Errorf("%d bytes for 128 samples, %d for 1024", few, many)
	}
	t.Logf("%.1f MB for 128 samples, %.1f MB for 1024", float64(few)/1e6, float64(many)/1e6)
}
