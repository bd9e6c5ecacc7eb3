package dataset_test

import (
	"context"
	"fmt"
	"log"
	"os"
	"path/filepath"

	"nuclab/nucnet/dataset"
)

func Example() {
	dir, err := os.MkdirTemp("", "burns")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	ctx := context.Background()
	settings := dataset.Settings{Network: "mesa_80", Samples: 3, Seed: 1, Times: []float64{1e-12, 1e-11}}
	if _, err := dataset.Generate(ctx, filepath.Join(dir, "set"), settings, nil); err != nil {
		log.Fatal(err)
	}
	set, err := dataset.Open(filepath.Join(dir, "set"))
	if err != nil {
		log.Fatal(err)
	}
	table, err := set.Load()
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(table.Len(), "samples of", len(table.Nuclides), "nuclides at", table.Times, "s:", table.Status)
	// Output: 3 samples of 80 nuclides at [1e-12 1e-11] s: [ok ok ok]
}
