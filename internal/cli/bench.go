package cli

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"nuclab/nnlib"
	"nuclab/nnlib/blas"
	"nuclab/nucnet"
	"nuclab/nucnet/nuclide"
)

func (a *app) bench() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "bench",
		Short: "Time burns, training steps, inferences and kernels on this machine",
		Args:  cobra.NoArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(a.benchBurn(), a.benchKernel(),
		a.benchNets("train", "Time training steps beside their bare matrix products", nnlib.BenchTrain, nnlib.BenchTrainBF16, 512),
		a.benchNets("infer", "Time inferences beside their bare matrix products", nnlib.BenchInfer, nil, 1, 700))
	return cmd
}

// measurement is nnlib.BenchTrain or another of its kind.
type measurement func(ctx context.Context, dims []int, batch, threads int, peers ...nnlib.BenchPeer) (nnlib.Bench, error)

// benchNets makes the verb that runs a measurement of nnlib for batches of the given sizes, and another in bf16, unless it is
// nil, where that is fast.
func (a *app) benchNets(verb, short string, measure, bf16 measurement, batches ...int) *cobra.Command {
	names, dims := nnlib.BenchNets()
	peer := netPeers[verb]
	var only []string
	var threads int
	var python string
	cmd := &cobra.Command{
		Use:   verb,
		Short: short,
		Long: short + `.

cpu_s and wall_s are the processor time and the time of one step or inference, in s; floor_s is the processor time that
it cannot do without, measured in the same run. Where a Python has the package ` + peer + `, that does the same work in turn,
and cpu/peer is the ratio of the processor times. With more threads than one, wall/one is wall_s over the time of one thread.
Where the processor and MKL multiply bf16 fast, training in that is measured too, beside the same peer. Products are by MKL or OpenBLAS (NUCLAB_MKL and NUCLAB_OPENBLAS name
the file; "none" asks for another).`,
		Example: "  nuclab bench " + verb + " --net small --threads 1",
		Args:    cobra.NoArgs,
	}
	cmd.Flags().StringSliceVar(&only, "net", names, "networks")
	cmd.Flags().IntVar(&threads, "threads", 1, "threads that work at once")
	cmd.Flags().StringVar(&python, "python", "", "Python `interpreter` with "+peer+" (default: the first found that has it)")
	out := a.outputFlag(cmd)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if threads < 1 {
			return badInput("--threads: %d is less than 1", threads)
		}
		for _, name := range only {
			if !slices.Contains(names, name) {
				return badInput("--net: %q is none of %s", name, strings.Join(names, ", "))
			}
		}
		ctx := cmd.Context()
		doc := benchNetsDoc{Schema: "nuclab.bench/1", Threads: threads, BLAS: blas.Name()}
		notes := []string{"products by " + doc.BLAS}
		named := python != ""
		python, err := findNetPeer(ctx, peer, python)
		if err != nil {
			if named {
				return err
			}
			notes = addNote(notes, err.Error())
		}
		measures := []measurement{measure}
		if bf16 != nil {
			if err := nnlib.CheckBF16(); err != nil {
				notes = append(notes, "not measured: "+err.Error())
			} else {
				measures = append(measures, bf16)
			}
		}
		t := &grid{head: []string{"net", "batch", "precision", "cpu_s", "wall_s", "wall/one", "floor_s", "cpu/floor", "peer cpu_s", "peer wall_s", "cpu/peer"}}
		for _, name := range only {
			for i := range len(batches) * len(measures) {
				batch, measure := batches[i/len(measures)], measures[i%len(measures)]
				b, note, err := measureNet(ctx, measure, python, named, netRequest{Peer: peer, Dims: dims[name], Batch: batch, Threads: threads})
				if err != nil {
					return err
				}
				notes = addNote(notes, note)
				b.Net = name
				doc.Nets = append(doc.Nets, b)
				row := []any{name, batch, b.Precision, b.CPU, b.Wall, "", b.Floor, b.CPU / b.Floor, "", "", ""}
				if threads > 1 {
					row[5] = b.WallRatio
				}
				for _, p := range b.Peers {
					row = append(row[:8], p.CPU, p.Wall, p.Ratio)
					notes = addNote(notes, fmt.Sprintf("peer: %s %s of %s", p.Peer, p.Version, python))
				}
				t.add(row...)
			}
		}
		return out.write(doc, notes, t)
	}
	return cmd
}

