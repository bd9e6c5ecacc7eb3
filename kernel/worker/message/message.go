// Package message defines what the front end and the worker tell each other: JSON values, one a line, over two pipes.
package message

import "encoding/json"

// Command is an order of the front end.
type Command struct {
	Kind string `json:"kind"` // Run, ToComm, Ack, Interrupt, Answer, Setenv, Chdir

	// Exec is the number of the request to Run or of the message ToComm, which its events carry. An Interrupt without one is
	// for all but the parallel.
	Exec     int64  `json:"exec,omitempty"`
	Message  string `json:"message,omitempty"`  // Run, Comm: msg_id of the request
	Seq      int64  `json:"seq,omitempty"`      // Ack
	Parallel bool   `json:"parallel,omitempty"` // Run: beside what else runs, not after it
	Comm     *Comm  `json:"comm,omitempty"`     // Comm

	Cell    string   `json:"cell,omitempty"`    // Run: package path of the cell
	Plugins []string `json:"plugins,omitempty"` // Run: files to load in this order, unless the cell is loaded already
	Count   int      `json:"count,omitempty"`   // Run: execution count
	Silent  bool     `json:"silent,omitempty"`  // Run: do not render the value
	Text    string   `json:"text,omitempty"`    // Answer: the user's line; Chdir: the directory
	Failure string   `json:"failure,omitempty"` // Answer: why there is no line
	Env     []string `json:"env,omitempty"`     // Setenv: name and value
}

// Kinds of commands.
const (
	Run       = "run"
	ToComm    = "comm" // a message of the front end's to a comm
	Ack       = "ack"  // of Started
	Interrupt = "interrupt"
	Answer    = "answer"
	Setenv    = "setenv"
	Chdir     = "chdir"
)

// Event is news from the worker.
type Event struct {
	Kind string `json:"kind"`           // Ready, Started, Stream, Display, Clear, Input, Broken, FromComm, Done
	Exec int64  `json:"exec,omitempty"` // number of the request that the event belongs to
	Seq  int64  `json:"seq,omitempty"`  // the worker waits for an Ack with it

	Data     map[string]any `json:"data,omitempty"` // Display, Done: the rendered value
	Metadata map[string]any `json:"metadata,omitempty"`
	ID       string         `json:"id,omitempty"`
	Update   bool           `json:"update,omitempty"`
	Wait     bool           `json:"wait,omitempty"`     // Clear
	Prompt   string         `json:"prompt,omitempty"`   // Input
	Password bool           `json:"password,omitempty"` // Input
	Error    *Failure       `json:"error,omitempty"`    // Done, nil when the cell ran to its end; Broken
	Abandon  bool           `json:"abandon,omitempty"`  // Done: the cell goes on running, nobody waits for it
	Name     string         `json:"name,omitempty"`     // Stream: stdout or stderr
	Text     string         `json:"text,omitempty"`     // Stream
	Comm     *Comm          `json:"comm,omitempty"`     // FromComm
	Dir      string         `json:"dir,omitempty"`      // Done: the working directory
	Env      []string       `json:"env,omitempty"`      // Done: the environment, when it has changed
}

// Kinds of events.
const (
	Ready    = "ready"
	Started  = "started"  // a cell is loaded and begins to run, or what a comm message set off; what is written to the pipes is its
	Stream   = "stream"   // text that does not belong to what began last
	Broken   = "broken"   // a panic of something that has no end to report it with
	FromComm = "fromcomm" // a message of a comm to the front end
	Display  = "display"
	Clear    = "clear"
	Input    = "input"
	Done     = "done"
)

// Comm is a message of a comm, with the fields of nb.CommMessage.
type Comm struct {
	Type     string          `json:"type"`
	ID       string          `json:"id"`
	Target   string          `json:"target,omitempty"`
	Data     json.RawMessage `json:"data,omitempty"`
	Metadata map[string]any  `json:"metadata,omitempty"`
	Buffers  [][]byte        `json:"buffers,omitempty"`
}

// Failure is how a cell ended before its end.
type Failure struct {
	Kind   string  `json:"kind"` // Panic, Interrupted, Exit, Goexit, Load
	Text   string  `json:"text"`
	Type   string  `json:"type,omitempty"` // Panic: type of the value
	Code   int     `json:"code,omitempty"` // Exit
	Frames []Frame `json:"frames,omitempty"`
	Note   string  `json:"note,omitempty"` // where, when it was not the cell's own goroutine
}

// Kinds of failures.
const (
	Panic       = "panic"
	Interrupted = "interrupted"
	Exit        = "exit"
	Goexit      = "goexit"
	Load        = "load"
)

// Frame is one call of a traceback, innermost first.
type Frame struct {
	Func string `json:"func"`
	File string `json:"file"`
	Line int    `json:"line"`
}
