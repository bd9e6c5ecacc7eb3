package kernel

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"sync"
	"time"

	ipc "nuclab/kernel/worker/message"
)

// process is a running worker.
type process struct {
	cmd    *exec.Cmd
	exited chan struct{} // closed when it has ended and all its output was passed on

	sendMu   sync.Mutex
	commands *os.File
	encoder  *json.Encoder

	outputs [2]*workerOutput
	crash   string // what the runtime said when it ended the process, once exited
}

// startProcess starts a worker and returns when it is ready.
func (s *Session) startProcess() (*process, error) {
	p := &process{exited: make(chan struct{})}
	var mine, theirs []*os.File
	pipe := func() (r, w *os.File, err error) {
		r, w, err = os.Pipe()
		return r, w, err
	}
	closeAll := func(files []*os.File) {
		for _, f := range files {
			f.Close()
		}
	}
	fail := func(err error) (*process, error) {
		closeAll(mine)
		closeAll(theirs)
		return nil, fmt.Errorf("kernel: starting the worker: %w", err)
	}
	var ends [4][2]*os.File // stdout, stderr, commands, events
	for i := range ends {
		r, w, err := pipe()
		if err != nil {
			return fail(err)
		}
		ends[i] = [2]*os.File{r, w}
		if i == 2 {
			r, w = w, r
		}
		mine, theirs = append(mine, r), append(theirs, w)
	}
	p.cmd = exec.Command(s.worker)
	p.cmd.Dir = s.path("")
	p.cmd.Env = s.environment()
	p.cmd.Stdout, p.cmd.Stderr = ends[0][1], ends[1][1]
	p.cmd.ExtraFiles = []*os.File{ends[2][0], ends[3][1]}
	// A group of its own: the interrupt key must not reach it, and a kill must reach the programs that cells start.
	ownGroup(p.cmd)
	if err := p.cmd.Start(); err != nil {
		return fail(err)
	}
	closeAll(theirs)
	p.commands = ends[2][1]
	p.encoder = json.NewEncoder(p.commands)
	p.encoder.SetEscapeHTML(false)
	for i, name := range []string{"stdout", "stderr"} {
		o := &workerOutput{name: name, file: ends[i][0], pass: func(text string) {
			s.emitPipes(func(k Sink) { k.Stream(name, text) })
		}}
		p.outputs[i] = o
		go o.follow()
	}

	ready := make(chan error, 1)
	go func() {
		in := json.NewDecoder(bufio.NewReaderSize(ends[3][0], 1<<16))
		for {
			var e ipc.Event
			if err := in.Decode(&e); err != nil {
				break
			}
			// What the cell wrote before the event lies in the pipes already.
			for _, o := range p.outputs {
				o.drain()
			}
			if e.Kind == ipc.Done {
				p.outputs[1].settle()
			}
			if e.Kind == ipc.Ready {
				ready <- nil
				continue
			}
			s.event(p, e)
		}
		err := p.cmd.Wait()
		for _, o := range p.outputs {
			o.drain()
		}
		p.crash = p.outputs[1].report()
		p.outputs[1].release()
		select {
		case ready <- fmt.Errorf("kernel: the worker ended at once: %v\n%s", err, p.lastWords()):
		default:
		}
		close(p.exited)
		p.commands.Close()
		// Programs that the cells started may hold the other ends of the pipes.
		killGroup(p.cmd.Process)
		closeAll(mine)
	}()
	select {
	case err := <-ready:
		if err != nil {
			return nil, err
		}
	case <-time.After(time.Minute):
		p.kill()
		return nil, fmt.Errorf("kernel: the worker does not answer")
	}
	return p, nil
}

func (p *process) send(c ipc.Command) error {
	p.sendMu.Lock()
	defer p.sendMu.Unlock()
	return p.encoder.Encode(c)
}

func (p *process) interrupt() { p.send(ipc.Command{Kind: ipc.Interrupt}) }

func (p *process) kill() { killGroup(p.cmd.Process) }

// end lets the worker run what cells deferred to its end, and waits until it is gone; after patience it is killed.
func (p *process) end(patience time.Duration) {
	p.commands.Close()
	select {
	case <-p.exited:
	case <-time.After(patience):
		p.kill()
		<-p.exited
	}
}

// A worker ends itself after two seconds of what was deferred; on a busy machine it may be long before it runs at all. Clients
// kill a kernel that takes five seconds to shut down, while a restart may wait.
const (
	closePatience   = 3 * time.Second
	restartPatience = 20 * time.Second
)

// dead reports whether the worker has ended.
func (p *process) dead() bool {
	select {
	case <-p.exited:
		return true
	default:
		return false
	}
}

// reason says why the worker ended, in words for the user.
func (p *process) reason() string {
	if line := p.outputs[1].fatalLine(); line != "" {
		return line
	}
	state := p.cmd.ProcessState
	if state == nil {
		return "it ended"
	}
	if text := signalled(state); text != "" {
		return text
	}
	return state.String()
}

func (p *process) lastWords() string { return p.outputs[1].tail() }

// workerOutput is one of the worker's output pipes.
type workerOutput struct {
	name string
	file *os.File
	pass func(text string)

	mu      sync.Mutex
	pending []byte // start of a character whose rest has not arrived
	last    []byte // the newest output, for the reason of a crash
	fatal   string // line by which the runtime says why it ends
	held    []byte // may be the report of a crash
	unheld  *time.Timer
}

// follow passes output on while it comes. It reads and passes on under one lock, so that drain finds nothing on the way.
func (o *workerOutput) follow() {
	c, err := o.file.SyscallConn()
	if err != nil {
		return
	}
	c.Read(func(fd uintptr) bool {
		return o.read(fd) // false waits for more
	})
}

// drain passes on what lies in the pipe now.
func (o *workerOutput) drain() {
	if c, err := o.file.SyscallConn(); err == nil {
		c.Control(func(fd uintptr) { o.read(fd) })
	}
}

// read passes on all there is; it reports the end of the output.
func (o *workerOutput) read(fd uintptr) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	buf := make([]byte, 1<<16)
	for {
		n, later := readNow(fd, buf)
		if later {
			return false
		}
		if n <= 0 {
			return true
		}
		o.deliver(buf[:n])
	}
}
