package cell

import (
	"errors"
	"go/types"
	"strings"
	"testing"
)

// none is a loader without packages.
type none struct{}

func (none) Load(paths []string) error {
	for _, p := range paths {
		if p != "unsafe" && p != nbPath {
			return errors.New("no package " + p)
		}
	}
	return nil
}

func (none) Import(path string) (*types.Package, error) {
	if path == "unsafe" {
		return types.Unsafe, nil
	}
	return nil, errors.New("no package " + path)
}

func (none) Guess(string, []string) string { return "" }
func (none) Fingerprint(string) string     { return "" }
func (none) StdNames() []string            { return []string{"strings", "strconv"} }

// analyse runs cells one after the other and returns the last.
func analyse(t *testing.T, cells ...string) (*Cell, []Problem) {
	t.Helper()
	n := NewNotebook(none{})
	for i, src := range cells {
		c, problems := n.Analyse(src)
		if i == len(cells)-1 {
			return c, problems
		}
		if len(problems) > 0 {
			t.Fatalf("%s: %v", src, problems)
		}
		n.Commit(c)
	}
	return nil, nil
}

func TestRewrite(t *testing.T) {
	tests := []struct {
		cells []string
		want  []string // lines of the output
		not   []string
	}{
		{[]string{"x := 1"}, []string{"var Ꞌx int", "Ꞌx = 1"}, nil},
		{[]string{"x := 1", "x + 1"}, []string{"ꞋꞋhook.Show(ꞋꞋp0.Ꞌx + 1)"}, nil},
		{[]string{"x := 1", "x := x"}, []string{"var Ꞌx int", "Ꞌx = ꞋꞋp0.Ꞌx"}, nil},
		{[]string{"X := 1"}, []string{"var X int"}, nil},
		{[]string{"var s []struct{ a int; B string }"}, []string{"var Ꞌs []struct{Ꞌa int", "Ꞌs = *new([]struct{"}, nil},
		{[]string{"for {\n}"}, []string{"for { ꞋꞋhook.Poll(); "}, nil},
		{[]string{"c := make(chan int)\nselect {\ncase v := <-c:\n\t_ = v\n}"}, []string{"select { case <-ꞋꞋhook.Done(): panic(ꞋꞋhook.Stop());", "case v := <-Ꞌc:"}, nil},
		{[]string{"c := make(chan int)\nselect {\ncase <-c:\ndefault:\n}"}, []string{"select {"}, []string{"Done()"}},
		{[]string{"c := make(chan int)\nv, ok := <-c"}, []string{"Ꞌv, Ꞌok = ꞋꞋhook.Recv2(Ꞌc)"}, nil},
		{[]string{"c := make(chan int)\nvar v, ok = <-c"}, []string{"Ꞌv, Ꞌok = ꞋꞋhook.Recv2(Ꞌc)"}, nil},
		{[]string{"c := make(chan int)\nc <- <-c"}, []string{"ꞋꞋhook.Send(Ꞌc )( ꞋꞋhook.Recv(Ꞌc))"}, nil},
		{[]string{"f := func(a, b int) {}\nx := 1\ngo f(x, 2)"}, []string{"{ ꞋꞋv0, ꞋꞋv1 := Ꞌf, Ꞌx; go func() { defer ꞋꞋhook.Guard(); ꞋꞋv0(ꞋꞋv1, 2) }() }"}, nil},
		{[]string{"go func() {}()"}, []string{"go func() { ꞋꞋhook.Poll();  defer ꞋꞋhook.Guard(); }()"}, nil},
		{[]string{"type t struct{ a, B int }\nv := t{a: 1}\nv.a"}, []string{"Ꞌa int `json:\"-\" xml:\"-\" yaml:\"-\"`; B int", "Ꞌt{Ꞌa: 1}", "ꞋꞋhook.Show(Ꞌv.Ꞌa)"}, nil},
		{[]string{"type e struct{ error }"}, []string{"type Ꞌerror = error", "struct{ Ꞌerror }"}, nil},
		{[]string{"type t struct{}", "func (t) m() {}"}, []string{"type Ꞌt struct{}", "func (Ꞌt) Ꞌm() {"}, nil},
		{[]string{"package main\nfunc main() {}"}, []string{"func Ꞌmain() {", "Ꞌmain()"}, nil},
		{[]string{"x := 1; x;"}, []string{"_ = Ꞌx"}, []string{"Show"}},
		{[]string{"goto l\nl:\nfor {\n}"}, []string{"{ ꞋꞋhook.Poll(); goto l }"}, nil},
	}
	for _, tt := range tests {
		c, problems := analyse(t, tt.cells...)
		if c == nil {
			t.Errorf("%q: %v", tt.cells, problems)
			continue
		}
		for _, w := range tt.want {
			if !strings.Contains(string(c.Source), w) {
				t.Errorf("%q: no %q in\n%s", tt.cells, w, c.Source)
			}
		}
		for _, w := range tt.not {
			if strings.Contains(string(c.Source), w) {
				t.Errorf("%q: %q in\n%s", tt.cells, w, c.Source)
			}
		}
	}
}

func TestPath(t *testing.T) {
	a, _ := analyse(t, "x := 1", "x++")
	b, _ := analyse(t, "x := 1", "x++")
	c, _ := analyse(t, "x := 2", "x++")
	if a.Path != b.Path {
		t.Error("equal cells have different paths")
	}
	if a.Path == c.Path {
		t.Error("a cell that uses another variable has the same path")
	}
	if c, _ := analyse(t, "type t int\nfunc f() {}\nconst k = 1"); !c.Inert || c.Empty {
		t.Error("declarations of types and functions are not inert")
	}
}

