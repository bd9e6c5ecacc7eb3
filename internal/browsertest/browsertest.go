// Package browsertest opens notebooks in a real JupyterLab with a headless Chromium, as a user does, and reads what is
// on the page. Tests only.
//
// The test binary itself is the kernel that JupyterLab starts, so a package that uses this one needs
//
//	func TestMain(m *testing.M) { browsertest.Main(m) }
package browsertest

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"nuclab/internal/testenv"
	"nuclab/kernel"
	"nuclab/kernel/lab"
)

// sourceVariable tells the kernel process where the checkout is.
const sourceVariable = "NUCLAB_TEST_SOURCE"

// Main runs the tests, or the kernel when JupyterLab has started this binary for that.
func Main(m *testing.M) {
	if len(os.Args) == 4 && os.Args[1] == "kernel" && os.Args[2] == "run" {
		err := kernel.Run(context.Background(), os.Args[3], kernel.Options{SourceTree: os.Getenv(sourceVariable)})
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(run(m))
}

// kernelCache is where the kernels of all tests build, so that each package is compiled once.
var kernelCache string

func run(m *testing.M) int {
	dir, err := os.MkdirTemp("", "browsertest-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	kernelCache = dir
	return m.Run()
}

// Lab is a running JupyterLab.
type Lab struct {
	t     *testing.T
	base  string
	token string
	log   *strings.Builder
	mu    sync.Mutex
}

func (l *Lab) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.log.Write(p)
}

// Start runs JupyterLab on a folder until the test ends. It skips the test where there is no browser, and in -short.
// Cells run with the checkout's packages and with a cache that this package's tests share.
func Start(t *testing.T, dir string) *Lab {
	t.Helper()
	if testing.Short() {
		t.Skip("starts JupyterLab and a browser")
	}
	testenv.Chromium(t) // before the slow things
	python := testenv.Python(t, "jupyterlab")
	// JupyterLab runs in the tests' Python as in a user's conda environment.
	t.Setenv("CONDA_PREFIX", filepath.Dir(filepath.Dir(python)))
	t.Setenv("CONDA_DEFAULT_ENV", "nuclab-test")
	t.Setenv("JUPYTER_CONFIG_DIR", "")
	data, err := os.ReadFile(filepath.Join(testenv.Repo(), "environment.yml"))
	if err != nil {
		t.Fatal(err)
	}
	spec, err := lab.ParseSpec(data)
	if err != nil {
		t.Fatal(err)
	}
	cache := t.TempDir()
	l := &Lab{t: t, log: &strings.Builder{}}
	ctx, cancel := context.WithCancel(context.Background())
	ready, ended := make(chan string, 1), make(chan error, 1)
	go func() {
		ended <- lab.Run(ctx, lab.Options{
			Dir: dir, NoBrowser: true, Cache: cache, Spec: spec, Log: l, Ready: func(url string) { ready <- url },
			Env:  map[string]string{"NUCLAB_CACHE": kernelCache, sourceVariable: testenv.Repo()},
			Args: []string{"--LabApp.expose_app_in_browser=True"},
		})
	}()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
		if t.Failed() {
			text, _ := os.ReadFile(filepath.Join(cache, "jupyter", "lab.log"))
			t.Logf("%s\nlab.log:\n%s", l.log, text)
		}
	})
	select {
	case url := <-ready:
		var ok bool
		if l.base, l.token, ok = strings.Cut(url, "/lab?token="); !ok {
			t.Fatalf("URL %s", url)
		}
	case err := <-ended:
		ended <- nil
		t.Fatal(err)
	case <-time.After(3 * time.Minute):
		t.Fatal("JupyterLab does not answer")
	}
	return l
}

// Page is a notebook open in the browser.
type Page struct {
	t    *testing.T
	ctx  context.Context
	path string
}

// Open opens a notebook of the folder in a browser of its own and waits until its kernel is idle.
func (l *Lab) Open(path string) *Page {
	t := l.t
	t.Helper()
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(testenv.Chromium(t)),
		chromedp.WindowSize(1400, 1000), chromedp.Flag("disable-dev-shm-usage", true))
	ctx, cancel := chromedp.NewExecAllocator(context.Background(), options...)
	t.Cleanup(cancel)
	ctx, cancelTab := chromedp.NewContext(ctx)
	t.Cleanup(cancelTab)
	p := &Page{t: t, ctx: ctx, path: path}
	p.do(
		// Without the focus JupyterLab has no current widget, and its commands do nothing.
		emulation.SetFocusEmulationEnabled(true),
		chromedp.EmulateViewport(1400, 1000),
		chromedp.Navigate(l.base+"/lab/tree/"+path+"?reset&token="+l.token),
	)
	p.waitIdle()
	return p
}

