package kernel

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// BenchmarkCell measures cells from the request to the result. Every iteration is a cell that was never compiled before,
// except in "again".
func BenchmarkCell(b *testing.B) {
	s, err := NewSession(context.Background(), Options{Dir: b.TempDir(), Cache: testCache, SourceTree: sourceTree()})
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	n := 0
	run := func(b *testing.B, code string) {
		n++
		if res := s.Execute(context.Background(), Request{Code: code, Count: n, Sink: newRecorder()}); res.Err != nil {
			b.Fatal(res.Err)
		}
	}
	nonce := 0
	for _, c := range []struct{ name, first, code string }{
		{"state", "x := 0", "x += 1; _ = %d"},
		{"value", "", "x + %d"},
		{"again", "", "x++; _ = 1"},
		{"fmt", "", "fmt.Println(\"new\", x, %d)"},
		{"types", "", "type t%d struct { a, b int }"},
		{"plot", "import \"gonum.org/v1/plot\"\nimport \"gonum.org/v1/plot/plotter\"", "p := plot.New(); l, _ := plotter.NewLine(plotter.XYs{{0, 0}, {1, %d}}); p.Add(l); p"},
		{"error", "", "undefined%d"},
	} {
		b.Run(c.name, func(b *testing.B) {
			if c.first != "" {
				run(b, c.first)
			}
			for b.Loop() {
				nonce++
				code := c.code
				if c.name != "again" {
					code = fmt.Sprintf(c.code, nonce)
				}
				n++
				res := s.Execute(context.Background(), Request{Code: code, Count: n, Sink: newRecorder()})
				if (res.Err != nil) != (c.name == "error") {
					b.Fatal(res.Err)
				}
			}
		})
	}
}

// BenchmarkGoBuild is what the cells are compared with: the same code as a plugin, by the go command.
func BenchmarkGoBuild(b *testing.B) {
	dir := b.TempDir()
	os.WriteFile(filepath.Join(dir, "go.mod"), []byte("module p\n\ngo 1.26\n"), 0o600)
	for i := 0; b.Loop(); i++ {
		text := fmt.Sprintf("package main\n\nimport \"fmt\"\n\nfunc Run() { fmt.Println(\"new\", %d) }\n\nfunc main() {}\n", i)
		os.WriteFile(filepath.Join(dir, "main.go"), []byte(text), 0o600)
		c := exec.Command("go", "build", "-buildmode=plugin", "-ldflags=-s -w", "-o", "p.so", ".")
		c.Dir = dir
		if out, err := c.CombinedOutput(); err != nil {
			b.Fatalf("%s", out)
		}
	}
}

// BenchmarkStart measures a session from nothing to its first result, with the worker in the cache.
func BenchmarkStart(b *testing.B) {
	dir := b.TempDir()
	for b.Loop() {
		s, err := NewSession(context.Background(), Options{Dir: dir, Cache: testCache, SourceTree: sourceTree()})
		if err != nil {
			b.Fatal(err)
		}
		if res := s.Execute(context.Background(), Request{Code: "x := 1", Count: 1, Sink: newRecorder()}); res.Err != nil {
			b.Fatal(res.Err)
		}
		s.Close()
	}
}

// sourceTree is this checkout.
func sourceTree() string {
	dir, _ := filepath.Abs("..")
	return dir
}