// benchNetsDoc is the JSON of schema nuclab.bench/1 for neural networks.
type benchNetsDoc struct {
	Schema  string        `json:"schema"`
	Threads int           `json:"threads"`
	BLAS    string        `json:"blas"`
	Nets    []nnlib.Bench `json:"nets"`
}

// benchBurnDoc is the JSON of schema nuclab.bench/1 for burns. Options are those of a comparison with peers; otherwise
// they are the default ones.
type benchBurnDoc struct {
	Schema  string         `json:"schema"`
	Threads int            `json:"threads"`
	Options *burnOptions   `json:"options,omitempty"`
	Burns   []benchBurnRow `json:"burns"`
}

type benchBurnRow struct {
	Net   string    `json:"net"`
	T     number    `json:"T"`
	Rho   number    `json:"rho"`
	Time  number    `json:"t"`
	Steps int       `json:"steps"`
	CPU   number    `json:"cpu_s"`
	Peers []peerRow `json:"peers,omitempty"`
}

func (a *app) benchBurn() *cobra.Command {
	var (
		netName, python     string
		peers               bool
		robustness, threads int
		seed                uint64
	)
	cmd := &cobra.Command{
		Use:   "burn",
		Short: "Time burns of pure silicon",
		Long: `Time burns of pure si28 at fixed temperature and density, weak reactions and screening included, on one thread.
cpu_s is the median processor time of five burns.

` + peersHelp + "\n\n" + robustnessHelp,
		Example: "  nuclab bench burn --net mesa_80\n  nuclab bench burn --peers\n  nuclab bench burn --robustness 1000 --net mesa_151",
		Args:    cobra.NoArgs,
	}
	netFlag(cmd, &netName)
	cmd.Flags().BoolVar(&peers, "peers", false, "time pynucastro and LSODA beside it")
	cmd.Flags().StringVar(&python, "python", "", "Python `interpreter` with pynucastro, scipy and numba, for --peers")
	cmd.Flags().IntVar(&robustness, "robustness", 0, "burn this many random states and count what goes wrong")
	cmd.Flags().Uint64Var(&seed, "seed", 1, "seed of the random states")
	cmd.Flags().IntVar(&threads, "threads", 1, "threads that burn random states")
	cmd.MarkFlagsMutuallyExclusive("peers", "robustness")
	out := a.outputFlag(cmd)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		switch {
		case robustness < 0 || robustness == 0 && cmd.Flags().Changed("robustness"):
			return badInput("--robustness: %d is less than 1", robustness)
		case threads < 1:
			return badInput("--threads: %d is less than 1", threads)
		case robustness == 0 && threads > 1:
			return badInput("--threads: %d, but processor time is that of one thread; more only with --robustness", threads)
		case robustness == 0 && cmd.Flags().Changed("seed"):
			return badInput("--seed: only with --robustness")
		}
		if python != "" && !peers {
			return badInput("--python: only with --peers")
		}
		net, err := stock(netName)
		if err != nil {
			return err
		}
		if robustness > 0 {
			return a.benchRobustness(cmd.Context(), out, net, robustness, seed, threads)
		}
		si28, err := nuclide.ParseComposition("si28=1")
		if err != nil {
			return err
		}
		x, err := net.Vector(si28)
		if err != nil {
			return err
		}
		if peers {
			return a.benchPeers(cmd.Context(), out, net, x, python)
		}
		doc := benchBurnDoc{Schema: "nuclab.bench/1", Threads: 1}
		t := &grid{head: []string{"net", "T [K]", "rho [g/cm3]", "t [s]", "steps", "cpu_s"}}
		for _, c := range []struct{ T, rho, t float64 }{
			{3e9, 3e8, 1}, {3e9, 3e8, 100}, {5e9, 1e9, 1e-3}, {5e9, 1e9, 1}, {5e9, 1e9, 100},
		} {
			const repeats = 5
			result, cpu, err := timedBurn(cmd.Context(), net, nucnet.State{T: c.T, Rho: c.rho, X: x}, []float64{c.t}, nucnet.Options{}, repeats)
			if err != nil {
				return err
			}
			doc.Burns = append(doc.Burns, benchBurnRow{net.Name(), number(c.T), number(c.rho), number(c.t), result.Stats.Steps, number(cpu), nil})
			t.add(net.Name(), c.T, c.rho, c.t, result.Stats.Steps, cpu)
		}
		return out.write(doc, []string{fmt.Sprintf("pure si28 in %s", net.Name())}, t)
	}
	return cmd
}
