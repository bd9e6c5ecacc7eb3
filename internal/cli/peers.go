package cli

import (
	"bufio"
	"bytes"
	"context"
	_ "embed"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"nuclab/kernel/lab"
	"nuclab/nucnet"
	"nuclab/nucnet/approx21"
	"nuclab/nucnet/nuclide"
	"nuclab/nucnet/rate"
)

// peersHelp is what `bench burn --help` says about --peers.
const peersHelp = `--peers burns with strong reactions alone, unscreened, and beside it with pynucastro's network for the same nuclides and
links, compiled by numba and integrated by SciPy's LSODA with its Jacobian. It prints the ratio of the processor times
and the largest relative difference of the final X > 1e-6. Reverse rates are pynucastro's derived ones, with partition
functions; what is changed in them is the mass factor, which pynucastro takes to the power 5/2 over A and nuclab to 3/2 (up to
0.9 % for n and h1). Compiling 80 nuclides takes some minutes the first time and does not count. Without --python a
private environment is set up in the cache directory. GridFire 1.0.3 is no peer here: its Python interface
has 263 of the 280 strong links of mesa_80 and cannot switch reverse reactions on, so that si28 does not burn.`

//go:embed peers/pynucastro_lsoda.py
var peerScript string

// peerRequirements are the Python packages that the script needs.
var peerRequirements = []string{
	"pynucastro==3.1.0",
	"numba==0.68.1",
	`numpy==2.4.6; python_version >= "3.11"`,
	`numpy==2.2.6; python_version < "3.11"`,
	`scipy==1.17.1; python_version >= "3.11"`,
	`scipy==1.15.3; python_version < "3.11"`,
}

// peerName is what the comparison calls the other code.
const peerName = "pynucastro+LSODA"

// The tolerances of LSODA, for molar abundances. With this absolute one it ends, in X > 1e-6, within 5e-5 (3 GK) and 1e-6 (5 GK)
// of what tighter ones give; at 1e-11, within 1e-6, it takes longer.
const peerRTol, peerATol = 1e-6, 1e-10

// peerCase is one state of pure si28 that is burned. bar is the largest ratio of processor times that is good enough
// in mesa_80.
type peerCase struct{ T, rho, t, bar float64 }

var peerCases = []peerCase{{3e9, 3e8, 1, 0.4}, {5e9, 1e9, 1, 0.11}}

// peerRow is how another code did on the same burn.
type peerRow struct {
	Peer       string `json:"peer"`
	Version    string `json:"version"`
	CPU        number `json:"cpu_s"`
	Ratio      number `json:"ratio"`
	MaxRelDiff number `json:"max_rel_diff"`
}

// The request that the script reads and the answer that it writes.
type (
	peerLink struct {
		In  []string `json:"in"`
		Out []string `json:"out"`
	}
	peerBurn struct {
		T    float64 `json:"T"`
		Rho  float64 `json:"rho"`
		Time float64 `json:"t"`
	}
	peerRequest struct {
		Nuclides []string   `json:"nuclides"`
		Links    []peerLink `json:"links"`
		X        []float64  `json:"x"`
		Burns    []peerBurn `json:"burns"`
		RTol     float64    `json:"rtol"`
		ATol     float64    `json:"atol"`
		Repeats  int        `json:"repeats"`
		Compile  bool       `json:"compile"`
		Cache    string     `json:"cache"`
	}
	peerAnswer struct {
		Versions map[string]string `json:"versions"`
		Burns    []struct {
			CPU []float64 `json:"cpu_s"`
			RHS int       `json:"rhs"`
			X   []float64 `json:"x"`
		} `json:"burns"`
	}
)

// newPeerRequest asks for burns of the composition x (in network order) with the strong links of net.
func newPeerRequest(net *nucnet.Network, x []float64, cases []peerCase) peerRequest {
	r := peerRequest{Nuclides: peerNames(net.Nuclides()), X: x, RTol: peerRTol, ATol: peerATol}
	for _, l := range net.Reactions() {
		if l.Kind == nucnet.Strong {
			r.Links = append(r.Links, peerLink{peerNames(l.In), peerNames(l.Out)})
		}
	}
	for _, c := range cases {
		r.Burns = append(r.Burns, peerBurn{c.T, c.rho, c.t})
	}
	return r
}

// peerNames spells nuclides as pynucastro does.
func peerNames(list []nuclide.Nuclide) []string {
	names := make([]string, len(list))
	for i, n := range list {
		if names[i] = n.String(); n.Z() == 0 {
			names[i] = "n"
		}
	}
	return names
}

