package kernel

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"sync"
)

// shell is a queue of requests that are carried out one after the other: the main shell, or one of the subshells by which
// a client may run cells beside it (Jupyter enhancement proposal 91).
type shell struct {
	id    string // "" is the main shell
	cells queue
	stop  context.CancelFunc // ends a subshell
}

// subshells are the shells that clients have created.
type subshells struct {
	mu   sync.Mutex
	byID map[string]*shell
}

// shellOf finds the shell that a message is for; it is nil for an unknown one.
func (s *server) shellOf(m *message) *shell {
	if m.header.Subshell == "" {
		return s.main
	}
	s.subshells.mu.Lock()
	defer s.subshells.mu.Unlock()
	return s.subshells.byID[m.header.Subshell]
}

// createSubshell starts a shell.
func (s *server) createSubshell(ctx context.Context) any {
	ctx, cancel := context.WithCancel(ctx)
	sh := &shell{id: rand.Text(), cells: newQueue(), stop: cancel}
	s.subshells.mu.Lock()
	if s.subshells.byID == nil {
		s.subshells.byID = make(map[string]*shell)
	}
	s.subshells.byID[sh.id] = sh
	s.subshells.mu.Unlock()
	go s.execute(ctx, sh)
	return map[string]any{"status": "ok", "subshell_id": sh.id}
}

// deleteSubshell ends a shell. The cell that it runs is interrupted, those that wait are aborted.
func (s *server) deleteSubshell(m *message) (any, error) {
	var c struct {
		ID string `json:"subshell_id"`
	}
	if err := json.Unmarshal(m.content, &c); err != nil {
		return nil, fmt.Errorf("kernel: delete_subshell_request: %w", err)
	}
	s.subshells.mu.Lock()
	sh := s.subshells.byID[c.ID]
	delete(s.subshells.byID, c.ID)
	s.subshells.mu.Unlock()
	if sh == nil {
		return nil, unknownSubshell(c.ID)
	}
	sh.stop()
	s.abort(sh)
	return map[string]any{"status": "ok"}, nil
}

func (s *server) listSubshells() any {
	s.subshells.mu.Lock()
	defer s.subshells.mu.Unlock()
	ids := slices.AppendSeq([]string{}, maps.Keys(s.subshells.byID))
	slices.Sort(ids)
	return map[string]any{"status": "ok", "subshell_id": ids}
}

func unknownSubshell(id string) error { return fmt.Errorf("kernel: there is no subshell %q", id) }
