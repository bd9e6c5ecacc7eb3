package nb

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/png"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

type length float64

// figure has the method by which gonum/plot draws.
type figure struct {
	big  bool
	fail bool
}

func (f figure) WriterTo(w, h length, format string) (io.WriterTo, error) {
	if f.fail {
		return nil, errors.New("no canvas")
	}
	text := fmt.Sprintf("%s %.0fx%.0f", format, w, h)
	if f.big && format == "svg" {
		text = strings.Repeat("x", maxSVG+1)
	}
	return strings.NewReader(text), nil
}

type own struct{}

func (own) HTML() string { return "<i>own</i>" }

type (
	renderer  struct{}
	anonymous struct{}
	simple    struct{}
	tree      struct{}
)

func (renderer) Render() Data { return Data{Data: MIMEMap{MIMETypeLatex: "$r$"}} }
func (anonymous) Render() struct{ Data, Metadata, Transient MIMEMap } {
	return struct{ Data, Metadata, Transient MIMEMap }{Data: MIMEMap{MIMETypeHTML: "<a>"}}
}
func (simple) SimpleRender() MIMEMap { return MIMEMap{MIMETypeMarkdown: "*s*"} }
func (tree) JSON() map[string]any    { return map[string]any{"a": 1} }

func (own) LaTeX() (string, error)    { return "$x$", nil }
func (own) PNG() []byte               { return []byte{1, 2} }
func (own) Markdown() (string, error) { return "", nil }
func (own) SVG(scale int) string      { return "takes an argument, so it is not asked" }

type failing struct{}

func (failing) HTML() (string, error) { return "", errors.New("no data") }

type panicking struct{}

func (panicking) String() string { panic("no text") }

type bundle struct{}

func (bundle) MIMEBundle() map[string]any { return map[string]any{"text/x-own": "b"} }

type person struct {
	Name string
	age  int
}

type grid struct{}

func (grid) Dims() (int, int)    { return 2, 2 }
func (grid) At(i, j int) float64 { return float64(10*i + j) }

