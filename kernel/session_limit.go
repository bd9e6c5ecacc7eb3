package kernel

import (
	"errors"
	"fmt"
	"sync"
)

// maxOutput is how many bytes of a cell's text are passed on whole, unless the user says otherwise. Of more, the first half
// of that and the last tenth are shown, with one line between them.
const maxOutput = 10 << 20

// limit is a sink that cuts the middle out of too much text.
type limit struct {
	Sink
	mu    sync.Mutex // held while the sink is called
	most  int        // bytes passed on whole, 0 for all
	total int
	held  []piece // text after the head, until it is known how much there is
	size  int     // bytes held
	cut   int     // bytes dropped
}

type piece struct{ name, text string }

func newLimit(k Sink, most int) *limit { return &limit{Sink: k, most: most} }

func (l *limit) Stream(name, text string) {
	l.total += len(text)
	if l.most == 0 || l.total <= l.most/2 {
		l.Sink.Stream(name, text)
		return
	}
	l.held = append(l.held, piece{name, text})
	l.size += len(text)
	if l.total <= l.most {
		return
	}
	for l.size > l.most/10 && len(l.held) > 1 {
		n := len(l.held[0].text)
		l.held = l.held[1:]
		l.size -= n
		l.cut += n
	}
}

// comm passes on a message of a comm.
func (l *limit) comm(m CommMessage) {
	if k, ok := l.Sink.(CommSink); ok {
		k.Comm(m)
	}
}

// flush shows what was held back at the end of the cell. Text that comes later from goroutines starts anew.
func (l *limit) flush() {
	if l.cut > 0 {
		l.Sink.Stream("stderr", fmt.Sprintf("\n... %.1f MB of output not shown ...\n", float64(l.cut)/(1<<20)))
	}
	for _, p := range l.held {
		l.Sink.Stream(p.name, p.text)
	}
	l.total, l.held, l.size, l.cut = 0, nil, 0, 0
}

// noSink is the sink of a request without one.
type noSink struct{}

func (noSink) Stream(string, string) {}
func (noSink) Display(DisplayData)   {}
func (noSink) Clear(bool)            {}
func (noSink) Input(string, bool) (string, error) {
	return "", errors.New("nobody can be asked here")
}
