package cli

import (
	"bytes"
	_ "embed"
	"encoding/base64"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"html/template"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"nuclab/nnlib/paper"
)

//go:embed reproduce.html
var pageText string

// page is what index.html shows. Pictures stand in it, so that it can be passed on alone.
type page struct {
	Title, Intro string
	Failed       []reproduceRow
	Sections     []pageSection
}

// pageSection is a notebook.
type pageSection struct {
	Notebook, Title, Time, Parameters string
	Figures                           []pageFigure
}

type pageFigure struct {
	Name, Alt string
	Image     template.URL
	Paper     string      // what the paper says
	Published *pageTable  // its numbers
	Checks    *pageTable  // and ours beside them, where the notebook gives these
	Settings  [][2]string // names and values
	Files     []string
	Numbers   *pageTable
}

type pageTable struct {
	Head []string
	Rows [][]string
	More int // rows that are left out
}

// figureSide is the part of a figure's side-car that the page shows.
type figureSide struct {
	Alt      string         `json:"alt"`
	Code     string         `json:"code"`
	Data     string         `json:"data"`
	Seed     json.Number    `json:"seed"`
	Scale    string         `json:"scale"`
	Settings map[string]any `json:"settings"`
	Seconds  float64        `json:"time_s"`
	Files    []string       `json:"files"`
}

// reports says what the paper shows in its figures (arXiv:2503.00115).
var reports = map[string]string{
	"fig1": "Three stars followed with MESA from the depletion of oxygen to the collapse, two of 20 solar masses with 80 and 151 nuclides and a " +
		"chemically homogeneous one of 40 with 128. Their centres stay roughly between 1.6 and 7.9 GK and between 10⁷ and 10⁹ g/cm³, where the nets are trained.",
	"fig2": "Dense layers with ReLU, 12 for 80 nuclides and 9 for 151. In go log T, log ρ and the mass fractions; out come the logarithms of the mass " +
		"fractions, by a softmax, and two energies.",
	"fig3": "The mean absolute error of each mass fraction, at three time steps and for both networks.",
	"fig4": "Nets miss the electron fraction by less than one percent at every time step, the small network by several times as much. In the energy released " +
		"they are off by 60 to 100 %, and by 360 % at 100 s with 151 nuclides.",
	"fig5":  "The small network's error as a percentage of the net's; above 100 % the net is the better one. For neutrino losses it no longer is at 1 s and later.",
	"fig6":  "A sample with the mean error of the electron fraction: the net's composition is close to the burner's, the small network has no room for most of it.",
	"fig7":  "A net answers 20 to 34 times as fast as the burner and 1.5 to 4 times as fast as the small network.",
	"figA1": "Compositions after burning at 7 GK and 3×10⁸ g/cm³ with 201 and 330 nuclides, and with 330 when the reverse rates are those of detailed balance.",
	"figA2": "Loss on training and validation samples against epoch. The weights are those of the epoch after which compositions of validation samples get worse.",
	"figA3": "Errors of nets with 3 to 20 layers, at 0.1 s: 12 are best with 80 nuclides and 9 with 151.",
}

// mostRows is how many rows of a figure's numbers the page shows.
const mostRows = 60

// writePage writes index.html for all notebooks that have left a record.
func (r *reproduction) writePage() error {
	paths, err := filepath.Glob(r.kept("*.json"))
	if err != nil {
		return err
	}
	p := page{Title: "Figures of the paper on nuclear neural networks, and beyond", Intro: "Each figure as the notebook made it, beside what the paper reports."}
	for _, n := range r.notebooks {
		if n.state == "failed" {
			p.Failed = append(p.Failed, reproduceRow{Notebook: n.name, Error: n.err.Error()})
		}
	}
	name := func(path string) string { return strings.TrimSuffix(filepath.Base(path), ".json") }
	slices.SortFunc(paths, func(a, b string) int { return byFigure(name(a), name(b)) })
	for _, path := range paths {
		var rec record
		if err := readJSON(path, &rec); err != nil {
			return fmt.Errorf("%s: %w; remove it", path, err)
		}
		s := pageSection{Notebook: rec.Notebook, Title: rec.Title, Time: forPeople(rec.Seconds)}
		for _, key := range slices.Sorted(maps.Keys(rec.Parameters)) {
			s.Parameters = strings.TrimPrefix(s.Parameters+", "+key+" = "+rec.Parameters[key], ", ")
		}
		for _, name := range rec.Figures {
			f, err := r.figure(name)
			if errors.Is(err, os.ErrNotExist) {
				continue // somebody has removed it
			}
			if err != nil {
				return err
			}
			s.Figures = append(s.Figures, f)
		}
		p.Sections = append(p.Sections, s)
	}
	t, err := template.New("page").Parse(pageText)
	if err != nil {
		return err
	}
	var b bytes.Buffer
	if err := t.Execute(&b, p); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(r.out, "index.html"), b.Bytes(), 0o666)
}

