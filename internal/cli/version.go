package cli

import (
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"

	"nuclab/nucnet/nuclide"
	"nuclab/nucnet/nuclide/table"
	"nuclab/nucnet/rate"
)

func (a *app) version() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "version",
		Short:   "Show the versions of the code, of Go and of the nuclear data",
		Example: "  nuclab version --format json",
		Args:    cobra.NoArgs,
	}
	out := a.outputFlag(cmd)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		headers, err := rate.Headers()
		if err != nil {
			return err
		}
		nuclides, err := nuclide.Header()
		if err != nil {
			return err
		}
		headers = append([]table.Header{nuclides}, headers...)
		commit := "unknown"
		if info, ok := debug.ReadBuildInfo(); ok {
			for _, s := range info.Settings {
				if s.Key == "vcs.revision" {
					commit = s.Value
				}
			}
		}
		doc := struct {
			Schema string         `json:"schema"`
			Commit string         `json:"commit"`
			Go     string         `json:"go"`
			System string         `json:"system"`
			Data   []table.Header `json:"data"`
		}{"nuclab.version/1", commit, runtime.Version(), runtime.GOOS + "/" + runtime.GOARCH, headers}
		t := &grid{head: []string{"data", "from", "SHA-256"}}
		for _, h := range headers {
			t.add(h.Name, h.Producer, h.SHA256)
		}
		return out.write(doc, []string{fmt.Sprintf("nuclab, commit %s, %s %s", commit, doc.Go, doc.System)}, t)
	}
	return cmd
}
