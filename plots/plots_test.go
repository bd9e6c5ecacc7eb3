package plots

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"encoding/xml"
	"image/color"
	"image/png"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/image/font/sfnt"
	"golang.org/x/image/math/fixed"
	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"

	"nuclab/nucnet/nuclide"
)

func parse(t testing.TB, names string) []nuclide.Nuclide {
	t.Helper()
	list, err := nuclide.ParseList(names)
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// drawing is what a reader of an SVG file finds.
type drawing struct {
	texts []string
	fills map[string]int // closed shapes by fill colour
	paths int
}

func read(t testing.TB, f *Figure) drawing {
	t.Helper()
	d := drawing{fills: map[string]int{}}
	dec := xml.NewDecoder(strings.NewReader(f.SVG()))
	for {
		tok, err := dec.Token()
		if err == io.EOF {
			return d
		}
		if err != nil {
			t.Fatalf("the SVG is not well-formed: %v", err)
		}
		e, ok := tok.(xml.StartElement)
		if !ok {
			continue
		}
		switch e.Name.Local {
		case "text":
			var s string
			if err := dec.DecodeElement(&s, &e); err != nil {
				t.Fatal(err)
			}
			d.texts = append(d.texts, strings.TrimSpace(s))
		case "path":
			d.paths++
			for _, a := range e.Attr {
				if fill, ok := strings.CutPrefix(a.Value, "fill:"); a.Name.Local == "style" && ok {
					d.fills[strings.Split(fill, ";")[0]]++
				}
			}
		}
	}
}

func (d drawing) wants(t *testing.T, texts ...string) {
	t.Helper()
	for _, w := range texts {
		if !slices.Contains(d.texts, w) {
			t.Errorf("no text %q among %q", w, d.texts)
		}
	}
}

func silicon(t testing.TB) Abundances {
	return Abundances{
		Times:    []float64{0, 1e-6, 1e-3, 1, 100},
		Nuclides: parse(t, "si28 s32 ni56 fe54 h1"),
		X: [][]float64{{1, 0, 0, 0, 0}, {1, 1e-5, 0, 0, 1e-9}, {0.9, 0.1, 1e-6, 0, 1e-8}, {0.1, 0.4, 0.4, 0.1, 1e-7},
			{1e-7, 1e-6, 0.3, 0.7, 2e-7}},
	}
}

func TestAbundances(t *testing.T) {
	a := silicon(t)
	f, err := a.Figure()
	if err != nil {
		t.Fatal(err)
	}
	if f.Width != TwoColumns {
		t.Errorf("width %v, want two columns", f.Width)
	}
	// Hydrogen never reaches the axis; the others come in order of their largest X.
	if want := []string{"t", "X_si28", "X_fe54", "X_s32", "X_ni56"}; !slices.Equal(f.Data.Columns, want) {
		t.Errorf("columns %v, want %v", f.Data.Columns, want)
	}
	if len(f.Data.Rows) != 4 || f.Data.Rows[3][0] != 100.0 || f.Data.Rows[3][2] != 0.7 {
		t.Errorf("rows %v: want the four times above 0", f.Data.Rows)
	}
	d := read(t, f)
	d.wants(t, "28", "Si", "32", "S", "54", "Fe", "56", "Ni", "Time", "t", "Mass fraction", "X", "\u22125")
	if slices.Contains(d.texts, "H") {
		t.Error("hydrogen is named although it is not drawn")
	}
	if !strings.Contains(f.Alt, "fe54") || !strings.Contains(f.SVG(), `aria-label="Mass fractions of 4 nuclides`) {
		t.Errorf("alt text %q", f.Alt)
	}
	a.Left = true
	if f, err = a.Figure(); err != nil {
		t.Fatal(err)
	}
	// Against the time left, the last time has no place and the first one has.
	if rows := f.Data.Rows; f.Data.Columns[0] != "left" || len(rows) != 4 || rows[0][0] != 100.0 || rows[3][0] != 99.0 {
		t.Errorf("time left: %v %v", f.Data.Columns, rows)
	}
	read(t, f).wants(t, "Time left (s)")
	a.Left = false
	a.Show = parse(t, "h1")
	a.Min = 1e-10
	if f, err = a.Figure(); err != nil || !slices.Equal(f.Data.Columns, []string{"t", "X_h1"}) {
		t.Errorf("Show: %v", err)
	}
}

func TestAbundancesErrors(t *testing.T) {
	for name, change := range map[string]func(*Abundances){
		"no times":       func(a *Abundances) { a.Times, a.X = nil, nil },
		"rows":           func(a *Abundances) { a.X = a.X[1:] },
		"columns":        func(a *Abundances) { a.X[2] = a.X[2][1:] },
		"falling times":  func(a *Abundances) { a.Times[2] = 1e-7 },
		"not a number":   func(a *Abundances) { a.X[1][1] = math.NaN() },
		"unknown column": func(a *Abundances) { a.Show = parse(t, "fe56") },
		"nothing left": func(a *Abundances) {
			a.X = [][]float64{make([]float64, 5), make([]float64, 5), make([]float64, 5), make([]float64, 5), make([]float64, 5)}
		},
		"minimum": func(a *Abundances) { a.Min = 2 },
	} {
		a := silicon(t)
		change(&a)
		if _, err := a.Figure(); err == nil || !strings.HasPrefix(err.Error(), "plots: abundances: ") {
			t.Errorf("%s: error %v", name, err)
		}
	}
}

func TestChart(t *testing.T) {
	nuclides := parse(t, "neut h1 he4 c12 o16 si28 ca40 fe54 fe56 ni56 prot")
	x := []float64{1e-9, 0, 0.01, 0, 0, 0.5, 1e-7, 0.2, 0.1, 0.2, 0}
	f, err := Chart{Panels: []ChartPanel{{"*T* = 5 GK", nuclides, x}}}.Figure()
	if err != nil {
		t.Fatal(err)
	}
	d := read(t, f)
	d.wants(t, "Si", "Fe", "Ni", "O", "T", "= 5 GK", "Neutron number", "Charge number", "stable", "Mass fraction", "\u22126")
	// Below the scale from 1e-6 to 1: neut, h1, c12, o16, ca40 and prot, in pale grey, and one in the key.
	if n := d.fills["#F2F2F2"]; n != 7 {
		t.Errorf("%d pale cells, want 7", n)
	}
	// Cells above the scale have the colour of their place on it.
	for _, v := range []float64{0.01, 0.5, 0.2, 0.1} {
		c := heat(1 + math.Log10(v)/6).(color.NRGBA)
		if hex := strings.ToUpper(hexOf(c)); d.fills[hex] == 0 {
			t.Errorf("no cell in the colour %s of X = %g", hex, v)
		}
	}
	if !strings.Contains(f.Alt, "largest si28 0.5, fe54 0.2, ni56 0.2") {
		t.Errorf("alt text %q", f.Alt)
	}
	if len(f.Data.Rows) != len(nuclides) || !slices.Equal(f.Data.Rows[5], []any{1, "si28", 14, 14, 0.5}) {
		t.Errorf("data %v", f.Data.Rows)
	}

	three, err := Chart{Panels: []ChartPanel{{"burn", nuclides, x}, {"NNN", nuclides, x}, {"NSE", nuclides, x}}}.Figure()
	if err != nil {
		t.Fatal(err)
	}
	read(t, three).wants(t, "(a) burn", "(b) NNN", "(c) NSE")
	if three.Width != TwoColumns || len(three.Data.Rows) != 3*len(nuclides) {
		t.Errorf("three panels: width %v, %d rows", three.Width, len(three.Data.Rows))
	}
}

// TestChartNames: the largest nuclides of each panel are listed in it, as far as they are on the scale.
func TestChartNames(t *testing.T) {
	nuclides := parse(t, "h1 he4 si28 fe54 ni56")
	f, err := Chart{Panels: []ChartPanel{
		{"a", nuclides, []float64{0, 0.0995, 0.448, 2e-3, 0.45}},
		{"b", nuclides, []float64{1, 0, 0, 0, 0}},
	}, Name: 3}.Figure()
	if err != nil {
		t.Fatal(err)
	}
	d := read(t, f)
	d.wants(t, "0.45", "0.10", "1.0")
	if n := count(d.texts, "56"); n != 1 || count(d.texts, "28") != 1 || slices.Contains(d.texts, "54") {
		t.Errorf("names %q", d.texts)
	}
	for v, want := range map[float64]string{0.448: "0.45", 0.0999: "0.10", 0.01: "0.010", 0.996: "1.0", 12: "12", 2e-3: "2.0×10^{−3}", 150: "1.5×10^{2}"} {
		if got := digits(v); got != want {
			t.Errorf("%g is written %s, want %s", v, got, want)
		}
	}
}

func hexOf(c color.NRGBA) string {
	const digits = "0123456789ABCDEF"
	return string([]byte{'#', digits[c.R>>4], digits[c.R&15], digits[c.G>>4], digits[c.G&15], digits[c.B>>4], digits[c.B&15]})
}

func TestChartErrors(t *testing.T) {
	nuclides := parse(t, "h1 he4")
	for name, c := range map[string]Chart{
		"no panels":    {},
		"lengths":      {Panels: []ChartPanel{{"", nuclides, []float64{1}}}},
		"negative":     {Panels: []ChartPanel{{"", nuclides, []float64{1, -1}}}},
		"not a number": {Panels: []ChartPanel{{"", nuclides, []float64{1, math.NaN()}}}},
		"twice":        {Panels: []ChartPanel{{"", parse(t, "h1 h1"), []float64{1, 0}}}},
		"scale":        {Panels: []ChartPanel{{"", nuclides, []float64{1, 0}}}, Min: 1, Max: 0.1},
	} {
		if _, err := c.Figure(); err == nil || !strings.HasPrefix(err.Error(), "plots: chart: ") {
			t.Errorf("%s: error %v", name, err)
		}
	}
}

func TestTraining(t *testing.T) {
	f, err := Training{Train: []float64{3, 1, 0.5, 0.3}, Validation: []float64{3, 1.2, 0.9, 1.1}}.Figure()
	if err != nil {
		t.Fatal(err)
	}
	read(t, f).wants(t, "Epoch", "Loss", "training", "validation", "best: epoch 3", "0.5", "1", "2")
	if !slices.Equal(f.Data.Columns, []string{"epoch", "train", "validation"}) || !slices.Equal(f.Data.Rows[2], []any{3, 0.5, 0.9}) {
		t.Errorf("data %v", f.Data)
	}
	one, err := Training{Train: []float64{1}}.Figure()
	if err != nil {
		t.Fatal(err)
	}
	read(t, one).wants(t, "training")
	for name, bad := range map[string]Training{
		"none":     {},
		"lengths":  {Train: []float64{1, 2}, Validation: []float64{1}},
		"zero":     {Train: []float64{1, 0}},
		"infinite": {Train: []float64{1, math.Inf(1)}},
		"best":     {Train: []float64{1}, Best: 2},
	} {
		if _, err := bad.Figure(); err == nil || !strings.HasPrefix(err.Error(), "plots: training: ") {
			t.Errorf("%s: error %v", name, err)
		}
	}
}

func TestComparison(t *testing.T) {
	nuclides := parse(t, "h1 he4 si28 fe54 ni56")
	burn, nse := []float64{1e-5, 0.01, 0.1, 0.3, 0.59}, []float64{0, 0.02, 1e-4, 0.35, 0.63}
	f, err := Comparison{Nuclides: nuclides, Series: []Series{{"burn", burn}, {"NSE", nse}}, Top: 4}.Figure()
	if err != nil {
		t.Fatal(err)
	}
	read(t, f).wants(t, "burn", "NSE", "Ni", "Fe", "Si", "He")
	var order []any
	for _, r := range f.Data.Rows {
		order = append(order, r[0])
	}
	if !slices.Equal(order, []any{"ni56", "fe54", "si28", "he4"}) {
		t.Errorf("order %v", order)
	}
	p, err := Parity{Nuclides: nuclides, Reference: burn, Prediction: nse, PredictionName: "NSE"}.Figure()
	if err != nil {
		t.Fatal(err)
	}
	read(t, p).wants(t, "X", ", burn", ", NSE", "Si", "H")
	for name, err := range map[string]error{
		"no series": second(Comparison{Nuclides: nuclides}.Figure()),
		"lengths":   second(Comparison{Nuclides: nuclides, Series: []Series{{"burn", burn[1:]}}}.Figure()),
		"zero":      second(Comparison{Nuclides: nuclides, Series: []Series{{"burn", make([]float64, 5)}}}.Figure()),
		"parity":    second(Parity{Nuclides: nuclides, Reference: burn}.Figure()),
		"negative":  second(Parity{Nuclides: nuclides, Reference: burn, Prediction: []float64{-1, 0, 0, 0, 0}}.Figure()),
	} {
		if err == nil || !strings.HasPrefix(err.Error(), "plots: ") {
			t.Errorf("%s: error %v", name, err)
		}
	}
}

func second[T any](_ T, err error) error { return err }

func TestExport(t *testing.T) {
	f, err := silicon(t).Figure()
	if err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(t.TempDir(), "figures", "si burning")
	origin := Origin{Code: "v1", Data: "abc", Seed: 3, Scale: "demo", Settings: map[string]any{"T": 4e9}, DPI: 150}
	if err := Export(f, name, origin); err != nil {
		t.Fatal(err)
	}
	file := func(ext string) []byte {
		b, err := os.ReadFile(name + ext)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	pdf := file(".pdf")
	// Two fonts, upright and italic, each embedded as a TrueType file.
	if !bytes.HasPrefix(pdf, []byte("%PDF-")) || bytes.Count(pdf, []byte("/FontFile2")) != 2 {
		t.Errorf("the PDF embeds %d fonts, want 2", bytes.Count(pdf, []byte("/FontFile2")))
	}
	if n := bytes.Count(file(".svg"), []byte("@font-face")); n != 2 {
		t.Errorf("the SVG embeds %d fonts, want 2", n)
	}
	img, err := png.DecodeConfig(bytes.NewReader(file(".png")))
	if err != nil {
		t.Fatal(err)
	}
	// 150 dots an inch are 5906 a metre, 0x1712.
	if !bytes.Contains(file(".png"), []byte("pHYs\x00\x00\x17\x12\x00\x00\x17\x12\x01")) {
		t.Error("the PNG does not say how large its dots are")
	}
	if want := int(math.Round(7.1 * 150)); img.Width != want {
		t.Errorf("the PNG is %d dots wide, want %d", img.Width, want)
	}
	rows, err := csv.NewReader(bytes.NewReader(file(".csv"))).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	if len(rows) != 5 || !slices.Equal(rows[0], f.Data.Columns) || rows[1][3] != "1e-05" {
		t.Errorf("CSV %v", rows)
	}
	var side struct {
		Schema, Code, Data, Scale, Alt string
		Seed                           int
		Settings                       map[string]float64
		Files                          []string
		Width                          float64 `json:"width_in"`
	}
	if err := json.Unmarshal(file(".json"), &side); err != nil {
		t.Fatal(err)
	}
	if side.Code != "v1" || side.Data != "abc" || side.Seed != 3 || side.Scale != "demo" || side.Settings["T"] != 4e9 ||
		len(side.Files) != 4 || math.Abs(side.Width-7.1) > 1e-12 || side.Alt != f.Alt {
		t.Errorf("side-car %+v", side)
	}
	// Again: the same bytes, and nothing else in the folder.
	if err := Export(f, name+"2", origin); err != nil {
		t.Fatal(err)
	}
	for _, ext := range []string{".pdf", ".svg", ".png", ".csv"} {
		again, err := os.ReadFile(name + "2" + ext)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(again, file(ext)) {
			t.Errorf("%s differs the second time", ext)
		}
	}
	if entries, _ := os.ReadDir(filepath.Dir(name)); len(entries) != 10 {
		t.Errorf("%d files in the folder, want 10", len(entries))
	}

	plain := filepath.Join(t.TempDir(), "file")
	os.WriteFile(plain, nil, 0o644)
	for _, bad := range []string{"", "/", filepath.Join(plain, "fig"), filepath.Join(t.TempDir(), "x\x00y")} {
		if err := Export(f, bad, origin); err == nil || !strings.HasPrefix(err.Error(), "plots: ") {
			t.Errorf("export to %q: %v", bad, err)
		}
	}
}

// TestNotebookBundle: what a notebook shows and keeps.
func TestNotebookBundle(t *testing.T) {
	f, err := silicon(t).Figure()
	if err != nil {
		t.Fatal(err)
	}
	data, metadata := f.MIMEBundle()
	img, err := png.DecodeConfig(bytes.NewReader(data["image/png"].([]byte)))
	if err != nil {
		t.Fatal(err)
	}
	size := metadata["image/png"].(map[string]any)
	if w := size["width"].(int); w != 681 || img.Width != 2*w && img.Width != 2*w+1 {
		t.Errorf("%d dots for %v CSS pixels, want two for each", img.Width, size["width"])
	}
	if svg := data["image/svg+xml"].(string); !strings.Contains(svg, "<svg") || len(svg) > 100_000 {
		t.Errorf("SVG of %d bytes", len(svg))
	}
	for _, format := range []string{"svg", "pdf", "png"} {
		w, err := f.WriterTo(0, 0, format)
		if err != nil {
			t.Fatal(err)
		}
		var b bytes.Buffer
		if n, err := w.WriteTo(&b); err != nil || n == 0 {
			t.Errorf("%s: %d bytes, %v", format, n, err)
		}
	}
	if _, err := f.WriterTo(100, 100, "gif"); err == nil {
		t.Error("no error for gif")
	}
}

func TestLogTicks(t *testing.T) {
	labels := func(ticks []tick) (s []string) {
		for _, k := range ticks {
			if k.label != "" {
				s = append(s, k.label)
			}
		}
		return s
	}
	for _, c := range []struct {
		lo, hi float64
		n      int
		want   []string
		marks  int
	}{
		{1e-2, 1e1, 6, []string{"10^{\u22122}", "10^{\u22121}", "10^{0}", "10^{1}"}, 4 + 3*8},
		{1e-12, 1, 6, []string{"10^{\u221212}", "10^{\u22129}", "10^{\u22126}", "10^{\u22123}", "10^{0}"}, 13},
		{0.15, 4, 6, []string{"0.2", "0.5", "1", "2"}, 12},
		{2.9, 7.1, 6, []string{"3", "4", "5", "6", "7"}, 21},
		{1.5e9, 8e9, 6, []string{"2\u00d710^{9}", "5\u00d710^{9}"}, 7},
	} {
		got := logTicks(c.lo, c.hi, c.n)
		if !slices.Equal(labels(got), c.want) || len(got) != c.marks {
			t.Errorf("%g to %g: %q and %d marks, want %q and %d", c.lo, c.hi, labels(got), len(got), c.want, c.marks)
		}
	}
	if got := labels(linearTicks(-0.5, 31, 6)); !slices.Equal(got, []string{"0", "10", "20", "30"}) {
		t.Errorf("linear: %q", got)
	}
	if got := labels(linearTicks(0.45, 0.5, 5)); !slices.Equal(got, []string{"0.45", "0.46", "0.47", "0.48", "0.49", "0.50"}) {
		t.Errorf("linear: %q", got)
	}
}

// TestSpread: labels stay in order, keep their distance and move as little as they can.
func TestSpread(t *testing.T) {
	for _, c := range []struct{ want, places []float64 }{
		{[]float64{10, 50, 90}, []float64{10, 50, 90}},
		{[]float64{50, 50}, []float64{45, 55}},
		{[]float64{50, 50, 52, 90}, []float64{40 + 2./3, 50 + 2./3, 60 + 2./3, 90}},
		{[]float64{0, 1}, []float64{0, 10}},
		{[]float64{99, 100}, []float64{90, 100}},
	} {
		got := spread(c.want, 10, 0, 100)
		for i := range got {
			if math.Abs(got[i]-c.places[i]) > 1e-9 {
				t.Errorf("spread(%v) = %v, want %v", c.want, got, c.places)
				break
			}
		}
	}
	crowded := spread(make([]float64, 21), 10, 0, 100)
	if !slices.IsSorted(crowded) || crowded[0] < -1e-9 || crowded[20] > 100+1e-9 {
		t.Errorf("21 labels in a place for 11: %v", crowded)
	}
}

// TestColors: the heat scale darkens steadily, so that it keeps its order in grey; names in the colour of their line
// have the contrast that WCAG 2 asks of text, 4.5.
func TestColors(t *testing.T) {
	last := 2.0
	for i := range 101 {
		l := luminance(heat(float64(i) / 100))
		if l >= last {
			t.Errorf("the scale is not darker at %d %%", i)
		}
		last = l
	}
	for i := range lineColors {
		if c := 1.05 / (luminance(textColor(i)) + 0.05); c < 4.5 {
			t.Errorf("label colour %d has a contrast of %.2f", i, c)
		}
	}
	for i := range len(lineColors) * len(lineDashes) {
		for j := range i {
			if lineColor(i) == lineColor(j) && slices.Equal(lineDash(i), lineDash(j)) {
				t.Errorf("lines %d and %d look alike", i, j)
			}
		}
	}
}

func TestMarkup(t *testing.T) {
	m := Markup{Fonts: fonts()}
	fnt := style(10, nil, 0, 0).Font
	var got []string
	for _, r := range m.runs("*Y*_{e} \\* 10^{\u22123}", fnt) {
		got = append(got, r.text)
	}
	if !slices.Equal(got, []string{"Y", "e", " * 10", "\u22123"}) {
		t.Errorf("runs %q", got)
	}
	wide, _, _ := m.Box("Ni", fnt)
	with, _, _ := m.Box("^{56}Ni", fnt)
	if digits := float64(with - wide); math.Abs(digits-2*0.556*7.2) > 0.02 { // a digit of the typeface is 0.556 wide
		t.Errorf("two raised digits are %g points wide", digits)
	}
}

// TestSubset: a subset is a font whose letters have the shapes and widths of the whole one, and nothing else.
func TestSubset(t *testing.T) {
	const chars = "AZ09 \u03c1\u2212\u00e9" // the last is made of two parts
	face := fonts().Lookup(typeface, 1)
	small, err := subsetOf(face, []rune(chars))
	if err != nil {
		t.Fatal(err)
	}
	if len(small) > 4000 {
		t.Errorf("%d letters in %d bytes", len(chars), len(small))
	}
	got, err := sfnt.Parse(small)
	if err != nil {
		t.Fatal(err)
	}
	var buf sfnt.Buffer
	em := fixed.Int26_6(2048)
	for _, c := range chars {
		shape := func(f *sfnt.Font) (sfnt.Segments, fixed.Int26_6) {
			id, err := f.GlyphIndex(&buf, c)
			if err != nil || id == 0 {
				t.Fatalf("%q: glyph %d, %v", c, id, err)
			}
			s, err := f.LoadGlyph(&buf, id, em, nil)
			if err != nil {
				t.Fatalf("%q: %v", c, err)
			}
			w, err := f.GlyphAdvance(&buf, id, em, 0)
			if err != nil {
				t.Fatalf("%q: %v", c, err)
			}
			return slices.Clone(s), w
		}
		s1, w1 := shape(face.Face)
		s2, w2 := shape(got)
		if !slices.Equal(s1, s2) || w1 != w2 {
			t.Errorf("%q is not the same in the subset", c)
		}
	}
	if id, _ := got.GlyphIndex(&buf, 'B'); id != 0 {
		t.Error("B is in a subset that should not hold it")
	}
	for _, bad := range [][]byte{nil, []byte("no font at all"), small[:200], small[:len(small)-500]} {
		if _, err := subset(bad, []rune("A"), func(rune) (uint16, bool) { return 1, true }); err == nil {
			t.Errorf("no error for a font of %d bytes", len(bad))
		}
	}
}

func TestStyleOfGonumPlots(t *testing.T) {
	p := plot.New()
	p.X.Label.Text, p.Y.Label.Text = "*T* (K)", "*X*"
	p.X.Min, p.X.Max, p.Y.Min, p.Y.Max = 0, 1, 1e-4, 1
	p.Y.Scale = plot.LogScale{}
	f := FromPlot(Style(p), OneColumn, 2*vg.Inch, Table{}, "an empty plot")
	read(t, f).wants(t, "T", "(K)", "10", "\u22124")
}

func BenchmarkChart(b *testing.B) {
	nuclides := nuclide.All()
	c := Chart{Panels: []ChartPanel{{Nuclides: nuclides, Values: make([]float64, len(nuclides))}}, Max: 1}
	for b.Loop() {
		f, err := c.Figure()
		if err != nil {
			b.Fatal(err)
		}
		f.SVG()
	}
}

func TestShort(t *testing.T) {
	for v, want := range map[float64]string{0.01: "0.01", 0.5: "0.5", 1: "1", 10: "10", 20: "20", 1000: "1000", 2e7: "2×10^{7}", 1e10: "10^{10}", 5e-4: "5×10^{−4}"} {
		if got := short(v); got != want {
			t.Errorf("%g is labelled %s, want %s", v, got, want)
		}
	}
}
