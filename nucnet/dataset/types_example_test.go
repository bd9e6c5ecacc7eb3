package dataset_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os"
	"path/filepath"

	"nuclab/nucnet/dataset"
)

// small are the settings of a set that is made at once.
var small = dataset.Settings{Network: "mesa_80", Samples: 3, Seed: 1, Times: []float64{1e-12, 1e-11}}

// generate returns a small set in a temporary folder, and what removes it.
func generate(s dataset.Settings) (*dataset.Set, func()) {
	dir, err := os.MkdirTemp("", "burns")
	if err != nil {
		log.Fatal(err)
	}
	if _, err := dataset.Generate(context.Background(), filepath.Join(dir, "set"), s, nil); err != nil {
		log.Fatal(err)
	}
	set, err := dataset.Open(filepath.Join(dir, "set"))
	if err != nil {
		log.Fatal(err)
	}
	return set, func() { os.RemoveAll(dir) }
}

// The same settings give the same bytes, however many workers there are.
func ExampleSettings() {
	one, remove := generate(small)
	defer remove()
	s := small
	s.Workers = 3
	three, remove := generate(s)
	defer remove()
	fmt.Println(one.Files[0].SHA256 == three.Files[0].SHA256)

	s.Samples = -1
	_, err := dataset.Generate(context.Background(), three.Dir, s, nil)
	fmt.Println(errors.Is(err, dataset.ErrSettings))
	// Output:
	// true
	// true
}

// A set on disk is a folder with a manifest, a card to read, and files of Parquet.
func ExampleSet() {
	set, remove := generate(small)
	defer remove()
	fmt.Println(set.Network, set.Samples, set.Complete)
	fmt.Println(dataset.Verify(context.Background(), set.Dir))
	// Output:
	// mesa_80 3 true
	// <nil>
}

// The manifest lists the files with their hashes.
func ExampleManifest() {
	s := small
	s.PerFile = 2
	set, remove := generate(s)
	defer remove()
	m := set.Manifest
	fmt.Println(m.Schema, len(m.Files), "files,", m.Failed, "failed")
	// Output: nuclab.dataset/1 2 files, 0 failed
}

// Files hold consecutive samples.
func ExampleFile() {
	s := small
	s.PerFile = 2
	set, remove := generate(s)
	defer remove()
	for _, f := range set.Files {
		fmt.Printf("%s: %d from %d\n", f.Name, f.Samples, f.First)
	}
	// Output:
	// part-000000.parquet: 2 from 0
	// part-000001.parquet: 1 from 2
}

// A recipe is all that decides what stands in the rows; its hash names the data.
func ExampleRecipe() {
	set, remove := generate(small)
	defer remove()
	again, err := set.Recipe.Settings()
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(again.Seed, again.Network, len(set.Recipe.ID()))
	// Output: 1 mesa_80 64
}

// How the states were burnt is part of the recipe.
func ExampleBurn() {
	set, remove := generate(small)
	defer remove()
	b := set.Recipe.Burn
	fmt.Println(b.Screening, b.Weak, b.DetailedBalance, b.RTol)
	// Output: chugunov tables correct 1e-06
}

// So is where they were drawn from.
func ExampleSampling() {
	set, remove := generate(small)
	defer remove()
	fmt.Println(set.Recipe.Sampling.LogT, set.Recipe.Sampling.Ye)
	// Output: [9.2 9.9] [0.45 0.5]
}

// Parts of a set can be made on different machines, and merged.
func ExampleShard() {
	s := small
	s.PerFile = 1
	var parts []string
	for _, name := range []string{"1/2", "2/2"} {
		var err error
		if s.Shard, err = dataset.ParseShard(name); err != nil {
			log.Fatal(err)
		}
		part, remove := generate(s)
		defer remove()
		parts = append(parts, part.Dir)
	}
	m, err := dataset.Merge(context.Background(), filepath.Join(parts[0], "..", "whole"), parts...)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(len(m.Files), "files", m.Complete)
	// Output: 3 files true
}