// figure reads what stands beside a figure.
func (r *reproduction) figure(name string) (pageFigure, error) {
	figure, _, _ := strings.Cut(name, "-") // fig4-clean is figure 4, but not as the paper tested
	f := pageFigure{Name: name, Paper: reports[figure], Published: published(name)}
	var side figureSide
	if err := readJSON(filepath.Join(r.out, name+".json"), &side); err != nil {
		return f, err
	}
	f.Alt = side.Alt
	for _, file := range append(slices.Clone(side.Files), filepath.Base(name)+".json") {
		f.Files = append(f.Files, filepath.ToSlash(filepath.Join(filepath.Dir(name), file)))
	}
	var err error
	if f.Image, err = r.picture(name); err != nil {
		return f, err
	}
	if checks, ok := side.Settings["checks"]; ok {
		f.Checks = tableOf(checks)
		delete(side.Settings, "checks")
		if f.Checks != nil {
			f.Published = nil // they are in it
		}
	}
	add := func(key, value string) {
		if value != "" {
			f.Settings = append(f.Settings, [2]string{key, value})
		}
	}
	add("scale", side.Scale)
	add("seed", side.Seed.String())
	for _, key := range slices.Sorted(maps.Keys(side.Settings)) {
		text, err := setting(side.Settings[key])
		if err != nil {
			return f, err
		}
		add(key, text)
	}
	add("data", shortened(side.Data))
	add("code", shortened(side.Code))
	if side.Seconds > 0 {
		add("time", forPeople(side.Seconds))
	}
	f.Numbers, err = r.numbers(name)
	return f, err
}

// setting is a value of a setting as text: of an object only what is not empty.
func setting(v any) (string, error) {
	switch v := v.(type) {
	case string:
		return v, nil
	case map[string]any:
		var parts []string
		for _, key := range slices.Sorted(maps.Keys(v)) {
			if v[key] == nil || v[key] == "" || v[key] == 0. {
				continue
			}
			text, err := setting(v[key])
			if err != nil {
				return "", err
			}
			parts = append(parts, key+" "+text)
		}
		return strings.Join(parts, "; "), nil
	case []any:
		var parts []string
		for _, e := range v {
			text, err := setting(e)
			if err != nil {
				return "", err
			}
			parts = append(parts, text)
		}
		return strings.Join(parts, ", "), nil
	}
	b, err := json.Marshal(v)
	return string(b), err
}

// shortened is the beginning of a hash, with the word before it, and any other text as it is.
func shortened(s string) string {
	name, hash, ok := strings.Cut(s, " ")
	if !ok {
		name, hash = "", s
	}
	if len(hash) < 40 || strings.Trim(hash, "0123456789abcdef+") != "" {
		return s
	}
	return strings.TrimSpace(name + " " + hash[:16] + "…")
}

// picture is the smaller one of a figure's SVG and PNG as a URL.
func (r *reproduction) picture(name string) (template.URL, error) {
	svg, err := os.ReadFile(filepath.Join(r.out, name+".svg"))
	if err != nil {
		return "", err
	}
	kind, data := "svg+xml", svg
	if png, err := os.ReadFile(filepath.Join(r.out, name+".png")); err == nil && len(png) < len(svg) {
		kind, data = "png", png
	}
	return template.URL("data:image/" + kind + ";base64," + base64.StdEncoding.EncodeToString(data)), nil
}

// numbers are the first rows of the numbers behind a figure.
func (r *reproduction) numbers(name string) (*pageTable, error) {
	file, err := os.Open(filepath.Join(r.out, name+".csv"))
	if err != nil {
		return nil, err
	}
	defer file.Close()
	rows, err := csv.NewReader(file).ReadAll()
	if err != nil || len(rows) < 2 {
		return nil, err
	}
	t := &pageTable{Head: rows[0], Rows: rows[1:]}
	if t.More = len(t.Rows) - mostRows; t.More > 0 {
		t.Rows = t.Rows[:mostRows]
	} else {
		t.More = 0
	}
	for _, row := range t.Rows {
		for i, cell := range row {
			if v, err := strconv.ParseFloat(cell, 64); err == nil {
				row[i] = strconv.FormatFloat(v, 'g', 5, 64)
			}
		}
	}
	return t, nil
}

// published are the paper's numbers for a figure, nil if there are none.
func published(figure string) *pageTable {
	t := &pageTable{Head: []string{"quantity", "of", "nuclides", "time step", "value", "source"}}
	for _, v := range paper.Published(figure, "") {
		network := strings.TrimPrefix(v.Network, "mesa_")
		if network == "" {
			network = "both"
		}
		steps := ""
		switch {
		case v.To > v.From:
			steps = fmt.Sprintf("%s to %s s", power(v.From), power(v.To))
		case v.From > 0:
			steps = power(v.From) + " s"
		}
		t.Rows = append(t.Rows, []string{v.Quantity, v.Of, network, steps, v.String(), v.Source})
	}
	if len(t.Rows) == 0 {
		return nil
	}
	return t
}

// power writes a power of ten without zeros in its exponent.
func power(x float64) string { return strings.Replace(fmt.Sprintf("%g", x), "e-0", "e-", 1) }

// checkColumns are those of paper.Row, as far as they say something new beside a figure.
var checkColumns = []string{"Quantity", "Of", "Network", "Steps", "Published", "Source", "Protocol", "Ours"}

// tableOf makes a table of rows like those of paper.Compare, nil if they are none.
func tableOf(v any) *pageTable {
	rows, ok := v.([]any)
	if !ok || len(rows) == 0 {
		return nil
	}
	t := &pageTable{}
	for _, c := range checkColumns {
		t.Head = append(t.Head, strings.ToLower(c))
	}
	for _, row := range rows {
		m, ok := row.(map[string]any)
		if !ok {
			return nil
		}
		var cells []string
		for _, c := range checkColumns {
			s, _ := m[c].(string)
			cells = append(cells, s)
		}
		t.Rows = append(t.Rows, cells)
	}
	return t
}
