package browsertest

import (
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"nuclab/internal/testenv"
	"nuclab/kernel/notebook"
)

func TestMain(m *testing.M) { Main(m) }

// write makes a notebook of code cells in a new folder, which it returns.
func write(t *testing.T, name string, cells ...string) string {
	t.Helper()
	nb := &notebook.Notebook{Metadata: map[string]any{
		"kernelspec": map[string]any{"name": "nuclab", "display_name": "Go (nuclab)", "language": "go"}}}
	for i, source := range cells {
		nb.Cells = append(nb.Cells, &notebook.Cell{ID: string(rune('a' + i)), Type: notebook.Code, Source: source})
	}
	dir := t.TempDir()
	if err := nb.Write(filepath.Join(dir, name)); err != nil {
		t.Fatal(err)
	}
	return dir
}

const figure = `import (
	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
)
p := plot.New()
p.Title.Text = "A line"
line, err := plotter.NewLine(plotter.XYs{{X: 0, Y: 0}, {X: 1, Y: 2}, {X: 2, Y: 1}})
p.Add(line)
p`

// interaction is a plot of as many points as a slider says.
const interaction = `n := widgets.IntSlider("points", 2, 9, 3)
widgets.Interact(func(n int) *plot.Plot {
	fmt.Println(n, "points")
	xy := make(plotter.XYs, n)
	for i := range xy {
		xy[i].X, xy[i].Y = float64(i), float64(i%2)
	}
	p := plot.New()
	p.Add(nb.Must(plotter.NewLine(xy)))
	return p
}, n)`

