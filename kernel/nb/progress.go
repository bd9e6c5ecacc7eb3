package nb

import (
	"fmt"
	"html"
	"os"
	"slices"
	"strings"
	"sync"
	"time"
)

// Progress is a bar with its rate and the time left. In a notebook it is a live output, on a terminal a line of stderr,
// in a pipe nothing. A bar that begins while another of the same cell is open stands below that one and vanishes when it
// is done, so that a loop of loops leaves one line. Its methods may be called from several goroutines.
type Progress struct {
	mu       sync.Mutex
	label    string
	total    int
	done     int
	note     string
	start    time.Time
	last     time.Time // when it was last shown
	handle   *Handle
	terminal bool
	nested   bool
	closed   bool
	request  Origin // the cell's
	drawn    string // on the terminal; bars guards it
}

// refresh is how often a bar is redrawn.
const refresh = 100 * time.Millisecond

// bars are those that are open, the outermost first.
var bars struct {
	sync.Mutex
	open  []*Progress
	spare map[Origin]*Handle // where a nested bar of a cell stood that is done
	lines int                // on the terminal, with the cursor in the last
}

// NewProgress shows a bar for total steps; with total 0 or less the number of steps is unknown and only the count and
// the rate are shown.
func NewProgress(label string, total int) *Progress {
	p := &Progress{label: label, total: total, start: time.Now(), request: CurrentRequest()}
	if !InNotebook() {
		info, err := os.Stderr.Stat()
		p.terminal = err == nil && info.Mode()&os.ModeCharDevice != 0 && os.Getenv("TERM") != "dumb"
	}
	bars.Lock()
	for _, other := range bars.open {
		p.nested = p.nested || other.request == p.request
	}
	bars.open = append(bars.open, p)
	if p.nested && bars.spare[p.request] != nil {
		p.handle = bars.spare[p.request]
		delete(bars.spare, p.request)
	}
	bars.Unlock()
	p.mu.Lock()
	defer p.mu.Unlock()
	p.show(p.start)
	return p
}

// Add counts n more steps.
func (p *Progress) Add(n int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.set(p.done + n)
}

// Set counts n steps in all.
func (p *Progress) Set(n int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.set(n)
}

// Note puts a short text behind the bar, such as the present loss.
func (p *Progress) Note(text string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.note = text
	p.set(p.done)
}

// Done ends the bar, leaving one clean line with the count and the time it took, or none if the bar was nested. Later
// calls do nothing.
func (p *Progress) Done() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return
	}
	p.closed = true
	bars.Lock()
	bars.open = slices.DeleteFunc(bars.open, func(o *Progress) bool { return o == p })
	if p.nested && p.handle != nil {
		if bars.spare == nil {
			bars.spare = make(map[Origin]*Handle)
		}
		bars.spare[p.request] = p.handle
	} else {
		delete(bars.spare, p.request)
	}
	bars.Unlock()
	switch {
	case p.terminal && p.nested:
		redraw("")
	case p.terminal:
		redraw(p.line(time.Now()) + "\x1b[K\n")
	case p.nested && p.handle != nil:
		p.handle.Update(MIME(MIMEMap{"text/html": "", "text/plain": ""}, nil))
	default:
		p.show(time.Now())
	}
}

// redraw draws all bars of the terminal, below some lines that stay.
func redraw(above string) {
	bars.Lock()
	defer bars.Unlock()
	var b strings.Builder
	if bars.lines > 1 {
		fmt.Fprintf(&b, "\x1b[%dA", bars.lines-1)
	}
	b.WriteString("\r" + above)
	bars.lines = 0
	for _, p := range bars.open {
		if !p.terminal {
			continue
		}
		if bars.lines++; bars.lines > 1 {
			b.WriteByte('\n')
		}
		b.WriteString(p.drawn + "\x1b[K")
	}
	fmt.Fprint(os.Stderr, b.String()+"\x1b[J")
}

func (p *Progress) set(n int) {
	p.done = n
	now := time.Now()
	if !p.closed && now.Sub(p.last) >= refresh {
		p.show(now)
	}
}

func (p *Progress) show(now time.Time) {
	p.last = now
	switch {
	case InNotebook():
		if p.handle == nil {
			p.handle = Display(p.render(now))
		} else {
			p.handle.Update(p.render(now))
		}
	case p.terminal:
		bars.Lock()
		p.drawn = p.line(now)
		bars.Unlock()
		redraw("")
	}
}

// fraction of the work that is done, between 0 and 1; 0 when the total is unknown.
func (p *Progress) fraction() float64 {
	if p.total <= 0 {
		return 0
	}
	return min(1, max(0, float64(p.done)/float64(p.total)))
}

// status is what stands beside the bar: count, rate, time left or taken, note.
func (p *Progress) status(now time.Time) string {
	elapsed := now.Sub(p.start)
	var parts []string
	if p.total > 0 {
		parts = append(parts, fmt.Sprintf("%d/%d", p.done, p.total))
	} else {
		parts = append(parts, fmt.Sprint(p.done))
	}
	if p.done > 0 && elapsed > 0 {
		parts = append(parts, rate(float64(p.done)/elapsed.Seconds()))
	}
	switch {
	case p.closed:
		parts = append(parts, "took "+duration(elapsed))
	case p.total > 0 && p.done > 0 && p.done < p.total:
		left := time.Duration(float64(elapsed) * float64(p.total-p.done) / float64(p.done))
		parts = append(parts, duration(left)+" left")
	default:
		parts = append(parts, duration(elapsed))
	}
	if p.note != "" {
		parts = append(parts, p.note)
	}
	return strings.Join(parts, ", ")
}

func (p *Progress) line(now time.Time) string {
	if p.total <= 0 {
		return p.label + " " + p.status(now)
	}
	const cells = 24
	full := int(p.fraction()*cells + 0.5)
	return fmt.Sprintf("%s %3.0f%% [%s%s] %s", p.label, 100*p.fraction(), strings.Repeat("=", full),
		strings.Repeat(" ", cells-full), p.status(now))
}

func (p *Progress) render(now time.Time) Data {
	bar := ""
	if p.total > 0 {
		bar = fmt.Sprintf(`<progress value="%d" max="%d" style="width:40%%"></progress> `, min(p.done, p.total), p.total)
	}
	return MIME(MIMEMap{
		"text/html":  "<div>" + html.EscapeString(p.label) + " " + bar + html.EscapeString(p.status(now)) + "</div>",
		"text/plain": p.line(now),
	}, nil)
}

func rate(perSecond float64) string {
	switch {
	case perSecond >= 10:
		return fmt.Sprintf("%.0f/s", perSecond)
	case perSecond >= 0.1:
		return fmt.Sprintf("%.2g/s", perSecond)
	}
	return fmt.Sprintf("%.3g s each", 1/perSecond)
}

func duration(d time.Duration) string {
	switch {
	case d < 10*time.Second:
		return fmt.Sprintf("%.1f s", d.Seconds())
	case d < 2*time.Minute:
		return fmt.Sprintf("%.0f s", d.Seconds())
	case d < 2*time.Hour:
		return fmt.Sprintf("%d min %02d s", int(d.Minutes()), int(d.Seconds())%60)
	}
	return fmt.Sprintf("%d h %02d min", int(d.Hours()), int(d.Minutes())%60)
}
