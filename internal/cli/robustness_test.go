package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"math"
	"strings"
	"testing"

	"nuclab/nucnet"
)

// robustnessDoc is the part of schema nuclab.bench/1 that the tests read.
type robustnessDoc struct {
	Schema     string
	Robustness []struct {
		Net                               string
		Burns, Early, Negative, NotFinite int
		Steps                             int
		Failures                          []robustnessFailure
	}
}

func TestRobustness(t *testing.T) {
	var doc robustnessDoc
	out := must(t, "bench", "burn", "--robustness", "3", "--seed", "5", "--threads", "2", "--format", "json")
	if err := json.Unmarshal([]byte(out), &doc); err != nil {
		t.Fatal(err)
	}
	if len(doc.Robustness) != 1 || doc.Schema != "nuclab.bench/1" {
		t.Fatalf("%s", out)
	}
	if r := doc.Robustness[0]; r.Net != "mesa_80" || r.Burns != 3 || r.Steps < 100 || r.Failures == nil || len(r.Failures) > 0 {
		t.Errorf("%s", out)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	var stdout, stderr bytes.Buffer
	status := Main(ctx, []string{"bench", "burn", "--robustness", "3", "--format", "json"}, &stdout, &stderr, nil, "")
	if err := json.Unmarshal(stdout.Bytes(), &doc); err != nil || status != exitInterrupted || doc.Robustness[0].Burns != 0 {
		t.Errorf("interrupted: status %d, %s", status, &stdout)
	}
	for _, bad := range [][]string{{"--robustness", "0"}, {"--robustness", "2", "--threads", "0"}, {"--threads", "2"}, {"--seed", "2"}, {"--robustness", "2", "--peers"}} {
		if status, _, text := nuclab(append([]string{"bench", "burn"}, bad...)...); status != exitUsage {
			t.Errorf("%v: status %d, %s", bad, status, text)
		}
	}
}

// TestRobustnessFailures counts burns that went wrong and repeats them by their command lines.
func TestRobustnessFailures(t *testing.T) {
	net, err := nucnet.Stock("mesa_80")
	if err != nil {
		t.Fatal(err)
	}
	var row robustnessRow
	for index, c := range []struct {
		sample nucnet.Sample
		err    error
	}{
		{nucnet.Sample{Least: -1e-30}, nil},
		{nucnet.Sample{Least: -1e-3}, nil},
		{nucnet.Sample{Q: math.NaN()}, nil},
		{nucnet.Sample{}, errors.New("why")},
	} {
		s, opt := robustnessState(net, 7, index)
		opt.RTol, opt.ATol = 1e-3, 1e-9 // soon done
		row.count(index, net, s, opt, &nucnet.Result{Samples: []nucnet.Sample{c.sample}}, c.err)
		if index == 0 {
			continue
		}
		f := row.Failures[index-1]
		if f.Index != index {
			t.Errorf("failure %d is that of state %d", index, f.Index)
		}
		var doc struct {
			T, Rho  float64
			Initial struct{ X map[string]float64 }
		}
		args := append(strings.Fields(f.Command)[1:], "--format", "json")
		if err := json.Unmarshal([]byte(must(t, args...)), &doc); err != nil {
			t.Fatal(err)
		}
		if doc.T != s.T || doc.Rho != s.Rho {
			t.Errorf("%s\nburns at %g K, %g g/cm3", f.Command, doc.T, doc.Rho)
		}
		for i, m := range net.Nuclides() {
			if x := doc.Initial.X[m.String()]; x != s.X[i] {
				t.Errorf("X(%v) = %g, want %g", m, x, s.X[i])
			}
		}
	}
	if row.Burns != 4 || row.Negative != 1 || row.NotFinite != 1 || row.Early != 1 || len(row.Failures) != 3 {
		t.Errorf("%+v", row)
	}
}
