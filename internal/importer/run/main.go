// Command run writes the embedded nuclear data. It is what go generate calls in nucnet/rate/data:
//
//	go run nuclab/internal/importer/run [-pynucastro DIR] [-out ROOT]
//
// Without -pynucastro the package is looked for with the Python interpreter named in NUCLAB_TEST_PYTHON, or python3.
package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"

	"nuclab/internal/importer"
)

func main() {
	dir := flag.String("pynucastro", "", "package directory of pynucastro "+importer.Version)
	out := flag.String("out", ".", "root of this repository")
	flag.Parse()
	if err := run(*dir, *out); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(dir, out string) error {
	if dir == "" {
		var err error
		if dir, err = importer.Find(os.Getenv("NUCLAB_TEST_PYTHON")); err != nil {
			return err
		}
	}
	tables, err := importer.Import(dir)
	if err != nil {
		return err
	}
	for path, b := range tables {
		if err := os.WriteFile(filepath.Join(out, filepath.FromSlash(path)), b, 0o644); err != nil {
			return err
		}
		fmt.Fprintf(os.Stderr, "%s: %d bytes\n", path, len(b))
	}
	return nil
}