func TestNotebookInJupyterLab(t *testing.T) {
	if testing.Short() {
		t.Skip("starts JupyterLab and a browser")
	}
	dir := write(t, "small.ipynb",
		"import \"fmt\"\nx := 40",
		"x += 2\nfmt.Println(\"x is\", x)",
		"x",
		figure,
		"x = undefinedName",
		"fmt.Println(\"not reached\")")
	p := Start(t, dir).Open("small.ipynb")

	t.Run("run all", func(t *testing.T) {
		cells := p.RunAll(3 * time.Minute)
		p.Screenshot("run-all")
		if len(cells) != 6 {
			t.Fatalf("%d cells", len(cells))
		}
		for i, want := range []string{"", "x is 42\n", "42"} {
			if c := cells[i]; c.Failed() != "" || c.Text() != want {
				t.Errorf("cell %d %s %q: %q %s", i+1, c.Prompt, c.Source, c.Text(), c.Failed())
			}
		}
		if c := cells[3]; c.Failed() != "" || c.Pictures != 1 {
			t.Errorf("the figure: %d pictures, %s, %s", c.Pictures, c.Text(), c.Failed())
		}
		if c := cells[4]; !strings.Contains(c.Failed(), "undefinedName") || len(c.Outputs) != 1 {
			t.Errorf("the error: %d outputs, %s", len(c.Outputs), c.Failed())
		}
		if c := cells[5]; c.Prompt != "[ ]:" || len(c.Outputs) != 0 {
			t.Errorf("after the error: %s %v", c.Prompt, c.Outputs)
		}
	})

	// edit replaces the last cell's text by what a user types, and leaves the cursor there.
	edit := func(text string) {
		t.Helper()
		p.do(chromedp.Evaluate(`(() => {
			const n = window.jupyterapp.shell.currentWidget.content;
			n.activeCellIndex = n.widgets.length - 1;
			n.activeCell.model.sharedModel.setSource('');
			n.mode = 'edit';
			n.activeCell.editor.focus();
		})()`, nil), chromedp.KeyEvent(text))
	}
	last := func() Cell { cells := p.Cells(); return cells[len(cells)-1] }

	t.Run("interrupt", func(t *testing.T) {
		edit("for { x++ }")
		p.Begin("notebook:run-cell")
		p.Wait("the cell to run", `window.jupyterapp.shell.currentWidget.sessionContext.session.kernel.status === 'busy'`, time.Minute)
		p.Wait("the prompt", `[...document.querySelectorAll('.jp-CodeCell .jp-InputPrompt')].pop().innerText.includes('*')`, time.Minute)
		time.Sleep(time.Second) // into the loop, past the compiler
		var while struct {
			Matches []string
			Status  string
		}
		p.Evaluate(`(async () => {
			const k = window.jupyterapp.shell.currentWidget.sessionContext.session.kernel;
			const r = await k.requestComplete({code: 'fmt.Printl', cursor_pos: 10});
			await new Promise(done => setTimeout(done, 300));
			return {Matches: r.content.matches, Status: k.status};
		})()`, &while, 20*time.Second)
		if len(while.Matches) != 1 || while.Matches[0] != "Println" || while.Status != "busy" {
			t.Errorf("while the cell runs: completion %v, kernel %s", while.Matches, while.Status)
		}
		p.Command("notebook:interrupt-kernel", time.Minute)
		p.Wait("the end of the loop", `!document.querySelector('.jp-Notebook').innerText.includes('[*]')`, time.Minute)
		if c := last(); !strings.Contains(c.Failed(), "interrupted") {
			t.Errorf("interrupted cell: %q %v", c.Failed(), c.Outputs)
		}
		edit("x > 42")
		p.Command("notebook:run-cell", time.Minute)
		if c := last(); c.Text() != "true" {
			t.Errorf("state after the interrupt: %q %s", c.Text(), c.Failed())
		}
	})

	t.Run("complete and inspect", func(t *testing.T) {
		edit("fmt.P")
		p.do(chromedp.KeyEvent(kb.Tab))
		p.Wait("the completer", `[...document.querySelectorAll('.jp-Completer:not(.lm-mod-hidden) .jp-Completer-item')].some(e => e.innerText.includes('Println'))`, 20*time.Second)
		p.Screenshot("completer")
		p.do(chromedp.KeyEvent(kb.Escape))
		edit("fmt.Println")
		p.Begin("tooltip:launch-notebook")
		p.Wait("the documentation", `document.querySelector('.jp-Tooltip')?.innerText.includes('Println')`, 20*time.Second)
		p.Screenshot("tooltip")
		p.do(chromedp.KeyEvent(kb.Escape))
	})

	t.Run("stdin", func(t *testing.T) {
		edit("nb.Must(nb.Input(\"star: \"))")
		p.Begin("notebook:run-cell")
		p.do(chromedp.WaitVisible(".jp-Stdin-input", chromedp.ByQuery), chromedp.SendKeys(".jp-Stdin-input", "Betelgeuse"+kb.Enter, chromedp.ByQuery))
		p.waitRun()
		if c := last(); !strings.HasSuffix(c.Text(), "Betelgeuse") {
			t.Errorf("answered %q %s", c.Text(), c.Failed())
		}
	})

	t.Run("a widget drives a plot", func(t *testing.T) {
		source, _ := json.Marshal(interaction)
		edit("")
		p.do(chromedp.Evaluate("window.jupyterapp.shell.currentWidget.content.activeCell.model.sharedModel.setSource("+string(source)+")", nil))
		p.Command("notebook:run-cell", 2*time.Minute)
		if c := last(); c.Failed() != "" {
			t.Fatal(c.Failed())
		}
		// area is what the function has put out, with the picture loaded.
		area := func(text string) string {
			t.Helper()
			p.Wait("the plot with "+text, `(() => {
				const a = document.querySelector('.jp-CodeCell .jupyter-widgets-output-area, .jp-CodeCell .widget-output'), i = a?.querySelector('img, svg');
				return a?.innerText.includes('`+text+`') && i && (i.tagName !== 'IMG' || i.complete && i.naturalWidth > 0);
			})()`, time.Minute)
			var picture string
			p.Evaluate(`(() => { const i = document.querySelector('.jp-CodeCell .widget-output img, .jp-CodeCell .widget-output svg'); return i.src ?? i.outerHTML; })()`, &picture, time.Minute)
			return picture
		}
		before := area("3 points")
		p.Screenshot("widget")
		right := func() {
			p.do(chromedp.Focus(".jp-CodeCell .widget-slider .noUi-handle", chromedp.ByQuery), chromedp.KeyEvent(kb.ArrowRight))
		}
		right()
		if after := area("4 points"); after == before {
			t.Error("the picture is still the old one")
		}
		p.Screenshot("widget-moved")

		// A running cell sees the slider move; the function is called when it has ended.
		p.Command("notebook:insert-cell-below", time.Minute)
		edit("for n.Value() < 5 {\n}\nn.Value()")
		p.Begin("notebook:run-cell")
		p.Wait("the prompt", `[...document.querySelectorAll('.jp-CodeCell .jp-InputPrompt')].pop().innerText.includes('*')`, time.Minute)
		time.Sleep(time.Second) // into the loop, past the compiler
		right()
		p.waitRun()
		if c := last(); c.Text() != "5" {
			t.Errorf("the loop saw %q %s", c.Text(), c.Failed())
		}
		area("5 points")
	})

	t.Run("errors stay text", func(t *testing.T) {
		const tags = `<img src=nowhere onerror="window.errorRan = true"><script>window.errorRan = true</script>`
		for _, source := range []string{"panic(`" + tags + "`)", "x = `" + tags + "`"} {
			text, _ := json.Marshal(source)
			edit("")
			p.do(chromedp.Evaluate("window.jupyterapp.shell.currentWidget.content.activeCell.model.sharedModel.setSource("+string(text)+")", nil))
			p.Command("notebook:run-cell", time.Minute)
			var elements int
			p.Evaluate(`document.querySelectorAll('.jp-OutputArea-output img[src=nowhere], .jp-OutputArea-output script').length`, &elements, time.Minute)
			var ran bool
			p.Evaluate(`window.errorRan === true`, &ran, time.Minute)
			if c := last(); !strings.Contains(c.Failed(), tags) || elements != 0 || ran {
				t.Errorf("%s: %d elements, executed: %v, %q", source, elements, ran, c.Failed())
			}
		}
	})

	t.Run("format", func(t *testing.T) {
		edit("%fmt\nx:=1")
		p.Command("notebook:run-cell", time.Minute)
		p.Wait("the formatted text", `window.jupyterapp.shell.currentWidget.content.activeCell.model.sharedModel.getSource() === 'x := 1'`, 20*time.Second)
	})

	t.Run("restart", func(t *testing.T) {
		p.Begin("kernelmenu:restart")
		p.do(chromedp.Click(".jp-Dialog .jp-mod-accept", chromedp.ByQuery))
		p.Wait("the restart", `!document.querySelector('.jp-Dialog')`, time.Minute)
		p.waitIdle()
		edit("x")
		p.Command("notebook:run-cell", time.Minute)
		if c := last(); !strings.Contains(c.Failed(), "undefined: x") || c.Prompt != "[1]:" {
			t.Errorf("after the restart: %s %q %s", c.Prompt, c.Text(), c.Failed())
		}
	})

	t.Run("restart and run all", func(t *testing.T) {
		p.Command("editmenu:clear-all", time.Minute)
		p.Begin("notebook:restart-run-all")
		p.do(chromedp.Click(".jp-Dialog .jp-mod-accept", chromedp.ByQuery))
		p.Wait("the failing cell", `document.querySelectorAll('.jp-CodeCell .jp-OutputArea-output[data-mime-type="application/vnd.jupyter.stderr"]').length > 0`, 2*time.Minute)
		cells := p.ran()
		if cells[2].Text() != "42" || cells[3].Pictures != 1 || !strings.Contains(cells[4].Failed(), "undefinedName") {
			t.Errorf("after restart and run all: %q, %d pictures, %s", cells[2].Text(), cells[3].Pictures, cells[4].Failed())
		}
	})
}

