package cli

import (
	"bufio"
	"bytes"
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"nuclab/nnlib"
)

//go:embed peers/nets.py
var netsScript string

// netPeers are the Python packages that train or infer beside nnlib, where they are installed.
var netPeers = map[string]string{"train": "torch", "infer": "onnxruntime"}

// findNetPeer returns a Python that has the package: the given one, or the first of the active environments, those in the
// cache directory and python3. The error says where was looked.
func findNetPeer(ctx context.Context, pkg, python string) (string, error) {
	has := func(python string) bool {
		const probe = "import importlib.util, sys; sys.exit(importlib.util.find_spec(sys.argv[1]) is None)"
		return exec.CommandContext(ctx, python, "-c", probe, pkg).Run() == nil
	}
	if python != "" {
		path, err := exec.LookPath(python)
		if err != nil {
			return "", badInput("--python: %v", err)
		}
		if !has(path) {
			return "", badInput("--python: %s has no package %s", python, pkg)
		}
		return path, nil
	}
	bin := "bin/python"
	if runtime.GOOS == "windows" {
		bin = "Scripts/python.exe"
	}
	var places []string
	for _, name := range []string{"VIRTUAL_ENV", "CONDA_PREFIX"} {
		if dir := os.Getenv(name); dir != "" {
			places = append(places, filepath.Join(dir, bin))
		}
	}
	if cache, err := cacheDir(); err == nil {
		for _, name := range []string{"python", "testenv", filepath.Join("peers", "python")} {
			places = append(places, filepath.Join(cache, name, bin))
		}
	}
	places = append(places, "python3")
	for _, p := range places {
		if path, err := exec.LookPath(p); err == nil && has(path) {
			return path, nil
		}
	}
	return "", fmt.Errorf("no package %s in any of %s; --python names another", pkg, strings.Join(places, ", "))
}

// netRequest is what the script is asked first.
type netRequest struct {
	Peer    string `json:"peer"`
	Dims    []int  `json:"dims"`
	Batch   int    `json:"batch"`
	Threads int    `json:"threads"`
	Model   string `json:"model,omitempty"`
}

// netPeer is the script at work.
type netPeer struct {
	cmd      *exec.Cmd
	in       io.WriteCloser
	out      *bufio.Reader
	messages bytes.Buffer
	dir      string // with its files
}

// startNetPeer starts the script in a Python. stop ends it.
func startNetPeer(ctx context.Context, python string, r netRequest) (peer nnlib.BenchPeer, stop func(), err error) {
	p := &netPeer{}
	version, err := p.start(ctx, python, r)
	if err != nil {
		p.stop()
		if ctx.Err() != nil {
			err = ctx.Err()
		}
		return peer, nil, fmt.Errorf("%s in %s: %w", r.Peer, python, err)
	}
	return nnlib.BenchPeer{Name: r.Peer, Version: version, Run: p.run}, p.stop, nil
}

func (p *netPeer) start(ctx context.Context, python string, r netRequest) (version string, err error) {
	if p.dir, err = os.MkdirTemp("", "nuclab-peer-"); err != nil {
		return "", err
	}
	script := filepath.Join(p.dir, "nets.py")
	if err := os.WriteFile(script, []byte(netsScript), 0o600); err != nil {
		return "", err
	}
	if r.Peer == "onnxruntime" {
		r.Model = filepath.Join(p.dir, "net.onnx")
		f, err := os.Create(r.Model)
		if err != nil {
			return "", err
		}
		if err := errors.Join(nnlib.WriteBenchONNX(f, r.Dims), f.Close()); err != nil {
			return "", err
		}
	}
	request, err := json.Marshal(r)
	if err != nil {
		return "", err
	}
	cmd := exec.CommandContext(ctx, python, script)
	cmd.WaitDelay = 2 * time.Second
	cmd.Env = os.Environ()
	for _, name := range []string{"OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"} {
		cmd.Env = append(cmd.Env, name+"="+strconv.Itoa(r.Threads))
	}
	cmd.Stderr = &p.messages
	if p.in, err = cmd.StdinPipe(); err != nil {
		return "", err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return "", err
	}
	p.out = bufio.NewReader(out)
	if err := cmd.Start(); err != nil {
		return "", err
	}
	p.cmd = cmd
	var answer struct {
		Version string `json:"version"`
	}
	err = p.ask(string(request), &answer)
	return answer.Version, err
}

func (p *netPeer) run(n int) (cpu, wall float64, err error) {
	var took struct {
		CPU  float64 `json:"cpu_s"`
		Wall float64 `json:"wall_s"`
	}
	err = p.ask(strconv.Itoa(n), &took)
	return took.CPU, took.Wall, err
}

// ask sends a line and reads one. The error has the last line that the script wrote before it ended.
func (p *netPeer) ask(question string, answer any) error {
	_, err := io.WriteString(p.in, question+"\n")
	if err == nil || errors.Is(err, syscall.EPIPE) {
		var line []byte
		if line, err = p.out.ReadBytes('\n'); err == nil {
			err = json.Unmarshal(line, answer)
		}
	}
	if err == nil {
		return nil
	}
	p.end()
	lines := strings.Split(strings.TrimSpace(p.messages.String()), "\n")
	return fmt.Errorf("%w: %s", err, lines[len(lines)-1])
}

// end waits for the script, which ends with its input.
func (p *netPeer) end() {
	if p.cmd != nil {
		p.in.Close()
		p.cmd.Wait()
		p.cmd = nil
	}
}

func (p *netPeer) stop() {
	p.end()
	os.RemoveAll(p.dir)
}

// measureNet measures a network beside the peer in the given Python, "" for none. Why a peer that was not asked for by name
// does not run is returned as a note.
func measureNet(ctx context.Context, measure measurement, python string, named bool, r netRequest) (b nnlib.Bench, note string, err error) {
	if python == "" {
		b, err = measure(ctx, r.Dims, r.Batch, r.Threads)
		return b, "", err
	}
	peer, stop, err := startNetPeer(ctx, python, r)
	if err != nil {
		if named || ctx.Err() != nil {
			return b, "", err
		}
		b, measureErr := measure(ctx, r.Dims, r.Batch, r.Threads)
		return b, err.Error(), measureErr
	}
	defer stop()
	b, err = measure(ctx, r.Dims, r.Batch, r.Threads, peer)
	return b, "", err
}

// notes appends a note unless it is there already.
func addNote(notes []string, note string) []string {
	if note == "" || slices.Contains(notes, note) {
		return notes
	}
	return append(notes, note)
}
