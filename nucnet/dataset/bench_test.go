package dataset

import (
	"context"
	"os"
	"path/filepath"
	"strconv"
	"testing"
)

// BenchmarkGenerate makes sets of 64 samples at the nine default times on all processors.
func BenchmarkGenerate(b *testing.B) {
	const samples = 64
	for _, network := range []string{"mesa_80", "mesa_151"} {
		b.Run(network, func(b *testing.B) {
			root := b.TempDir()
			n := 0
			for b.Loop() {
				n++
				m, err := Generate(context.Background(), filepath.Join(root, strconv.Itoa(n)), Settings{Network: network, Samples: samples, Seed: uint64(n)}, nil)
				if err != nil {
					b.Fatal(err)
				}
				if m.Failed > 0 {
					b.Errorf("%d burns failed", m.Failed)
				}
			}
			b.ReportMetric(float64(n*samples)/b.Elapsed().Seconds(), "samples/s")
		})
	}
}

// BenchmarkLoad reads a set of 1024 samples at nine times back into memory.
func BenchmarkLoad(b *testing.B) {
	const samples = 1024
	g, err := newGenerator(Settings{Network: "mesa_80", Samples: samples})
	if err != nil {
		b.Fatal(err)
	}
	recipe := g.manifest.Recipe
	dir := b.TempDir()
	rows := make(chan row)
	go func() {
		defer close(rows)
		l := recipe.layout()
		for i := range samples {
			v := row{index: int64(i), numbers: make([]float64, l.numbers()), status: statusOK}
			for k := range v.numbers {
				v.numbers[k] = 1 / float64(1+i+k)
			}
			rows <- v
		}
	}()
	file := recipe.file(0)
	if err := atomically(filepath.Join(dir, file.Name), func(w *os.File) error {
		_, _, err := writeParquet(w, recipe, file, rows, func(int) {})
		return err
	}); err != nil {
		b.Fatal(err)
	}
	set := Set{Dir: dir, Manifest: Manifest{Recipe: recipe, Files: []File{file}}}
	for b.Loop() {
		if _, err := set.Load(); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(samples*b.N)/b.Elapsed().Seconds(), "samples/s")
}
