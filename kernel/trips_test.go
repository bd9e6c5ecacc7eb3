package kernel

import (
	"strings"
	"testing"
)

// TestTrips runs what trips kernels that take cells apart by their text, or keep state by halves.
func TestTrips(t *testing.T) {
	if testing.Short() {
		t.Skip("compiles about a hundred cells")
	}
	t.Parallel()
	b := newNotebook(t)
	// text that looks like code
	b.want("text := `package main\n\nimport \"nosuch\"\n\nfunc main() {\n`\nlen(strings.Split(text, \"\\n\"))", "6")
	b.want("fmt.Println(`\n%cd /nonexistent\n$ echo shell\n` + \"// no comment\" + \"/* nor this */\")", "\n%cd /nonexistent\n$ echo shell\n// no comment/* nor this */\n")
	b.want("/* package main */ // func main() {\n1 + 1", "2")
	b.want("s := \"{\"; r := '}'; fmt.Println(s, string(r))", "{ }\n")
	// imports: the newest wins the name, in the cell and in later ones
	b.want("import \"math/rand\"\nr1 := rand.New(rand.NewSource(1)).Intn(100)\nr1", "81")
	b.want("import \"math/rand/v2\"\nr2 := rand.IntN(1)\nr2", "0")
	b.want("rand.N(1)", "0")
	b.want("func draw() int { return rand.N(1) }", "")
	b.want("import \"math/rand\"\nrand.Intn(1) + draw()", "0")
	b.want("func up(s string) string { return str.ToUpper(s) }\nimport str \"strings\"\nup(\"a\")", "A")
	b.want("import f \"fmt\"\nf.Sprint(1)", "1")
	b.want("import . \"strings\"\nToUpper(\"a\")", "A")
	b.want("ToLower(\"B\")", "b")
	b.want("strings := 3\nstrings", "3")
	b.want("import \"strings\"\nstrings.ToUpper(\"a\")", "A")
	b.want("import _ \"image/gif\"", "")
	b.want("import (\n\t\"crypto/rand\"\n\tmrand \"math/rand\"\n)\nmrand.Intn(1) + len(rand.Text())", "26")
	b.want("template.HTMLEscapeString(\"<\")\nimport \"text/template\"", "&lt;")
	b.want("import \"container/list\"", "")
	b.want("list := list.New(); list.PushBack(3)\nlist.Len()", "1")
	b.want("import \"time\"", "")
	b.want("time := time.Duration(3)\ntime", "3ns")
	b.want("import \"time\"\ntime.Sleep(1)\ntime.Duration(2)", "2ns")
	b.want("type late struct{ n int }", "")
	b.want("var soon = []any{late{s: \"x\"}}\ntype late struct{ s string }\nsoon", "[{s:x}]")
	// statements that are no expressions, among definitions
	b.want("type T struct{ n int }\nt := T{1}\ntype U struct{ T; m int }\nu := U{t, 2}\nfunc (u U) sum() int { return u.n + u.m }\nu.sum()", "3")
	b.want("const c = 3\nvar arr [c]int\nlen(arr)", "3")
	b.want("outer:\nfor i := range 3 {\n\tfor j := range 3 {\n\t\tif j == 1 { continue outer }\n\t\tif i == 2 { break outer }\n\t\tfmt.Print(i, j, \" \")\n\t}\n}", "0 0 1 0 ")
	b.want("i := 0\nagain:\ni++\nif i < 3 { goto again }\ni", "3")
	b.want("defer fmt.Println(\"deferred\")\ndefer func() { recover() }()\nif i == 3 { return }\nfmt.Println(\"never\")", "deferred\n")
	b.want("defer func() { fmt.Println(\"recovered\", recover()) }()\nvar mm map[string]int\nmm[\"a\"] = 1", "recovered assignment to entry in nil map\n")
	b.want("return i * 2", "6")
	b.want("if i == 3 { return \"three\", i }\n\"other\"", "three 3")
	b.want("return fmt.Println(\"printed\")", "printed\n")
	b.want("{ i := 10; fmt.Println(i) }\ni", "10\n3")
	b.want("switch i { case 3: fallthrough; case 4: fmt.Println(\"3 or 4\"); default: fmt.Println(\"no\") }", "3 or 4\n")
	b.want("switch v := any(i).(type) { case int: fmt.Println(\"int\", v); case string: }", "int 3\n")
	b.want("var (\n\tp1, p2 = 1, \"x\"\n\t_ = p1\n)\np2", "x")
	b.want("_, err := strconv.Atoi(\"x\")\nerr != nil", "true")
	b.want("x, y := 1, 2; x, y = y, x\nfmt.Println(x, y)", "2 1\n")
	b.want("x, z := 5, 6\nx + y + z", "12")
	b.want("func() { fmt.Println(\"called\") }()", "called\n")
	b.want("i++", "")
	b.want("i", "4")
	// the end of a program
	b.fails("log.Fatal(\"fatal\")", "exit status 1")
	b.fails("log.New(os.Stdout, \"\", 0).Fatalf(\"%d\", 1)", "exit status 1")
	for _, end := range []string{"os.Exit(2)", "done := make(chan int); go func() { defer fmt.Println(\"nor this\"); os.Exit(2) }(); <-done"} {
		res, r := b.run("func quit() { defer fmt.Println(\"not run\"); " + end + " }\nquit()")
		if res.Err == nil || !strings.HasPrefix(res.Err.Value, "exit status 2") || r.out.String() != "" {
			t.Errorf("%s: %v, stdout %q", end, res.Err, r.out.String())
		}
	}
	b.fails("runtime.Goexit()", "goexit")
	b.want("i", "4")
	// names of types
	b.want("fmt.Printf(\"%T %T %T %T\", t, &u, []T{}, map[string]*U{})", "main.T *main.U []main.T map[string]*main.U")
	b.want("type pair[K comparable, V any] struct{ key K; val V }\nfmt.Printf(\"%T %+v\", pair[string, T]{}, pair[string, T]{\"k\", T{1}})", "main.pair[string,main.T] {key:k val:{n:1}}")
	b.fails("panic(t)", "main.T")
	b.fails("panic(&t)", "(*main.T) &{n:1}")
	b.fails("func init() { panic(1) }", "in init\n")
	b.fails("var a any = t\na.(fmt.Stringer)", "interface conversion: main.T is not fmt.Stringer: missing method String")
	b.fails("any(t).(U)", "interface conversion: interface {} is main.T, not main.U")
	b.want("func (t T) String() string { return \"T!\" }\nfmt.Println(T{1})", "T!\n")
	b.want("reflect.TypeOf(u).Field(1).Name + reflect.TypeOf(u).String()", "mmain.U")
	b.want("errors.New(\"a\") == nil", "false")
	// names of functions
	b.want("func (t *T) caller() string { pc, _, _, _ := runtime.Caller(0); return runtime.FuncForPC(pc).Name() }\nfunc caller[V any]() string { pc, _, _, _ := runtime.Caller(0); return runtime.FuncForPC(pc).Name() }\n(&T{}).caller() + \" \" + caller[int]()", "main.(*T).caller main.caller[...]")
	b.want("pc, _, _, _ := runtime.Caller(0)\nfunc() { p, _, _, _ := runtime.Caller(0); fmt.Print(runtime.FuncForPC(p).Name()) }()\nruntime.FuncForPC(pc).Name()", "main.main.func1main.main")
	b.want("stack := string(debug.Stack())\nfmt.Println(strings.Contains(stack, \"\\nmain.main()\\n\"), strings.Contains(stack, \"run\"+\"()\"))", "true false\n")
	// results
	b.want("m := map[string]int{\"a\": 1}\nv, ok := m[\"a\"]\nfmt.Println(v, ok)", "1 true\n")
	b.want("v, ok = m[\"b\"]\nfmt.Println(v, ok)", "0 false\n")
	b.want("var w, has = m[\"a\"]\nfmt.Println(w, has)", "1 true\n")
	b.want("n, isInt := any(3).(int); fmt.Println(n, isInt)", "3 true\n")
	b.want("if v, ok := m[\"a\"]; ok { fmt.Println(v) }", "1\n")
	// methods found through interfaces, and lower-case ones
	b.want("type animal interface{ sound() string; fmt.Stringer }\ntype dog struct{}\nfunc (dog) sound() string { return \"wuff\" }\nfunc (dog) String() string { return \"dog\" }", "")
	b.want("var an animal = dog{}\nfmt.Println(an.sound(), an)", "wuff dog\n")
	b.want("_, is := any(dog{}).(interface{ sound() string })\nis", "true")
	b.want("type byLen []string\nfunc (b byLen) Len() int { return len(b) }\nfunc (b byLen) Less(i, j int) bool { return len(b[i]) < len(b[j]) }\nfunc (b byLen) Swap(i, j int) { b[i], b[j] = b[j], b[i] }\nwords := []string{\"ccc\", \"a\", \"bb\"}\nsort.Sort(byLen(words))\nwords", "[a bb ccc]")
	b.want("type myErr struct{ code int }\nfunc (e *myErr) Error() string { return fmt.Sprint(\"code \", e.code) }\nfunc fail() error { return &myErr{7} }\nvar target *myErr\nfmt.Println(errors.As(fail(), &target), target.code)", "true 7\n")
	b.fails("fail()\npanic(fail())", "code 7")
	// what is left over from earlier cells
	b.want("func helper() int { return 1 }\nfunc user() int { return helper() }", "")
	b.want("func helper() int { return 2 }", "")
	b.want("fmt.Println(helper(), user())", "2 1\n")
	b.want("package main\n\nimport \"fmt\"\n\nfunc helper() string { return \"program\" }\n\nfunc init() { fmt.Print(\"init \") }\n\nfunc main() { fmt.Println(helper()) }", "init program\n")
	b.want("package main\n\nfunc main() { println(); main := 3; _ = main }", "")
	b.want("main := 4\nmain", "4")
	b.want("len := 5\nlen", "5")
	b.want("func f2() (string, error) { return \"a\", nil }\nfmt.Println(f2())", "a <nil>\n")
	// generics and iterators
	b.want("func seq(n int) iter.Seq2[int, string] { return func(yield func(int, string) bool) { for i := range n { if !yield(i, strconv.Itoa(i*i)) { return } } } }\nfor i, s := range seq(10) { if i == 3 { break }; fmt.Print(s, \" \") }", "0 1 4 ")
	b.want("type number interface{ ~int | ~float64 }\nfunc total[N number](s ...N) (t N) { for _, v := range s { t += v }; return }\ntype celsius float64\nfmt.Println(total(1, 2), total(celsius(1.5), 2))", "3 3.5\n")
	b.want("type stack[T any] struct{ items []T }\nfunc (s *stack[T]) push(v ...T) *stack[T] { s.items = append(s.items, v...); return s }\nvar st stack[string]", "")
	b.want("func (s *stack[T]) size() int { return builtinLen(s.items) }\nfunc builtinLen[T any](s []T) (n int) { for range s { n++ }; return }\nnew(stack[int]).push(1, 2).size()", "2")
	b.want("type tree[T cmp.Ordered] struct{ left, right *tree[T]; val T }\nfunc (t *tree[T]) insert(v T) *tree[T] { if t == nil { return &tree[T]{val: v} }; if v < t.val { t.left = t.left.insert(v) } else { t.right = t.right.insert(v) }; return t }\nfunc (t *tree[T]) all(yield func(T) bool) bool { return t == nil || t.left.all(yield) && yield(t.val) && t.right.all(yield) }\nvar root *tree[string]\nfor _, w := range []string{\"m\", \"a\", \"z\"} { root = root.insert(w) }\nroot.all(func(s string) bool { fmt.Print(s); return true })", "amztrue")
	b.want("type set[T comparable] = map[T]struct{}\nss := set[int]{1: {}}\nss", "key  value\n1    {}")
	b.want("min(3, max(1, 2))", "2")
	b.want("clear(m)\nm", "map[]")
	// a declaration without body, as documentation shows them
	if _, r := b.run("func documented(int) error\n1"); !strings.Contains(r.err.String(), "documented") {
		t.Errorf("a function without body: stderr %q", r.err.String())
	}
	b.fails("documented(1)", "undefined: documented")
	// goroutines
	b.want("results := make(chan int)\nfor k := range 3 { go func() { results <- k * k }() }\n(<-results) + (<-results) + (<-results)", "5")
	b.want("type counter struct{ sync.Mutex; n int }\nvar ct counter\nvar wg sync.WaitGroup\nfor range 10 { wg.Go(func() { ct.Lock(); defer ct.Unlock(); ct.n++ }) }\nwg.Wait()\nct.n", "10")
	b.want("var once sync.Once\nfor range 3 { once.Do(func() { fmt.Println(\"once\") }) }", "once\n")
	b.want("ctx, cancel := context.WithTimeout(context.Background(), time.Millisecond)\ndefer cancel()\n<-ctx.Done()\nctx.Err()", "context deadline exceeded")
	b.want("tick := time.NewTicker(time.Millisecond)\ncount := 0\nfor range tick.C { count++; if count == 3 { tick.Stop(); break } }\ncount", "3")
	// struct tags and encoders
	b.want("type rec struct {\n\tName string `json:\"name\"`\n\tAge  int    `json:\"age,omitempty\"`\n\tpriv int\n}\njs, _ := json.Marshal([]rec{{\"a\", 0, 1}})\nfmt.Println(string(js))", "[{\"name\":\"a\"}]\n")
	b.want("var back []rec\nerr = json.Unmarshal([]byte(`[{\"name\":\"b\",\"age\":3,\"priv\":4}]`), &back)\nfmt.Println(back, err)", "[{b 3 0}] <nil>\n")
	b.want("var xb bytes.Buffer\nerr = gob.NewEncoder(&xb).Encode(rec{\"g\", 1, 2})\nvar gr rec\ngob.NewDecoder(&xb).Decode(&gr)\nfmt.Println(err, gr)", "<nil> {g 1 0}\n")
	b.want("template.Must(template.New(\"\").Parse(\"{{.Name}} {{.Age}}\\n\")).Execute(os.Stdout, rec{Name: \"t\"})", "t 0\n")
	b.want("type inner struct{ A int }\ntype wrap struct{ inner; B int }\njs, _ = json.Marshal(wrap{inner{1}, 2})\nstring(js)", "{\"A\":1,\"B\":2}")
	// methods that come later belong to what is there already
	b.want("type account struct { owner string; sum int }\nacc := account{\"a\", 1}\nall := []*account{&acc}\nfunc pay(a *account, n int) { a.sum += n }\nfunc first() *account { return all[0] }", "")
	b.want("func (a *account) add(n int) { a.sum += n }\nacc.add(1)\nacc.sum", "2")
	b.want("all[0].add(2)\npay(&acc, 3)\nfirst().add(4)\nfmt.Println(acc, all[0] == &acc, first() == &acc)", "{a 11} true true\n")
	b.want("func (a account) String() string { return fmt.Sprint(a.owner, \"=\", a.sum) }", "")
	b.want("acc.add(1)\nacc.sum++\nacc.owner, acc.sum = \"b\", acc.sum+1\nfmt.Println(acc, first(), all)\nfmt.Printf(\"%T\", acc)", "b=14 b=14 [b=14]\nmain.account")
	b.want("acc = account{\"c\", 0}; func() { defer func() { acc.sum = 5 }() }()\nfirst().sum", "5")
	b.want("for acc.sum = range 3 { }\nq := &acc.sum; *q += 10\nacc", "c=12")
	b.want("type amount int\ntype bill struct { n amount }\nbl := bill{3}", "")
	b.want("type amount string", "")
	if _, r := b.run("func (b bill) text() string { return string(b.n) }"); !strings.Contains(r.err.String(), "variables of the earlier type are out of reach: bl") {
		t.Errorf("a type of other contents: stderr %q", r.err.String())
	}
	b.want("bill{\"x\"}.text()", "x")
	// variables of a package that only a later cell uses: the first one to use the package must have initialised them
	b.want("type sent struct{ A, B int }\ntype got struct{ A int }\nvar network bytes.Buffer\nencoder := gob.NewEncoder(&network)\nencoder.Encode(sent{1, 2})", "")
	b.want("var g got\ngob.NewDecoder(&network).Decode(&g)\ng", "{A:1}")
	// what is deferred last in a cell runs when the notebook ends
	b.want("gone := false\nname := filepath.Join(os.TempDir(), \"nothing\")\ndefer fmt.Println(\"late\", gone)\ndefer func() { gone = true; panic(name) }()", "")
	b.want("gone", "false")
	b.want("%restart", "late false\nA new process runs the cells; all names are forgotten.\n")
}
