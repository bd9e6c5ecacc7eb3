package vm

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"nuclab/nnlib/cuda"
)

// looped trains by a Loop on batches of a data set.
func looped(t *testing.T, b Backend, a Adam, data int, steps int) (losses [][]float64, parameters [][]float32, l *Loop) {
	t.Helper()
	n := build[float32](t, 9, 8, 33, 12)
	m := opened(t, b, n.targets()...)
	defer closed(t, m)
	o, err := m.NewAdam(a, n.parameters, n.gradients)
	if err != nil {
		t.Fatal(err)
	}
	r := rand.New(rand.NewPCG(11, 12))
	samples := []Samples{{n.x, make([]float32, 8*data)}, {n.t, make([]float32, 12*data)}}
	for _, s := range samples {
		for i := range s.Data {
			s.Data[i] = float32(r.NormFloat64())
		}
	}
	if l, err = m.NewLoop(o, samples, n.loss, n.composition); err != nil {
		t.Fatal(err)
	}
	rows := make([]int32, 9)
	for i := range steps {
		for j := range rows {
			rows[j] = int32(r.IntN(data))
		}
		o.Adam.Rate = a.Rate / float64(1+i)
		if err := l.Step(t.Context(), rows); err != nil {
			t.Fatal(err)
		}
		if i%4 == 1 {
			some, err := l.Losses()
			if err != nil {
				t.Fatal(err)
			}
			losses = append(losses, some...)
		}
	}
	some, err := l.Losses()
	if err != nil {
		t.Fatal(err)
	}
	if err := m.Fetch(n.parameters...); err != nil {
		t.Fatal(err)
	}
	for _, p := range n.parameters {
		parameters = append(parameters, numbers(t, p))
	}
	if err := l.Step(t.Context(), rows[1:]); err == nil {
		t.Error("a step on too few rows")
	}
	rows[3] = int32(data)
	if err := l.Step(t.Context(), rows); err == nil {
		t.Error("a step on a row that is not there")
	}
	return append(losses, some...), parameters, l
}

// A training by whole steps on the device, batches gathered there, is that of the
// CPU; so it is where the data set has no room on the device.
func TestLoopOnDevice(t *testing.T) {
	a := Adam{Rate: 1e-3, Clip: 0.5, Average: 0.9}
	want, parameters, _ := looped(t, CPU{Threads: 1}, a, 50, 11)
	check := func(t *testing.T, d Backend, resident bool) {
		losses, got, l := looped(t, d, a, 50, 11)
		if l.queue.resident() != resident {
			t.Errorf("the data set lies on the device: %v", !resident)
		}
		if len(losses) != 11 {
			t.Fatalf("losses of %d steps", len(losses))
		}
		for i := range want {
			for k := range want[i] {
				if math.Abs(losses[i][k]-want[i][k]) > 2e-5*want[i][k] {
					t.Errorf("step %d: losses %v, not %v", i, losses[i], want[i])
				}
			}
		}
		for i := range got {
			near(t, "parameter", got[i], parameters[i], 1e-4)
		}
	}
	onDevices(t, Float32, func(t *testing.T, d *Device) { check(t, d, true) })
	t.Run("no room", func(t *testing.T) {
		d, err := StandIn(Float32, spareBytes)
		if err != nil {
			t.Fatal(err)
		}
		check(t, d, false)
	})
}

// A step of a loop is one call and one message, whatever it does.
func TestStepIsOneGraph(t *testing.T) {
	d, err := StandIn(TF32, testMemory)
	if err != nil {
		t.Fatal(err)
	}
	s := d.dev.(*standIn)
	looped(t, d, Adam{Rate: 1e-3, Clip: 1}, 50, 2)
	few := s.counts
	looped(t, d, Adam{Rate: 1e-3, Clip: 1}, 50, 12)
	graphs, uploads := s.counts.graphs-2*few.graphs, s.counts.uploads-2*few.uploads
	if graphs != 10 || uploads != 10 {
		t.Errorf("10 more steps took %d graphs and %d messages more", graphs, uploads)
	}
}

