package cli

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"nuclab/internal/testenv"
)

// startSlurm starts a cluster of this machine alone, on the loopback interface, with two processors to give away, and
// points SLURM_CONF at it. It needs root and Debian's slurm-wlm.
func startSlurm(t *testing.T) {
	t.Helper()
	for _, program := range []string{"munged", "slurmctld", "slurmd", "sbatch"} {
		if _, err := exec.LookPath(program); err != nil {
			testenv.Require(t, "slurm", "no "+program+" here; install it: apt install slurm-wlm")
		}
	}
	if os.Getuid() != 0 {
		testenv.Require(t, "slurm", "its daemons start as root alone")
	}
	dir, err := os.MkdirTemp("", "nuclab-slurm-") // a short path: sockets have no long ones
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	in := func(name string) string { return filepath.Join(dir, name) }
	for _, d := range []string{"munge", "state", "spool"} {
		if err := os.Mkdir(in(d), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	key := make([]byte, 128)
	rand.Read(key)
	host, err := os.Hostname()
	if err != nil {
		t.Fatal(err)
	}
	host, _, _ = strings.Cut(host, ".")
	conf := fmt.Sprintf(`ClusterName=nuclab
SlurmctldHost=%[2]s(127.0.0.1)
SlurmctldPort=%[3]d
SlurmdPort=%[4]d
SlurmUser=root
AuthType=auth/munge
AuthInfo=socket=%[1]s/munge/socket
StateSaveLocation=%[1]s/state
SlurmdSpoolDir=%[1]s/spool
SlurmctldPidFile=%[1]s/slurmctld.pid
SlurmdPidFile=%[1]s/slurmd.pid
SlurmctldLogFile=%[1]s/slurmctld.log
SlurmdLogFile=%[1]s/slurmd.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
SchedulerParameters=bf_interval=1,sched_min_interval=0
SwitchType=switch/none
MpiDefault=none
ReturnToService=2
KillWait=1
NodeName=%[2]s NodeAddr=127.0.0.1 CPUs=2 State=UNKNOWN
PartitionName=main Nodes=ALL Default=YES MaxTime=INFINITE State=UP
`, dir, host, freePort(t), freePort(t))
	for name, text := range map[string][]byte{"key": key, "slurm.conf": []byte(conf)} {
		if err := os.WriteFile(in(name), text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("SLURM_CONF", in("slurm.conf"))
	daemon := func(name string, args ...string) {
		t.Helper()
		cmd := exec.Command(name, args...)
		var out bytes.Buffer
		cmd.Stdout, cmd.Stderr = &out, &out
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			cmd.Process.Signal(os.Interrupt)
			ended := time.AfterFunc(10*time.Second, func() { cmd.Process.Kill() })
			cmd.Wait()
			ended.Stop()
			if t.Failed() {
				log, _ := os.ReadFile(in(name + ".log"))
				t.Logf("%s: %s%s", name, &out, log)
			}
		})
	}
	daemon("munged", "--foreground", "--force", "--socket="+in("munge/socket"), "--key-file="+in("key"), "--pid-file="+in("munge/pid"),
		"--log-file="+in("munge/log"), "--seed-file="+in("munge/seed"))
	wait(t, "munge", func() bool { _, err := os.Stat(in("munge/socket")); return err == nil })
	daemon("slurmctld", "-D", "-c")
	daemon("slurmd", "-D", "-c")
	wait(t, "an idle node", func() bool {
		out, err := exec.Command("sinfo", "--noheader", "--format=%T").Output()
		return err == nil && strings.TrimSpace(string(out)) == "idle"
	})
}

// freePort returns a port of the loopback interface that nobody listens at.
func freePort(t *testing.T) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

// wait waits until something is so.
func wait(t *testing.T, what string, so func() bool) {
	t.Helper()
	for end := time.Now().Add(3 * time.Minute); !so(); time.Sleep(50 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("waited in vain for %s", what)
		}
	}
}

// TestSlurm: an array of 8 jobs over 2 slots, one of them killed in the middle and the part of another corrupted, ends,
// resumed, in the bytes of a run of one process.
func TestSlurm(t *testing.T) {
	if testing.Short() {
		t.Skip("starts a cluster")
	}
	startSlurm(t)
	t.Setenv(asNuclab, "1")
	root := t.TempDir()
	rows := []string{"--samples", "96", "--per-file", "6", "--seed", "9", "--times", "1e-6"}
	one := filepath.Join(root, "one")
	must(t, append([]string{"dataset", "generate", "--out", one}, rows...)...)

	out := filepath.Join(root, "set")
	type state struct {
		Complete bool
		Done     int
		Parts    []struct {
			State   string
			Damaged []string
		}
	}
	status := func() (s state) {
		t.Helper()
		if err := json.Unmarshal([]byte(must(t, "dataset", "status", out, "--format", "json")), &s); err != nil {
			t.Fatal(err)
		}
		return s
	}
	queueEmpty := func() bool {
		got, err := exec.Command("squeue", "--noheader").Output()
		return err == nil && len(bytes.TrimSpace(got)) == 0
	}
	must(t, append([]string{"dataset", "submit", "--slurm", "--array", "8", "--at-once", "2", "--out", out}, rows...)...)
	if code, _, stderr := nuclab("dataset", "submit", "--slurm", "--resume", "--out", out); code != exitUsage || !strings.Contains(stderr, "part") {
		t.Errorf("resumed while jobs are in the queue: status %d, %s", code, stderr)
	}

	// Kill the process of the first task that is seen at work, as a node that fails would.
	killed := 0
	for end := time.Now().Add(3 * time.Minute); killed == 0; time.Sleep(5 * time.Millisecond) {
		if killed = killTask(t, out); time.Now().After(end) {
			t.Fatal("no task was ever at work")
		}
	}
	wait(t, "an empty queue", queueEmpty)
	s := status()
	if s.Complete || s.Parts[killed-1].State != "missing" {
		t.Fatalf("after part %d was killed: %+v", killed, s)
	}
	// Corrupt a part that is done.
	corrupted := killed%8 + 1
	if s.Parts[corrupted-1].State != "done" {
		t.Fatalf("part %d: %+v", corrupted, s)
	}
	files, err := filepath.Glob(filepath.Join(out+".parts", fmt.Sprintf("part-%d-of-8", corrupted), "part-*.parquet"))
	if err != nil || len(files) != 2 {
		t.Fatalf("%v, %v", files, err)
	}
	b, err := os.ReadFile(files[1])
	if err != nil {
		t.Fatal(err)
	}
	b[len(b)/2] ^= 4
	if err := os.WriteFile(files[1], b, 0o644); err != nil {
		t.Fatal(err)
	}
	if s := status(); s.Parts[corrupted-1].State != "damaged" || s.Parts[corrupted-1].Damaged[0] != filepath.Base(files[1]) {
		t.Errorf("the corrupted part: %+v", s)
	}
	if code, _, stderr := nuclab("dataset", "submit", "--slurm", "--resume", "--out", out, "--seed", "10"); code != exitUsage || !strings.Contains(stderr, "seed=9") {
		t.Errorf("resumed with another seed: status %d, %s", code, stderr)
	}

	said := must(t, "dataset", "submit", "--slurm", "--resume", "--out", out)
	if !strings.Contains(said, "makes 2 of 8 parts") {
		t.Errorf("resumed: %s", said)
	}
	wait(t, "an empty queue", queueEmpty)
	if s := status(); !s.Complete || s.Done != 96 {
		logs, _ := filepath.Glob(out + ".parts/logs/*")
		for _, l := range logs {
			text, _ := os.ReadFile(l)
			t.Logf("%s: %s", l, text)
		}
		t.Fatalf("in the end: %+v", s)
	}
	sameFolder(t, one, out)
	must(t, "dataset", "verify", out, "--burn", "2")
	if said := must(t, "dataset", "submit", "--slurm", "--resume", "--out", out); !strings.Contains(said, "complete") {
		t.Errorf("resumed though complete: %s", said)
	}
}

// killTask kills a process that makes a part of the set in dir, and returns its number, 0 if there is none.
func killTask(t *testing.T, dir string) int {
	t.Helper()
	commands, err := filepath.Glob("/proc/[0-9]*/cmdline")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range commands {
		b, err := os.ReadFile(path)
		if err != nil {
			continue
		}
		args := strings.Split(string(b), "\x00")
		for i, a := range args[1:] {
			var part int
			if args[i] != "--out" {
				continue
			}
			if n, _ := fmt.Sscanf(strings.TrimPrefix(a, dir+".parts/"), "part-%d-of-8", &part); n != 1 {
				continue
			}
			if _, err := os.Stat(filepath.Join(a, "manifest.json")); err != nil {
				continue // not at work yet
			}
			var pid int
			fmt.Sscanf(path, "/proc/%d/", &pid)
			process, err := os.FindProcess(pid)
			if err == nil && process.Kill() == nil {
				return part
			}
		}
	}
	return 0
}

// sameFolder holds two folders to the same files with the same bytes.
func sameFolder(t *testing.T, want, got string) {
	t.Helper()
	names := map[string]bool{}
	for _, dir := range []string{want, got} {
		if err := fs.WalkDir(os.DirFS(dir), ".", func(name string, d fs.DirEntry, err error) error {
			names[name] = names[name] || err == nil && !d.IsDir()
			return err
		}); err != nil {
			t.Fatal(err)
		}
	}
	for name, file := range names {
		if !file {
			continue
		}
		a, errA := os.ReadFile(filepath.Join(want, name))
		b, errB := os.ReadFile(filepath.Join(got, name))
		if errA != nil || errB != nil || !bytes.Equal(a, b) {
			t.Errorf("%s differs: %d and %d bytes, %v, %v", name, len(a), len(b), errA, errB)
		}
	}
}
