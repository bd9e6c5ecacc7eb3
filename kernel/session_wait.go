package kernel

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"time"
)

// idleNotice is how long a cell may do nothing before the user is told.
const idleNotice = 30 * time.Second

// watchIdle tells once when a cell has waited for some time in which its process did next to nothing and wrote nothing: it may
// wait for ever. The function that it returns ends the watch. Where the processor time of a process is not known there is no
// notice.
func (c *call) watchIdle(p *process, after time.Duration) (stop func()) {
	const looks = 10 // that make up the time
	done := make(chan struct{})
	go func() {
		tick := time.NewTicker(after / looks)
		defer tick.Stop()
		pid := p.cmd.Process.Pid
		since := time.Now()
		cpu, err := processorTime(pid)
		text := c.written()
		for err == nil {
			select {
			case <-done:
				return
			case <-tick.C:
			}
			var now time.Duration
			now, err = processorTime(pid)
			written := c.written()
			// A waiting process still collects garbage now and then.
			if now-cpu > after/looks/20 || written != text || c.asking.Load() > 0 {
				since = time.Now()
			}
			cpu, text = now, written
			if time.Since(since) >= after {
				c.emit(func(k Sink) {
					k.Stream("stderr", fmt.Sprintf("The cell has been waiting for %v without doing anything. Interrupt it if it waits for ever: variables keep their values.\n", after))
				})
				return
			}
		}
	}()
	return func() { close(done) }
}

// written is how much text was put out.
func (c *call) written() int {
	c.sink.mu.Lock()
	defer c.sink.mu.Unlock()
	return c.sink.total
}

// processorTime is what a process has used so far. It is known on Linux.
func processorTime(pid int) (time.Duration, error) {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, err
	}
	// The name in the second field may hold anything, parentheses too.
	fields := bytes.Fields(b[bytes.LastIndexByte(b, ')')+1:])
	if len(fields) < 13 {
		return 0, fmt.Errorf("/proc/%d/stat has %d fields", pid, len(fields))
	}
	var ticks int64
	for _, f := range fields[11:13] { // user and system time
		n, err := strconv.ParseInt(string(f), 10, 64)
		if err != nil {
			return 0, err
		}
		ticks += n
	}
	const perSecond = 100
	return time.Duration(ticks) * time.Second / perSecond, nil
}
