package kernel

import (
	"regexp"
	"strings"
	"unicode/utf8"
)

// tailSize is how much of the newest output is kept for the reason of a crash.
const tailSize = 16 << 10

// deliver takes what came out of the pipe.
func (o *workerOutput) deliver(b []byte) {
	o.last = append(o.last, b...)
	if o.name == "stderr" {
		for _, m := range fatalLines.FindAll(o.last[max(0, len(o.last)-len(b)-200):], -1) {
			o.fatal = string(m)
		}
	}
	if n := len(o.last) - tailSize; n > 0 {
		o.last = append(o.last[:0], o.last[n:]...)
	}
	o.passOn(o.hold(b))
}

// passOn passes whole characters on.
func (o *workerOutput) passOn(b []byte) {
	if len(o.pending) > 0 {
		b = append(o.pending, b...)
		o.pending = nil
	}
	if n := incomplete(b); n > 0 {
		o.pending = append([]byte(nil), b[len(b)-n:]...)
		b = b[:len(b)-n]
	}
	if len(b) > 0 {
		o.pass(strings.ToValidUTF8(string(b), "\uFFFD"))
	}
}

// fatalLines are what the runtime prints before it ends the process.
var fatalLines = regexp.MustCompile(`(?m)^(fatal error: |panic: |SIG[A-Z]+: )[^\n]+`)

// fatalLine returns the runtime's reason to end the process, "" when it gave none.
func (o *workerOutput) fatalLine() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.fatal
}

// tail returns the newest output.
func (o *workerOutput) tail() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return string(o.last)
}

// incomplete counts the bytes at the end of b that begin a character whose rest is missing.
func incomplete(b []byte) int {
	for n := 1; n <= min(len(b), utf8.UTFMax-1); n++ {
		c := b[len(b)-n]
		if utf8.RuneStart(c) {
			if c >= utf8.RuneSelf && !utf8.FullRune(b[len(b)-n:]) {
				return n
			}
			return 0
		}
	}
	return 0
}
