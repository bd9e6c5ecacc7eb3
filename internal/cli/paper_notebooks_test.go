package cli

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"nuclab/internal/testenv"
	"nuclab/nnlib/paper"
	"nuclab/nucnet/dataset"
)

// TestPaperNotebooks runs the notebooks of the figures about nets at a scale at which they know nothing: every cell
// succeeds, both protocols are named, figures are exported, and what one notebook has burnt or trained, the next one takes.
func TestPaperNotebooks(t *testing.T) {
	if testing.Short() {
		t.Skip("compiles the cells of notebooks")
	}
	dir := t.TempDir() // their data go beside them
	for _, n := range []struct {
		name    string
		figures []string
		shown   []string
		more    []string // parameters
	}{
		{"fig4", []string{"fig4", "fig4-clean"}, []string{"mesa_151, protocol paper", "mesa_80, protocol clean", "0.332 to 0.535 %"}, nil},
		{"fig3", []string{"fig3", "fig3-clean"}, []string{"Chart of nuclides", "Panel 3", "protocol clean"}, []string{"networks=mesa_80"}},
		{"fig5", []string{"fig5", "fig5-clean"}, []string{"3.77 to 6.51", "protocol paper"}, []string{"networks=mesa_80"}},
		{"fig6", []string{"fig6"}, []string{"published for 0.1 s: 0.4 %", "Panel 3"}, []string{"runs=3", "protocol=clean"}},
		{"figA2", []string{"figA2"}, []string{"net taken"}, []string{"networks=mesa_80"}},
		{"figA3", []string{"figA3"}, []string{"mesa_80, protocol paper"}, nil},
		{"beyond", []string{"beyond-fig4", "beyond-fig5", "beyond-fig6", "beyond-fig3-mesa_80"}, []string{"physical net", "Panel 6", "protocol clean"}, []string{"runs=3", "networks=mesa_80"}},
	} {
		text, _ := runNotebook(t, dir, n.name, append([]string{"scale=tiny"}, n.more...)...)
		for _, want := range n.shown {
			if !strings.Contains(text, want) {
				t.Errorf("%s: no %q in what it shows", n.name, want)
			}
		}
		if n.name != "fig4" && strings.Contains(text, "burns to learn 100%") {
			t.Errorf("%s burnt again what fig4 had", n.name)
		}
		for _, f := range n.figures {
			exported(t, dir, f)
		}
	}
}

// TestPlannedCommands: the commands of a plan make the very burns that the experiment takes.
func TestPlannedCommands(t *testing.T) {
	ctx := context.Background()
	scale := paper.Tiny()
	scale.Networks, scale.Samples, scale.Tests = []string{"mesa_80"}, 2, 1
	x := paper.Experiment{Scale: scale, Network: "mesa_80", Seed: 3, Cache: t.TempDir()}
	commands := t.TempDir()
	tasks, err := paper.Plan(ctx, scale, x.Seed, commands, 1)
	if err != nil {
		t.Fatal(err)
	}
	train, err := x.Training(ctx)
	if err != nil {
		t.Fatal(err)
	}
	want := []*dataset.Set{train}
	for _, p := range []dataset.Protocol{dataset.PaperTest, dataset.CleanTest} {
		set, err := x.Test(ctx, p)
		if err != nil {
			t.Fatal(err)
		}
		want = append(want, set)
	}
	for i, set := range want {
		must(t, tasks[i].Command...)
		made, err := dataset.Open(filepath.Join(commands, filepath.Base(set.Dir)))
		if err != nil {
			t.Fatal(err)
		}
		if made.ID() != set.ID() {
			t.Errorf("%v makes another set", tasks[i].Command)
		}
	}
}

// TestIndexNotebook: the gallery links to every notebook, with the picture that it holds.
func TestIndexNotebook(t *testing.T) {
	if testing.Short() {
		t.Skip("compiles the cells of a notebook")
	}
	folder := filepath.Join(testenv.Repo(), "notebooks")
	out := filepath.Join(t.TempDir(), "out.ipynb")
	var stdout, stderr bytes.Buffer
	if status := Main(context.Background(), []string{"run", filepath.Join(folder, "index.ipynb"), "-o", out, "-p", "folder=" + folder},
		&stdout, &stderr, nil, testenv.Repo()); status != exitOK {
		t.Fatalf("status %d: %s", status, &stderr)
	}
	text, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	all, err := filepath.Glob(filepath.Join(folder, "*.ipynb"))
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range all {
		if name := filepath.Base(path); name != "index.ipynb" && !bytes.Contains(text, []byte(name)) {
			t.Errorf("no link to %s", name)
		}
	}
	if pictures := bytes.Count(text, []byte("data:image/png;base64,")); pictures < 4 {
		t.Errorf("%d pictures", pictures)
	}
}
