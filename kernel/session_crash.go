package kernel

import (
	"bytes"
	"regexp"
	"strconv"
	"strings"
	"time"

	ipc "nuclab/kernel/worker/message"
)

// What the runtime prints before it ends the process: from a line like these to the end.
var crashStart = regexp.MustCompile(`(?m)^(fatal error: |panic: |runtime: goroutine stack exceeds |unexpected fault address |SIG(SEGV|BUS|FPE|ILL|ABRT|TRAP): )`)

// Text that may be the report of a crash is kept back this long, since it has another form when the process has ended;
// no report is longer than crashSize.
const (
	crashTime = 500 * time.Millisecond
	crashSize = 4 << 20
)

// hold keeps back what may be the report of a crash and returns the text before it.
func (o *workerOutput) hold(b []byte) []byte {
	if o.name != "stderr" {
		return b
	}
	if len(o.held) == 0 {
		at := crashStart.FindIndex(b)
		if at == nil {
			return b
		}
		b, o.held = b[:at[0]], append(o.held, b[at[0]:]...)
		o.unheld = time.AfterFunc(crashTime, o.release)
		return b
	}
	o.held = append(o.held, b...)
	if len(o.held) > crashSize {
		b, o.held = o.held, nil
		return b
	}
	o.unheld.Reset(crashTime)
	return nil
}

// release passes on what was kept back.
func (o *workerOutput) release() {
	o.mu.Lock()
	defer o.mu.Unlock()
	b := o.held
	o.held = nil
	o.passOn(b)
}

// settle passes on what is no report, since the cell that wrote it has ended.
func (o *workerOutput) settle() {
	o.mu.Lock()
	report := isReport(o.held)
	o.mu.Unlock()
	if !report {
		o.release()
	}
}

func isReport(b []byte) bool { return bytes.Contains(b, []byte("\ngoroutine ")) }

// report takes the report of a crash, when the process has ended.
func (o *workerOutput) report() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	if !isReport(o.held) {
		return ""
	}
	b := o.held
	o.held = nil
	return string(b)
}

// crashCall finds a call in a report: the function, and on the next line its file and line.
var crashCall = regexp.MustCompile(`(?m)^([^\s].*)\([^()]*\)\n\t(\S+):(\d+)`)

// crashFrames are the calls of the first goroutine of a report that runs code of a cell.
func crashFrames(report string) []ipc.Frame {
	for _, block := range strings.Split(report, "\n\n") {
		if !strings.HasPrefix(block, "goroutine ") {
			continue
		}
		var frames []ipc.Frame
		inCell := false
		for _, m := range crashCall.FindAllStringSubmatch(block, -1) {
			line, _ := strconv.Atoi(m[3])
			if strings.HasPrefix(m[1], "created by ") || strings.HasPrefix(m[1], "nuclab/kernel/worker") {
				continue
			}
			frames = append(frames, ipc.Frame{Func: m[1], File: m[2], Line: line})
			inCell = inCell || strings.HasPrefix(m[2], "/cell/")
		}
		if inCell {
			return frames
		}
	}
	return nil
}

// diedError says that the worker has ended, and where in the cells. The report of the runtime is shown as it is only where it
// names no cell.
func (s *Session) diedError(p *process, text string) *CellError {
	frames := crashFrames(p.crash)
	if frames == nil && p.crash != "" {
		p.outputs[1].pass(strings.ToValidUTF8(p.crash, "\uFFFD"))
	}
	return s.runError(&ipc.Failure{Kind: "worker died", Text: text, Frames: frames})
}
