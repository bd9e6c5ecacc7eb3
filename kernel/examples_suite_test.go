package kernel

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"
)

// exampleSuite is the examples of one module.
type exampleSuite struct {
	all    []example
	first  string         // cell that makes the module available
	sample map[string]int // how many run without -full, by form
	unlike reasons
}

// exampleResult is a line of the file of results.
type exampleResult struct {
	Form, Name string
	Pass       bool
	Explained  bool   `json:",omitempty"`
	Wrong      string `json:",omitempty"`
}

// run executes examples in sessions and reports what fails.
func (x exampleSuite) run(t *testing.T) {
	t.Helper()
	if !*fullExamples {
		t.Parallel()
	}
	var k, n int
	if _, err := fmt.Sscanf(*shareExamples, "%d/%d", &k, &n); err != nil || k < 1 || k > n {
		t.Fatalf("-share %s: not k/n", *shareExamples)
	}
	only, err := regexp.Compile(*onlyExamples)
	if err != nil {
		t.Fatal(err)
	}
	known, keep := openResults(t)
	for _, form := range strings.Split(*exampleForms, ",") {
		var chosen []example
		passed, explained, count := 0, 0, 0
		for i, e := range x.all {
			switch {
			case *onlyExamples != "":
				if !only.MatchString(e.name) {
					continue
				}
			case !*fullExamples && (x.sample[form] == 0 || i%(len(x.all)/x.sample[form]) != 0 || x.unlike[form][e.name].why != ""):
				continue
			}
			if i%n != k-1 {
				continue
			}
			count++
			switch was := known[form+" "+e.name]; {
			case was.Pass:
				passed++
			case was.Explained:
				explained++
			default:
				chosen = append(chosen, e)
			}
		}
		cells, start := 0, time.Now()
		for group := range sessions(chosen) {
			s, err := NewSession(context.Background(), Options{Dir: t.TempDir(), Cache: testCache, SourceTree: sourceTree()})
			if err != nil {
				t.Fatal(err)
			}
			b := &notebook{t: t, s: s}
			if res, _ := b.run(x.first); res.Err != nil {
				s.Close()
				t.Skipf("%s: %v", x.first, res.Err)
			}
			for _, e := range group {
				got, failure := e.run(b, form)
				if x.unlike[form][e.name].why == "" && !(failure == "" && e.check(got)) {
					got, failure = e.run(b, form) // some measure time, and the machine may have been busy
				}
				r := exampleResult{Form: form, Name: e.name, Pass: failure == "" && e.check(got)}
				switch why := x.unlike[form][e.name]; {
				case r.Pass && why.why != "":
					t.Errorf("%s, %s: passes, although %s", form, e.name, why.why)
				case r.Pass:
				case why.why != "" && why.holds(e, b, got, failure):
					r.Explained = true
					t.Logf("%s, %s: fails because %s", form, e.name, why.why)
				default:
					r.Wrong = fmt.Sprintf("%sgot:\n%s\nwant:\n%s", failure, got, strings.TrimSpace(e.output))
					t.Errorf("%s, %s:\n%s", form, e.name, r.Wrong)
				}
				if r.Pass {
					passed++
				} else if r.Explained {
					explained++
				}
				keep(r)
			}
			cells += b.n
			s.Close()
		}
		if count > 0 {
			t.Logf("%s: %d of %d examples pass (%.1f %%), %d more are explained; %d cells in %.0f s", form, passed, count,
				100*float64(passed)/float64(count), explained, cells, time.Since(start).Seconds())
		}
	}
}

// sessions divides examples among sessions. Those that draw share one within a package, since some change its defaults.
func sessions(all []example) iter.Seq[[]example] {
	return func(yield func([]example) bool) {
		for len(all) > 0 {
			n := 1
			for n < len(all) && n < exampleSession && !(all[n].draws && all[n].dir != all[0].dir) {
				n++
			}
			if !yield(all[:n]) {
				return
			}
			all = all[n:]
		}
	}
}

// openResults reads what an earlier run left in the file of results, and returns what adds to it.
func openResults(t *testing.T) (known map[string]exampleResult, keep func(exampleResult)) {
	t.Helper()
	known = make(map[string]exampleResult)
	if *resultsFile == "" {
		return known, func(exampleResult) {}
	}
	f, err := os.OpenFile(*resultsFile, os.O_RDWR|os.O_CREATE|os.O_APPEND, 0o666)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<24)
	for lines.Scan() {
		var r exampleResult
		if json.Unmarshal(lines.Bytes(), &r) == nil { // the last line may be cut off
			known[r.Form+" "+r.Name] = r
		}
	}
	return known, func(r exampleResult) {
		if err := json.NewEncoder(f).Encode(r); err != nil {
			t.Error(err)
		}
	}
}
