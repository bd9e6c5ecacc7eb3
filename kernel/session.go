package kernel

// DisplayData is one rendered value on its way to a front end.
type DisplayData struct {
	Data     map[string]any // by MIME type: string for text, base64 string for binary types, JSON values for application/json
	Metadata map[string]any
	ID       string // names the output for later updates; empty for a cell's value
	Update   bool   // replaces what was shown under ID
}

// Sink receives everything a cell emits while it runs. It is called from one goroutine at a time, in order.
type Sink interface {
	// Stream passes text on that the cell wrote to "stdout" or "stderr".
	Stream(name, text string)
	Display(d DisplayData)
	// Clear removes the cell's output, with wait only when the next output arrives.
	Clear(wait bool)
	// Input asks the user for one line; a password is not shown while it is typed.
	Input(prompt string, password bool) (string, error)
}

// Request is one cell to execute.
type Request struct {
	Code   string
	Count  int  // execution count: errors say In[Count]
	Silent bool // the value of the trailing expression is not rendered
	Sink   Sink
}

// CellError is why a cell failed, in the words of a Go programmer.
type CellError struct {
	Name      string   // kind of failure: "compile error", "panic", "interrupted", ...
	Value     string   // the message
	Traceback []string // lines to show, with ANSI colour
}

func (e *CellError) Error() string { return e.Name + ": " + e.Value }

// Result is how a cell ended.
type Result struct {
	Value      *DisplayData // the trailing expression; nil when there is none
	Err        *CellError   // nil when the cell ran to its end
	WorkerDied bool         // the process with all variables is gone; a new one has been started
}

// Match is one way to complete a name.
type Match struct {
	Text string // replaces the bytes from Start to End
	Type string // function, type, variable, constant, package, field, method, keyword, command
}

// Completion is what may stand at the cursor.
type Completion struct {
	Matches    []Match
	Start, End int // bytes of the code that a match replaces
}

// Options say where and with what a session works. The zero value uses the current directory, the user's cache and the
// go command of the PATH.
type Options struct {
	Dir         string // working directory of the cells
	Cache       string // root of everything kept between sessions
	SourceTree  string // checkout of this module, for cells that import its packages; "" unpacks what the kernel needs
	SessionName string // names the notebook's private module; "" uses Dir
	Go          string // go command
}