func TestBundle(t *testing.T) {
	tests := []struct {
		v    any
		want map[string]string
	}{
		{1.5, map[string]string{"text/plain": "1.5"}},
		{"a\nb", map[string]string{"text/plain": "a\nb"}},
		{nil, map[string]string{"text/plain": "<nil>"}},
		{(*person)(nil), map[string]string{"text/plain": "<nil>"}},
		{[]person(nil), map[string]string{"text/plain": "[]"}},
		{errors.New("bad"), map[string]string{"text/plain": "bad"}},
		{person{"A", 3}, map[string]string{"text/plain": "{Name:A age:3}"}},
		{&person{"A", 3}, map[string]string{"text/plain": "&{Name:A age:3}"}},
		{time.Second, map[string]string{"text/plain": "1s"}},
		{own{}, map[string]string{"text/html": "<i>own</i>", "text/latex": "$x$", "image/png": "\x01\x02", "text/plain": "{}"}},
		{failing{}, map[string]string{"text/plain": "nb.failing cannot be shown: no data"}},
		{panicking{}, map[string]string{"text/plain": "%!v(PANIC=String method: no text)"}},
		{bundle{}, map[string]string{"text/x-own": "b", "text/plain": "{}"}},
		{figure{}, map[string]string{"image/svg+xml": "svg 454x283", "image/png": "png 454x283", "text/plain": "figure nb.figure"}},
		{figure{big: true}, map[string]string{"image/png": "png 454x283", "text/plain": "figure nb.figure"}},
		{figure{fail: true}, map[string]string{"text/plain": "nb.figure cannot be shown: no canvas"}},
		{HTML("<b>"), map[string]string{"text/html": "<b>", "text/plain": "<b>"}},
		{renderer{}, map[string]string{"text/latex": "$r$", "text/plain": "{}"}},
		{anonymous{}, map[string]string{"text/html": "<a>", "text/plain": "{}"}},
		{simple{}, map[string]string{"text/markdown": "*s*", "text/plain": "{}"}},
		{tree{}, map[string]string{"application/json": "map[a:1]", "text/plain": "{}"}},
		{MakeData3(MIMETypeHTML, "t", "<b>"), map[string]string{"text/html": "<b>", "text/plain": "t"}},
		{Math("x^2"), map[string]string{"text/latex": "$$x^2$$", "text/plain": "$$x^2$$"}},
		{PNG([]byte{1}), map[string]string{"image/png": "\x01", "text/plain": "image/png, 1 bytes"}},
		{[]person{{"A<", 3}, {"B", 4}}, map[string]string{
			"text/html":  "<table>\n<thead><tr><th></th><th>Name</th><th>age</th></tr></thead>\n<tbody>\n<tr><td>0</td><td>A&lt;</td><td>3</td></tr>\n<tr><td>1</td><td>B</td><td>4</td></tr>\n</tbody>\n</table>\n",
			"text/plain": "   Name  age\n0  A<    3\n1  B     4"}},
		{[]*person{nil, {"B", 4}}, map[string]string{
			"text/html":  "<table>\n<thead><tr><th></th><th>Name</th><th>age</th></tr></thead>\n<tbody>\n<tr><td>0</td><td>nil</td><td>nil</td></tr>\n<tr><td>1</td><td>B</td><td>4</td></tr>\n</tbody>\n</table>\n",
			"text/plain": "   Name  age\n0  nil   nil\n1  B     4"}},
		{map[int]string{10: "x", 9: "y"}, map[string]string{
			"text/html":  "<table>\n<thead><tr><th>key</th><th>value</th></tr></thead>\n<tbody>\n<tr><td>9</td><td>y</td></tr>\n<tr><td>10</td><td>x</td></tr>\n</tbody>\n</table>\n",
			"text/plain": "key  value\n9    y\n10   x"}},
		{grid{}, map[string]string{
			"text/html":  "<table>\n<thead><tr><th></th><th>0</th><th>1</th></tr></thead>\n<tbody>\n<tr><td>0</td><td>0</td><td>1</td></tr>\n<tr><td>1</td><td>10</td><td>11</td></tr>\n</tbody>\n</table>\n",
			"text/plain": "   0   1\n0  0   1\n1  10  11"}},
	}
	for _, tt := range tests {
		data, _ := Bundle(tt.v)
		if len(data) != len(tt.want) {
			t.Errorf("%T: %v, want %v", tt.v, data, tt.want)
			continue
		}
		for k, w := range tt.want {
			got := fmt.Sprint(data[k])
			if b, ok := data[k].([]byte); ok {
				got = string(b)
			}
			if got != w {
				t.Errorf("%T %s: %q, want %q", tt.v, k, got, w)
			}
		}
	}

	img := image.NewGray(image.Rect(0, 0, 3, 2))
	data, _ := Bundle(img)
	back, err := png.Decode(bytes.NewReader(data["image/png"].([]byte)))
	if err != nil || back.Bounds().Size() != img.Bounds().Size() {
		t.Errorf("image: %v %v", err, data)
	}
}

func TestEndless(t *testing.T) {
	list := []any{1, nil}
	list[1] = list
	tree := map[string]any{"a": 1}
	tree["self"] = []any{tree}
	type node struct{ next *node }
	n := &node{}
	n.next = n
	for _, tt := range []struct {
		v    any
		want string
	}{
		{list, "[]interface {} that holds itself"},
		{&list, "*[]interface {} that holds itself"},
		{tree, "map[string]interface {} that holds itself"},
		{struct{ v any }{tree}, "struct { v interface {} } that holds itself"},
	} {
		if data, _ := Bundle(tt.v); data["text/plain"] != tt.want {
			t.Errorf("%T: %q, want %q", tt.v, data["text/plain"], tt.want)
		}
	}
	for _, v := range []any{n, []any{[]any{1}}, map[string]any{"a": map[string]int{}}, [][]float64{{1}}} {
		if isEndless(v) {
			t.Errorf("%T is endless", v)
		}
	}
}

