package kernel

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// What reflection and those who live by it see of lower-case fields and methods.
const (
	lowerImports = "import (\n\t\"bytes\"\n\t\"encoding/gob\"\n\t\"encoding/json\"\n\t\"encoding/xml\"\n\t\"fmt\"\n\t\"reflect\"\n\t\"text/template\"\n\t\"time\"\n)\n"
	lowerTypes   = `
type shy int

func (s shy) String() string { return "shy calls String" }

type failure int

func (f failure) Error() string { return "failure calls Error" }

type base struct{ Open, shut int }

func (base) Promoted() string { return "promoted" }
func (base) hidden() string   { return "hidden" }

type record struct {
	base
	Name string ` + "`json:\"name\"`" + `
	s, t shy
	err  error ` + "`db:\"col\" json:\"err\"`" + `
	when time.Duration
	A, b int
}

func (r *record) Set(n int) { r.A = n }
func (r *record) reset()    { r.A = 0 }

type pair[T any] struct{ first, Second T }

type resetter interface{ reset() }

func describe(x any) {
	t := reflect.TypeOf(x)
	fmt.Println(t, t.PkgPath(), t.NumMethod(), reflect.PointerTo(t).NumMethod())
	for i := range t.NumField() {
		f := t.Field(i)
		fmt.Printf("%s %q %v %v %q %v\n", f.Name, f.PkgPath, f.IsExported(), f.Anonymous, f.Tag, reflect.ValueOf(x).Field(i).CanInterface())
	}
}
`
	lowerMain = `
r := record{base: base{1, 2}, Name: "n", s: 1, t: 2, err: failure(7), when: time.Second, A: 3, b: 4}
fmt.Println(r)
fmt.Printf("%v %+v %s\n", r, &r, r.s)
fmt.Println([]shy{1}, struct{ s shy }{1}, struct{ S shy }{1}, map[string]base{"k": {1, 2}})
describe(r)
describe(pair[shy]{1, 2})
type local struct{ n int }
type within struct{ a, B local }
describe(within{})
fmt.Println(within{a: local{1}})
describe(struct {
	a int
	B string
}{})
v := reflect.ValueOf(&r).Elem()
fmt.Println(v.FieldByName("A").CanSet(), v.FieldByName("b").CanSet(), v.FieldByName("Open").CanSet(), v.FieldByName("shut").CanSet())
for m := range reflect.TypeFor[*record]().Methods() {
	fmt.Println(m.Name, m.Type)
}
fmt.Println(reflect.ValueOf(&r).MethodByName("reset").IsValid(), reflect.ValueOf(&r).MethodByName("Set").IsValid())
var x any = &r
if z, ok := x.(resetter); ok {
	z.reset()
}
if z, ok := x.(interface{ hidden() string }); ok {
	fmt.Println(z.hidden(), r.A, reflect.TypeFor[*record]().Implements(reflect.TypeFor[resetter]()))
}
j, err := json.Marshal(r)
fmt.Println(string(j), err)
fmt.Println(json.Unmarshal([]byte(` + "`{\"name\":\"new\",\"Open\":5,\"s\":7,\"shut\":8}`" + `), &r), r)
m, err := xml.Marshal(base{1, 2})
fmt.Println(string(m), err)
var b bytes.Buffer
fmt.Println(gob.NewEncoder(&b).Encode(base{1, 2}))
var back base
fmt.Println(gob.NewDecoder(&b).Decode(&back), back)
fmt.Println(template.Must(template.New("t").Parse("{{.A}} {{.b}}\n")).Execute(&b, r))
fmt.Println(reflect.DeepEqual(r, r), r.base == base{5, 2}, reflect.ValueOf(pair[int]{1, 2}).Field(0).Int())
fmt.Println(reflect.TypeOf(struct{ a int }{}) == reflect.TypeOf(struct{ a int }{1}), struct{ a int }{1} == any(struct{ a int }{1}))
`
)

// Lower-case fields and methods of cells behave as those of a program, also when one cell declares what the next one uses.
func TestLowerCase(t *testing.T) {
	if testing.Short() {
		t.Skip("runs the go command")
	}
	t.Parallel()
	file := filepath.Join(t.TempDir(), "lower.go")
	program := "package main\n\n" + lowerImports + lowerTypes + "\nfunc main() {\n" + lowerMain + "}\n"
	if err := os.WriteFile(file, []byte(program), 0o600); err != nil {
		t.Fatal(err)
	}
	want, err := exec.Command("go", "run", file).CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, want)
	}
	b := newNotebook(t)
	check := func(how, code string) {
		t.Helper()
		_, r := b.must(code)
		got, real := strings.Split(r.out.String(), "\n"), strings.Split(string(want), "\n")
		for i := range max(len(got), len(real)) {
			if i >= len(got) || i >= len(real) || got[i] != real[i] {
				t.Errorf("%s, line %d:\n%q\nof\n%s\nwant\n%s", how, i+1, strings.Join(got[i:min(i+1, len(got))], ""), r.out.String(), want)
				return
			}
		}
	}
	check("pasted whole", program)
	b.must(lowerImports + lowerTypes)
	check("statements in a cell of their own", lowerMain)
	b.must("var kept = struct{ a, B int }{1, 2}\nvar again any = record{A: 1}")
	b.want("same, ok := any(kept).(struct{ a, B int })\nr2, ok2 := again.(record)\nfmt.Println(same, ok, r2.A, ok2)", "{1 2} true 1 true\n")
}
