package kernel

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"nuclab/kernel/filelock"
)

// History is kept in one file, an entry a line, shared by all kernels of a user. It is cut to its newer part when it
// has grown beyond maxHistory bytes.
const maxHistory = 4 << 20

// historyEntry is one executed cell.
type historyEntry struct {
	Session int    `json:"session"`
	Line    int    `json:"line"`
	In      string `json:"in"`
	Out     string `json:"out,omitempty"` // text of the result
}

// history is the input history of this session and those before it.
type history struct {
	path    string
	session int

	mu      sync.Mutex
	entries []historyEntry
}

// openHistory reads the history file and starts a session in it. Without a path, or when the file cannot be used, history lives in
// memory alone; the error says why.
func openHistory(file string) (*history, error) {
	h := &history{session: 1}
	if file == "" {
		return h, nil
	}
	lock, err := filelock.Acquire(context.Background(), file+".lock", nil)
	if err != nil {
		return h, err
	}
	defer lock.Release()
	data, err := os.ReadFile(file)
	if err != nil && !os.IsNotExist(err) {
		return h, fmt.Errorf("kernel: history: %w", err)
	}
	if len(data) > maxHistory {
		data = data[len(data)-maxHistory/2:]
		if i := bytes.IndexByte(data, '\n'); i >= 0 {
			data = data[i+1:]
		}
		if err := os.WriteFile(file, data, 0o600); err != nil {
			return h, fmt.Errorf("kernel: history: %w", err)
		}
	}
	lines := bufio.NewScanner(bytes.NewReader(data))
	lines.Buffer(nil, maxHistory)
	for lines.Scan() {
		var e historyEntry
		if json.Unmarshal(lines.Bytes(), &e) != nil {
			continue // a line cut short by a crash
		}
		h.session = max(h.session, e.Session+1)
		if e.Line > 0 { // line 0 only takes a session's number
			h.entries = append(h.entries, e)
		}
	}
	h.path = file
	return h, h.append(historyEntry{Session: h.session})
}

func (h *history) append(e historyEntry) error {
	line, err := marshalJSON(e)
	if err != nil {
		return err
	}
	f, err := os.OpenFile(h.path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if os.IsNotExist(err) { // somebody removed the cache
		if err := os.MkdirAll(filepath.Dir(h.path), 0o700); err != nil {
			return fmt.Errorf("kernel: history: %w", err)
		}
		f, err = os.OpenFile(h.path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	}
	if err != nil {
		return fmt.Errorf("kernel: history: %w", err)
	}
	defer f.Close()
	if _, err := f.Write(append(line, '\n')); err != nil {
		return fmt.Errorf("kernel: history: %w", err)
	}
	return nil
}

// add records a cell of this session.
func (h *history) add(line int, in, out string) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	e := historyEntry{Session: h.session, Line: line, In: in, Out: out}
	h.entries = append(h.entries, e)
	if h.path == "" {
		return nil
	}
	return h.append(e)
}

// historyRequest is the content of a history_request.
type historyRequest struct {
	Output  bool   `json:"output"`
	Access  string `json:"hist_access_type"`
	Session int    `json:"session"` // 0 is this one, -1 the one before
	Start   int    `json:"start"`   // the first line of a range
	Stop    *int   `json:"stop"`    // the line after a range; none means the end
	N       *int   `json:"n"`       // the last N entries; none means all
	Pattern string `json:"pattern"` // with *, ? and [a-z]
	Unique  bool   `json:"unique"`
}

// find answers a history_request, the oldest entry first.
func (h *history) find(r historyRequest) ([]historyEntry, error) {
	h.mu.Lock()
	entries := slices.Clone(h.entries)
	h.mu.Unlock()
	switch r.Access {
	case "tail":
	case "range":
		session := r.Session
		if session <= 0 {
			session += h.session
		}
		entries = slices.DeleteFunc(entries, func(e historyEntry) bool {
			return e.Session != session || e.Line < r.Start || r.Stop != nil && e.Line >= *r.Stop
		})
		return entries, nil
	case "search":
		pattern := r.Pattern
		if pattern == "" {
			pattern = "*"
		}
		// path.Match's * stops at slashes; there are none after this replacement on both sides.
		flat := strings.NewReplacer("/", "\x00")
		pattern = flat.Replace(pattern)
		if _, err := path.Match(pattern, ""); err != nil {
			return nil, fmt.Errorf("kernel: history pattern %q: %w", r.Pattern, err)
		}
		entries = slices.DeleteFunc(entries, func(e historyEntry) bool {
			ok, _ := path.Match(pattern, flat.Replace(e.In))
			return !ok
		})
		if r.Unique {
			// Of equal inputs the newest stays.
			seen := map[string]bool{}
			slices.Reverse(entries)
			entries = slices.DeleteFunc(entries, func(e historyEntry) bool {
				dup := seen[e.In]
				seen[e.In] = true
				return dup
			})
			slices.Reverse(entries)
		}
	default:
		return nil, fmt.Errorf("kernel: hist_access_type %q is none of tail, range and search", r.Access)
	}
	if r.N != nil && *r.N >= 0 && len(entries) > *r.N {
		entries = entries[len(entries)-*r.N:]
	}
	return entries, nil
}
