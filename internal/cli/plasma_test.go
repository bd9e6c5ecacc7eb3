package cli

import (
	"encoding/json"
	"math"
	"strings"
	"testing"
)

func TestEquationOfStateAndNeutrinos(t *testing.T) {
	// An independent program's values, to the digits it was trusted to; dP and the specific heats from tables, good to 5e-6.
	for _, c := range []struct {
		args   string
		schema string
		want   map[string]float64
		digits float64
	}{
		{"eos -T 1e9 --rho 1e7 -x he4=1", "nuclab.eos/1", map[string]float64{
			"eta": 5.566363, "P": 1.1486356e24, "E": 2.1456863e17, "dP_dT": 3.934408418e14, "dP_drho": 1.483248593e17,
			"cv": 7.665162161e7, "cp": 8.708788272e7, "gamma1": 1.467127459,
		}, 5e-6},
		{"neutrino -T 3e9 --rho 1e7 -x p30=1", "nuclab.neutrino/1", map[string]float64{
			"pair": 4.272771e12, "plasma": 7.306388e7, "photo": 1.779600e10, "brems": 1.979540e8, "total": 4.29084083e12,
		}, 1e-6},
	} {
		var doc map[string]any
		if err := json.Unmarshal([]byte(must(t, append(strings.Fields(c.args), "--format", "json")...)), &doc); err != nil {
			t.Fatal(err)
		}
		if doc["schema"] != c.schema {
			t.Errorf("%s: schema %v", c.args, doc["schema"])
		}
		for name, want := range c.want {
			if got, _ := doc[name].(float64); !(math.Abs(got-want) <= c.digits*want) {
				t.Errorf("%s: %s = %v, want %v", c.args, name, doc[name], want)
			}
		}
	}
	if table := must(t, "eos", "-T", "3e9", "--rho", "1e8", "-x", "si28=1"); !strings.Contains(table, "erg/g/K") {
		t.Errorf("no units in\n%s", table)
	}
	for _, verb := range []string{"eos", "neutrino"} {
		for _, bad := range [][]string{{"-T", "1e12", "-T"}, {"--rho", "0", "--rho"}, {"-x", "he4=2", "-x"}, {"--format", "xml", "--format"}} {
			args := []string{verb, "-T", "1e9", "--rho", "1e6", "-x", "he4=1", bad[0], bad[1]}
			if status, _, err := nuclab(args...); status != exitUsage || !strings.Contains(err, bad[2]) || strings.Count(err, "\n") != 1 {
				t.Errorf("%v: status %d, %q", args, status, err)
			}
		}
	}
}
