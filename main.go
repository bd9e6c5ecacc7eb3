// Command nuclab burns nuclear matter, trains neural emulators of that burning, and runs Go notebooks.
package main

import (
	"context"
	_ "embed"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"syscall"

	"nuclab/internal/cli"
)

//go:embed environment.yml
var environment []byte

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	status := cli.Main(ctx, os.Args[1:], os.Stdout, os.Stderr, environment, sourceTree())
	stop()
	os.Exit(status)
}

// sourceTree returns the checkout that this program was built from, "" if it is not there any more.
func sourceTree() string {
	_, file, _, ok := runtime.Caller(0)
	if !ok || !filepath.IsAbs(file) {
		return ""
	}
	dir := filepath.Dir(file)
	if _, err := os.Stat(filepath.Join(dir, "go.mod")); err != nil {
		return ""
	}
	return dir
}
