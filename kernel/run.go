package kernel

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"strconv"
	"syscall"
	"time"
)

// Run is the kernel process: it serves the sockets of a Jupyter connection file with one session until a client
// shuts it down, the context ends, or the program that started it is gone. An interrupt signal interrupts the running
// cell, not the kernel, whatever the program has set up for that signal before.
func Run(ctx context.Context, connectionFile string, o Options) error {
	if o.Cache == "" {
		dir, err := defaultCache()
		if err != nil {
			return err
		}
		o.Cache = dir
	}
	if o.SessionName == "" {
		o.SessionName = os.Getenv("JPY_SESSION_NAME") // the notebook's path
	}
	signal.Reset(os.Interrupt)
	interrupts := make(chan os.Signal, 4)
	signal.Notify(interrupts, os.Interrupt)
	defer signal.Stop(interrupts)
	ctx, cancel := signal.NotifyContext(ctx, syscall.SIGTERM)
	defer cancel()
	if parent, err := strconv.Atoi(os.Getenv("JPY_PARENT_PID")); err == nil && parent == os.Getppid() {
		go func() {
			for os.Getppid() == parent && ctx.Err() == nil {
				time.Sleep(time.Second)
			}
			cancel()
		}()
	}
	return serve(ctx, service{connectionFile: connectionFile, cache: o.Cache, interrupts: interrupts,
		start: func(ctx context.Context) (evaluator, error) {
			s, err := NewSession(ctx, o)
			if err != nil {
				return nil, err // not a nil *Session
			}
			return s, nil
		}})
}

// defaultCache returns where the kernel keeps things when it is not told.
func defaultCache() (string, error) {
	if dir := os.Getenv("NUCLAB_CACHE"); dir != "" {
		return filepath.Abs(dir)
	}
	dir, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("kernel: %w", err)
	}
	return filepath.Join(dir, "nuclab"), nil
}