func TestQuickstartInJupyterLab(t *testing.T) { runInLab(t, "quickstart.ipynb", 5, 3) }

// TestTourInJupyterLab also sees that the committed notebook shows its widgets before any cell has run.
func TestTourInJupyterLab(t *testing.T) { runInLab(t, "kernel-tour.ipynb", 25, 4) }

// runInLab opens one of the repository's notebooks, runs it anew in JupyterLab and wants a number of cells and pictures.
// A cell fails if and only if it says so by its tag.
func runInLab(t *testing.T, name string, wantCells, wantPictures int) {
	if testing.Short() {
		t.Skip("starts JupyterLab and a browser")
	}
	nb, err := notebook.Read(filepath.Join(testenv.Repo(), "notebooks", name))
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir() // JupyterLab saves what it has run
	if err := nb.Write(filepath.Join(dir, name)); err != nil {
		t.Fatal(err)
	}
	p := Start(t, dir).Open(name)
	if nb.Metadata["widgets"] != nil { // shown before a cell has run if the user trusts the notebook
		p.Begin("notebook:trust")
		p.do(chromedp.Click(".jp-Dialog .jp-mod-accept", chromedp.ByQuery))
		p.Wait("the stored widgets", `document.querySelectorAll('.jp-OutputArea-output .widget-slider').length > 0`, time.Minute)
	}
	p.Screenshot("stored")
	cells := p.RunAllAnswering("nobody", 10*time.Minute)
	p.Screenshot("run-all")
	pictures := 0
	var tags []bool
	for _, c := range nb.Cells {
		if c.Type == notebook.Code {
			tags = append(tags, c.Tagged("raises-exception"))
		}
	}
	for i, c := range cells {
		if (c.Failed() != "") != tags[i] {
			t.Errorf("cell %d fails: %q, want %v", i+1, c.Failed(), tags[i])
		}
		if strings.Trim(c.Prompt, "[]:0123456789") != "" {
			t.Errorf("cell %d did not run: %s", i+1, c.Prompt)
		}
		pictures += c.Pictures
	}
	if len(cells) < wantCells || pictures < wantPictures {
		t.Errorf("%d cells and %d pictures", len(cells), pictures)
	}
}
