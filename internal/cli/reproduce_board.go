package cli

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"time"
)

// board shows on a terminal where several notebooks are: a line for each that runs, and one that stays for each that has
// ended. It shows nothing elsewhere.
type board struct {
	w     io.Writer
	quiet bool
	stop  chan struct{}
	group sync.WaitGroup

	mu    sync.Mutex
	rows  []*boardRow
	lines int // drawn that will be drawn again
}

type boardRow struct {
	name, heading, latest string
	cell, total           int
	began                 time.Time
}

func newBoard(w io.Writer) *board {
	b := &board{w: w, quiet: !terminal(w), stop: make(chan struct{})}
	if b.quiet {
		return b
	}
	b.group.Go(func() {
		tick := time.NewTicker(500 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				b.mu.Lock()
				b.draw("")
				b.mu.Unlock()
			case <-b.stop:
				return
			}
		}
	})
	return b
}

func (b *board) close() {
	close(b.stop)
	b.group.Wait()
}

// row finds or makes the row of a notebook.
func (b *board) row(name string) *boardRow {
	for _, r := range b.rows {
		if r.name == name {
			return r
		}
	}
	r := &boardRow{name: name, began: time.Now()}
	b.rows = append(b.rows, r)
	return r
}

// cell says that a notebook is at a cell.
func (b *board) cell(name string, cell, total int, heading string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	r := b.row(name)
	r.cell, r.total, r.heading, r.latest = cell, total, heading, ""
}

// say tells what a cell has printed.
func (b *board) say(name, text string) {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	b.mu.Lock()
	defer b.mu.Unlock()
	b.row(name).latest = lines[len(lines)-1]
}

// show tells what a cell shows, if it is a line, as a progress bar is.
func (b *board) show(name string, data map[string]any) {
	if text, ok := data["text/plain"].(string); ok && text != "" && !strings.Contains(text, "\n") {
		b.say(name, text)
	}
}

// end removes the row of a notebook and leaves a line.
func (b *board) end(name, how string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.rows = slices.DeleteFunc(b.rows, func(r *boardRow) bool { return r.name == name })
	b.draw(fmt.Sprintf("%-12s %s", name, how))
}

// boardWidth is as wide as every terminal.
const boardWidth = 79

// draw draws the rows again, below a line that stays.
func (b *board) draw(stays string) {
	if b.quiet {
		return
	}
	var s strings.Builder
	if b.lines > 0 {
		fmt.Fprintf(&s, "\x1b[%dA", b.lines)
	}
	s.WriteString("\r\x1b[J")
	if stays != "" {
		s.WriteString(stays + "\n")
	}
	for _, r := range b.rows {
		s.WriteString(r.text(time.Now()) + "\n")
	}
	b.lines = len(b.rows)
	io.WriteString(b.w, s.String())
}

// text is the line of a notebook.
func (r *boardRow) text(now time.Time) string {
	what := r.heading
	if r.latest != "" {
		what = r.latest
	}
	line := []rune(fmt.Sprintf("%-12s cell %d of %d, %s: %s", r.name, r.cell, r.total, now.Sub(r.began).Round(time.Second), plainText(what)))
	return string(line[:min(len(line), boardWidth)])
}

// plainText leaves out what moves a cursor or colours.
func plainText(s string) string {
	return strings.Map(func(c rune) rune {
		if c < ' ' {
			return -1
		}
		return c
	}, colours.ReplaceAllString(s, ""))
}
