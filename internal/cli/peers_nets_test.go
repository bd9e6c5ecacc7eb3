package cli

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"nuclab/internal/testenv"
)

// fakePeer makes a program that takes the place of a Python with every package, and as the peer takes 8 s of processor and
// 16 s of time for a step.
func fakePeer(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "python")
	const script = `#!/bin/sh
case $1 in -c) exit 0;; esac
read request
echo '{"version":"9.9"}'
while read n; do echo "{\"cpu_s\":$((8*n)),\"wall_s\":$((16*n))}"; done
`
	if err := os.WriteFile(path, []byte(script), 0o700); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestBenchTrainWithPeer(t *testing.T) {
	onUnix(t)
	if testing.Short() {
		t.Skip("steps are measured for some seconds")
	}
	var doc benchNetsDoc
	out := must(t, "bench", "train", "--net", "tiny", "--python", fakePeer(t), "--format", "json")
	if err := json.Unmarshal([]byte(out), &doc); err != nil {
		t.Fatal(err)
	}
	if len(doc.Nets) != 1 || doc.BLAS == "" || doc.Schema != "nuclab.bench/1" {
		t.Fatalf("got %s", out)
	}
	n := doc.Nets[0]
	if n.Net != "tiny" || n.Batch != 512 || !(n.CPU > 0 && n.Wall > 0 && n.Floor > 0) || len(n.Peers) != 1 {
		t.Fatalf("got %s", out)
	}
	p := n.Peers[0]
	if p.Peer != "torch" || p.Version != "9.9" || p.CPU != 8 || p.Wall != 16 || p.Ratio != n.CPU/8 {
		t.Errorf("got %+v beside %g s", p, n.CPU)
	}
}

func TestBenchInferBesideONNXRuntime(t *testing.T) {
	if testing.Short() {
		t.Skip("inferences are measured for some seconds")
	}
	python := testenv.Python(t, "onnxruntime", "numpy")
	out := must(t, "bench", "infer", "--net", "tiny", "--python", python)
	for _, want := range []string{"peer: onnxruntime 1.", "cpu/peer", "700"} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in\n%s", want, out)
		}
	}
}

func TestNetPeerFailures(t *testing.T) {
	onUnix(t)
	script := func(text string) string {
		path := filepath.Join(t.TempDir(), "python")
		if err := os.WriteFile(path, []byte("#!/bin/sh\n"+text+"\n"), 0o700); err != nil {
			t.Fatal(err)
		}
		return path
	}
	for name, c := range map[string]struct {
		python string
		code   int
		want   string
	}{
		"absent":     {"/no/such/python", exitUsage, "/no/such/python"},
		"no package": {script("exit 1"), exitUsage, "no package torch"},
		"broken":     {script("[ $1 = -c ] && exit 0; echo 'ImportError: libcudart.so.13' >&2; exit 1"), exitFailed, "ImportError: libcudart.so.13"},
		"no JSON":    {script("[ $1 = -c ] && exit 0; read r; echo hello"), exitFailed, "invalid character"},
	} {
		t.Run(name, func(t *testing.T) {
			code, _, errText := nuclab("bench", "train", "--net", "tiny", "--python", c.python)
			if code != c.code || !strings.Contains(errText, c.want) {
				t.Errorf("status %d, want %d; %q lacks %q", code, c.code, errText, c.want)
			}
		})
	}
}

func TestFindNetPeerLooksInEnvironments(t *testing.T) {
	onUnix(t)
	t.Setenv("PATH", t.TempDir())
	t.Setenv("NUCLAB_CACHE", t.TempDir())
	t.Setenv("CONDA_PREFIX", "")
	t.Setenv("VIRTUAL_ENV", "")
	if _, err := findNetPeer(t.Context(), "torch", ""); err == nil || !strings.Contains(err.Error(), os.Getenv("NUCLAB_CACHE")) {
		t.Errorf("with no Python at all: %v", err)
	}
	root := t.TempDir()
	want := filepath.Join(root, "bin", "python")
	if err := os.Mkdir(filepath.Dir(want), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(want, []byte("#!/bin/sh\n[ $3 = torch ]\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"VIRTUAL_ENV", "CONDA_PREFIX"} {
		t.Setenv(name, root)
		if got, err := findNetPeer(t.Context(), "torch", ""); err != nil || got != want {
			t.Errorf("%s: %q, %v", name, got, err)
		}
		if _, err := findNetPeer(t.Context(), "onnxruntime", ""); err == nil {
			t.Errorf("%s: a Python without the package was taken", name)
		}
		t.Setenv(name, "")
	}
}
