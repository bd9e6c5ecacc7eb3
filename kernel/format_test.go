package kernel

import (
	"strings"
	"testing"
)

func TestFormatCell(t *testing.T) {
	for _, tt := range []struct{ code, want string }{
		{"x:=1", "x := 1"},
		{"import \"fmt\"\nfunc f( a int )int{\nreturn a+1 // next\n}\n\n// show it\nx:=f( 2 )   // now\nfmt.Println( x )\nfunc g(){}",
			"import \"fmt\"\n\nfunc f(a int) int {\n\treturn a + 1 // next\n}\n\n// show it\nx := f(2) // now\nfmt.Println(x)\nfunc g() {}"},
		{"%time\nfor i:=range 3{\nprintln(i)}", "%time\nfor i := range 3 {\n\tprintln(i)\n}"},
		{"type T struct{\na int\nlonger string }\nT{1,`a\n  b`}", "type T struct {\n\ta      int\n\tlonger string\n}\nT{1, `a\n  b`}"},
		{"// only a comment", "// only a comment"},
	} {
		got, err := formatCell(tt.code)
		if strings.TrimSpace(got) != tt.want || err != nil {
			t.Errorf("%q becomes %q, %v; want %q", tt.code, got, err, tt.want)
		}
		again, err := formatCell(got)
		if again != got || err != nil {
			t.Errorf("%q formatted again is %q, %v", got, again, err)
		}
	}
	for code, want := range map[string]string{"x := 1\ny := = 2": "line 2:", "%time\nfunc f() {}\n\nif {": "not complete", "}": "line 1:1"} {
		if _, err := formatCell(code); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: error %v, want %q", code, err, want)
		}
	}
}
