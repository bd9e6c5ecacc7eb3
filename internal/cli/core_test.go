package cli

import (
	"encoding/json"
	"math"
	"slices"
	"strings"
	"testing"
)

// inert is a core that has nothing to burn, and so is quick.
var inert = strings.Fields("core --nuclides si28 -x si28=1 --mass 1.8 --end-rho 2e7")

func TestCore(t *testing.T) {
	var doc struct {
		Schema, Network string
		Mass            float64
		Collapse        *float64
		Points          []struct {
			T0     float64 `json:"t"`
			T      float64
			Rho    float64
			Dt, Ye float64
			Energy float64
			Work   float64
			Q      float64
			Weak   float64 `json:"eps_nu_integral"`
			Nu     float64 `json:"thermal_nu_integral"`
			X      map[string]float64
		}
	}
	if err := json.Unmarshal([]byte(must(t, append(slices.Clone(inert), "--format", "json")...)), &doc); err != nil {
		t.Fatal(err)
	}
	if doc.Schema != "nuclab.core/1" || doc.Mass != 1.8 || doc.Collapse != nil || len(doc.Points) < 5 {
		t.Fatalf("%+v", doc)
	}
	first := doc.Points[0]
	for i, p := range doc.Points[1:] {
		before := doc.Points[i]
		if !(p.T > before.T && p.Rho > before.Rho) || p.Ye != 0.5 || p.X["si28"] != 1 {
			t.Errorf("point %d: %+v after %+v", i+1, p, before)
		}
		if math.Abs(p.T0-before.T0-p.Dt) > 1e-9*p.T0 {
			t.Errorf("point %d: dt %g between %g and %g", i+1, p.Dt, before.T0, p.T0)
		}
		if miss := p.Energy - first.Energy - p.Work - p.Q + p.Weak + p.Nu; math.Abs(miss) > 1e-5*p.Energy {
			t.Errorf("point %d: %g erg/g are missing", i+1, miss)
		}
	}
	table := must(t, inert...)
	for _, want := range []string{"not a stellar model", "rho [g/cm3]", "si28"} {
		if !strings.Contains(table, want) {
			t.Errorf("no %q in\n%s", want, table)
		}
	}
	rows := strings.Split(strings.TrimSpace(must(t, append(slices.Clone(inert), "--format", "csv")...)), "\n")
	if len(rows) != len(doc.Points)+1 || !strings.HasPrefix(rows[0], "t,T,rho,dt,ye,") || !strings.HasSuffix(rows[0], ",si28") {
		t.Errorf("CSV of %d rows begins with %s", len(rows), rows[0])
	}
}

func TestCoreInput(t *testing.T) {
	for _, c := range []struct {
		args   string
		status int
		want   []string
	}{
		{"--mass 1000", exitUsage, []string{"--mass", "1000", "0.1..100"}},
		{"--rho 1", exitUsage, []string{"--rho"}},
		{"--end-rho 1e6", exitUsage, []string{"--mass, --rho", "1e+06"}},
		{"--mass 0.2 --rho 1e9", exitUsage, []string{"--mass", "0.2", "equilibrium"}},
		{"--step 3", exitUsage, []string{"--step", "3"}},
		{"--end-T nan", exitUsage, []string{"--end-T"}},
		{"-x u238=1", exitUsage, []string{"-x", "u238"}},
		{"-x si28=0.5", exitUsage, []string{"-x", "0.5"}},
		{"--net mesa_81", exitUsage, []string{"--net", "mesa_80"}},
		{"--nuclides si28 -x si28=1 --mass 1.2", exitFailed, []string{"cools", "1.2 solar masses"}},
	} {
		status, stdout, stderr := nuclab(append([]string{"core"}, strings.Fields(c.args)...)...)
		// What was reached is printed all the same.
		if status != c.status || (stdout == "") != (status == exitUsage) || strings.Count(stderr, "\n") != 1 {
			t.Errorf("%s: status %d, stdout %q, stderr %q", c.args, status, stdout, stderr)
		}
		for _, w := range c.want {
			if !strings.Contains(stderr, w) {
				t.Errorf("%s: no %q in %q", c.args, w, stderr)
			}
		}
	}
}
