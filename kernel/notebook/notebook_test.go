package notebook

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"nuclab/internal/testenv"
)

// sample has one of everything, in the form that Jupyter writes.
const sample = `{
 "cells": [
  {
   "attachments": {
    "a.png": {
     "image/png": "aGVsbG8="
    }
   },
   "cell_type": "markdown",
   "id": "text",
   "metadata": {},
   "source": [
    "# Title\n",
    "![a](attachment:a.png) <b>&amp;</b> é"
   ]
  },
  {
   "cell_type": "code",
   "execution_count": 3,
   "id": "code",
   "metadata": {
    "tags": [
     "x"
    ],
    "weight": 1.0
   },
   "outputs": [
    {
     "name": "stdout",
     "output_type": "stream",
     "text": [
      "one\n",
      "two"
     ]
    },
    {
     "data": {
      "application/json": {
       "a": [
        "b"
       ]
      },
      "image/png": "aGVsbG8=\n",
      "image/svg+xml": [
       "<svg>\n",
       "</svg>"
      ],
      "text/plain": [
       "figure"
      ]
     },
     "metadata": {
      "image/png": {
       "width": 300
      }
     },
     "output_type": "display_data"
    },
    {
     "data": {
      "text/plain": [
       "42"
      ]
     },
     "execution_count": 3,
     "metadata": {},
     "output_type": "execute_result"
    },
    {
     "ename": "panic",
     "evalue": "boom",
     "output_type": "error",
     "traceback": [
      "\u001b[31mpanic\u001b[0m: boom",
      "In[3]:1"
     ]
    }
   ],
   "source": [
    "fmt.Println(1)\n"
   ]
  },
  {
   "cell_type": "code",
   "execution_count": null,
   "id": "empty",
   "metadata": {},
   "outputs": [],
   "source": []
  },
  {
   "cell_type": "raw",
   "id": "raw",
   "metadata": {},
   "source": [
    "raw"
   ]
  }
 ],
 "metadata": {
  "kernelspec": {
   "display_name": "Go (nuclab)",
   "language": "go",
   "name": "nuclab"
  }
 },
 "nbformat": 4,
 "nbformat_minor": 5
}
`

func write(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "in.ipynb")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestReadAndWriteKeepEveryByte(t *testing.T) {
	nb, err := Read(write(t, sample))
	if err != nil {
		t.Fatal(err)
	}
	code := nb.Cells[1]
	if code.Source != "fmt.Println(1)\n" || code.Outputs[0].Text != "one\ntwo" || code.Outputs[1].Data["image/svg+xml"] != "<svg>\n</svg>" ||
		!code.Tagged("x") || code.Tagged("y") || code.Count != 3 {
		t.Errorf("cell %+v", code)
	}
	out := filepath.Join(t.TempDir(), "out.ipynb")
	if err := nb.Write(out); err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != sample {
		t.Errorf("written:\n%s", got)
	}
}

// TestJupyterReadsAndWritesTheSame holds the files against Jupyter's own library: valid, and unchanged when it saves them.
func TestJupyterReadsAndWritesTheSame(t *testing.T) {
	python := testenv.Python(t, "nbformat")
	nb, err := Read(write(t, sample))
	if err != nil {
		t.Fatal(err)
	}
	nb.Cells[1].Outputs = append(nb.Cells[1].Outputs, Output{Type: Stream, Name: "stderr", Text: "<&>\n"}, Output{Type: DisplayData},
		Output{Type: ErrorOutput})
	nb.Cells = append(nb.Cells, &Cell{ID: "new", Type: Code}, &Cell{ID: "new2", Type: Markdown, Source: "a\n\nb"})
	path := filepath.Join(t.TempDir(), "nb.ipynb")
	if err := nb.Write(path); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command(python, "-c", `import nbformat, sys
nb = nbformat.read(sys.argv[1], as_version=nbformat.NO_CONVERT)
nbformat.validate(nb)
nbformat.write(nb, sys.argv[1] + ".again")`, path).CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	ours, _ := os.ReadFile(path)
	theirs, _ := os.ReadFile(path + ".again")
	// Python writes the control characters of a traceback in lower-case hexadecimal, as Go does: all is equal.
	if !bytes.Equal(ours, theirs) {
		t.Errorf("Jupyter writes\n%s\nwe write\n%s", theirs, ours)
	}
}

func TestReadErrors(t *testing.T) {
	for _, tt := range []struct{ text, want string }{
		{"{", "not a notebook: unexpected EOF"},
		{"[]", "not a notebook: it is a JSON array, not an object"},
		{`{"nbformat": 4, "cells": "x"}`, "not a notebook: cells is a JSON string"},
		{"{}", "it has no nbformat"},
		{`{"nbformat":3}`, "nbformat 3 is not 4"},
		{`{"nbformat":4,"cells":[{"cell_type":"heading"}]}`, `cell 1: cell_type "heading"`},
		{`{"nbformat":4,"cells":[{"cell_type":"code","source":7}]}`, "text is neither a string nor a list of strings"},
		{`{"nbformat":4,"cells":[{"cell_type":"code","outputs":[{"output_type":"pyout"}]}]}`, `output_type "pyout"`},
	} {
		_, err := Read(write(t, tt.text))
		if err == nil || !errors.Is(err, ErrInput) || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: error %v, want %q", tt.text, err, tt.want)
		}
	}
	if _, err := Read(filepath.Join(t.TempDir(), "none.ipynb")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("missing file: %v", err)
	}
}

func TestOldNotebooksGetStableIDs(t *testing.T) {
	const old = `{"nbformat":4,"nbformat_minor":2,"metadata":{},"cells":[
		{"cell_type":"code","source":"x","metadata":{},"outputs":[]},
		{"cell_type":"code","source":"x","metadata":{},"outputs":[]},
		{"cell_type":"code","id":"same","source":"","metadata":{},"outputs":[]},
		{"cell_type":"code","id":"same","source":"","metadata":{},"outputs":[]}]}`
	ids := func() (ids []string) {
		nb, err := Read(write(t, old))
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range nb.Cells {
			ids = append(ids, c.ID)
		}
		return ids
	}
	first := ids()
	if !reflect.DeepEqual(first, ids()) {
		t.Error("another reading gives other ids")
	}
	seen := map[string]bool{}
	for _, id := range first {
		if seen[id] || !validID.MatchString(id) {
			t.Errorf("ids %v", first)
		}
		seen[id] = true
	}
}

func TestWriteToAnUnwritablePath(t *testing.T) {
	nb := &Notebook{}
	if err := nb.Write(filepath.Join(t.TempDir(), "none", "x.ipynb")); !errors.Is(err, os.ErrNotExist) || errors.Is(err, ErrInput) {
		t.Errorf("error %v", err)
	}
}

func FuzzRead(f *testing.F) {
	f.Add([]byte(sample))
	f.Add([]byte(`{"nbformat":4,"cells":[{"cell_type":"code","source":["a",""],"outputs":[{"output_type":"stream","text":["x\n"]}]}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		nb, err := parse(data)
		if err != nil {
			return
		}
		first, err := nb.encode()
		if err != nil {
			t.Fatal(err)
		}
		if !json.Valid(first) {
			t.Fatalf("invalid JSON: %s", first)
		}
		again, err := parse(first)
		if err != nil {
			t.Fatalf("%v in what we wrote: %s", err, first)
		}
		second, err := again.encode()
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(first, second) {
			t.Fatalf("written\n%s\nread and written again\n%s", first, second)
		}
	})
}
