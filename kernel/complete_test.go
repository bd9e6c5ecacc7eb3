package kernel

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestCompleteAndInspect(t *testing.T) {
	b := newNotebook(t)
	for _, dir := range []string{"data/deep", "docs"} {
		if err := os.MkdirAll(filepath.Join(b.s.o.Dir, dir), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(b.s.o.Dir, "dump.go"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	b.want("import \"strings\"\n// point is a place.\ntype point struct { X, y int }\n\nfunc (p point) Norm() int { return p.X + p.y }\nhere := point{1, 2}\ntimes := 3", "")
	// | is the cursor; each wanted name must be offered, with ! it must not
	complete := []struct{ code, want string }{
		{"strings.ToU|", "ToUpper:function ToUpperSpecial:function !ToLower"},
		{"fmt.Println(strings.Ha|", "HasPrefix:function HasSuffix:function"},
		{"here.|", "X:field y:field Norm:method"},
		{"if here.N|", "Norm:method"},
		{"for _, x := range []point{here} {\n\tx.N|\n}", "Norm:method"},
		{"for _, x := range []point{here} {\n\tx.N|", "Norm:method"},
		{"func f(local *point) {\n\tloc|", "local:variable"},
		{"func f(arg int) {\n\tvar b strings.Builder\n\tb.Write|\n}", "WriteString:method WriteByte:method"},
		{"he|", "here:variable"},
		{"tim|", "time:package times:variable"},
		{"str|", "strings:package string:type"},
		{"ret|", "return:keyword"},
		{"new1 := 2\nnew|", "new1:variable new:function"},
		{"point{|", "here:variable X:field y:field"},
		{"p := point{X: 1, |", "y:field"},
		{"[]point{{X|", "X:field"},
		{"point{X: he|}", "here:variable !X"},
		{"os.Getp|", "Getpid:function"},
		{"Disp|", "Display:function"},
		{"display.HT|", "HTML:function"},
		{"%ti|", "%time:command"},
		{"%cd d|", "data/:path docs/:path !dump.go !defer"},
		{"%load du|", "dump.go:path"},
		{"$ cat data/|", "data/deep/:path !data/"},
		{"%cd ..\n$ ls >do|", "docs/:path"},
		{"%env h|", "!here"},
		{"%time he|", "here:variable"},
		{"import \"net/ht|\"", "net/http:package net/http/httptest:package"},
		{"\"strings.To|\"", "!ToUpper"},
		{"'h|", "!here"},
		{"x := []int{1}\nx[0].|", "!X"},
		{"|", "here:variable for:keyword"},
		{"}|", ""},
	}
	for _, tt := range complete {
		cursor := strings.IndexByte(tt.code, '|')
		code := strings.Replace(tt.code, "|", "", 1)
		c := b.s.Complete(code, cursor)
		offered := make(map[string]string)
		for _, m := range c.Matches {
			offered[m.Text] = m.Type
		}
		for _, w := range strings.Fields(tt.want) {
			name, kind, _ := strings.Cut(w, ":")
			if not, ok := strings.CutPrefix(w, "!"); ok {
				if offered[not] != "" {
					t.Errorf("%q offers %s", tt.code, not)
				}
			} else if offered[name] != kind {
				t.Errorf("%q: %s is %q, want %q; start %d", tt.code, name, offered[name], kind, c.Start)
			}
		}
		if c.Start > cursor || c.End < cursor {
			t.Errorf("%q: replaces %d to %d", tt.code, c.Start, c.End)
		}
	}

	inspect := []struct{ code, want string }{
		{"strings.ToUp|per(\"a\")", "func ToUpper(s string) string\n\nToUpper returns s with all Unicode letters mapped to their upper case."},
		{"strings|.ToUpper", "package strings // import \"strings\"\n\nPackage strings implements"},
		{"here.No|rm()", "func (p point) Norm() int"},
		{"poin|t{}", "type point struct"},
		{"poin|t{}", "point is a place."},
		{"here|", "In[1]"},
		{"local := 3\nloc|al + 1", "var local int"},
		{"len|(x)", "func len(v Type) int\n\nThe len built-in function returns the length of v"},
		{"var x err|or", "type error interface {\n\tError() string\n}"},
		{"bytes|", "package bytes // import \"bytes\"\n\nPackage bytes implements"},
		{"point.X|", "field X int"},
		{"time.Duration.Seconds|", "Seconds returns the duration as a floating point number"},
		{"fmt.Println|(", "func Println(a ...any) (n int, err error)"},
		{"var b strings.Builder\nb.WriteStr|ing(\"\")", "func (b *Builder) WriteString(s string) (int, error)"},
		{"http.StatusTeapot|", "StatusTeapot"},
		{"%tim|e", "how long"},
	}
	for _, tt := range inspect {
		if testing.Short() && strings.HasPrefix(tt.code, "http") {
			continue
		}
		cursor := strings.IndexByte(tt.code, '|')
		data, found := b.s.Inspect(strings.Replace(tt.code, "|", "", 1), cursor)
		text, _ := data["text/plain"].(string)
		if !found || !strings.Contains(text, tt.want) {
			t.Errorf("%q: %v %q, want %q", tt.code, found, text, tt.want)
		}
	}
	for _, name := range []string{"nosuchname", "here.len", "nosuch.here"} {
		if _, found := b.s.Inspect(name, len(name)); found {
			t.Errorf("%s, which means nothing, is described", name)
		}
	}
	if c := b.s.Complete("point{", 6); len(c.Matches) < 3 || c.Matches[0].Text != "X" || c.Matches[1].Text != "y" {
		t.Errorf("the fields of a literal are not offered first: %+v", c.Matches[:min(3, len(c.Matches))])
	}

	// Both answer while a cell runs.
	r := newRecorder()
	done := make(chan Result)
	go func() { done <- b.s.Execute(context.Background(), Request{Code: "println(1)\nselect {}", Sink: r}) }()
	<-r.first
	if c := b.s.Complete("strings.ToUp", 12); len(c.Matches) != 2 {
		t.Errorf("while a cell runs: %+v", c)
	}
	if _, found := b.s.Inspect("here", 2); !found {
		t.Error("nothing is described while a cell runs")
	}
	b.s.Interrupt()
	<-done
}

func TestIsComplete(t *testing.T) {
	s := &Session{}
	for _, tt := range []struct{ code, status, indent string }{
		{"x := 1", "complete", ""},
		{"", "complete", ""},
		{"func f() {", "incomplete", "\t"},
		{"func f() {\n\tif true {", "incomplete", "\t\t"},
		{"f(1,", "incomplete", "\t"},
		{"x := `abc", "incomplete", ""},
		{"x +", "incomplete", ""},
		{"for {\n}", "complete", ""},
		{"}", "invalid", ""},
		{"x = = 1", "invalid", ""},
		{"import \"no/such/thing\"", "complete", ""},
		{"%time\nx := 1", "complete", ""},
		{"$ ls (", "complete", ""},
		{"fmt.Println?", "complete", ""},
		{"type T struct {\n\ta int\n}", "complete", ""},
	} {
		if status, indent := s.IsComplete(tt.code); status != tt.status || indent != tt.indent {
			t.Errorf("IsComplete(%q) = %s, %q; want %s, %q", tt.code, status, indent, tt.status, tt.indent)
		}
	}
}