// After a loss that is not a number nothing moves, and the loss is told.
func TestLoopStopsAtNaN(t *testing.T) {
	test := func(t *testing.T, b Backend) {
		n := build[float32](t, 9, 8, 33, 12)
		m := opened(t, b, n.targets()...)
		defer closed(t, m)
		o, err := m.NewAdam(Adam{Rate: 1e-3}, n.parameters, n.gradients)
		if err != nil {
			t.Fatal(err)
		}
		l, err := m.NewLoop(o, nil, n.loss)
		if err != nil {
			t.Fatal(err)
		}
		x := n.x.Value().Data().([]float32)
		fine := x[3]
		var before []float32
		for i := range 5 {
			if x[3] = fine; i == 2 {
				x[3] = float32(math.NaN())
				if err := m.Fetch(n.parameters...); err != nil {
					t.Fatal(err)
				}
				before = numbers(t, n.parameters[0])
			}
			if err := l.Step(t.Context(), nil); err != nil {
				t.Fatal(err)
			}
		}
		losses, err := l.Losses()
		if err != nil {
			t.Fatal(err)
		}
		for i, v := range losses {
			if math.IsNaN(v[0]) != (i == 2) {
				t.Errorf("step %d: loss %v", i, v[0])
			}
		}
		if err := m.Fetch(n.parameters...); err != nil {
			t.Fatal(err)
		}
		near(t, "weights", numbers(t, n.parameters[0]), before, 0)
	}
	t.Run("cpu", func(t *testing.T) { test(t, CPU{Threads: 1}) })
	onDevices(t, TF32, func(t *testing.T, d *Device) { test(t, d) })
}

// What does not fit is said before anything is allocated.
func TestDeviceMemoryIsEstimated(t *testing.T) {
	n := build[float32](t, 64, 8, 500, 500, 12)
	small, err := StandIn(TF32, 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	_, err = New(small, n.targets()...)
	if err == nil || !strings.Contains(err.Error(), "MB free of 1.0 MB") || small.dev.(*standIn).used != 0 {
		t.Errorf("a graph of megabytes in one: %v", err)
	}
	middle, err := StandIn(TF32, 3<<20)
	if err != nil {
		t.Fatal(err)
	}
	m := opened(t, middle, n.targets()...)
	defer closed(t, m)
	if _, err := m.NewAdam(Adam{}, n.parameters, n.gradients); err == nil || !strings.Contains(err.Error(), "the optimiser needs") {
		t.Errorf("moments of megabytes where there is no room: %v", err)
	}
}

// What no GPU runs is an error that names it.
func TestDeviceErrors(t *testing.T) {
	d, err := StandIn(TF32, testMemory)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := New(d, build[float64](t, 3, 4, 5, 6).loss); err == nil || !strings.Contains(err.Error(), "float64") {
		t.Errorf("float64: %v", err)
	}
	n := build[float32](t, 3, 4, 5, 6)
	if _, err := New(d, G.Must(G.Square(n.out))); !errors.Is(err, ErrNoKernel) {
		t.Errorf("an operation of Gorgonia's: %v", err)
	}
	if used := d.dev.(*standIn).used; used != 0 {
		t.Errorf("%d bytes are in use after errors", used)
	}
	m := opened(t, d, n.loss)
	defer closed(t, m)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := m.Run(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("a cancelled run: %v", err)
	}
	if err := m.Fetch(n.gradients[0]); err == nil {
		t.Error("a value of another machine")
	}
}

// The sum of a vector's gradients runs too, though it is Gorgonia's operation.
func TestVectorSumsOnDevice(t *testing.T) {
	g := G.NewGraph()
	vector := func(name string, v ...float32) *G.Node {
		return G.NewVector(g, tensor.Float32, G.WithShape(len(v)), G.WithName(name), G.WithValue(tensor.New(tensor.WithShape(len(v)), tensor.WithBacking(v))))
	}
	sum := G.Must(G.Add(vector("a", 1, 2, 3), vector("b", 10, 20, 30)))
	onDevices(t, TF32, func(t *testing.T, d *Device) {
		m := opened(t, d, sum)
		defer closed(t, m)
		run(t, m)
		near(t, "sum", numbers(t, sum), []float32{11, 22, 33}, 0)
	})
}

// The setting of a device means what it says.
func TestAuto(t *testing.T) {
	t.Setenv("NUCLAB_CUDA", "none")
	for _, c := range []struct{ device, want string }{{"cpu", "cpu"}, {"gpu", "want auto, cpu or cuda"}} {
		b, err := Auto(c.device, 1, "")
		if err == nil && !strings.HasPrefix(b.Name(), c.want) || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, %v", c.device, b, err)
		}
	}
	if _, err := Auto("auto", 1, "fp8"); err == nil || !strings.Contains(err.Error(), "fp8") {
		t.Errorf("an unknown precision: %v", err)
	}
	b, err := Auto("auto", 1, "")
	if err != nil {
		t.Fatal(err)
	}
	if _, gpuErr := Auto("cuda", 1, ""); gpuErr != nil {
		if !errors.Is(gpuErr, cuda.ErrNotFound) || !strings.Contains(gpuErr.Error(), "libcuda.so.1") {
			t.Errorf("no GPU: %v", gpuErr)
		}
		if _, ok := b.(CPU); !ok {
			t.Errorf("auto without a GPU: %v", b.Name())
		}
	} else if _, ok := b.(*Device); !ok {
		t.Errorf("auto with a GPU: %v", b.Name())
	}
}
