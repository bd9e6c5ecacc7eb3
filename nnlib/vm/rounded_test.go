package vm

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"nuclab/nnlib/blas"
	"nuclab/nnlib/op"
)

// A layer in bf16, and its gradients, are those in float32 of factors that were
// rounded before; the bias and the sums are not rounded.
func TestProductsInBF16(t *testing.T) {
	libraries := []*blas.Library{blas.Gonum()}
	if blas.Default().Native() {
		libraries = append(libraries, blas.Default())
	}
	rounded := func(v []float32) {
		b := make([]blas.BF16, len(v))
		blas.ToBF16(b, v)
		for i := range v {
			v[i] = b[i].Float32()
		}
	}
	const rows, in, hidden = 33, 20, 17
	layer := func(b CPU, before bool) (results [][]float32) {
		r := rand.New(rand.NewPCG(1, 2))
		g := G.NewGraph()
		variable := func(name string, factor bool, shape ...int) *G.Node {
			v := values[float32](r, 1, shape...)
			if factor && before {
				rounded(v.Data().([]float32))
			}
			return G.NewTensor(g, tensor.Float32, len(shape), G.WithShape(shape...), G.WithName(name), G.WithValue(v))
		}
		x, w, c := variable("x", true, rows, in), variable("w", true, in, hidden), variable("c", false, hidden)
		y, err := op.NewDense(x, w, c, op.Identity, true)
		if err != nil {
			t.Fatal(err)
		}
		target := variable("target", false, rows, hidden)
		// The gradient of this loss is +1 or -1 over a power of 2: exact in bf16.
		loss, err := op.NewAbsLoss(y, target, op.Part{From: 0, To: hidden, Weight: float64(rows*hidden) / 64})
		if err != nil {
			t.Fatal(err)
		}
		grad, err := G.Grad(loss, w)
		if err != nil {
			t.Fatal(err)
		}
		run(t, machine(t, b, y, grad[0]))
		for _, n := range []*G.Node{y, grad[0]} {
			results = append(results, n.Value().Data().([]float32))
		}
		return results
	}
	for _, lib := range libraries {
		got, want := layer(CPU{BLAS: lib, Precision: BFloat16}, false), layer(CPU{BLAS: lib}, true)
		exact := layer(CPU{BLAS: lib}, false)
		for k, name := range []string{"output", "gradient"} {
			same := true
			for i, v := range want[k] {
				if math.Abs(float64(got[k][i]-v)) > 1e-5 {
					t.Fatalf("%s: %s %d is %v, of rounded factors %v", lib.Name(), name, i, got[k][i], v)
				}
				same = same && math.Abs(float64(got[k][i]-exact[k][i])) < 1e-5
			}
			if same {
				t.Errorf("%s: the %s is that without rounding", lib.Name(), name)
			}
		}
	}
}

// In bf16 the CPU is taken where that is no imitation, else the error says what is
// missing; other precisions are float32 there.
func TestPrecisionOfTheCPU(t *testing.T) {
	t.Setenv("NUCLAB_CUDA", "none")
	for _, device := range []string{"cpu", "auto"} {
		for _, p := range []Precision{"", TF32, Float32} {
			if b, err := Auto(device, 1, p); err != nil || b.(CPU).Precision == BFloat16 {
				t.Errorf("%s, %q: %v, error %v", device, p, b, err)
			}
		}
		b, err := Auto(device, 1, BFloat16)
		if missing := blas.Default().FastBF16(); missing == nil {
			if err != nil || b.(CPU).Precision != BFloat16 {
				t.Errorf("%s: %v, error %v", device, b, err)
			}
		} else if err == nil || !strings.Contains(err.Error(), fmt.Sprint("precision = bf16 on the CPU: ", missing)) {
			t.Errorf("%s: error %v", device, err)
		}
	}
}
