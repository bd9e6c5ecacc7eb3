// Package message defines what the front end and the worker tell each other: JSON values, one a line, over two pipes.
package message

// Command is an order of the front end.
type Command struct {
	Kind string `json:"kind"` // Run, Interrupt, Answer, Setenv, Chdir

	Cell    string   `json:"cell,omitempty"`    // Run: package path of the cell
	Plugin  string   `json:"plugin,omitempty"`  // Run: file to load, unless the cell is loaded already
	Count   int      `json:"count,omitempty"`   // Run: execution count
	Silent  bool     `json:"silent,omitempty"`  // Run: do not render the value
	Text    string   `json:"text,omitempty"`    // Answer: the user's line; Chdir: the directory
	Failure string   `json:"failure,omitempty"` // Answer: why there is no line
	Env     []string `json:"env,omitempty"`     // Setenv: name and value
}

// Kinds of commands.
const (
	Run       = "run"
	Interrupt = "interrupt"
	Answer    = "answer"
	Setenv    = "setenv"
	Chdir     = "chdir"
)

// Event is news from the worker.
type Event struct {
	Kind string `json:"kind"` // Ready, Started, Display, Clear, Input, Done

	Data     map[string]any `json:"data,omitempty"` // Display, Done: the rendered value
	Metadata map[string]any `json:"metadata,omitempty"`
	ID       string         `json:"id,omitempty"`
	Update   bool           `json:"update,omitempty"`
	Wait     bool           `json:"wait,omitempty"`     // Clear
	Prompt   string         `json:"prompt,omitempty"`   // Input
	Password bool           `json:"password,omitempty"` // Input
	Error    *Failure       `json:"error,omitempty"`    // Done, nil when the cell ran to its end; Ready when it cannot work
	Abandon  bool           `json:"abandon,omitempty"`  // Done: the cell goes on running, nobody waits for it
}

// Kinds of events.
const (
	Ready   = "ready"
	Started = "started" // the cell is loaded and begins to run
	Display = "display"
	Clear   = "clear"
	Input   = "input"
	Done    = "done"
)

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
