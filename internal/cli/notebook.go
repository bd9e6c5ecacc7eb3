package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"nuclab/kernel"
	"nuclab/kernel/build"
	"nuclab/kernel/lab"
	"nuclab/kernel/notebook"
)

// cacheDir returns the folder of everything that nuclab keeps between runs.
func cacheDir() (string, error) {
	if dir := os.Getenv("NUCLAB_CACHE"); dir != "" {
		return filepath.Abs(dir)
	}
	dir, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("no cache directory: %w; NUCLAB_CACHE can name one", err)
	}
	return filepath.Join(dir, "nuclab"), nil
}

func (a *app) lab() *cobra.Command {
	var (
		port                    int
		noBrowser, remove, cuda bool
	)
	cmd := &cobra.Command{
		Use:   "lab [DIR]",
		Short: "Set everything up and open JupyterLab",
		Long: `Set everything up and open JupyterLab on a folder, by default the project's notebooks.

An active conda environment is used as it is; without one, a private Python environment is made in the cache directory
(NUCLAB_CACHE, or nuclab in the user's own). Nothing is installed anywhere else. Ctrl-C ends JupyterLab and its kernels.`,
		Example: "  nuclab lab\n  nuclab lab my/notebooks --no-browser --port 9000\n  nuclab lab --cuda\n  nuclab lab --remove",
		Args:    cobra.MaximumNArgs(1),
	}
	f := cmd.Flags()
	f.IntVar(&port, "port", 0, "port on the loopback address (0: the first free one from 8888)")
	f.BoolVar(&noBrowser, "no-browser", false, "print the URL and open no browser")
	f.BoolVar(&cuda, "cuda", false, "install the CUDA libraries too (390 MB), by which an NVIDIA GPU trains")
	f.BoolVar(&remove, "remove", false, "delete everything that lab has installed")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		cache, err := cacheDir()
		if err != nil {
			return err
		}
		if remove {
			removed, err := lab.Remove(cache)
			for _, path := range removed {
				fmt.Fprintf(a.stdout, "removed %s\n", path)
			}
			if err == nil && len(removed) == 0 {
				fmt.Fprintf(a.stdout, "there is nothing to remove in %s\n", cache)
			}
			return err
		}
		if err := build.Supported(); err != nil {
			return err
		}
		if port < 0 || port > 65535 {
			return badInput("--port: %d is outside 0..65535", port)
		}
		dir := "."
		if a.source != "" {
			dir = filepath.Join(a.source, "notebooks")
		}
		if len(args) == 1 {
			dir = args[0]
		}
		if info, err := os.Stat(dir); err != nil || !info.IsDir() {
			return badInput("%s is not a folder", dir)
		}
		spec, err := lab.ParseSpec(a.environment)
		if err != nil {
			return fmt.Errorf("environment.yml: %w", err)
		}
		if cuda {
			if err := lab.CUDA(cmd.Context(), cache, a.stderr); err != nil {
				return err
			}
		}
		err = lab.Run(cmd.Context(), lab.Options{
			Dir: dir, Port: port, NoBrowser: noBrowser, Cache: cache, Spec: spec, Log: a.stderr,
			Warm:  func(ctx context.Context, log io.Writer) error { return a.warm(ctx, cache, log) },
			Ready: func(url string) { fmt.Fprintf(a.stdout, "JupyterLab runs at %s\nCtrl-C ends it.\n", url) },
		})
		if err == nil && cmd.Context().Err() != nil {
			return silentError(exitInterrupted) // the usual way to end it
		}
		return err
	}
	return cmd
}

// warm compiles what the first cells of a notebook will import, so that they need not wait for it.
func (a *app) warm(ctx context.Context, cache string, log io.Writer) error {
	fmt.Fprintln(log, "compiling the packages that notebooks import")
	start := time.Now()
	var paths []string
	if a.source != "" {
		paths = []string{"nuclab/nnlib", "nuclab/nucnet", "nuclab/nucnet/dataset", "nuclab/nucnet/nse", "nuclab/plots"}
	}
	err := kernel.Warm(ctx, kernel.Options{Cache: cache, SourceTree: a.source}, paths, func(what string) {
		fmt.Fprintf(log, "  %s\n", what)
	})
	if err != nil {
		return err
	}
	fmt.Fprintf(log, "compiled in %.0f s\n", time.Since(start).Seconds())
	return nil
}

