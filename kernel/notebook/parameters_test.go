package notebook

import (
	"errors"
	"strings"
	"testing"
)

func withParameters(source string) *Notebook {
	return &Notebook{Cells: []*Cell{
		{ID: "a", Type: Markdown, Source: "text"},
		{ID: "b", Type: Code, Source: source, Metadata: map[string]any{"tags": []any{"parameters"}}},
		{ID: "c", Type: Code, Source: "run()"},
	}}
}

const declared = `import (
	"time"
	"nuclab/nnlib"
)

epochs, lr := 10, 1e-3
net := "mesa_80" // a network
var (
	gpu     bool
	seed    uint64 = 1
	small   float32 = 0.5
	wait    = 2 * time.Second
	limit   time.Duration
	widths  = []int{1, 2}
	names   []string
	cfg     = nnlib.Config{}
)
const scale = 1.0
const depth int = 3`

func TestSetParametersTakesTheDeclaredType(t *testing.T) {
	for _, tt := range []struct{ key, value, want string }{
		{"epochs", "50", "epochs = 50"},
		{"epochs", "1_000", "epochs = 1_000"},
		{"epochs", "-0x10", "epochs = -0x10"},
		{"lr", "0.5", "lr = 0.5"},
		{"lr", "1e-4", "lr = 0.0001"},
		{"lr", "2", "lr = 2.0"},
		{"net", "mesa_151", `net = "mesa_151"`},
		{"net", `"quoted"`, `net = "quoted"`},
		{"net", `say "x"`, `net = "say \"x\""`},
		{"net", "", `net = ""`},
		{"gpu", "true", "gpu = true"},
		{"seed", "18446744073709551615", "seed = 18446744073709551615"},
		{"small", "0.25", "small = 0.25"},
		{"wait", "1.5s", "wait = time.Duration(1500000000)"},
		{"limit", "1m", "limit = time.Duration(60000000000)"},
		{"widths", "3,4", "widths = []int{3, 4}"},
		{"widths", "[]int{5}", "widths = []int{5}"},
		{"names", "a, b c", `names = []string{"a", "b c"}`},
		{"cfg", "nnlib.Config{Epochs: 3}", "cfg = nnlib.Config{Epochs: 3}"},
		{"scale", "3", "const scale = 3.0"},
		{"depth", "4", "const depth int = 4"},
	} {
		nb := withParameters(declared)
		if err := nb.SetParameters(map[string]string{tt.key: tt.value}); err != nil {
			t.Errorf("%s=%s: %v", tt.key, tt.value, err)
			continue
		}
		if got, want := nb.Cells[2].Source, "// Parameters\n"+tt.want; got != want {
			t.Errorf("%s=%s: %q, want %q", tt.key, tt.value, got, want)
		}
	}
}

func TestSetParametersErrors(t *testing.T) {
	for _, tt := range []struct{ key, value, want string }{
		{"epoch", "5", `parameter "epoch" is unknown; there are: cfg, depth, epochs,`},
		{"time", "5", "is unknown"},
		{"epochs", "1.5", "parameter epochs=1.5: want a Go int"},
		{"epochs", "", "want a Go int"},
		{"epochs", "1; os.Exit(1)", "want a Go int"},
		{"epochs", "9223372036854775808", "want a Go int"},
		{"seed", "-1", "want a Go uint64"},
		{"lr", "fast", "want a Go float64"},
		{"lr", "NaN", "want a Go float64"},
		{"small", "1e300", "want a Go float32"},
		{"gpu", "maybe", "want a Go bool"},
		{"wait", "5", "want a time.Duration, such as 1.5s"},
		{"widths", "1,x", "want a Go int"},
		{"cfg", "{{", "want a Go expression"},
	} {
		err := withParameters(declared).SetParameters(map[string]string{tt.key: tt.value})
		if err == nil || !errors.Is(err, ErrInput) || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s=%s: error %v, want %q", tt.key, tt.value, err, tt.want)
		}
	}
	nb := &Notebook{Cells: []*Cell{{Type: Code, Source: "k := 1"}}}
	if err := nb.SetParameters(map[string]string{"k": "2"}); !errors.Is(err, ErrInput) {
		t.Errorf("without a tagged cell: %v", err)
	}
	if err := nb.SetParameters(nil); err != nil || len(nb.Cells) != 1 {
		t.Errorf("nothing to set: %v", err)
	}
	for source, line := range map[string]string{"k := 1\nl int := 3": "parameters:2:3: ", "import \"time\"\nk := 1\nl int := 3": "parameters:3:3: "} {
		err := withParameters(source).SetParameters(map[string]string{"k": "2"})
		if !errors.Is(err, ErrInput) || !strings.Contains(err.Error(), line) {
			t.Errorf("a cell that does not parse: %v, want %s", err, line)
		}
	}
}

func TestInjectedCellIsPlacedOnce(t *testing.T) {
	nb := withParameters("a, b := 1, 2")
	for _, v := range []string{"7", "8"} {
		if err := nb.SetParameters(map[string]string{"b": v, "a": v}); err != nil {
			t.Fatal(err)
		}
	}
	if len(nb.Cells) != 4 || nb.Cells[2].Source != "// Parameters\na = 8\nb = 8" || !nb.Cells[2].Tagged("injected-parameters") ||
		nb.Cells[2].ID == "" || nb.Cells[3].ID != "c" {
		t.Errorf("cells %+v", nb.Cells)
	}
}

func TestParametersListsWhatCanBeSet(t *testing.T) {
	names, err := withParameters(declared).Parameters()
	if err != nil || strings.Join(names, " ") != "cfg depth epochs gpu limit lr names net scale seed small wait widths" {
		t.Errorf("%v, %v", names, err)
	}
	if names, err := code("x := 1").Parameters(); err != nil || len(names) != 0 {
		t.Errorf("no cell is tagged, but %v, %v", names, err)
	}
	if _, err := withParameters("x :=").Parameters(); !errors.Is(err, ErrInput) {
		t.Errorf("error %v", err)
	}
}
