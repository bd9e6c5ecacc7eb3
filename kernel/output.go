package kernel

import (
	"encoding/json"
	"errors"
	"strings"
	"sync"
	"time"
	"unicode/utf8"
)

// Text that a cell writes is gathered for a moment, so that a loop of prints does not make a message of each.
const (
	streamDelay = 25 * time.Millisecond
	streamChunk = 64 << 10
)

// output is the [Sink] of one cell: it publishes what the cell emits. It stays valid when the cell has ended, for the
// goroutines that the cell has left behind.
type output struct {
	server     *server
	parent     *message
	allowStdin bool

	replacement string // for the cell's text, "" for none; read when the cell has ended

	mu      sync.Mutex
	name    string // stream of the gathered text
	text    strings.Builder
	pending bool // a flush is on its way
}

func (o *output) Stream(name, text string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if name != o.name {
		o.flushLocked(true)
		o.name = name
	}
	o.text.WriteString(text)
	if o.text.Len() >= streamChunk {
		o.flushLocked(false)
	}
	if o.text.Len() > 0 && !o.pending {
		o.pending = true
		time.AfterFunc(streamDelay, func() { o.flush(false) })
	}
}

// flush publishes the gathered text. Unless all is set, a character that is not yet whole is kept back.
func (o *output) flush(all bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.pending = false
	o.flushLocked(all)
}

func (o *output) flushLocked(all bool) {
	text := o.text.String()
	rest := ""
	if !all {
		text, rest = cutPartialRune(text)
	}
	o.text.Reset()
	o.text.WriteString(rest)
	if text != "" {
		o.server.publish(o.parent, "stream", map[string]any{"name": o.name, "text": text})
	}
}

// cutPartialRune splits the first bytes of an unfinished UTF-8 character off the end of a text.
func cutPartialRune(text string) (whole, rest string) {
	for i := 1; i < utf8.UTFMax && i <= len(text); i++ {
		if b := text[len(text)-i]; utf8.RuneStart(b) {
			if b >= utf8.RuneSelf && !utf8.FullRuneInString(text[len(text)-i:]) {
				return text[:len(text)-i], text[len(text)-i:]
			}
			break
		}
	}
	return text, ""
}

func (o *output) Display(d DisplayData) {
	o.flush(true)
	content := map[string]any{"data": WireData(d.Data), "metadata": orEmpty(d.Metadata), "transient": map[string]any{}}
	if d.ID != "" {
		content["transient"] = map[string]any{"display_id": d.ID}
	}
	msgType := "display_data"
	if d.Update {
		msgType = "update_display_data"
	}
	o.server.publish(o.parent, msgType, content)
}

func (o *output) Clear(wait bool) {
	o.flush(true)
	o.server.publish(o.parent, "clear_output", map[string]any{"wait": wait})
}

// Comm implements [CommSink].
func (o *output) Comm(m CommMessage) {
	o.flush(true)
	content := map[string]any{"comm_id": m.ID, "data": orObject(m.Data)}
	if m.Type == "comm_open" {
		content["target_name"] = m.Target
	}
	s := o.server
	s.publishAs(s.topic(m.Type), o.parent, m.Type, orEmpty(m.Metadata), content, m.Buffers...)
}

// Replace implements [ReplaceSink].
func (o *output) Replace(text string) { o.replacement = text }

func orObject(data json.RawMessage) json.RawMessage {
	if len(data) == 0 {
		return json.RawMessage("{}")
	}
	return data
}

// Errors of [Sink.Input].
var (
	ErrNoInput     = errors.New("kernel: this front end does not take input")
	ErrInterrupted = errors.New("kernel: interrupted")
)

// Input sends an input_request to the client that runs the cell and waits for its answer.
func (o *output) Input(prompt string, password bool) (string, error) {
	if !o.allowStdin {
		return "", ErrNoInput
	}
	o.flush(true)
	s := o.server
	answer := s.input.open(o)
	defer s.input.close(o)
	frames, err := s.signer.encode(o.parent.idents, s.id.header("input_request"), o.parent, nil,
		map[string]any{"prompt": prompt, "password": password})
	if err != nil {
		return "", err
	}
	s.iopub.flush(stalledTimeout) // the prompt follows what was printed before it
	s.stdin.send(frames)
	value, ok := <-answer
	if !ok {
		return "", ErrInterrupted
	}
	return value, nil
}

// interruptInput makes a waiting Input return ErrInterrupted.
func (o *output) interruptInput() { o.server.input.close(o) }

// inputs connects input_reply messages with the cell that waits for one.
type inputs struct {
	mu     sync.Mutex
	owner  *output
	answer chan string
}

func (in *inputs) open(o *output) <-chan string {
	in.mu.Lock()
	defer in.mu.Unlock()
	if in.answer != nil {
		close(in.answer)
	}
	in.owner, in.answer = o, make(chan string, 1)
	return in.answer
}

// close ends o's wait, if it still waits.
func (in *inputs) close(o *output) {
	in.mu.Lock()
	defer in.mu.Unlock()
	if in.owner == o && in.answer != nil {
		close(in.answer)
		in.owner, in.answer = nil, nil
	}
}

// deliver hands an answer over; one that nobody waits for is dropped.
func (in *inputs) deliver(value string) {
	in.mu.Lock()
	defer in.mu.Unlock()
	if in.answer != nil {
		select {
		case in.answer <- value:
		default:
		}
	}
}

// WireData returns a MIME bundle as Jupyter's messages and notebooks hold it: what is text as a string, also when it
// was given as bytes, which JSON would turn into base64.
func WireData(data map[string]any) map[string]any {
	out := make(map[string]any, len(data))
	for mime, v := range data {
		if b, ok := v.([]byte); ok && isText(mime) {
			v = string(b)
		}
		out[mime] = v
	}
	return out
}

func isText(mime string) bool {
	return strings.HasPrefix(mime, "text/") || strings.HasSuffix(mime, "+xml") ||
		mime == "application/javascript" || mime == "application/json"
}

func orEmpty(m map[string]any) map[string]any {
	if m == nil {
		return map[string]any{}
	}
	return m
}
