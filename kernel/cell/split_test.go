package cell

import (
	"strings"
	"testing"
)

func TestSplit(t *testing.T) {
	kinds := map[Kind]string{Code: "code", Package: "package", Import: "import", Func: "func"}
	tests := []struct{ src, want string }{
		{"", ""},
		{"x := 1", "code"},
		{"x := 1; y := 2\nx + y", "code code code"},
		{"import \"fmt\"\nfmt.Println(`package main`)", "import code"},
		{"import (\n\t\"fmt\"\n\t\"os\"\n)", "import"},
		{"package main\n\nimport \"fmt\"\n\nfunc main() { fmt.Println() }", "package import func"},
		{"func f() int {\n\treturn 1\n}\nf()", "func code"},
		{"func (p *T) M(x int) {}", "func"},
		{"func (T) m() {}", "func"},
		{"func (l *List[T]) Push(v T) {}", "func"},
		{"func(a int) int { return a }(3)", "code"},
		{"func() (x int) { return 3 }()", "code"},
		{"func(a int) (string) { return \"\" }(3)", "code"},
		{"func Map[T any](s []T) {}", "func"},
		{"type T struct {\n\tx int\n}\nvar v T\nconst c = 1", "code code code"},
		{"for i := 0; i < 3; i++ {\n}", "code"},
		{"s := `a;\nb`", "code"},
		{"a := 1 // ; b\n/* ; */ c := 2", "code code"},
	}
	for _, tt := range tests {
		chunks, open, problem := Split(tt.src)
		var got []string
		for _, c := range chunks {
			got = append(got, kinds[c.Kind])
		}
		if s := strings.Join(got, " "); s != tt.want || open || problem != nil {
			t.Errorf("Split(%q) = %q, open %v, problem %v; want %q", tt.src, s, open, problem, tt.want)
		}
	}
	for _, src := range []string{"f(", "func f() {", "x := []int{1,", "s := `abc", "/* x"} {
		if _, open, _ := Split(src); !open {
			t.Errorf("Split(%q): not open", src)
		}
	}
	for _, src := range []string{"}", "f)", "x := [1}"} {
		if _, _, problem := Split(src); problem == nil {
			t.Errorf("Split(%q): no problem", src)
		}
	}
}

// FuzzSplit: chunks lie in the text, in order, and hold all of it but spaces, comments and semicolons.
func FuzzSplit(f *testing.F) {
	for _, s := range []string{"x := 1; y", "func f() {\n}\n", "`a\r\nb`", "/* */ a; ;b", "\"\xff", "f(1,\n2)\n\n}"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, src string) {
		chunks, _, problem := Split(src)
		last := 0
		for _, c := range chunks {
			if c.Start < last || c.End <= c.Start || c.End > len(src) {
				t.Fatalf("%q: chunk %+v after %d", src, c, last)
			}
			last = c.End
		}
		if problem != nil && (problem.Offset < 0 || problem.Offset >= len(src)) {
			t.Fatalf("%q: problem at %d", src, problem.Offset)
		}
		if len(blank(src, chunks, func(Chunk) bool { return true })) != len(src) {
			t.Fatalf("%q: blank changes the length", src)
		}
	})
}
