package cli

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// write puts a file into a new folder and returns its path.
func write(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestNetOfFile(t *testing.T) {
	path := write(t, "alphas.net", "add_isos_and_reactions(\n he4 ! helium\n c 12 12\n o16 )\n")
	var doc struct {
		Network   string
		Nuclides  []string
		Reactions []struct{ Reaction string }
	}
	for _, name := range []string{path, "@" + path} {
		if err := json.Unmarshal([]byte(must(t, "net", name, "--format", "json")), &doc); err != nil {
			t.Fatal(err)
		}
		if doc.Network != "alphas" || strings.Join(doc.Nuclides, " ") != "he4 c12 o16" || len(doc.Reactions) != 4 {
			t.Errorf("%+v", doc)
		}
	}
	must(t, "burn", "--net", path, "-T", "2e9", "--rho", "1e6", "-x", "he4=1", "-t", "1")
	must(t, "burn", "--nuclides", "he4,c12,o16", "-T", "2e9", "--rho", "1e6", "-x", "he4=1", "-t", "1")

	bad := write(t, "bad.net", "add_isos_and_reactions(\n he4\n xx7\n)\n")
	for _, args := range [][]string{
		{"net", bad},
		{"burn", "--net", bad, "-T", "2e9", "--rho", "1e6", "-x", "he4=1", "-t", "1"},
	} {
		status, _, err := nuclab(args...)
		if status != exitUsage || !strings.Contains(err, bad+":3:") || !strings.Contains(err, "xx7") {
			t.Errorf("%v: status %d, %s", args, status, err)
		}
	}
}

// With all of REACLIB there are more reactions than with MESA's classes.
func TestNetOfAllLinks(t *testing.T) {
	count := func(links string) int {
		return strings.Count(must(t, "net", "mesa_80", "--links", links, "--format", "csv"), "\n")
	}
	if a, b := count("classes"), count("all"); a != 607 || b <= a {
		t.Errorf("%d lines with the classes, want a heading and 606; %d with all", a, b)
	}
	if got := must(t, "net", "mesa_151", "--weak", "suzuki", "--format", "csv"); !strings.Contains(got, "na23 -> ne23,weak table,suzuki") {
		t.Error("na23 -> ne23 is not of Suzuki et al.")
	}
	if status, _, err := nuclab("net", "mesa_80", "--links", "some"); status != exitUsage || !strings.Contains(err, "some") {
		t.Errorf("status %d, %s", status, err)
	}
}

func TestBurnWithOwnRates(t *testing.T) {
	// 12c(a,g) at 1 cm3/mol/s at all temperatures, and a reaction that is not of the network.
	const zeros = " 0.000000e+00 0.000000e+00 0.000000e+00 0.000000e+00\n 0.000000e+00 0.000000e+00 0.000000e+00\n"
	set := func(names ...any) string {
		return fmt.Sprintf("4\n     %5s%5s%5s%15s        mine     7.16192e+00\n", append(names, "")...) + zeros
	}
	path := write(t, "mine.txt", set("he4", "c12", "o16")+set("he4", "o16", "ne20"))
	args := []string{"burn", "--nuclides", "he4,c12,o16", "-T", "1e8", "--rho", "1", "-x", "he4=0.01,c12=0.99", "-t", "1e-3", "--format", "json"}
	var doc struct {
		Options struct{ Rates *ratesUsed }
		Samples []struct{ X map[string]float64 }
	}
	out := must(t, append(args, "--rates", path, "--screening", "none")...)
	if err := json.Unmarshal([]byte(out), &doc); err != nil {
		t.Fatal(err)
	}
	// X(o16) = 16 rho Y(he4) Y(c12) t while little has burnt.
	if got, want := doc.Samples[0].X["o16"], 16*0.01/4*0.99/12*1e-3; math.Abs(got/want-1) > 1e-3 {
		t.Errorf("X(o16) = %g, want %g", got, want)
	}
	r := doc.Options.Rates
	if r == nil || r.File != path || len(r.SHA256) != 64 || strings.Join(r.Reactions, ";") != "c12 + he4 -> o16" {
		t.Errorf("rates recorded: %+v", r)
	}
	if strings.Contains(must(t, args...), "rates") {
		t.Error("rates recorded where none were given")
	}
	for text, want := range map[string]string{
		set("he4", "c12", "o16") + "4\n nonsense\n": ":6:",
		set("he4", "o16", "ne20"):                   "no reaction",
	} {
		bad := write(t, "bad.txt", text)
		if status, _, err := nuclab(append(args, "--rates", bad)...); status != exitUsage || !strings.Contains(err, bad) || !strings.Contains(err, want) {
			t.Errorf("status %d, %s", status, err)
		}
	}
}
