package cli

import (
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"nuclab/internal/testenv"
	"nuclab/nucnet"
	"nuclab/nucnet/nuclide"
	"nuclab/nucnet/rate"
)

// Two codes with the same fits but nothing else in common agree on a burn.
func TestPeerAgrees(t *testing.T) {
	if testing.Short() {
		t.Skip("pynucastro reads all of REACLIB, which takes a while")
	}
	python := testenv.Python(t, "pynucastro")
	net, x := smallBurn(t)
	cases := []peerCase{{T: 3e9, rho: 1e8, t: 1e-3}, {T: 5e9, rho: 1e9, t: 1e-6}}
	request := newPeerRequest(net, x, cases)
	request.Repeats, request.Cache = 1, t.TempDir()
	var log strings.Builder
	answer, err := askPeer(t.Context(), python, request, &log)
	if err != nil {
		t.Fatal(err)
	}
	if v := answer.Versions["pynucastro"]; v != "3.1.0" {
		t.Errorf("the peer is version %q", v)
	}
	if !strings.Contains(log.String(), "generating") {
		t.Errorf("no progress in %q", log.String())
	}
	for i, c := range cases {
		opt := nucnet.Options{Weak: nucnet.NoWeak, Screening: rate.Unscreened}
		r, err := net.Burn(t.Context(), nucnet.State{T: c.T, Rho: c.rho, X: x}, []float64{c.t}, opt)
		if err != nil {
			t.Fatal(err)
		}
		ours, theirs := r.Samples[0].X, answer.Burns[i].X
		if d := largestDifference(ours, theirs); !(d < 1e-4) {
			t.Errorf("at %g K the codes differ by %g: %v and %v", c.T, d, ours, theirs)
		}
		if changed := largestDifference(x, theirs); !(changed > 0.01) {
			t.Errorf("at %g K the composition hardly changes, by %g: the comparison says nothing", c.T, changed)
		}
	}
}

func smallBurn(t *testing.T) (*nucnet.Network, []float64) {
	t.Helper()
	names := []string{"n", "h1", "he4", "c12", "n15", "o16", "ne20", "na23", "mg24", "al27", "si28"}
	members := make([]nuclide.Nuclide, len(names))
	for i, name := range names {
		var err error
		if members[i], err = nuclide.Parse(name); err != nil {
			t.Fatal(err)
		}
	}
	net, err := nucnet.New("small", members)
	if err != nil {
		t.Fatal(err)
	}
	c, err := nuclide.ParseComposition("he4=0.1,c12=0.4,o16=0.5")
	if err != nil {
		t.Fatal(err)
	}
	x, err := net.Vector(c)
	if err != nil {
		t.Fatal(err)
	}
	return net, x
}

func onUnix(t *testing.T) {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("a shell script stands in for Python")
	}
}

// fakePython makes a program that takes Python's place and runs the shell commands.
func fakePython(t *testing.T, commands string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "python")
	if err := os.WriteFile(path, []byte("#!/bin/sh\ncat > "+filepath.Dir(path)+"/request\n"+commands), 0o700); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestPeerRows(t *testing.T) {
	onUnix(t)
	t.Setenv("NUCLAB_CACHE", t.TempDir())
	// The peer claims final compositions of si28 alone, each burn in 8 s (median of nine).
	python := fakePython(t, `echo '# at work' >&2
x=$(sed 's/.*"x":\(\[[^]]*\]\).*/\1/' "$(dirname "$0")/request")
burn='{"cpu_s":[1,2,3,4,8,9,9,9,9],"rhs":7,"x":'$x'}'
echo '{"versions":{"pynucastro":"3.1.0","scipy":"1","numba":"2"},"burns":['$burn,$burn']}'`)
	code, out, errText := nuclab("bench", "burn", "--peers", "--python", python, "--format", "json")
	if code != 0 {
		t.Fatalf("status %d: %s", code, errText)
	}
	if !strings.Contains(errText, "at work") {
		t.Errorf("no progress in %q", errText)
	}
	var doc benchBurnDoc
	if err := json.Unmarshal([]byte(out), &doc); err != nil {
		t.Fatal(err)
	}
	if len(doc.Burns) != 2 || doc.Options == nil || doc.Options.Weak != "none" || doc.Options.Screening != "none" {
		t.Fatalf("got %s", out)
	}
	for _, b := range doc.Burns {
		if len(b.Peers) != 1 {
			t.Fatalf("got %+v", b)
		}
		p := b.Peers[0]
		if p.Version != "3.1.0" || p.CPU != 8 || math.Abs(float64(p.Ratio)*8/float64(b.CPU)-1) > 1e-12 {
			t.Errorf("got %+v beside %g s", p, b.CPU)
		}
		if !(p.MaxRelDiff > 0 && p.MaxRelDiff < 1) { // some si28 has burned here, and none there
			t.Errorf("difference %g", p.MaxRelDiff)
		}
	}
	_, out, _ = nuclab("bench", "burn", "--peers", "--python", python)
	for _, want := range []string{"0.11", "0.4", "pynucastro 3.1.0", "ratio", "bar"} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in\n%s", want, out)
		}
	}
}

func TestPeerFailures(t *testing.T) {
	onUnix(t)
	t.Setenv("NUCLAB_CACHE", t.TempDir())
	for name, c := range map[string]struct {
		args []string
		code int
		want string
	}{
		"absent":    {[]string{"--peers", "--python", "/no/such/python"}, exitUsage, "/no/such/python"},
		"small net": {[]string{"--peers", "--net", "approx21"}, exitUsage, "approx21"},
		"no peers":  {[]string{"--python", "python3"}, exitUsage, "--peers"},
		"script": {[]string{"--peers", "--python", fakePython(t, "echo 'this Python has no numba' >&2; exit 1")},
			exitFailed, "this Python has no numba"},
		"too little": {[]string{"--peers", "--python", fakePython(t, `echo '{"burns":[]}'`)}, exitFailed, "0 burns of 2"},
		"no JSON":    {[]string{"--peers", "--python", fakePython(t, "echo hello")}, exitFailed, "invalid character"},
	} {
		t.Run(name, func(t *testing.T) {
			code, _, errText := nuclab(append([]string{"bench", "burn"}, c.args...)...)
			if code != c.code || !strings.Contains(errText, c.want) {
				t.Errorf("status %d, want %d; %q lacks %q", code, c.code, errText, c.want)
			}
		})
	}
}
