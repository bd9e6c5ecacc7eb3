package cli

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"nuclab/kernel"
	"nuclab/kernel/build"
	"nuclab/kernel/lab"
)

func (a *app) doctor() *cobra.Command {
	var clean bool
	cmd := &cobra.Command{
		Use:   "doctor",
		Short: "Check everything that the kernel and JupyterLab need",
		Long: `Check Go, the C compiler and linker, the cache, the ports of the loopback address, Python, Jupyter and the kernelspecs, and
run a cell. Each part that is not as it should be comes with what to do, and the exit status is 1.

--clean removes what the kernel has built from the cache, and checks nothing; it is built again when it is needed, also by
kernels that run meanwhile.`,
		Example: "  nuclab kernel doctor\n  nuclab kernel doctor --clean",
		Args:    cobra.NoArgs,
	}
	cmd.Flags().BoolVar(&clean, "clean", false, "remove what the kernel has built")
	out := a.outputFlag(cmd)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		cache, err := cacheDir()
		if err != nil {
			return err
		}
		if clean {
			freed, err := build.Clean(cache)
			fmt.Fprintf(a.stdout, "removed %.1f MB of built cells, workers and packages from %s\n", float64(freed)/(1<<20), cache)
			return err
		}
		spec, err := lab.ParseSpec(a.environment)
		if err != nil {
			return fmt.Errorf("environment.yml: %w", err)
		}
		type check struct {
			Name   string `json:"name"`
			OK     bool   `json:"ok"`
			Detail string `json:"detail"`
			Fix    string `json:"fix,omitempty"`
		}
		doc := []check{}
		t := &grid{head: []string{"part", "state", "found", "what to do"}}
		failed := 0
		for _, c := range append(lab.Doctor(cmd.Context(), cache, spec), a.checkCell(cmd.Context(), cache)) {
			doc = append(doc, check(c))
			state := "good"
			if !c.OK {
				state = "BAD"
				failed++
			}
			t.add(c.Name, state, oneLine(fmt.Errorf("%s", c.Detail)), c.Fix)
		}
		if err := out.write(doc, nil, t); err != nil {
			return err
		}
		if failed > 0 {
			return fmt.Errorf("%d of %d parts need attention", failed, len(doc))
		}
		return nil
	}
	return cmd
}

// checkCell runs a cell.
func (a *app) checkCell(ctx context.Context, cache string) lab.Check {
	c := lab.Check{Name: "a cell", Fix: "mend what is said above, then: nuclab kernel doctor --clean"}
	session, err := kernel.NewSession(ctx, kernel.Options{Cache: cache, SourceTree: a.source})
	if err != nil {
		c.Detail = err.Error()
		return c
	}
	defer session.Close()
	start := time.Now()
	result := session.Execute(ctx, kernel.Request{Code: "6 * 7", Count: 1})
	switch {
	case result.Err != nil:
		c.Detail = result.Err.Error()
	case result.Value == nil || result.Value.Data["text/plain"] != "42":
		c.Detail = "6 * 7 does not give 42"
	default:
		c.OK, c.Fix = true, ""
		c.Detail = fmt.Sprintf("6 * 7 is 42, after %.2f s", time.Since(start).Seconds())
	}
	return c
}