func TestProblems(t *testing.T) {
	tests := []struct {
		src, text string
		offset    int
	}{
		{"x := y", "undefined: y", 5},
		{"\"\u00e9\" + 1", "mismatched types", 0},
		{"x := 1\nx := 2", "no new variables on left side of :=", 9},
		{"x := x + 1", "undefined: x", 0},
		{"func f() int {\n}", "missing return", 15},
		{"f(", "expected ) for the ( of line 1, found the end of the cell", 2},
		{"if true {\n\tf(1, [2]\n", "expected ) for the ( of line 2, found the end of the cell", 19},
		{"for {\n\tf(1\n}\nf(2", "missing ',' before newline in argument list", 10},
		{"f(1]", "unexpected ], expected )", 3},
		{"x := 1\n}", "unexpected }", 7},
		{"func f() { g(1 2) }\ny = = 3", "missing ','", 15},
		{"if {", "missing condition", 3},
		{"import \"C\"", "not possible", 7},
		{"import \"a/b\"", "no package a/b", 7},
		{"for {\n\tv := 1\n}", "declared and not used: v", 7},
		{"func (nope) m() {}", "undefined: nope", 5},
		{"return nope", "undefined: nope", 7},
		{"break", "break", 0},
		{"go f", "expression in go must be function call", 4},
		{"func f() (int, error) { return 0, nil }\nx := f()", "assignment mismatch: 1 variable but the call returns 2 values", 45},
		{"1 << 70", "as int value (overflows)", 0},
	}
	for _, tt := range tests {
		_, problems := analyse(t, tt.src)
		if len(problems) == 0 || !strings.Contains(problems[0].Text, tt.text) || problems[0].Offset != tt.offset {
			t.Errorf("%q: %+v, want %q at %d", tt.src, problems, tt.text, tt.offset)
		}
	}
}

func TestNearest(t *testing.T) {
	candidates := []string{"Println", "Printf", "Sprintf", "x", "count"}
	for word, want := range map[string]string{"Printn": "Println", "println": "Println", "cuont": "count", "y": "", "Unrelated": "", "counter": "count"} {
		if got := Nearest(word, candidates); got != want {
			t.Errorf("Nearest(%q) = %q, want %q", word, got, want)
		}
	}
	if _, problems := analyse(t, "total := 1", "totl + 1"); len(problems) != 1 || problems[0].Text != "undefined: totl (did you mean total?)" {
		t.Errorf("%+v", problems)
	}
}

func TestFuncName(t *testing.T) {
	for symbol, want := range map[string]string{
		"cell/0123456789abcdef.ꞋꞋrun":             "main.main",
		"cell/0123456789abcdef.ꞋꞋrun.func1":       "main.main.func1",
		"cell/0123456789abcdef.Ꞌrun":              "main.run",
		"cell/0123456789abcdef.ꞋꞋinit12.func1":    "main.init.func1",
		"cell/0123456789abcdef.(*point).Ꞌnorm-fm": "main.(*point).norm-fm",
		"cell/0123456789abcdef.Add[go.shape.int]": "main.Add[go.shape.int]",
		"cell.Run": "cell.Run",
	} {
		if got := FuncName(symbol); got != want {
			t.Errorf("FuncName(%q) = %q, want %q", symbol, got, want)
		}
	}
}

func TestSuggest(t *testing.T) {
	const types = "type point struct{ left, right int }\nfunc (point) norm() int { return 0 }\nvar p point"
	for src, want := range map[string]string{
		"strngs.ToUpper(\"a\")": "undefined: strngs (did you mean strings?)",
		"var s strng":           "undefined: strng (did you mean string?)",
		"p.nrm()":               "p.nrm undefined (type point has no field or method nrm) (did you mean norm?)",
		"p.lft = 1":             "p.lft undefined (type point has no field or method lft) (did you mean left?)",
		"point{rihgt: 1}":       "unknown field rihgt in struct literal of type point (did you mean right?)",
	} {
		if _, problems := analyse(t, types, src); len(problems) != 1 || problems[0].Text != want {
			t.Errorf("%s: %+v, want %q", src, problems, want)
		}
	}
}

// FuzzAnalyse: no text makes the analysis fail, and what passes it is Go for the parser.
func FuzzAnalyse(f *testing.F) {
	for _, s := range []string{"x := 1; y, x := 2, x", "type t struct { a, B int }; t{a: 1}.a", "go f(1)", "c <- <-c",
		"func (x t) m() {}\ntype t int", "select {}", "a, b := f()\nfunc f() (int, error) { return 0, nil }", "L: for { goto L }",
		"var x, y = 1, func() int { return x }", "import . \"unsafe\"\nSizeof(1)", "type a[T any] struct { x T }; a[int]{}"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, src string) {
		n := NewNotebook(none{})
		for range 2 { // the second time the names are there already
			c, problems := n.Analyse(src)
			for _, p := range problems {
				if strings.Contains(p.Text, "the kernel cannot") {
					t.Fatalf("%q: %s", src, p.Text)
				}
				if p.Offset < 0 || p.Offset > len(src) {
					t.Fatalf("%q: problem at %d", src, p.Offset)
				}
			}
			if c == nil {
				return
			}
			n.Commit(c)
			n.Complete(src, len(src))
			n.ObjectAt(src, len(src)/2)
		}
	})
}
