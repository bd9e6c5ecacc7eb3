package lab

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"nuclab/kernel/filelock"
)

// stampName is the file that says which requirements an environment was completed for.
const stampName = "nuclab-requirements"

// Venv makes sure that dir is a virtual environment with the given pip requirements, and returns its interpreter. An
// environment that is complete is used at once, without network. One that was made for other requirements, or not
// finished, is made anew. Of several processes one works and the others wait. Progress goes to log, a line at a time.
// pip's own configuration and environment variables apply.
func Venv(ctx context.Context, dir string, requirements []string, log io.Writer) (string, error) {
	python := interpreter(dir)
	stamp := requirementsHash(requirements)
	if venvComplete(dir, stamp) {
		return python, nil
	}
	lock, err := filelock.Acquire(ctx, dir+".lock", func() {
		fmt.Fprintf(log, "waiting for another process that sets up %s\n", dir)
	})
	if err != nil {
		return "", fmt.Errorf("lab: %w", err)
	}
	defer lock.Release()
	if venvComplete(dir, stamp) {
		return python, nil
	}
	base, err := FindPython(ctx)
	if err != nil {
		return "", err
	}
	fmt.Fprintf(log, "setting up Python packages in %s (once; a few hundred MB)\n", dir)
	if err := os.RemoveAll(dir); err != nil {
		return "", fmt.Errorf("lab: %w", err)
	}
	if out, err := interruptible(ctx, base, "-m", "venv", dir).CombinedOutput(); err != nil {
		return "", fmt.Errorf("lab: %s -m venv %s: %w\n%s", base, dir, err, lastLines(string(out), 8))
	}
	if err := pipInstall(ctx, python, requirements, log); err != nil {
		return "", err
	}
	if err := os.WriteFile(filepath.Join(dir, stampName), []byte(stamp), 0o600); err != nil {
		return "", fmt.Errorf("lab: %w", err)
	}
	return python, nil
}

// venvComplete reports whether dir was completed for the requirements of stamp and its interpreter still exists.
func venvComplete(dir, stamp string) bool {
	have, err := os.ReadFile(filepath.Join(dir, stampName))
	if err != nil || string(have) != stamp {
		return false
	}
	_, err = os.Stat(interpreter(dir)) // follows the link to the system's Python, which an upgrade may have removed
	return err == nil
}

func requirementsHash(requirements []string) string {
	sum := sha256.Sum256([]byte(strings.Join(requirements, "\n")))
	return hex.EncodeToString(sum[:])
}

// pipInstall installs the requirements with one line of progress for each.
func pipInstall(ctx context.Context, python string, requirements []string, log io.Writer) error {
	asked := map[string]string{}
	for _, r := range requirements {
		asked[requirementName(r)] = r
	}
	args := append([]string{"-m", "pip", "install", "--disable-pip-version-check", "--no-input", "--progress-bar", "off"}, requirements...)
	cmd := interruptible(ctx, python, args...)
	var errText, all bytes.Buffer
	cmd.Stderr = &errText
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return fmt.Errorf("lab: pip: %w", err)
	}
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("lab: pip: %w", err)
	}
	for lines := bufio.NewScanner(stdout); lines.Scan(); {
		line := lines.Text()
		all.WriteString(line + "\n")
		if what, ok := strings.CutPrefix(line, "Collecting "); ok {
			if req, ok := asked[requirementName(what)]; ok {
				fmt.Fprintf(log, "  %s\n", req)
				delete(asked, requirementName(what))
			}
		} else if what, ok := strings.CutPrefix(line, "Installing collected packages: "); ok {
			fmt.Fprintf(log, "  installing %d packages\n", strings.Count(what, ",")+1)
		}
	}
	if err := cmd.Wait(); err != nil {
		if ctx.Err() != nil {
			return fmt.Errorf("lab: pip: %w", ctx.Err())
		}
		if errText.Len() == 0 {
			errText = all
		}
		return fmt.Errorf("lab: pip could not install the Python packages (is the network there?): %w\n%s", err, lastLines(errText.String(), 8))
	}
	return nil
}

// interruptible returns a command that is interrupted, then killed, when the context ends.
func interruptible(ctx context.Context, name string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = 5 * time.Second
	return cmd
}

// ExistingVenv returns the interpreter of dir if it is complete for the requirements; it makes nothing.
func ExistingVenv(dir string, requirements []string) (string, bool) {
	return interpreter(dir), venvComplete(dir, requirementsHash(requirements))
}
