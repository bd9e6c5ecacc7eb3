package nnlib

import (
	"context"
	"math"
	"strings"
	"testing"

	"nuclab/nnlib/vm"
	"nuclab/nucnet/dataset"
)

// onStandIn makes trainings of Device cuda run on a stand-in for a GPU.
func onStandIn(t *testing.T) {
	auto := openBackend
	openBackend = func(device string, threads int, p vm.Precision) (vm.Backend, error) {
		if device != "cuda" {
			return auto("cpu", threads, p)
		}
		return vm.StandIn(vm.Float32, 1<<30)
	}
	t.Cleanup(func() { openBackend = auto })
}

// A training on a GPU brings the losses of one on the CPU, from a table and from
// a set on disk, and goes on bit for bit where it was ended.
func TestTrainOnDevice(t *testing.T) {
	onStandIn(t)
	d := table(t, 90, 3)
	set := onDisk(t, 90, dataset.Train)
	for name, train := range map[string]func(context.Context, Config, Hooks) (*Net, *History, error){
		"table": func(ctx context.Context, c Config, h Hooks) (*Net, *History, error) { return Train(ctx, c, d, 0, h) },
		"set": func(ctx context.Context, c Config, h Hooks) (*Net, *History, error) {
			c.Network = ""
			return TrainSet(ctx, c, set, 1, h)
		},
	} {
		t.Run(name, func(t *testing.T) {
			c := tiny
			c.Epochs, c.Batch, c.Clip, c.Average, c.LR = 4, 16, 1, 0.9, 0.003
			c.Device = "cpu"
			_, want, err := train(t.Context(), c, Hooks{})
			if err != nil {
				t.Fatal(err)
			}
			c.Device = "cuda"
			steps := 0
			_, got, err := train(t.Context(), c, Hooks{Step: func(p Progress) {
				if steps++; p.Step != steps {
					t.Errorf("step %d is told as step %d", steps, p.Step)
				}
			}})
			if err != nil {
				t.Fatal(err)
			}
			for i, e := range want.Epochs {
				g := got.Epochs[i]
				for _, v := range [][2]float64{{g.Training.Total, e.Training.Total}, {g.Validation.Total, e.Validation.Total}} {
					if !(math.Abs(v[0]-v[1]) <= 1e-4*v[1]) {
						t.Errorf("epoch %d: loss %v, on the CPU %v", i+1, v[0], v[1])
					}
				}
			}
			resumes(t, func(ctx context.Context, c Config, h Hooks) (*Net, *History, error) {
				c.Device = "cuda"
				return train(ctx, c, h)
			})
		})
	}
}

// Where cuda is asked for and there is none the error says what was looked for.
func TestNoGPUToTrainOn(t *testing.T) {
	t.Setenv("NUCLAB_CUDA", "none")
	c := tiny
	c.Device = "cuda"
	if _, _, err := Train(t.Context(), c, table(t, 40, 3), 0, Hooks{}); err == nil || !strings.Contains(err.Error(), "libcuda.so.1") {
		t.Errorf("error %v", err)
	}
}
