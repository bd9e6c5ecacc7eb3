package cli

import (
	"encoding/json"
	"math"
	"slices"
	"strings"
	"testing"
)

// hotJSON is what samples of burns with a temperature of their own add.
type hotJSON struct {
	Options struct {
		Heating    string
		Trajectory struct{ File, SHA256 string }
	}
	Samples []struct {
		Time float64 `json:"t"`
		T    float64 `json:"T"`
		Rho  float64 `json:"rho"`
		Q    float64 `json:"q"`
	}
}

func burnHot(t *testing.T, args ...string) (doc hotJSON) {
	t.Helper()
	text := must(t, append(append([]string{"burn"}, args...), "--format", "json")...)
	// Names in JSON that differ in case alone, as t and T, need a decoder that tells them apart.
	var raw struct {
		Options json.RawMessage
		Samples []map[string]json.RawMessage
	}
	if err := json.Unmarshal([]byte(text), &raw); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(raw.Options, &doc.Options); err != nil {
		t.Fatal(err)
	}
	doc.Samples = slices.Grow(doc.Samples, len(raw.Samples))[:len(raw.Samples)]
	for i, s := range raw.Samples {
		p := &doc.Samples[i]
		for name, to := range map[string]*float64{"t": &p.Time, "T": &p.T, "rho": &p.Rho, "q": &p.Q} {
			if err := json.Unmarshal(s[name], to); err != nil {
				t.Fatalf("sample %d: %s: %v", i, name, err)
			}
		}
	}
	return doc
}

// TestHeating: burning carbon heats matter, which expands if its pressure is held.
func TestHeating(t *testing.T) {
	state := []string{"-T", "2.5e9", "--rho", "1e7", "-x", "c12=0.5,o16=0.5", "-t", "1e-9,1e-2"}
	for heating, expands := range map[string]bool{"isochoric": false, "isobaric": true} {
		doc := burnHot(t, append(state, "--heating", heating)...)
		first, last := doc.Samples[0], doc.Samples[1]
		if doc.Options.Heating != heating || math.Abs(first.T/2.5e9-1) > 1e-3 || !(last.T > 1.2*first.T) || (last.Rho < 0.99*first.Rho) != expands {
			t.Errorf("%s: %+v", heating, doc)
		}
	}
	if table := must(t, append([]string{"burn", "--heating", "isobaric"}, state...)...); !strings.Contains(table, "T [K]") || !strings.Contains(table, "isobaric") {
		t.Errorf("table: %s", table)
	}
}

// TestTrajectory: T and rho are those of the file, in logarithms linear in time between its lines.
func TestTrajectory(t *testing.T) {
	track := write(t, "track.txt", "# a line of names may come first\nt T rho\n-1 2e9 1e6\n0 4e9, 4e6\n1 4e9 4e6\n")
	doc := burnHot(t, "--trajectory", track, "-x", "si28=1", "-t", "-0.5,0,0.5")
	want := [][3]float64{{-0.5, 2e9 * math.Sqrt2, 2e6}, {0, 4e9, 4e6}, {0.5, 4e9, 4e6}}
	for i, s := range doc.Samples {
		if s.Time != want[i][0] || math.Abs(s.T/want[i][1]-1) > 1e-12 || math.Abs(s.Rho/want[i][2]-1) > 1e-12 {
			t.Errorf("sample %d: %+v, want %v", i, s, want[i])
		}
	}
	if o := doc.Options.Trajectory; o.File != track || len(o.SHA256) != 64 {
		t.Errorf("options: %+v", doc.Options)
	}
	if all := burnHot(t, "--trajectory", track, "-x", "si28=1"); len(all.Samples) != 3 || all.Samples[0].Time != -1 || all.Samples[0].Q != 0 {
		t.Errorf("without -t: %+v, want the times of the file", all.Samples)
	}
	csv := must(t, "burn", "--trajectory", track, "-x", "si28=1", "--format", "csv")
	if !strings.HasPrefix(csv, "t,T,rho,ye,") {
		t.Errorf("CSV: %.100s", csv)
	}
}

func TestCompositionFiles(t *testing.T) {
	at := []string{"burn", "-T", "2e9", "--rho", "1e6", "-t", "1e-9", "--format", "json", "-x"}
	var doc burnJSON
	for _, text := range []string{"# two\nSi28 0.75\n\n4He .25 # helium\n", `{"he4": 2.5e-1, "28si": 0.75}`, "{\n\"he4\": 0.25,\n\"si28\": 0.75}\n"} {
		if err := json.Unmarshal([]byte(must(t, append(at, "@"+write(t, "x", text))...)), &doc); err != nil {
			t.Fatal(err)
		}
		if x := doc.Initial.X; x["si28"] != 0.75 || x["he4"] != 0.25 || x["c12"] != 0 {
			t.Errorf("%q: %v", text, x)
		}
	}
	if err := json.Unmarshal([]byte(must(t, append(at, "@"+write(t, "x", "si28 3\nhe4 1"), "--normalize")...)), &doc); err != nil || doc.Initial.X["si28"] != 0.75 {
		t.Errorf("normalized: %v, %v", doc.Initial.X, err)
	}
}

// TestHotWarning: above 1e10 K there is one line about rates that stay as they are there.
func TestHotWarning(t *testing.T) {
	for _, args := range []string{
		"burn -T 2e10 --rho 1e9 -x si28=1 -t 1e-12",
		"rate c12(a,g)o16 -T 1e9,2e10",
		"nse --net mesa_80 -T 2e10 --rho 1e9 --ye 0.5",
	} {
		status, _, err := nuclab(strings.Fields(args)...)
		if status != exitOK || !strings.HasPrefix(err, "warning: ") || strings.Count(err, "\n") != 1 {
			t.Errorf("%s: status %d, %q", args, status, err)
		}
	}
}