func TestLongText(t *testing.T) {
	data, _ := Bundle(make([]int, 1<<20))
	if s := data["text/plain"].(string); len(s) > maxText+100 || !strings.Contains(s, "bytes not shown") || !strings.HasPrefix(s, "[0 0") || !strings.HasSuffix(s, "0 0]") {
		t.Errorf("%d bytes", len(s))
	}
}

func TestBundleAll(t *testing.T) {
	for _, tt := range []struct {
		values []any
		want   string
	}{
		{[]any{1, nil}, "1"},
		{[]any{1, errors.New("e")}, "1 e"},
		{[]any{1, "a"}, "1 a"},
		{[]any{nil}, "<nil>"},
	} {
		if data, _ := BundleAll(tt.values...); data["text/plain"] != tt.want {
			t.Errorf("%v: %v, want %q", tt.values, data, tt.want)
		}
	}
	if data, _ := BundleAll(figure{}, errors.New("warned")); data["image/png"] == nil {
		t.Errorf("a figure beside another value: %v", data)
	}
}

func TestLongTable(t *testing.T) {
	rows := make([]person, 1000)
	for i := range rows {
		rows[i] = person{fmt.Sprint(i), i}
	}
	data, _ := Bundle(rows)
	text := data["text/plain"].(string)
	if n := strings.Count(text, "\n"); n != headRows+tailRows+1 {
		t.Errorf("%d lines", n)
	}
	if !strings.Contains(text, "980 of 1000 rows not shown") || !strings.HasSuffix(text, "999  999   999") {
		t.Error(text)
	}
}

