//go:build !unix

package kernel

import (
	"os"
	"os/exec"
)

// Go has no plugins on these systems, so that no worker ever starts here; see build.NewToolchain.

func ownGroup(*exec.Cmd) {}

func killGroup(p *os.Process) { p.Kill() }

func signalled(*os.ProcessState) string { return "" }

func readNow(uintptr, []byte) (n int, later bool) { return 0, false }
