package plots

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"runtime/debug"
	"strconv"

	"gonum.org/v1/plot/vg"
)

// Origin is what a figure's numbers were made with. It stands in the JSON file beside the figure.
type Origin struct {
	Code     string         `json:"code"`     // version of the code; empty: that of the running program
	Data     string         `json:"data"`     // hash or name of the data
	Seed     uint64         `json:"seed"`     // of every random choice
	Scale    string         `json:"scale"`    // "demo" or "paper"
	Settings map[string]any `json:"settings"` // anything else that the numbers depend on
	Seconds  float64        `json:"time_s,omitempty"`
	DPI      int            `json:"dpi"` // of the PNG; 0: 600
}

// sidecar is the JSON file beside a figure.
type sidecar struct {
	Schema string `json:"schema"`
	Alt    string `json:"alt"`
	Origin
	WidthIn  float64  `json:"width_in"`
	HeightIn float64  `json:"height_in"`
	Files    []string `json:"files"`
}

// Export writes name.pdf, name.svg, name.png, name.csv (the numbers behind the figure) and name.json (what made them).
// It makes the folder that name lies in. Each file appears complete or not at all; the same figure gives the same bytes.
func Export(f *Figure, name string, o Origin) error {
	if base := filepath.Base(name); name == "" || base == "." || base == string(filepath.Separator) {
		return fmt.Errorf("plots: export to %q: want a path that ends in the figure's name", name)
	}
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		return fmt.Errorf("plots: export: %w", err)
	}
	if o.DPI <= 0 {
		o.DPI = printDPI
	}
	if o.Code == "" {
		o.Code = codeVersion()
	}
	pdf, err := f.pdf(f.Width, f.Height)
	if err != nil {
		return fmt.Errorf("plots: %s.pdf: %w", name, err)
	}
	png, err := f.png(f.Width, f.Height, o.DPI)
	if err != nil {
		return fmt.Errorf("plots: %s.png: %w", name, err)
	}
	table, err := f.Data.csv()
	if err != nil {
		return fmt.Errorf("plots: %s.csv: %w", name, err)
	}
	if o.Settings == nil {
		o.Settings = map[string]any{}
	}
	inches := func(l vg.Length) float64 { return math.Round(l.Points()/72*1000) / 1000 }
	side := sidecar{Schema: "nuclab.figure/1", Alt: f.Alt, Origin: o, WidthIn: inches(f.Width), HeightIn: inches(f.Height)}
	files := []struct {
		ext  string
		data []byte
	}{{".pdf", pdf}, {".svg", f.svg(f.Width, f.Height)}, {".png", png}, {".csv", table}}
	for _, file := range files {
		if err := writeFile(name+file.ext, file.data); err != nil {
			return err
		}
		side.Files = append(side.Files, filepath.Base(name)+file.ext)
	}
	text, err := json.MarshalIndent(side, "", "  ")
	if err != nil {
		return fmt.Errorf("plots: %s.json: %w", name, err)
	}
	return writeFile(name+".json", append(text, '\n'))
}

// csv returns the table as comma-separated values with all digits of every number.
func (t Table) csv() ([]byte, error) {
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	if err := w.Write(t.Columns); err != nil {
		return nil, err
	}
	for _, row := range t.Rows {
		cells := make([]string, len(row))
		for i, v := range row {
			if x, ok := v.(float64); ok {
				cells[i] = strconv.FormatFloat(x, 'g', -1, 64)
			} else {
				cells[i] = fmt.Sprint(v)
			}
		}
		if err := w.Write(cells); err != nil {
			return nil, err
		}
	}
	w.Flush()
	return b.Bytes(), w.Error()
}

// writeFile writes a file under a temporary name in its folder and renames it, so that no reader sees half of it.
func writeFile(path string, data []byte) (err error) {
	tmp, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+"-*")
	if err != nil {
		return fmt.Errorf("plots: cannot write %s: %w", path, err)
	}
	defer func() {
		if err != nil {
			os.Remove(tmp.Name())
			err = fmt.Errorf("plots: cannot write %s: %w", path, err)
		}
	}()
	_, err = tmp.Write(data)
	if err == nil {
		err = tmp.Chmod(0o644)
	}
	if e := tmp.Close(); err == nil {
		err = e
	}
	if err != nil {
		return err
	}
	return os.Rename(tmp.Name(), path)
}

// codeVersion returns the revision that the program was built from, "unknown" when it does not say.
func codeVersion() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	version, modified := info.Main.Version, ""
	for _, s := range info.Settings {
		switch {
		case s.Key == "vcs.revision":
			version = s.Value
		case s.Key == "vcs.modified" && s.Value == "true":
			modified = "+changes"
		}
	}
	if version == "" {
		return "unknown"
	}
	return version + modified
}