func TestFile(t *testing.T) {
	dir := t.TempDir()
	for name, content := range map[string]string{"a.svg": "<svg/>", "a.png": "\x89PNG", "plain": "text"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for name, want := range map[string]string{"a.svg": "image/svg+xml", "a.png": "image/png", "plain": "text/plain"} {
		if d := File("", filepath.Join(dir, name)); d.Data[want] == nil {
			t.Errorf("%s: %v", name, d.Data)
		}
	}
	if d := File("", filepath.Join(dir, "none")); !strings.Contains(fmt.Sprint(d.Data["text/plain"]), "no such file") {
		t.Errorf("a missing file: %v", d.Data)
	}
}

// page is a notebook for tests.
type page struct {
	shown []string // "id update text"
	data  []map[string]any
	clear []bool
	ctx   context.Context
}

func (p *page) Display(data, _ map[string]any, id string, update bool) {
	p.shown = append(p.shown, fmt.Sprint(id, " ", update, " ", data["text/plain"]))
	p.data = append(p.data, data)
}
func (p *page) Clear(wait bool) { p.clear = append(p.clear, wait) }
func (p *page) Input(prompt string, password bool) (string, error) {
	return fmt.Sprint(prompt, password), nil
}
func (p *page) Context() context.Context { return p.ctx }

func TestNotebook(t *testing.T) {
	type key struct{}
	p := &page{ctx: context.WithValue(context.Background(), key{}, 1)}
	SetHost(p)
	defer SetHost(nil)
	h := Display(1)
	h.Update("two")
	other := Display(3)
	if h.ID() == other.ID() || strings.Join(p.shown, ",") != fmt.Sprintf("%s false 1,%s true two,%s false 3", h.ID(), h.ID(), other.ID()) {
		t.Errorf("shown: %q", p.shown)
	}
	ClearOutput()
	ClearOutput(true)
	if fmt.Sprint(p.clear) != "[false true]" {
		t.Errorf("cleared: %v", p.clear)
	}
	if s, err := Password("p"); s != "ptrue" || err != nil {
		t.Errorf("password: %q, %v", s, err)
	}
	if s, err := Input("i"); s != "ifalse" || err != nil {
		t.Errorf("input: %q, %v", s, err)
	}
	if Context().Value(key{}) != 1 {
		t.Error("not the notebook's context")
	}

	p.shown, p.data = nil, nil
	bar := NewProgress("<epoch>", 4)
	bar.Add(1)
	bar.Set(4)
	bar.Note("loss 0.1")
	bar.Done()
	bar.Done()
	last := p.data[len(p.data)-1]
	if h := last["text/html"].(string); !strings.Contains(h, `<progress value="4" max="4"`) || !strings.Contains(h, "&lt;epoch&gt;") || !strings.Contains(h, "loss 0.1") {
		t.Errorf("progress: %s", h)
	}
	if s := last["text/plain"].(string); !strings.Contains(s, "100%") || !strings.Contains(s, "4/4") || !strings.Contains(s, "took") {
		t.Errorf("progress: %s", s)
	}
}

func TestNestedProgress(t *testing.T) {
	p := &page{}
	SetHost(p)
	defer SetHost(nil)
	outer := NewProgress("epochs", 3)
	for range 3 {
		inner := NewProgress("batches", 2)
		inner.Add(2)
		inner.Done()
		outer.Add(1)
	}
	outer.Done()
	left := map[string]string{} // what is seen at the end, by display
	for i, d := range p.data {
		left[strings.Fields(p.shown[i])[0]] = d["text/plain"].(string)
	}
	var lines []string
	for _, text := range left {
		if text != "" {
			lines = append(lines, text)
		}
	}
	if len(left) != 2 || len(lines) != 1 || !strings.Contains(lines[0], "epochs 100%") {
		t.Errorf("%d displays, at the end they show %q", len(left), lines)
	}
	after := NewProgress("again", 1)
	after.Done()
	if last := p.data[len(p.data)-1]["text/plain"].(string); !strings.Contains(last, "again") {
		t.Errorf("a bar after the others leaves %q", last)
	}
}

func TestWhole(t *testing.T) {
	long := make([]int, 10_000)
	if s := Whole(long).Data["text/plain"].(string); s != fmt.Sprint(long) {
		t.Errorf("%d bytes of %d", len(s), len(fmt.Sprint(long)))
	}
	rows := make([]struct{ N int }, 100)
	if s := Whole(rows).Data["text/html"].(string); strings.Count(s, "<tr>") != 101 || strings.Contains(s, "not shown") {
		t.Errorf("%d rows", strings.Count(s, "<tr>"))
	}
}

func TestProgressStatus(t *testing.T) {
	start := time.Now()
	for _, tt := range []struct {
		p     *Progress
		after time.Duration
		want  string
	}{
		{&Progress{total: 10, done: 5}, 10 * time.Second, "5/10, 0.5/s, 10 s left"},
		{&Progress{total: 0, done: 100}, time.Second, "100, 100/s, 1.0 s"},
		{&Progress{total: 10}, time.Second, "0/10, 1.0 s"},
		{&Progress{total: 2, done: 1}, 3 * time.Hour, "1/2, 1.08e+04 s each, 3 h 00 min left"},
		{&Progress{total: 2, done: 2, closed: true, note: "n"}, 5 * time.Minute, "2/2, 150 s each, took 5 min 00 s, n"},
	} {
		tt.p.start = start
		if s := tt.p.status(start.Add(tt.after)); s != tt.want {
			t.Errorf("%q, want %q", s, tt.want)
		}
	}
}

func TestMust(t *testing.T) {
	if Must(1, nil) != 1 {
		t.Error("the value is lost")
	}
	err := errors.New("e")
	defer func() {
		if recover() != err {
			t.Error("does not panic with the error")
		}
	}()
	Must(0, err)
}

func TestReadLine(t *testing.T) {
	r := strings.NewReader("one\r\ntwo")
	for _, want := range []string{"one", "two"} {
		if s, err := readLine(r); s != want || err != nil {
			t.Errorf("%q, %v", s, err)
		}
	}
	if _, err := readLine(r); err != io.EOF {
		t.Errorf("at the end: %v", err)
	}
}
