package cli

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/parquet-go/parquet-go"
)

// learnt makes a small data set and a model of it in dir.
func learnt(t *testing.T, dir, times string) (data, model string) {
	t.Helper()
	data, model = filepath.Join(dir, "data"), filepath.Join(dir, "model.safetensors")
	must(t, "dataset", "generate", "--samples", "12", "--times", times, "--out", data)
	must(t, "train", "--data", data, "--out", model, "-p", "epochs=2", "-p", "width=8", "-p", "layers=1")
	return data, model
}

// numbered reads a CSV file with a line of names, as numbers by name.
func numbered(t *testing.T, path string) (rows []map[string]float64) {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	all, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	for _, record := range all[1:] {
		row := map[string]float64{}
		for c, name := range all[0] {
			v, err := strconv.ParseFloat(record[c], 64)
			if name == "in_domain" {
				v, err = map[string]float64{"true": 1, "false": 0}[record[c]], nil
			}
			if err != nil {
				t.Fatal(err)
			}
			row[name] = v
		}
		rows = append(rows, row)
	}
	return rows
}

// A file of states has the answers of its states one by one, in any format, and is a file of states again.
func TestPredictFile(t *testing.T) {
	dir := t.TempDir()
	data, model := learnt(t, dir, "1e-6,1e-3")
	file := func(name string) string { return filepath.Join(dir, name) }
	const states = 4500 // more than are read at once
	var text strings.Builder
	text.WriteString("note,X_si28,rho,T,X_he4,t\n")
	for i := range states {
		dt := "1e-3"
		if i%3 == 0 {
			dt = "1e-6"
		}
		fmt.Fprintf(&text, "x,%.4f,1e8,%d,%.4f,%s\n", 1-float64(i%100)/1e3, 4000000000+i*1000, float64(i%100)/1e3, dt)
	}
	if err := os.WriteFile(file("states.csv"), []byte(text.String()), 0o644); err != nil {
		t.Fatal(err)
	}
	must(t, "predict", "--model", model, "--states", file("states.csv"), "--out", file("after.csv"))
	after := numbered(t, file("after.csv"))
	if len(after) != states || len(after[0]) != 80+11 {
		t.Fatalf("%d rows of %d columns", len(after), len(after[0]))
	}
	for _, i := range []int{0, 1, 4321, states - 1} {
		one := must(t, "predict", "--model", model, "-T", fmt.Sprint(4000000000+i*1000), "--rho", "1e8",
			"-x", fmt.Sprintf("si28=%.4f,he4=%.4f", 1-float64(i%100)/1e3, float64(i%100)/1e3), "-t", fmt.Sprint(after[i]["t"]), "--format", "json")
		var doc burnJSON
		if err := json.Unmarshal([]byte(one), &doc); err != nil {
			t.Fatal(err)
		}
		s, got := doc.Samples[0], after[i]
		if got["row"] != float64(i+1) || s.T != got["t"] || doc.T != got["T"] || got["in_domain"] != 0 {
			t.Errorf("row %d: %v", i, got)
		}
		for name, want := range map[string]float64{"ye": s.Ye, "q": s.Q, "eps_nuc": s.EpsNuc, "eps_nu": s.EpsNu,
			"eps_nuc_bbq": s.EpsNucBBQ, "eps_nu_integral": s.EpsNuIntegral, "X_fe54": s.X["fe54"], "X_neut": s.X["neut"]} {
			// Single precision, in a batch of another size.
			if math.Abs(got[name]-want) > 1e-5*math.Abs(want)+1e-7 {
				t.Errorf("row %d, %s: %v, by itself %v", i, name, got[name], want)
			}
		}
	}

	must(t, "predict", "--model", model, "--states", file("states.csv"), "--out", file("after.json"))
	var doc struct {
		Schema, Network string
		Samples         []struct {
			Row      int
			T, Rho   float64
			X        map[string]float64
			Ye       float64
			InDomain *bool `json:"in_domain"`
		}
	}
	whole, err := os.ReadFile(file("after.json"))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(whole, &doc); err != nil || doc.Schema != "nuclab.predict/1" || doc.Network != "mesa_80" || len(doc.Samples) != states {
		t.Fatalf("%v, %.200s", err, whole)
	}
	if s := doc.Samples[4321]; s.Row != 4322 || s.X["co55"] != after[4321]["X_co55"] || s.Ye != after[4321]["ye"] || s.InDomain == nil {
		t.Errorf("%+v", s)
	}

	// What comes out goes in again, as Parquet too; both hold the same.
	must(t, "predict", "--model", model, "--states", file("after.csv"), "--out", file("later.csv"))
	must(t, "predict", "--model", model, "--states", file("states.csv"), "--out", file("after.parquet"))
	must(t, "predict", "--model", model, "--states", file("after.parquet"), "--out", file("also.csv"))
	a, err := os.ReadFile(file("later.csv"))
	if err != nil {
		t.Fatal(err)
	}
	if b, err := os.ReadFile(file("also.csv")); err != nil || string(a) != string(b) {
		t.Errorf("through Parquet, other answers: %v", err)
	}

	// A file of a data set is one of states; without times of its own every state gets all of the model's.
	part, _ := filepath.Glob(filepath.Join(data, "*.parquet"))
	printed := must(t, "predict", "--model", model, "--states", part[0], "--format", "csv")
	if lines := strings.Split(strings.TrimSpace(printed), "\n"); len(lines) != 1+2*12 || !strings.HasPrefix(lines[1], "1,") || !strings.HasPrefix(lines[2], "1,") ||
		strings.Count(printed, "true\n") < 20 {
		t.Errorf("%d lines, %.300s", len(lines), printed)
	}
	if people := must(t, "predict", "--model", model, "--states", part[0], "-t", "1e-6"); strings.Count(people, "\n") != 13 || !strings.Contains(people, "q [erg/g]") {
		t.Errorf("%s", people)
	}
	if left, _ := filepath.Glob(filepath.Join(dir, ".*")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

// Every complaint about a file of states names the row, and leaves what was there as it was.
func TestPredictBadFile(t *testing.T) {
	dir := t.TempDir()
	_, model := learnt(t, dir, "1e-6")
	in, out := filepath.Join(dir, "in"), filepath.Join(dir, "out.csv")
	if err := os.WriteFile(out, []byte("old"), 0o644); err != nil {
		t.Fatal(err)
	}
	const head = "T,rho,X_si28,X_fe54\n"
	good := head + strings.Repeat("3e9,1e8,0.5,0.5\n", 5000)
	for _, c := range []struct{ text, want string }{
		{"", "empty"},
		{"T,X_si28\n3e9,1\n", "no column rho"},
		{"T,rho,X_xx9\n", "X_xx9"},
		{"T,rho,X_u238\n", "the model has no u238"},
		{"T,rho,X_si28,X_28Si\n", "X_si28 and X_28Si are the same"},
		{good + "3e9,dense,1,0\n", `line 5002: rho = "dense"`},
		{good + "3e12,1e8,1,0\n", "line 5002: T: 3e+12"},
		{good + "3e9,1e8,0.5,0.4\n", "line 5002: the mass fractions sum to 0.9, not 1; --normalize"},
		{good + "3e9,1e8,1.5,-0.5\n", "line 5002: X(fe54) = -0.5"},
		{good + "3e9,1e8,NaN,0\n", "line 5002: X(si28) = NaN"},
		{good + "3e9,1e8,1\n", "line 5002"},
		{"T,rho,X_si28,t\n3e9,1e8,1,1e-6\n3e9,1e8,1,1\n", "line 3: nnlib: t = 1 s: no net for this time; the model has 1e-06"},
		{"T,rho,X_si28,t\n3e9,1e8,1,-1\n", "line 2: t = -1 s"},
	} {
		if err := os.WriteFile(in, []byte(c.text), 0o644); err != nil {
			t.Fatal(err)
		}
		wrong(t, []string{"predict", "--model", model, "--states", in, "--out", out}, "--states", in, c.want)
	}
	if old, err := os.ReadFile(out); err != nil || string(old) != "old" {
		t.Errorf("the output became %q, %v", old, err)
	}

	// The same row in Parquet; one without a value.
	type row struct {
		T   float64  `parquet:"T"`
		Rho float32  `parquet:"rho"`
		Si  *float64 `parquet:"X_si28,optional"`
		S   int32    `parquet:"X_s32"`
	}
	one := 1.0
	rows := slices.Repeat([]row{{3e9, 1e8, &one, 0}}, 6)
	rows[4].Si = nil
	path := filepath.Join(dir, "in.parquet")
	if err := parquet.WriteFile(path, rows); err != nil {
		t.Fatal(err)
	}
	wrong(t, []string{"predict", "--model", model, "--states", path}, path, "row 5: X_si28 is missing")
	rows[4] = row{3e9, 1e8, &one, 1}
	if err := parquet.WriteFile(path, rows); err != nil {
		t.Fatal(err)
	}
	wrong(t, []string{"predict", "--model", model, "--states", path}, path, "row 5: the mass fractions sum to 2")
	must(t, "predict", "--model", model, "--states", path, "--normalize")
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, whole[:len(whole)/2], 0o644); err != nil {
		t.Fatal(err)
	}
	wrong(t, []string{"predict", "--model", model, "--states", path}, path)
	wrong(t, []string{"predict", "--model", model, "--states", filepath.Join(dir, "none")}, "--states", "none")
	wrong(t, []string{"predict", "--model", model, "--states", in, "--out", filepath.Join(dir, "x.txt")}, "--out", ".parquet")
	wrong(t, []string{"predict", "--model", model, "--states", in, "-T", "3e9", "--rho", "1e8", "-x", "si28=1"}, "states", "none of the others")
	wrong(t, []string{"predict", "--model", model, "-T", "3e9"}, "rho")
	wrong(t, []string{"predict", "--model", model}, "temperature", "states")
	wrong(t, []string{"predict", "--model", model, "-T", "3e9", "--rho", "1e8", "-x", "u238=1"}, "-x", "u238")
	wrong(t, []string{"predict", "--model", model, "-T", "3e9", "--rho", "1e8", "-x", "si28=1", "--out", out}, "--out", "--states")
}

// wrong runs a command line whose input is wrong: status 2 and one line with all of the words.
func wrong(t *testing.T, args []string, words ...string) {
	t.Helper()
	status, _, err := nuclab(args...)
	if status != exitUsage || strings.Count(err, "\n") != 1 {
		t.Errorf("%v: status %d, %q", args, status, err)
	}
	for _, w := range words {
		if !strings.Contains(err, w) {
			t.Errorf("%v: %q does not name %q", args, err, w)
		}
	}
}