func (a *app) run() *cobra.Command {
	var (
		path       string
		parameters []string
		timeout    string
	)
	cmd := &cobra.Command{
		Use:   "run NOTEBOOK.ipynb",
		Short: "Run a Go notebook without a browser",
		Long: `Run all cells of a Go notebook in a kernel of its own, without a browser and without Python.

What the cells print goes to standard output as it is printed. -p changes a variable that the cell tagged "parameters"
declares, as papermill does. The first cell that fails ends the run with status 1.`,
		Example: "  nuclab run notebooks/quickstart.ipynb -o out.ipynb -p samples=1024",
		Args:    cobra.ExactArgs(1),
	}
	f := cmd.Flags()
	f.StringVarP(&path, "output", "o", "", "write the notebook with its outputs to this `file`, also after a failure")
	f.StringArrayVarP(&parameters, "parameter", "p", nil, "one parameter, `key=value`; may be repeated")
	f.StringVar(&timeout, "timeout", "0", "longest `time` that a cell may run, in s, or as 90s or 10m (0: no limit)")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		limit, err := parseSeconds(timeout)
		if err != nil {
			return badInput("--timeout: %v", err)
		}
		nb, err := notebook.Read(args[0])
		if pathErr := (*fs.PathError)(nil); errors.As(err, &pathErr) {
			return usageError{err}
		}
		if err != nil {
			return asUsage(err, notebook.ErrInput)
		}
		if path != "" {
			// Not after an hour of cells.
			if info, err := os.Stat(filepath.Dir(path)); err != nil || !info.IsDir() {
				return badInput("-o: there is no directory %s", filepath.Dir(path))
			}
			if info, err := os.Stat(path); err == nil && info.IsDir() {
				return badInput("-o: %s is a directory, not a file", path)
			}
		}
		values := map[string]string{}
		for _, p := range parameters {
			key, value, ok := strings.Cut(p, "=")
			if !ok {
				return badInput("-p: %q is not key=value", p)
			}
			values[key] = value
		}
		if len(values) > 0 {
			if err := nb.SetParameters(values); err != nil {
				return asUsage(fmt.Errorf("-p: %w", err), notebook.ErrInput)
			}
		}
		cache, err := cacheDir()
		if err != nil {
			return err
		}
		err = notebook.Run(cmd.Context(), nb, kernel.Options{Cache: cache, SourceTree: a.source}, notebook.Settings{
			Timeout: limit,
			Stream: func(name, text string) {
				if name == "stderr" {
					fmt.Fprint(a.stderr, text)
				} else {
					fmt.Fprint(a.stdout, text)
				}
			},
			Progress: func(p notebook.Progress) {
				if p.Done && terminal(a.stderr) {
					fmt.Fprintf(a.stderr, "cell %d of %d: %.1f s\n", p.Cell, p.Total, p.Elapsed.Seconds())
				}
			},
		})
		if failed := (*kernel.CellError)(nil); errors.As(err, &failed) && len(failed.Traceback) > 1 {
			fmt.Fprintln(a.stderr, colours.ReplaceAllString(strings.Join(failed.Traceback, "\n"), ""))
		}
		if path != "" {
			err = errors.Join(err, nb.Write(path))
		}
		return err
	}
	return cmd
}

// parseSeconds reads a time that is a number of seconds or has units, as "90", "1.5" or "10m".
func parseSeconds(s string) (time.Duration, error) {
	d, err := time.ParseDuration(s)
	if err != nil {
		d, err = time.ParseDuration(s + "s")
	}
	if err != nil || d < 0 {
		return 0, fmt.Errorf("%q is no time, such as 90 or 10m", s)
	}
	return d, nil
}

func (a *app) kernel() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "kernel",
		Short: "Install, check and run the Jupyter kernel",
		Args:  cobra.NoArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(
		&cobra.Command{
			Use:   "install",
			Short: "Make the kernel known to every Jupyter of this user",
			Long: `Copy this program into the cache directory and write a kernelspec "nuclab" that names the copy, in
$JUPYTER_DATA_DIR/kernels or the user's own Jupyter folder.`,
			Example: "  nuclab kernel install",
			Args:    cobra.NoArgs,
			RunE: func(cmd *cobra.Command, _ []string) error {
				if err := build.Supported(); err != nil {
					return err
				}
				cache, err := cacheDir()
				if err != nil {
					return err
				}
				binary, err := lab.InstallBinary(cache)
				if err != nil {
					return err
				}
				kernels, err := lab.UserKernels()
				if err != nil {
					return err
				}
				spec, err := lab.InstallKernel(kernels, lab.Kernel{Binary: binary})
				if err != nil {
					return err
				}
				fmt.Fprintf(a.stdout, "installed %s\n", spec)
				return nil
			},
		},
		&cobra.Command{
			Use:     "uninstall",
			Short:   "Undo install",
			Example: "  nuclab kernel uninstall",
			Args:    cobra.NoArgs,
			RunE: func(cmd *cobra.Command, _ []string) error {
				kernels, err := lab.UserKernels()
				if err != nil {
					return err
				}
				found, err := lab.UninstallKernel(kernels)
				if err != nil {
					return err
				}
				if found {
					fmt.Fprintf(a.stdout, "removed the kernelspec from %s\n", kernels)
				} else {
					fmt.Fprintf(a.stdout, "there is no kernelspec in %s\n", kernels)
				}
				return nil
			},
		},
		&cobra.Command{
			Use:     "run CONNECTION",
			Short:   "Be the kernel process of a Jupyter connection file",
			Example: "  nuclab kernel run kernel-1.json",
			Args:    cobra.ExactArgs(1),
			RunE: func(cmd *cobra.Command, args []string) error {
				cache, err := cacheDir()
				if err != nil {
					return err
				}
				return kernel.Run(cmd.Context(), args[0], kernel.Options{Cache: cache, SourceTree: a.source})
			},
		},
		a.repl(),
		a.doctor(),
	)
	return cmd
}
