package cell

import (
	"slices"
	"strings"
	"testing"
)

// TestNotes: what a cell does to earlier definitions is said once, and no more than that.
func TestNotes(t *testing.T) {
	for _, tt := range []struct {
		cells []string
		want  string
	}{
		{[]string{"x := 1", "x := \"a\""}, ""},
		{[]string{"func f() int { return 1 }\nfunc g() int { return f() }", "func f() int { return 2 }"}, "f is declared anew; g keeps the earlier one"},
		{[]string{"func f() int { return 1 }\nfunc g() int { return f() }", "func f() int { return 2 }", "func f() int { return 3 }"}, ""},
		{[]string{"x := 1\nget := func() int { return x }\nfunc set() { x = 2 }", "x := 3"}, "x is declared anew; get, set keep the earlier one"},
		{[]string{"const n = 3\ntype a [n]int", "const n = 4"}, "n is declared anew; a keeps the earlier one"},
		{[]string{"type t struct{ a int }\nv := t{}\nlist := []*t{}", "type t struct{ a, b int }"},
			"t is declared anew; variables of the earlier type are out of reach: list, v"},
		{[]string{"type t struct{ a int }\nv := t{}", "type t struct{ a int } // the same"}, ""},
		{[]string{"type t[X any] struct{ a X }\nv := t[int]{}", "func (t t[X]) get() X { return t.a }\nv.get()"}, ""},
		{[]string{"type t struct{ a int }\nv := t{}", "type t struct{ a, b int }\nv := t{}"}, ""},
	} {
		c, problems := analyse(t, tt.cells...)
		if len(problems) > 0 || strings.Join(c.Notes, "\n") != tt.want {
			t.Errorf("%q: notes %q, problems %v; want %q", tt.cells, c.Notes, problems, tt.want)
		}
	}
}

// TestNames: a function that follows a type declared anew, time and again, stays a function in the list of names.
func TestNames(t *testing.T) {
	n := NewNotebook(none{})
	for _, src := range []string{"type t struct{ a int }\nfunc f(x t) int { return x.a }\ng := f", "func (x t) get() int { return x.a }",
		"func (x t) twice() int { return 2 * x.a }"} {
		c, problems := n.Analyse(src)
		if len(problems) > 0 {
			t.Fatalf("%q: %v", src, problems)
		}
		n.Commit(c)
	}
	want := []Name{{"f", "func", "func(x t) int"}, {"g", "var", "func(x t) int"}, {"t", "type", "struct{a int}"}}
	if got := n.Names(); !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
}

// TestOrder: declarations run in the order of dependence, statements in that of the text.
func TestOrder(t *testing.T) {
	for _, tt := range []struct {
		cell string
		want []string // in this order in the output
	}{
		{"var a = b\nvar b = 1", []string{"Ꞌb = 1", "Ꞌa = Ꞌb"}},
		{"var a = f()\nvar b = 1\nfunc f() int { return b }", []string{"Ꞌb = 1", "Ꞌa = Ꞌf()"}},
		{"func init() { a = 2 }\nvar a = 1", []string{"Ꞌa = 1", "ꞋꞋinit"}},
		{"x := 1\nfunc init() { x = 2 }\nx++", []string{"Ꞌx = 1", "ꞋꞋinit", "Ꞌx++"}},
		{"func init() { a = 2 }\nvar a = 1\na++", []string{"Ꞌa = 1", "ꞋꞋinit", "Ꞌa++"}},
	} {
		c, problems := analyse(t, tt.cell)
		if len(problems) > 0 {
			t.Errorf("%q: %v", tt.cell, problems)
			continue
		}
		_, run, _ := strings.Cut(string(c.Source), "func "+Entry+"()")
		at := make([]int, len(tt.want))
		for i, w := range tt.want {
			at[i] = strings.Index(run, w)
		}
		if slices.Contains(at, -1) || !slices.IsSorted(at) {
			t.Errorf("%q: want %q in this order in\n%s", tt.cell, tt.want, run)
		}
	}
}

// TestWaiting: a function that lacks a name is defined with the cell that gives it, or that uses it then.
func TestWaiting(t *testing.T) {
	n := NewNotebook(none{})
	run := func(src string, fails string) {
		t.Helper()
		c, problems := n.Analyse(src)
		if fails != "" {
			if len(problems) == 0 || !strings.Contains(problems[0].Text, fails) {
				t.Errorf("%q: %v, want %q", src, problems, fails)
			}
			return
		}
		if len(problems) > 0 {
			t.Errorf("%q: %v", src, problems)
			return
		}
		n.Commit(c)
	}
	run("func even(n int) bool { return n == 0 || odd(n-1) }", "undefined: odd")
	run("even(1)", "undefined: even")
	run("func odd(n int) bool { return n != 0 && even(n-1) }", "")
	run("even(1) == odd(2)", "")
	run("func wrong() { nope(); 1 + \"a\" }", "undefined: nope")
	run("func nope() {}", "")
	run("wrong()", "undefined: wrong")
}
