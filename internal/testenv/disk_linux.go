package testenv

import (
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
)

// FullDisk gives a test a function that lets no file grow beyond n bytes, as if the disk were full, until restore is called.
// The limit holds for a whole process and would stop the test's own log too, so the test runs again in a process of its own,
// and only there limit is not nil; where it is nil, that process has done the work.
func FullDisk(t *testing.T) (limit func(n uint64) (restore func())) {
	t.Helper()
	const child = "NUCLAB_TEST_FULL_DISK"
	if os.Getenv(child) == "" {
		cmd := exec.Command(os.Args[0], "-test.run=^"+t.Name()+"$", "-test.v")
		cmd.Env = append(os.Environ(), child+"=1")
		out, err := cmd.CombinedOutput()
		if err != nil || !strings.Contains(string(out), "--- PASS: "+t.Name()) {
			t.Fatalf("%v\n%s", err, out)
		}
		return nil
	}
	var old syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &old); err != nil {
		t.Fatal(err)
	}
	set := func(l syscall.Rlimit) {
		if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &l); err != nil {
			t.Error(err)
		}
	}
	return func(n uint64) func() {
		set(syscall.Rlimit{Cur: n, Max: old.Max})
		return func() { set(old) }
	}
}
