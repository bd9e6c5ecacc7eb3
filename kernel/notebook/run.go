package notebook

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"nuclab/kernel"
)

// Settings of a run. The zero value runs without limits and says nothing.
type Settings struct {
	// Timeout is the longest a cell may run; 0 sets no limit.
	Timeout time.Duration
	// Progress is called when a code cell starts and when it has ended.
	Progress func(Progress)
	// Stream is called with what cells write to stdout and stderr, as they write it.
	Stream func(name, text string)
	// Display is called with what cells show, by MIME type, when they show or change it.
	Display func(data map[string]any)
}

// Progress says where a run is.
type Progress struct {
	Cell, Total int  // the code cell, from 1, and how many there are
	Done        bool // the cell has ended
	Elapsed     time.Duration
}

// CellError is the failure of a cell.
type CellError struct {
	Cell int // the number of the code cell, from 1: its In[Cell]
	Err  error
}

func (e *CellError) Error() string { return fmt.Sprintf("notebook: cell %d: %v", e.Cell, e.Err) }

func (e *CellError) Unwrap() error { return e.Err }

// ErrTimeout is wrapped by the [CellError] of a cell that ran beyond Settings.Timeout.
var ErrTimeout = errors.New("timed out")

// Run runs all code cells in order in a new session and stores their outputs in the notebook. The first cell that
// fails ends the run with a [*CellError], unless it is tagged raises-exception; outputs up to there are stored, and
// those of the cells that follow are cleared. Options without Dir and SessionName take the notebook's.
func Run(ctx context.Context, nb *Notebook, o kernel.Options, s Settings) error {
	if nb.path != "" {
		path, err := filepath.Abs(nb.path)
		if err != nil {
			return fmt.Errorf("notebook: %w", err)
		}
		if o.Dir == "" {
			o.Dir = filepath.Dir(path)
		}
		if o.SessionName == "" {
			o.SessionName = path
		}
	}
	session, err := kernel.NewSession(ctx, o)
	if err != nil {
		return fmt.Errorf("notebook: %w", err)
	}
	defer session.Close()
	return nb.run(ctx, session, s)
}

// executor is what a run asks of a [kernel.Session].
type executor interface {
	Execute(context.Context, kernel.Request) kernel.Result
}

func (nb *Notebook) run(ctx context.Context, session executor, s Settings) error {
	nb.describeKernel()
	var code []*Cell
	for _, c := range nb.Cells {
		if c.Type == Code {
			c.Outputs, c.Count = nil, 0
			delete(c.Metadata, "execution") // another run's times
			if strings.TrimSpace(c.Source) != "" {
				code = append(code, c)
			}
		}
	}
	progress := s.Progress
	if progress == nil {
		progress = func(Progress) {}
	}
	displays, models := displays{}, &models{}
	defer models.store(nb)
	for i, c := range code {
		if err := ctx.Err(); err != nil {
			return fmt.Errorf("notebook: %w", err)
		}
		p := Progress{Cell: i + 1, Total: len(code)}
		progress(p)
		began := time.Now()
		err := c.run(ctx, session, s, i+1, displays, models)
		p.Done, p.Elapsed = true, time.Since(began)
		progress(p)
		if ctx.Err() != nil {
			return fmt.Errorf("notebook: %w", ctx.Err())
		}
		if err != nil && !c.Tagged("raises-exception") {
			return &CellError{Cell: i + 1, Err: err}
		}
	}
	return nil
}

// run runs one cell as In[n].
func (c *Cell) run(ctx context.Context, session executor, s Settings, n int, displays displays, models *models) error {
	if s.Timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeoutCause(ctx, s.Timeout, ErrTimeout)
		defer cancel()
	}
	c.Count = n
	rec := &recorder{cell: c, displays: displays, models: models, message: fmt.Sprint("cell ", n), stream: s.Stream, display: s.Display}
	res := session.Execute(ctx, kernel.Request{Code: c.Source, Count: n, Sink: rec, Message: rec.message})
	rec.end()
	if res.Value != nil {
		c.Outputs = append(c.Outputs, Output{Type: ExecuteResult, Data: kernel.WireData(res.Value.Data), Metadata: res.Value.Metadata, Count: n})
	}
	if res.Err == nil {
		return nil
	}
	c.Outputs = append(c.Outputs, Output{Type: ErrorOutput, EName: res.Err.Name, EValue: res.Err.Value, Traceback: res.Err.Traceback})
	if context.Cause(ctx) == ErrTimeout {
		return fmt.Errorf("%w after %v", ErrTimeout, s.Timeout)
	}
	return res.Err
}

// describeKernel fills in the metadata by which Jupyter finds the kernel and renders the code.
func (nb *Notebook) describeKernel() {
	nb.Metadata = orEmpty(nb.Metadata)
	if _, ok := nb.Metadata["kernelspec"]; !ok {
		nb.Metadata["kernelspec"] = map[string]any{"name": "nuclab", "display_name": "Go (nuclab)", "language": "go"}
	}
	if _, ok := nb.Metadata["language_info"]; !ok {
		nb.Metadata["language_info"] = map[string]any{
			"name": "go", "file_extension": ".go", "mimetype": "text/x-go", "codemirror_mode": "go", "pygments_lexer": "go"}
	}
}
