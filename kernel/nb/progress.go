package nb

import (
	"fmt"
	"html"
	"os"
	"strings"
	"sync"
	"time"
)

// Progress is a bar with its rate and the time left. In a notebook it is a live output, on a terminal one line of
// stderr, in a pipe nothing. Its methods may be called from several goroutines.
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
	closed   bool
	width    int // characters of the terminal line shown last
}

// refresh is how often a bar is redrawn.
const refresh = 100 * time.Millisecond

// NewProgress shows a bar for total steps; with total 0 or less the number of steps is unknown and only the count and
// the rate are shown.
func NewProgress(label string, total int) *Progress {
	p := &Progress{label: label, total: total, start: time.Now()}
	if !InNotebook() {
		info, err := os.Stderr.Stat()
		p.terminal = err == nil && info.Mode()&os.ModeCharDevice != 0 && os.Getenv("TERM") != "dumb"
	}
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

// Done ends the bar, leaving one clean line with the count and the time it took. Later calls do nothing.
func (p *Progress) Done() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return
	}
	p.closed = true
	p.show(time.Now())
	if p.terminal {
		fmt.Fprintln(os.Stderr)
	}
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
		line := p.line(now)
		pad := max(0, p.width-len([]rune(line)))
		p.width = len([]rune(line))
		fmt.Fprint(os.Stderr, "\r"+line+strings.Repeat(" ", pad))
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