// do runs browser actions, which must succeed within a minute each.
func (p *Page) do(actions ...chromedp.Action) {
	p.t.Helper()
	for _, a := range actions {
		if err := p.within(time.Minute, a); err != nil {
			p.Screenshot("failure")
			p.t.Fatalf("browser: %v", err)
		}
	}
}

func (p *Page) within(limit time.Duration, a chromedp.Action) error {
	// The tab belongs to the first context that ran something in it, which must outlive the others.
	if err := chromedp.Run(p.ctx); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(p.ctx, limit)
	defer cancel()
	return chromedp.Run(ctx, a)
}

// Wait waits until a JavaScript expression is true.
func (p *Page) Wait(what, expression string, limit time.Duration) {
	p.t.Helper()
	poll := chromedp.Poll(expression, nil, chromedp.WithPollingInterval(50*time.Millisecond), chromedp.WithPollingTimeout(limit))
	if err := p.within(limit+10*time.Second, poll); err != nil {
		p.Screenshot("failure")
		p.t.Fatalf("waiting for %s: %v", what, err)
	}
}

func (p *Page) waitIdle() {
	p.t.Helper()
	path, _ := json.Marshal(p.path)
	// The page's own indicator says idle before there is a kernel.
	p.Wait("an idle kernel", `(() => {
		const w = window.jupyterapp?.shell.currentWidget, k = w?.sessionContext?.session?.kernel;
		return w?.context?.path === `+string(path)+` && w.context.isReady && w.sessionContext.isReady &&
			k?.connectionStatus === 'connected' && k.status === 'idle';
	})()`, 2*time.Minute)
}

// waitRun waits until no cell runs or is queued.
func (p *Page) waitRun() {
	p.t.Helper()
	p.Wait("the end of the cells", `![...document.querySelectorAll('.jp-CodeCell .jp-InputPrompt')].some(e => e.innerText.includes('*'))`, time.Minute)
}

// RunAllAnswering is RunAll from cleared cells of which one may ask for input; it gets an answer. Cells may fail if their
// tags say so.
func (p *Page) RunAllAnswering(answer string, limit time.Duration) []Cell {
	p.t.Helper()
	p.Command("editmenu:clear-all", time.Minute)
	p.Begin("runmenu:run-all")
	// JupyterLab's command gives up at the first failure, while the cells go on.
	const ended = `(() => {
		const w = window.jupyterapp.shell.currentWidget;
		return w.sessionContext.session.kernel.status === 'idle' &&
			w.content.widgets.every(c => c.model.type !== 'code' || c.model.executionCount !== null);
	})()`
	const asks = `document.querySelector('.jp-Stdin-input') !== null`
	p.Wait("a question or the end", asks+" || "+ended, limit)
	var asked bool
	if p.Evaluate(asks, &asked, time.Minute); asked {
		p.do(chromedp.SendKeys(".jp-Stdin-input", answer+kb.Enter, chromedp.ByQuery))
	}
	p.Wait("the end", ended, limit)
	return p.ran()
}

// Evaluate evaluates a JavaScript expression, awaiting a promise, into result, which may be nil.
func (p *Page) Evaluate(expression string, result any, limit time.Duration) {
	p.t.Helper()
	await := func(e *runtime.EvaluateParams) *runtime.EvaluateParams { return e.WithAwaitPromise(true) }
	var discard any
	if result == nil {
		result = &discard
		expression = "(async () => { await (" + expression + "); return null; })()"
	}
	if err := p.within(limit, chromedp.Evaluate(expression, result, await)); err != nil {
		p.Screenshot("failure")
		p.t.Fatalf("%s: %v", expression, err)
	}
}

// Command runs one of JupyterLab's commands and waits for it.
func (p *Page) Command(id string, limit time.Duration) {
	p.t.Helper()
	p.Evaluate(fmt.Sprintf("window.jupyterapp.commands.execute(%q)", id), nil, limit)
}

// Begin runs one of JupyterLab's commands without waiting for its end.
func (p *Page) Begin(id string) {
	p.t.Helper()
	p.do(chromedp.Evaluate(fmt.Sprintf("void window.jupyterapp.commands.execute(%q)", id), nil))
}

// Output is an output of a cell as JupyterLab's model holds it.
type Output struct {
	Type   string                     `json:"output_type"`
	Name   string                     `json:"name"`
	Text   string                     `json:"-"` // of a stream, or the text/plain of a display
	Data   map[string]json.RawMessage `json:"data"`
	EName  string                     `json:"ename"`
	EValue string                     `json:"evalue"`
}

