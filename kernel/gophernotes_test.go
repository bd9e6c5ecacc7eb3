package kernel

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// codeCell is a cell of somebody else's notebook.
type codeCell struct{ source, text string }

// gophernotes reads the code cells of an example notebook of gophernotes.
func gophernotes(t *testing.T, name string) []codeCell {
	t.Helper()
	if testing.Short() {
		t.Skip("compiles a notebook")
	}
	t.Parallel()
	dir := moduleDir(t, "mod", "download", "-json", "github.com/gopherdata/gophernotes@v0.7.5")
	b, err := os.ReadFile(filepath.Join(dir, "examples", name+".ipynb"))
	if err != nil {
		t.Fatal(err)
	}
	var book struct {
		Cells []struct {
			Type    string `json:"cell_type"`
			Source  []string
			Outputs []struct {
				Data struct {
					Text []string `json:"text/plain"`
				}
			}
		}
	}
	if err := json.Unmarshal(b, &book); err != nil {
		t.Fatal(err)
	}
	var cells []codeCell
	for _, c := range book.Cells {
		if c.Type != "code" {
			continue
		}
		cell := codeCell{source: strings.Join(c.Source, "")}
		for _, o := range c.Outputs {
			cell.text += strings.Join(o.Data.Text, "")
		}
		cells = append(cells, cell)
	}
	return cells
}

func session(t *testing.T, o Options) *notebook {
	t.Helper()
	o.Cache = testCache
	s, err := NewSession(context.Background(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return &notebook{t: t, s: s}
}

// run must succeed.
func (b *notebook) must(code string) (*DisplayData, *recorder) {
	b.t.Helper()
	res, r := b.run(code)
	if res.Err != nil {
		b.t.Fatalf("%s\nfails: %s", code, strings.Join(res.Err.Traceback, "\n"))
	}
	return res.Value, r
}

func TestWorkerPools(t *testing.T) {
	cells := gophernotes(t, "Worker_Pools")
	b := session(t, Options{Dir: t.TempDir()})
	var all []*recorder
	for _, c := range cells {
		_, r := b.must(c.source)
		all = append(all, r)
	}
	// Workers print to the cell that started them.
	var jobs []string
	for _, r := range all {
		r.mu.Lock()
		for line := range strings.Lines(r.out.String()) {
			var worker, job int
			if _, err := fmt.Sscanf(line, "worker %d processing job %d\n", &worker, &job); err != nil || worker < 1 || worker > 3 {
				t.Errorf("line %q: %v", line, err)
			}
			jobs = append(jobs, fmt.Sprint(job))
		}
		r.mu.Unlock()
	}
	slices.Sort(jobs)
	if strings.Join(jobs, "") != "123456789" {
		t.Errorf("jobs done: %v", jobs)
	}
}

func TestMatrixOperations(t *testing.T) {
	cells := gophernotes(t, "Matrix_Operations")
	b := session(t, Options{Dir: t.TempDir(), SourceTree: sourceTree()})
	for _, c := range cells {
		_, r := b.must(c.source)
		// gonum aligns matrices otherwise than when the notebook was written.
		if got, want := strings.Fields(r.out.String()), strings.Fields(c.text); !slices.Equal(got, want) {
			t.Errorf("%s\ngives\n%s\nwant\n%s", c.source, r.out.String(), c.text)
		}
	}
}

// TestDisplay answers the notebook's downloads with pictures of this test. The notebook is of a time when plot.New
// returned an error too, so it gets that version.
func TestDisplay(t *testing.T) {
	cells := gophernotes(t, "Display")
	b := session(t, Options{Dir: t.TempDir()})
	if res, _ := b.run("%get gonum.org/v1/plot@v0.8.1"); res.Err != nil {
		t.Skip(res.Err)
	}
	b.must(`import (
	"bytes"
	"image"
	"image/jpeg"
	"image/png"
	"io"
	"net/http"
	"path"
)

type pictures struct{}

func (pictures) RoundTrip(r *http.Request) (*http.Response, error) {
	var b bytes.Buffer
	img := image.NewGray(image.Rect(0, 0, 2, 2))
	switch path.Ext(r.URL.Path) {
	case ".png":
		png.Encode(&b, img)
	case ".jpg":
		jpeg.Encode(&b, img, nil)
	default:
		b.WriteString("<svg></svg>")
	}
	return &http.Response{StatusCode: 200, Body: io.NopCloser(&b)}, nil
}

http.DefaultTransport = pictures{}`)
	var shown []string
	for _, c := range cells {
		value, r := b.must(c.source)
		if value != nil {
			r.shown = append(r.shown, *value)
		}
		for _, d := range r.shown {
			for _, mime := range []string{"text/html", "text/markdown", "text/latex", "image/png", "image/svg+xml", "image/jpeg"} {
				if d.Data[mime] != nil {
					shown = append(shown, mime)
				}
			}
		}
	}
	want := "text/html text/markdown text/latex image/png image/svg+xml image/jpeg image/png image/png text/html text/latex text/latex"
	if got := strings.Join(shown, " "); got != want {
		t.Errorf("shown: %s\nwant:  %s", got, want)
	}
}

// TestFacialRecognition runs a notebook that asks a service, with a client of the same functions as the one it imports,
// which no longer can be fetched. It stops at the connection; the paths of its author's pictures become those of a folder.
func TestFacialRecognition(t *testing.T) {
	cells := gophernotes(t, "Facial_Recognition_MachineBox")
	dir := t.TempDir()
	for name, text := range map[string]string{
		"go.mod":         "module faces\n\ngo 1.26\n\nrequire github.com/machinebox/sdk-go v0.0.0\n\nreplace github.com/machinebox/sdk-go => ./sdk\n",
		"sdk/go.mod":     "module github.com/machinebox/sdk-go\n\ngo 1.21\n",
		"train/faces1/a": "picture",
		"unidentified/b": "picture",
		"sdk/facebox/facebox.go": `// Package facebox asks a service that recognises faces.
package facebox

import (
	"encoding/json"
	"io"
	"net/http"
)

type Face struct{ ID, Name string }

type Client struct{ addr string }

func New(addr string) *Client { return &Client{addr} }

func (c *Client) post(path string, image io.Reader) (faces []Face, err error) {
	resp, err := http.Post(c.addr+path, "application/octet-stream", image)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	return faces, json.NewDecoder(resp.Body).Decode(&faces)
}

func (c *Client) Teach(image io.Reader, id, name string) error {
	_, err := c.post("/facebox/teach", image)
	return err
}

func (c *Client) Check(image io.Reader) ([]Face, error) { return c.post("/facebox/check", image) }
`} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	b := session(t, Options{Dir: dir})
	var out, errs strings.Builder
	places := strings.NewReplacer("/home/dwhitena/go/src/github.com/dwhitena/pach-machine-box/data", dir, "image1.jpg", "b",
		"localhost:8080", "127.0.0.1:1")
	for _, c := range cells {
		_, r := b.must(places.Replace(c.source))
		out.WriteString(r.out.String())
		errs.WriteString(r.err.String())
	}
	if strings.Count(errs.String(), "connection refused") != 2 {
		t.Errorf("stderr: %s", errs.String())
	}
	if want := `"facesCount": 0`; !strings.Contains(out.String(), want) {
		t.Errorf("stdout %q, want %q", out.String(), want)
	}
}