// A table holds the samples column by column.
func ExampleTable() {
	set, remove := generate(small)
	defer remove()
	t, err := set.Load()
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(t.Len(), len(t.X) == t.Len()*len(t.Nuclides), t.OK())
	// Output: 3 true [0 1 2]
}

// For each time there is an end, with energies in erg/g.
func ExampleEnd() {
	set, remove := generate(small)
	defer remove()
	t, err := set.Load()
	if err != nil {
		log.Fatal(err)
	}
	for k, end := range t.Ends {
		fmt.Println(t.Times[k], "s:", len(end.Q), "energies,", len(end.X)/t.Len(), "mass fractions each")
	}
	// Output:
	// 1e-12 s: 3 energies, 80 mass fractions each
	// 1e-11 s: 3 energies, 80 mass fractions each
}

// A summary tells what a set is like beyond its settings.
func ExampleSummary() {
	set, remove := generate(small)
	defer remove()
	s, err := set.Summarize()
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(s.Samples, s.Failed, s.T[0] >= 1.5e9, s.Ye[1] <= 0.5)
	// Output: 3 0 true true
}

// Test sets say for which protocol they were made.
func ExampleProtocol() {
	fmt.Println(dataset.Protocols())
	// Output: [train paper clean]
}

// Only test sets have timings.
func ExampleTiming() {
	set, remove := generate(small)
	defer remove()
	timings, err := set.Timings()
	fmt.Println(len(timings), err)
	// Output: 0 <nil>
}

// The role of a sample depends on its number alone.
func ExampleSplit() {
	split := dataset.Split{Validation: 0.1, Test: 0.1}
	counts := map[dataset.Role]int{}
	for i := range int64(1000) {
		counts[split.Of(i)]++
	}
	fmt.Println(counts[dataset.Training] > 700, counts[dataset.Training]+counts[dataset.Validation]+counts[dataset.Testing])
	// Output: true 1000
}

// A sample without a split trains.
func ExampleRole() {
	fmt.Println(dataset.Split{}.Of(7) == dataset.Training)
	// Output: true
}

// Batches come shuffled; a selection says of which samples.
func ExampleSelection() {
	set, remove := generate(small)
	defer remove()
	for batch, err := range set.Batches(context.Background(), dataset.Selection{Batch: 2}, 0) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(batch.Len())
	}
	// Output:
	// 2
	// 1
}

// What to normalise inputs and outputs with.
func ExampleStatistics() {
	set, remove := generate(small)
	defer remove()
	st, err := set.Statistics(context.Background(), dataset.Selection{}, 1e-15)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(st.Samples, len(st.LnX), len(st.Ends))
	// Output: 3 80 2
}

// Each time has its own.
func ExampleEndStatistics() {
	var e dataset.EndStatistics
	fmt.Println(len(e.LnX), e.Q.SD)
	// Output: 0 0
}

// A number has a mean and a standard deviation.
func ExampleMoments() {
	m := dataset.Moments{Mean: 9.5, SD: 0.2}
	fmt.Println((9.9-m.Mean)/m.SD > 1.9)
	// Output: true
}

// Time is shared among processors.
func ExampleEstimate() {
	e := dataset.Estimate{Samples: 1 << 20, CPU: 0.02}
	fmt.Printf("%.1f hours\n", e.Hours(2))
	// Output: 2.9 hours
}

// Sets that were not submitted have no job.
func ExampleJob() {
	_, err := dataset.OpenJob("nowhere")
	fmt.Println(errors.Is(err, dataset.ErrNoDataset))
	// Output: true
}

// A submission lists the parts it is to make.
func ExampleSent() {
	sent := dataset.Sent{Array: "17", Merge: "18", Parts: []int{3, 5}}
	fmt.Println(sent.Parts, "by job", sent.Array)
	// Output: [3 5] by job 17
}

// Parts tell how far they are.
func ExamplePartState() {
	p := dataset.PartState{Part: 3, State: "missing", Samples: 20, Wanted: 32}
	fmt.Println(p.State, p.Wanted-p.Samples)
	// Output: missing 12
}
