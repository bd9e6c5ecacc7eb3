package cli

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// nuclab runs a command line in this process.
func nuclab(args ...string) (status int, stdout, stderr string) {
	var out, err bytes.Buffer
	status = Main(context.Background(), args, &out, &err, nil, "")
	return status, out.String(), err.String()
}

// must runs a command line that has to succeed.
func must(t *testing.T, args ...string) string {
	t.Helper()
	status, out, err := nuclab(args...)
	if status != exitOK {
		t.Fatalf("nuclab %s: status %d: %s", strings.Join(args, " "), status, err)
	}
	return out
}

func TestBadInput(t *testing.T) {
	lines := filepath.Join(t.TempDir(), "x.txt")
	if err := os.WriteFile(lines, []byte("si28 0.5\n# a comment\nxx99 0.5\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	burn := func(flags ...string) []string {
		all := map[string]string{"--net": "mesa_80", "-T": "5e9", "--rho": "1e9", "-x": "si28=1", "-t": "1e-6"}
		for i := 0; i < len(flags); i += 2 {
			all[flags[i]] = flags[i+1]
		}
		args := []string{"burn"}
		for k, v := range all {
			args = append(args, k, v)
		}
		return args
	}
	for _, c := range []struct {
		name string
		args []string
		want []string // all of these stand in the one line of the error
	}{
		{"unknown nuclide", burn("-x", "xx99=1"), []string{"-x", "xx99"}},
		{"nuclide outside the network", burn("-x", "u238=1"), []string{"-x", "u238", "mesa_80"}},
		{"mass fractions sum to 0.9", burn("-x", "si28=0.9"), []string{"-x", "0.9", "--normalize"}},
		{"negative mass fraction", burn("-x", "si28=1.1,he4=-0.1"), []string{"-x", "-0.1"}},
		{"no composition in a file", burn("-x", "@"+lines), []string{"-x", lines + ":3", "xx99"}},
		{"missing file", burn("-x", "@/nowhere/x"), []string{"-x", "/nowhere/x"}},
		{"negative temperature", burn("-T", "-1"), []string{"-T", "-1", "K"}},
		{"temperature too high", burn("-T", "1e12"), []string{"-T", "1e+12", "1e+11"}},
		{"no number", burn("--rho", "dense"), []string{"--rho", "dense"}},
		{"density out of range", burn("--rho", "1e13"), []string{"--rho", "1e+13"}},
		{"negative time", burn("-t", "-1"), []string{"-t", "-1"}},
		{"times out of order", burn("-t", "1,1e-3"), []string{"-t", "0.001"}},
		{"no time", burn("-t", "soon"), []string{"-t", "soon"}},
		{"unknown network", burn("--net", "mesa_81"), []string{"--net", "mesa_81", "mesa_80"}},
		{"unknown screening", burn("--screening", "debye"), []string{"--screening", "debye", "chugunov"}},
		{"unknown balance", burn("--detailed-balance", "r1"), []string{"--detailed-balance", "r1", "r2305"}},
		{"unknown solver", burn("--solver", "magic"), []string{"--solver", "magic"}},
		{"unknown format", burn("--format", "xml"), []string{"--format", "xml", "json"}},
		{"tolerance of zero", burn("--rtol", "0"), []string{"--rtol"}},
		{"unknown flag", []string{"burn", "--heat", "1"}, []string{"--heat"}},
		{"missing flag", []string{"burn"}, []string{"composition"}},
		{"neither temperature nor trajectory", []string{"burn", "-x", "si28=1", "-t", "1"}, []string{"temperature", "trajectory"}},
		{"temperature without density", []string{"burn", "-x", "si28=1", "-t", "1", "-T", "1e9"}, []string{"temperature", "rho"}},
		{"unknown verb", []string{"fuse"}, []string{"fuse"}},
		{"unknown reaction", []string{"rate", "c12(a,g)o17", "-T", "1e9"}, []string{"c12(a,g)o17"}},
		{"no such rate", []string{"rate", "o16(c12,g)si28", "-T", "1e9"}, []string{"o16"}},
		{"Ye out of reach", []string{"nse", "--net", "mesa_80", "-T", "5e9", "--rho", "1e8", "--ye", "1.5"}, []string{"--ye", "1.5"}},
		{"a pair of one", []string{"screen", "-T", "1e9", "--rho", "1e8", "-x", "c12=1", "--pair", "c12"}, []string{"--pair"}},
		{"no samples", []string{"dataset", "generate", "--samples", "0", "--out", t.TempDir()}, []string{"--samples"}},
		{"missing notebook", []string{"run", "/nowhere/x.ipynb"}, []string{"/nowhere/x.ipynb"}},
		{"a directory as notebook", []string{"run", "/"}, []string{"/", "directory"}},
		{"nowhere to write a notebook", []string{"run", "../../notebooks/kernel-tour.ipynb", "-o", "/nowhere/x.ipynb"}, []string{"-o", "/nowhere"}},
		{"a time limit that is none", []string{"run", "x.ipynb", "--timeout", "soon"}, []string{"--timeout", "soon"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			status, out, err := nuclab(c.args...)
			if status != exitUsage {
				t.Errorf("status %d, want %d", status, exitUsage)
			}
			if out != "" {
				t.Errorf("standard output: %q", out)
			}
			if strings.Count(err, "\n") != 1 {
				t.Errorf("the error is not one line: %q", err)
			}
			for _, w := range c.want {
				if !strings.Contains(err, w) {
					t.Errorf("%q does not name %q", err, w)
				}
			}
		})
	}
}

func TestUnwritableOutputFails(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	status, _, err := nuclab("dataset", "generate", "--net", "mesa_80", "--samples", "1", "--out", filepath.Join(file, "set"))
	if status != exitFailed || !strings.Contains(err, file) {
		t.Errorf("status %d, %q; want %d and the path", status, err, exitFailed)
	}
}

// TestLearning makes a small data set, learns from it, asks and scores the model.
func TestLearning(t *testing.T) {
	dir := t.TempDir()
	data, model := filepath.Join(dir, "data"), filepath.Join(dir, "model.safetensors")
	must(t, "dataset", "generate", "--samples", "24", "--seed", "5", "--times", "1e-6,1e-3", "--out", data)
	must(t, "dataset", "verify", data)
	if info := must(t, "dataset", "info", data); !strings.Contains(info, "24 burns of mesa_80") {
		t.Errorf("info: %.200s", info)
	}

	settings := filepath.Join(dir, "settings")
	if err := os.WriteFile(settings, []byte("epochs = 2 # few\nwidth = 16\nlayers = 1\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	train := func(flags ...string) []string {
		return append([]string{"train", "--data", data, "--out", model}, flags...)
	}
	must(t, train("--config", settings, "-p", "dt=1e-3", "-p", "batch=8")...)

	var predicted burnJSON
	text := must(t, "predict", "--model", model, "-T", "5e9", "--rho", "1e8", "-x", "si28=1", "-t", "1e-3", "--format", "json")
	if err := json.Unmarshal([]byte(text), &predicted); err != nil || predicted.Schema != "nuclab.burn/1" || len(predicted.Samples) != 1 {
		t.Errorf("predict: %v, %.200s", err, text)
	}
	if !strings.Contains(text, `"in_domain":false`) {
		t.Errorf("pure silicon is not among random compositions: %.200s", text)
	}

	var score struct {
		Schema, Protocol, Network string
		Samples                   int
		Times                     []struct {
			T        float64
			NNN      struct{ Ye, Abar float64 }
			Approx21 *struct{}
		}
	}
	if err := json.Unmarshal([]byte(must(t, "evaluate", "--model", model, "--data", data, "--format", "json")), &score); err != nil {
		t.Fatal(err)
	}
	if score.Schema != "nuclab.evaluate/1" || score.Protocol != "clean" || score.Network != "mesa_80" || score.Samples != 24 || len(score.Times) != 1 || score.Times[0].T != 1e-3 {
		t.Errorf("evaluate: %+v", score)
	}

	cut := filepath.Join(dir, "cut.safetensors")
	whole, err := os.ReadFile(model)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(cut, whole[:len(whole)/2], 0o644); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		args []string
		want []string
	}{
		{[]string{"predict", "--model", model, "-T", "5e9", "--rho", "1e8", "-x", "si28=1", "-t", "0.5"}, []string{"-t", "0.5", "0.001"}},
		{[]string{"predict", "--model", cut, "-T", "5e9", "--rho", "1e8", "-x", "si28=1"}, []string{"--model", cut}},
		{train("-p", "dt=7"), []string{"-p dt", "7", "0.001"}},
		{train("-p", "witdh=3"), []string{"-p witdh", "width"}},
		{train("-p", "epochs=many"), []string{"epochs", "many"}},
		{train("--config", data), []string{"--config"}},
		{[]string{"train", "--data", dir, "--out", model}, []string{"--data", dir}},
	} {
		status, _, err := nuclab(c.args...)
		if status != exitUsage {
			t.Errorf("%v: status %d", c.args, status)
		}
		for _, w := range c.want {
			if !strings.Contains(err, w) {
				t.Errorf("%v: %q does not name %q", c.args, err, w)
			}
		}
	}
	if status, _, err := nuclab("train", "--data", data, "--out", filepath.Join(dir, "none", "m"), "-p", "dt=1e-3"); status != exitFailed || !strings.Contains(err, "--out") {
		t.Errorf("unwritable model: status %d, %s", status, err)
	}
}

// burnJSON mirrors the documented schema.
type burnJSON struct {
	Schema, Network string
	T, Rho          float64
	Initial         struct {
		X  map[string]float64
		Ye float64
	}
	Samples []struct {
		T             float64
		X             map[string]float64
		Ye            float64
		Q             float64
		EpsNuc        float64 `json:"eps_nuc"`
		EpsNucBBQ     float64 `json:"eps_nuc_bbq"`
		EpsNu         float64 `json:"eps_nu"`
		EpsNuIntegral float64 `json:"eps_nu_integral"`
	}
	Stats map[string]float64
}

// TestBurnEndsInIronGroup burns silicon at 5 GK, where a second is enough for nuclear statistical equilibrium.
func TestBurnEndsInIronGroup(t *testing.T) {
	text := must(t, "burn", "--net", "mesa_80", "-T", "5e9", "--rho", "1e9", "-x", "28Si=1", "-t", "1e-6,1e-3,1", "--format", "json")
	var doc burnJSON
	if err := json.Unmarshal([]byte(text), &doc); err != nil {
		t.Fatal(err)
	}
	if doc.Schema != "nuclab.burn/1" || doc.Network != "mesa_80" || doc.T != 5e9 || doc.Rho != 1e9 || len(doc.Samples) != 3 {
		t.Fatalf("unexpected document %.200s", text)
	}
	if doc.Initial.X["si28"] != 1 || doc.Initial.Ye != 0.5 {
		t.Errorf("initial state: %v", doc.Initial)
	}
	iron := 0.0
	for _, n := range []string{"fe52", "fe53", "fe54", "fe56", "co55", "co56", "ni56", "ni57", "ni58", "ni59"} {
		x, ok := doc.Samples[2].X[n]
		if !ok {
			t.Errorf("%s is missing", n)
		}
		iron += x
	}
	if iron < 0.8 {
		t.Errorf("the iron group holds %g of the mass after 1 s", iron)
	}
	for _, s := range doc.Samples {
		sum := 0.0
		for _, x := range s.X {
			sum += x
		}
		if math.Abs(sum-1) > 1e-10 {
			t.Errorf("mass fractions at %g s sum to %.17g", s.T, sum)
		}
		if math.Abs(s.EpsNuc-(s.Q-s.EpsNuIntegral)) > 1e-9*math.Abs(s.Q) || math.Abs(s.EpsNucBBQ-(s.Q-s.EpsNu*s.T)) > 1e-9*math.Abs(s.Q) {
			t.Errorf("energies at %g s do not add up", s.T)
		}
	}
	for _, key := range []string{"steps", "rejected", "rhs", "jacobians", "factorizations", "solves", "cpu_s"} {
		if _, ok := doc.Stats[key]; !ok {
			t.Errorf("stats lack %s", key)
		}
	}
	rows, err := csv.NewReader(strings.NewReader(must(t, "burn", "-T", "5e9", "--rho", "1e9", "-x", "si28=1", "-t", "1e-6,1e-3,1", "--format", "csv"))).ReadAll()
	if err != nil || len(rows) != 4 || len(rows[0]) != 87 {
		t.Errorf("CSV: %v, %d rows", err, len(rows))
	}
	if table := must(t, "burn", "-T", "5e9", "--rho", "1e9", "-x", "si28=2", "--normalize", "-t", "1"); !strings.Contains(table, " fe54 ") {
		t.Errorf("table: %s", table)
	}
}

func TestPhysicsVerbs(t *testing.T) {
	decode := func(doc any, args ...string) {
		t.Helper()
		if err := json.Unmarshal([]byte(must(t, append(args, "--format", "json")...)), doc); err != nil {
			t.Fatal(err)
		}
	}
	near := func(what string, got, want, tolerance float64) {
		t.Helper()
		if math.Abs(got/want-1) > tolerance {
			t.Errorf("%s is %g, want %g", what, got, want)
		}
	}

	// REACLIB's nac2 fit, and its reverse by detailed balance, at 5 GK.
	var rate struct {
		Schema, Reaction string
		Q                float64
		Values           []struct {
			T, Lambda, Reverse float64
			QNu                float64 `json:"q_nu"`
		}
	}
	decode(&rate, "rate", "c12(a,g)o16", "-T", "1e9,5e9")
	if rate.Schema != "nuclab.rate/1" || rate.Reaction != "c12 + he4 -> o16" || len(rate.Values) != 2 {
		t.Fatalf("rate: %+v", rate)
	}
	near("lambda", rate.Values[1].Lambda, 2.778812, 4e-7)
	near("reverse", rate.Values[1].Reverse, 9.637864e4, 1e-6)

	decode(&rate, "rate", "ni56 -> co56", "-T", "5e9", "--rho-ye", "1e8")
	near("lambda of ni56", rate.Values[0].Lambda, 1.912665e-1, 1e-6)
	near("q_nu of ni56", rate.Values[0].QNu, 2.10069, 1e-5)

	var net struct {
		Schema    string
		Nuclides  []string
		Reactions []struct {
			Reaction, Kind, Source string
			Q                      float64
		}
		Jacobian map[string]int
	}
	decode(&net, "net", "mesa_80")
	if len(net.Nuclides) != 80 || len(net.Reactions) != 606 || net.Jacobian["nonzeros"] != 1082 || net.Jacobian["lu_nonzeros"] != 1522 {
		t.Errorf("mesa_80: %d nuclides, %d reactions, %v", len(net.Nuclides), len(net.Reactions), net.Jacobian)
	}

	var nse struct {
		X map[string]float64
	}
	decode(&nse, "nse", "--net", "mesa_151", "-T", "5e9", "--rho", "1e8", "--ye", "0.48", "--coulomb=false")
	near("fe54 in NSE", nse.X["fe54"], .435789, 2e-6)

	var screen struct{ H, F float64 }
	decode(&screen, "screen", "-T", "1e9", "--rho", "1e9", "-x", "c12=.5,o16=.5", "--pair", "c12,c12")
	near("H of c12+c12", screen.H, 3.863654634, 1e-9)
	near("f of c12+c12", screen.F, math.Exp(3.863654634), 1e-8)
}
