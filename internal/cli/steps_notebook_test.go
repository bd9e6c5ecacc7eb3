package cli

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestStepNotebooks runs the notebooks on consecutive steps and on trajectories with few of them, the latter on the logs of a
// star: every cell succeeds, and tables and figures are there.
func TestStepNotebooks(t *testing.T) {
	if testing.Short() {
		t.Skip("compiles the cells of notebooks")
	}
	dir := t.TempDir()
	logs := func(name, head string, rows ...string) string {
		path := filepath.Join(dir, name)
		columns := strings.Fields(head)
		numbers := ""
		for i := range columns {
			numbers += fmt.Sprint(i+1, " ")
		}
		text := "1\nversion_number\n\"r23.05.1\"\n\n" + numbers + "\n" + head + "\n" + strings.Join(rows, "\n") + "\n"
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		return path
	}
	history := logs("history.data", "model_number star_age_sec log_center_T log_center_Rho center_si28 center_s32 center_fe54",
		"1 0 9.45 7.8 0.5 0.4 0.1", "2 1000 9.5 7.9 0.45 0.35 0.2", "3 1500 9.6 8.1 0.2 0.2 0.6", "4 1600 9.7 8.4 0.1 0.1 0.8")
	profile := logs("profile.data", "zone mass logT logRho si28 s32 fe54",
		"1 1.6 9.2 6.9 0.6 0.4 0", "2 1.2 9.4 7.2 0.5 0.4 0.1", "3 0.8 9.5 7.8 0.3 0.2 0.5", "4 0.4 9.6 8.2 0 0.1 0.9")
	for _, n := range []struct {
		name       string
		parameters []string
		figures    []string
		shown      []string
	}{
		{"steps", []string{"scale=tiny", "steps=12"}, []string{"steps"}, []string{"the paper's net", "along the core", "Exponent", "12 steps of 1 s"}},
		{"trajectory", []string{"scale=tiny", "history=" + history, "profile=" + profile}, []string{"trajectory", "trajectory-layers"},
			[]string{"hybrid", "Mass within", "from 3.16 to 5.01 GK; 1.0000 of the mass is known by nuclide", "of 3"}},
	} {
		text, _ := runNotebook(t, dir, n.name, n.parameters...)
		for _, want := range n.shown {
			if !strings.Contains(text, want) {
				t.Errorf("%s: no %q in what it shows", n.name, want)
			}
		}
		for _, f := range n.figures {
			exported(t, dir, f)
		}
	}
}