// benchPeers burns si28 in net and with the peer, one after the other, and prints both.
func (a *app) benchPeers(ctx context.Context, out *output, net *nucnet.Network, x []float64, python string) error {
	if slices.Contains(approx21.Names(), net.Name()) {
		return badInput("--peers: pynucastro has no network like %s", net.Name())
	}
	cache, err := cacheDir()
	if err != nil {
		return err
	}
	cache = filepath.Join(cache, "peers")
	if python == "" {
		fmt.Fprintf(a.stderr, "the peer runs in a Python environment of its own in %s\n", cache)
		python, err = lab.Venv(ctx, filepath.Join(cache, "python"), peerRequirements, a.stderr)
	} else if python, err = exec.LookPath(python); err != nil {
		err = badInput("--python: %v", err)
	}
	if err != nil {
		return err
	}
	const repeats = 9
	request := newPeerRequest(net, x, peerCases)
	request.Repeats, request.Compile, request.Cache = repeats, true, filepath.Join(cache, "networks")
	answer, err := askPeer(ctx, python, request, a.stderr)
	if err != nil {
		return err
	}
	opt := nucnet.Options{Weak: nucnet.NoWeak, Screening: rate.Unscreened}.WithDefaults()
	doc := benchBurnDoc{Schema: "nuclab.bench/1", Threads: 1, Options: &burnOptions{Screening: opt.Screening.String(), Weak: opt.Weak.String(),
		DetailedBalance: opt.DetailedBalance.String(), Solver: opt.Solver, RTol: number(opt.RTol), ATol: number(opt.ATol)}}
	t := &grid{head: []string{"net", "T [K]", "rho [g/cm3]", "t [s]", "steps", "cpu_s", "peer cpu_s", "ratio", "bar", "max rel diff"}}
	for i, c := range peerCases {
		result, cpu, err := timedBurn(ctx, net, nucnet.State{T: c.T, Rho: c.rho, X: x}, []float64{c.t}, opt, repeats)
		if err != nil {
			return err
		}
		theirs := median(answer.Burns[i].CPU)
		p := peerRow{peerName, answer.Versions["pynucastro"], number(theirs), number(cpu / theirs),
			number(largestDifference(result.Samples[0].X, answer.Burns[i].X))}
		doc.Burns = append(doc.Burns, benchBurnRow{net.Name(), number(c.T), number(c.rho), number(c.t), result.Stats.Steps, number(cpu), []peerRow{p}})
		bar := any("")
		if net.Name() == "mesa_80" {
			bar = c.bar
		}
		t.add(net.Name(), c.T, c.rho, c.t, result.Stats.Steps, cpu, theirs, float64(p.Ratio), bar, float64(p.MaxRelDiff))
	}
	v := answer.Versions
	notes := []string{
		fmt.Sprintf("pure si28 in %s, strong reactions alone, unscreened; medians of %d burns, one thread", net.Name(), repeats),
		fmt.Sprintf("peer: pynucastro %s, its network compiled by numba %s, LSODA of SciPy %s with rtol %g, atol %g", v["pynucastro"], v["numba"], v["scipy"], peerRTol, peerATol),
		"The same nuclides, links, fits and partition functions; pynucastro's reverse rates have the mass factor of nuclab's.",
	}
	return out.write(doc, notes, t)
}

// askPeer runs the script in a Python interpreter. Progress goes to log.
func askPeer(ctx context.Context, python string, r peerRequest, log io.Writer) (peerAnswer, error) {
	fail := func(err error) (peerAnswer, error) { return peerAnswer{}, fmt.Errorf("%s: %w", python, err) }
	request, err := json.Marshal(r)
	if err != nil {
		return fail(err)
	}
	dir, err := os.MkdirTemp("", "nuclab-peer-")
	if err != nil {
		return fail(err)
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "pynucastro_lsoda.py")
	if err := os.WriteFile(path, []byte(peerScript), 0o600); err != nil {
		return fail(err)
	}
	cmd := exec.CommandContext(ctx, python, path)
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = 2 * time.Second
	cmd.Env = append(os.Environ(), "OMP_NUM_THREADS=1", "OPENBLAS_NUM_THREADS=1", "MKL_NUM_THREADS=1", "MPLBACKEND=Agg")
	cmd.Stdin = bytes.NewReader(request)
	var output bytes.Buffer
	cmd.Stdout = &output
	messages, err := cmd.StderrPipe()
	if err != nil {
		return fail(err)
	}
	if err := cmd.Start(); err != nil {
		return fail(err)
	}
	last := "" // of what is no progress: the reason of a failure, also of Python's own
	for lines := bufio.NewScanner(messages); lines.Scan(); {
		if progress, ok := strings.CutPrefix(lines.Text(), "# "); ok {
			fmt.Fprintln(log, progress)
		} else if strings.TrimSpace(lines.Text()) != "" {
			last = lines.Text()
		}
	}
	if err := cmd.Wait(); err != nil {
		if ctx.Err() != nil {
			return fail(ctx.Err())
		}
		return fail(fmt.Errorf("%w: %s", err, last))
	}
	var answer peerAnswer
	if err := json.Unmarshal(output.Bytes(), &answer); err != nil {
		return fail(err)
	}
	return answer, answer.check(r)
}

// check makes sure that an answer has what r asks for.
func (a *peerAnswer) check(r peerRequest) error {
	if len(a.Burns) != len(r.Burns) {
		return fmt.Errorf("the peer answers %d burns of %d", len(a.Burns), len(r.Burns))
	}
	for _, b := range a.Burns {
		if len(b.CPU) != r.Repeats || len(b.X) != len(r.X) {
			return fmt.Errorf("the peer answers %d times and %d mass fractions, want %d and %d", len(b.CPU), len(b.X), r.Repeats, len(r.X))
		}
	}
	return nil
}

// largestDifference returns the largest |x/y - 1| among y > 1e-6.
func largestDifference(x, y []float64) float64 {
	d := 0.0
	for i := range y {
		if y[i] > 1e-6 {
			d = max(d, math.Abs(x[i]/y[i]-1))
		}
	}
	return d
}

func median(list []float64) float64 {
	sorted := slices.Sorted(slices.Values(list))
	return sorted[len(sorted)/2]
}
