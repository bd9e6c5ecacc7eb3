package kernel

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func listed(entries []historyEntry) string {
	var all []string
	for _, e := range entries {
		all = append(all, fmt.Sprintf("%d:%d %s", e.Session, e.Line, e.In))
	}
	return strings.Join(all, ", ")
}

func TestHistoryAcrossSessions(t *testing.T) {
	file := filepath.Join(t.TempDir(), "cache", "history.jsonl")
	open := func() *history {
		h, err := openHistory(file)
		if err != nil {
			t.Fatal(err)
		}
		return h
	}
	first := open()
	for i, in := range []string{"a := 1", "a/b", "a := 1"} {
		if err := first.add(i+1, in, "out"); err != nil {
			t.Fatal(err)
		}
	}
	second := open() // while the first still runs
	if err := second.add(1, "b := 2\nfmt.Println(b)", ""); err != nil {
		t.Fatal(err)
	}
	if err := first.add(4, "late", ""); err != nil {
		t.Fatal(err)
	}
	// A line that a crash cut short is skipped.
	f, err := os.OpenFile(file, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	f.WriteString(`{"session":9,"li` + "\n")
	f.Close()
	third := open()
	if third.session != 3 {
		t.Fatalf("session %d, want 3", third.session)
	}
	if err := third.add(1, "c", ""); err != nil {
		t.Fatal(err)
	}
	n := func(i int) *int { return &i }
	const one = "1:1 a := 1, 1:2 a/b, 1:3 a := 1, "
	const two = "2:1 b := 2\nfmt.Println(b), "
	for _, tt := range []struct {
		r    historyRequest
		want string
	}{
		{historyRequest{Access: "tail", N: n(2)}, "1:4 late, 3:1 c"},
		{historyRequest{Access: "tail"}, one + two + "1:4 late, 3:1 c"},
		{historyRequest{Access: "tail", N: n(0)}, ""},
		{historyRequest{Access: "range"}, "3:1 c"},
		{historyRequest{Access: "range", Session: -1}, strings.TrimSuffix(two, ", ")},
		{historyRequest{Access: "range", Session: 1, Start: 2, Stop: n(4)}, "1:2 a/b, 1:3 a := 1"},
		{historyRequest{Access: "search", Pattern: "a*"}, strings.TrimSuffix(one, ", ")},
		{historyRequest{Access: "search", Pattern: "a?b"}, "1:2 a/b"},
		{historyRequest{Access: "search", Pattern: "*Println*"}, strings.TrimSuffix(two, ", ")},
		{historyRequest{Access: "search", Pattern: "a*", Unique: true}, "1:2 a/b, 1:3 a := 1"},
		{historyRequest{Access: "search", Pattern: "a*", N: n(1)}, "1:3 a := 1"},
	} {
		got, err := third.find(tt.r)
		if err != nil || listed(got) != tt.want {
			t.Errorf("%+v: %s, %v, want %s", tt.r, listed(got), err, tt.want)
		}
	}
	if _, err := third.find(historyRequest{Access: "search", Pattern: "["}); err == nil {
		t.Error("no error for a bad pattern")
	}
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v: others can read it", info.Mode(), err)
	}
}

func TestHistoryIsBounded(t *testing.T) {
	file := filepath.Join(t.TempDir(), "history.jsonl")
	line := []byte(`{"session":7,"line":1,"in":"` + strings.Repeat("x", 1000) + `"}` + "\n")
	if err := os.WriteFile(file, bytes.Repeat(line, maxHistory/1000+1), 0o600); err != nil {
		t.Fatal(err)
	}
	h, err := openHistory(file)
	if err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(file)
	if err != nil {
		t.Fatal(err)
	}
	if info.Size() > maxHistory || info.Size() < maxHistory/3 || h.session != 8 {
		t.Errorf("%d bytes, session %d", info.Size(), h.session)
	}
}

func TestHistoryWithoutAFile(t *testing.T) {
	h, err := openHistory("")
	if err != nil {
		t.Fatal(err)
	}
	if err := h.add(1, "x", ""); err != nil {
		t.Fatal(err)
	}
	if got, _ := h.find(historyRequest{Access: "tail"}); listed(got) != "1:1 x" {
		t.Errorf("%v", got)
	}
}