func (o *Output) UnmarshalJSON(data []byte) error {
	type plain Output
	raw := struct {
		*plain
		Text json.RawMessage `json:"text"`
	}{plain: (*plain)(o)}
	if err := json.Unmarshal(data, &raw); err != nil {
		return err
	}
	text := raw.Text
	if text == nil {
		text = o.Data["text/plain"]
	}
	var lines []string
	if json.Unmarshal(text, &o.Text) != nil && json.Unmarshal(text, &lines) == nil {
		o.Text = strings.Join(lines, "")
	}
	return nil
}

// Cell is a code cell as it stands on the page.
type Cell struct {
	Prompt  string   `json:"prompt"` // "[3]:", "[*]:" while it runs, "[ ]:" before
	Source  string   `json:"source"`
	Outputs []Output `json:"outputs"`
	// Pictures is the number of images and drawings that the browser really shows, with their content loaded.
	Pictures int `json:"pictures"`
}

// Failed returns the cell's error, "" if there is none.
func (c Cell) Failed() string {
	for _, o := range c.Outputs {
		if o.Type == "error" {
			return o.EName + ": " + o.EValue
		}
	}
	return ""
}

// Text returns what the cell shows as text: its streams and the plain text of its displays.
func (c Cell) Text() string {
	var b strings.Builder
	for _, o := range c.Outputs {
		b.WriteString(o.Text)
	}
	return b.String()
}

// Cells reads the code cells.
func (p *Page) Cells() []Cell {
	p.t.Helper()
	var cells []Cell
	p.Evaluate(`window.jupyterapp.shell.currentWidget.content.widgets.filter(w => w.model.type === 'code').map(w => ({
		prompt: w.node.querySelector('.jp-InputPrompt').innerText.trim(),
		source: w.model.sharedModel.getSource(),
		outputs: w.model.outputs.toJSON(),
		pictures: [...w.node.querySelectorAll('.jp-OutputArea-output img')].filter(i => i.complete && i.naturalWidth > 0).length +
			[...w.node.querySelectorAll('.jp-OutputArea-output svg')].filter(s => s.getBoundingClientRect().height > 0).length,
	}))`, &cells, time.Minute)
	return cells
}

// RunAll runs all cells, waits for their end and for the pictures to appear, and returns the cells.
func (p *Page) RunAll(limit time.Duration) []Cell {
	p.t.Helper()
	p.Command("runmenu:run-all", limit)
	return p.ran()
}

// ran waits for the end of the cells and for their pictures.
func (p *Page) ran() []Cell {
	p.t.Helper()
	p.waitRun()
	p.Wait("the pictures", `![...document.querySelectorAll('.jp-OutputArea-output img')].some(i => !i.complete)`, time.Minute)
	return p.Cells()
}

// Screenshot keeps a picture of the page, made as tall as the notebook, in the folder that NUCLAB_TEST_ARTIFACTS
// names, else in one that goes with the test.
func (p *Page) Screenshot(name string) {
	dir := os.Getenv("NUCLAB_TEST_ARTIFACTS")
	if dir == "" {
		dir = p.t.TempDir()
	}
	ctx, cancel := context.WithTimeout(p.ctx, time.Minute)
	defer cancel()
	var picture []byte
	actions := []chromedp.Action{}
	for range 2 { // cells that come into view for the first time may turn out taller
		var height int64
		actions = append(actions,
			chromedp.Evaluate(`(() => {
				const cell = [...document.querySelectorAll('.jp-NotebookPanel:not(.lm-mod-hidden) .jp-Cell')].pop();
				const pane = cell?.closest('.jp-WindowedPanel-outer');
				if (!pane) return 0;
				const bottom = Math.ceil(cell.getBoundingClientRect().bottom + pane.scrollTop);
				pane.scrollTop = 0;
				return bottom;
			})()`, &height),
			chromedp.ActionFunc(func(ctx context.Context) error {
				return chromedp.EmulateViewport(1400, min(max(height+80, 600), 8000)).Do(ctx)
			}),
			chromedp.Sleep(300*time.Millisecond), // a layout and a paint
		)
	}
	err := chromedp.Run(ctx, append(actions,
		chromedp.ActionFunc(func(ctx context.Context) (err error) {
			picture, err = page.CaptureScreenshot().Do(ctx)
			return err
		}),
		chromedp.EmulateViewport(1400, 1000))...)
	if err == nil {
		if err = os.MkdirAll(dir, 0o755); err == nil {
			err = os.WriteFile(filepath.Join(dir, strings.ReplaceAll(p.t.Name(), "/", "-")+"-"+name+".png"), picture, 0o644)
		}
	}
	if err != nil {
		p.t.Logf("screenshot: %v", err)
	}
}
