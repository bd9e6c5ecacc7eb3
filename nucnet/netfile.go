package nucnet

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"nuclab/nucnet/approx21"
	"nuclab/nucnet/nuclide"
	"nuclab/nucnet/rate"
)

// ErrNetFile is wrapped by errors about the text of a .net file.
var ErrNetFile = errors.New("not a MESA .net file")

// ReadNet builds the network that a .net file of MESA describes, or the one of
// its name without ".net" that [Stock] knows if there is no such file.
//
// The commands are add_isos_and_reactions(...), add_isos(...), remove_isos(...),
// add_reactions(...), remove_reactions(...), the same in the singular, include
// 'FILE', and approx21(...) for the small networks, nothing else then being
// beside it. An isotope is given as "he4" or, with the first and the last of a
// range of mass numbers, as "he 3 4"; ! starts a comment. As in MESA, an isotope
// added with reactions is joined to those that are there by then, those added
// without are not. Names of reactions are those of [rate.ParseHandle]. A file
// to include is looked for beside the one that asks for it, then among the
// stock networks.
//
// rules say what "reactions" are, as in [NewBy]. Errors tell file and line; they
// wrap [ErrNetFile], and fs.ErrNotExist for a file that is not there.
func ReadNet(path string, rules rate.Rules) (*Network, error) {
	name := strings.TrimSuffix(filepath.Base(path), ".net")
	f := netFile{present: map[nuclide.Nuclide]int{}, reacting: map[nuclide.Nuclide]int{}, named: map[string]bool{}, gone: map[string]bool{}}
	text, err := os.ReadFile(path)
	switch {
	case errors.Is(err, fs.ErrNotExist) && slices.Contains(StockNames(), name):
		n, err := Stock(name)
		if err != nil || rules == (rate.Rules{}) || n.free() != nil {
			return n, err
		}
		return n.By(rules)
	case errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("nucnet: %w, nor is there a network of that name%s", err, nearest(nuclide.Similar(name, StockNames())))
	case err != nil:
		return nil, fmt.Errorf("nucnet: %w", err)
	}
	if err := f.read(path, string(text)); err != nil {
		return nil, err
	}
	return f.network(name, path, rules)
}

// netFile is what the commands of a .net file have made so far. Isotopes carry
// the number of the command that added them.
type netFile struct {
	command  int
	present  map[nuclide.Nuclide]int
	reacting map[nuclide.Nuclide]int // those added with reactions
	named    map[string]bool         // directed reactions added by name
	gone     map[string]bool         // and removed
	fixed    string                  // name of a small network
	open     []string                // files being read
}

// word is a word of a file, or one of the signs ( and ).
type word struct {
	text string
	line int
}

// read carries out the commands of a file.
func (f *netFile) read(path, text string) error {
	if slices.Contains(f.open, path) {
		return fmt.Errorf("nucnet: %s: %w: it includes itself", path, ErrNetFile)
	}
	f.open = append(f.open, path)
	defer func() { f.open = f.open[:len(f.open)-1] }()
	words := split(text)
	for len(words) > 0 {
		command := words[0]
		fail := func(w word, format string, args ...any) error {
			return fmt.Errorf("nucnet: %s:%d: %w: %w", path, w.line, ErrNetFile, fmt.Errorf(format, args...))
		}
		if len(words) < 2 {
			return fail(command, "%q at the end", command.text)
		}
		if command.text == "include" {
			if err := f.include(path, words[1]); err != nil {
				return err
			}
			words = words[2:]
			continue
		}
		if words[1].text != "(" || command.text == ")" {
			return fail(command, "%q: want a command such as add_isos_and_reactions(...)", command.text)
		}
		end := slices.IndexFunc(words, func(w word) bool { return w.text == ")" })
		if end < 0 {
			return fail(command, "%s( is not closed", command.text)
		}
		if i := slices.IndexFunc(words[2:end], func(w word) bool { return w.text == "(" }); i >= 0 {
			return fail(words[2+i], "( within %s(...)", command.text)
		}
		if at, err := f.carryOut(command, words[2:end]); err != nil {
			return fail(at, "%w", err)
		}
		words = words[end+1:]
	}
	return nil
}

// split cuts a file into words.
func split(text string) (words []word) {
	for i, line := range strings.Split(text, "\n") {
		line, _, _ = strings.Cut(line, "!")
		line = strings.NewReplacer("(", " ( ", ")", " ) ", ",", " ").Replace(line)
		for _, w := range strings.Fields(line) {
			words = append(words, word{w, i + 1})
		}
	}
	return words
}

// include reads another file.
func (f *netFile) include(from string, w word) error {
	name := strings.Trim(w.text, `'"`)
	path := name
	if !filepath.IsAbs(path) {
		path = filepath.Join(filepath.Dir(from), name)
	}
	text, err := os.ReadFile(path)
	if err == nil {
		return f.read(path, string(text))
	}
	if stock := strings.TrimSuffix(name, ".net"); slices.Contains(StockNames(), stock) {
		f.command++
		if slices.Contains(approx21.Names(), stock) {
			f.fixed = stock
			return nil
		}
		n, err := Stock(stock)
		if err != nil {
			return err
		}
		for _, m := range n.members {
			if _, ok := f.present[m]; !ok {
				f.present[m] = f.command
			}
			f.reacting[m] = f.command
		}
		return nil
	}
	return fmt.Errorf("nucnet: %s:%d: include: %w", from, w.line, err)
}

// carryOut runs one command. The word returned with an error is where.
func (f *netFile) carryOut(command word, list []word) (word, error) {
	f.command++
	switch name := strings.ToLower(command.text); name {
	case "add_isos_and_reactions", "add_iso_and_reactions", "add_isos", "add_iso", "remove_isos", "remove_iso":
		for len(list) > 0 {
			isotopes, used, err := isotopes(list)
			if err != nil {
				return list[0], err
			}
			for _, m := range isotopes {
				if strings.HasPrefix(name, "remove") {
					delete(f.present, m)
					delete(f.reacting, m)
					continue
				}
				if _, ok := f.present[m]; !ok {
					f.present[m] = f.command
				}
				if strings.HasSuffix(name, "and_reactions") {
					f.reacting[m] = f.command
				}
			}
			list = list[used:]
		}
	case "add_reactions", "add_reaction", "remove_reactions", "remove_reaction":
		for _, w := range list {
			r, err := rate.ParseHandle(w.text)
			if err != nil {
				return w, err
			}
			f.named[r.String()], f.gone[r.String()] = strings.HasPrefix(name, "add"), !strings.HasPrefix(name, "add")
		}
	case "approx21", "approx21_plus_co56":
		iso := "cr56"
		if len(list) > 0 {
			iso = strings.ToLower(list[0].text)
		}
		small := map[string]string{"approx21 cr56": "approx21", "approx21_plus_co56 cr56": "approx21_plus_co56",
			"approx21_plus_co56 cr60": "approx21_cr60_plus_co56"}[name+" "+iso]
		if small == "" {
			return command, fmt.Errorf("%s(%s): want approx21(cr56), approx21_plus_co56(cr56) or approx21_plus_co56(cr60)", name, iso)
		}
		f.fixed = small
	default:
		return command, fmt.Errorf("unknown command %q", command.text)
	}
	return command, nil
}

// isotopes reads the isotopes that begin a list, and tells how many words they
// take.
func isotopes(list []word) ([]nuclide.Nuclide, int, error) {
	name := list[0].text
	if len(list) > 1 && isNumber(list[1].text) {
		if len(list) < 3 || !isNumber(list[2].text) {
			return nil, 0, fmt.Errorf("%s %s: want the first and the last mass number, as in he 3 4", name, list[1].text)
		}
		m, err := nuclide.ParseRanges(name + list[1].text + "-" + list[2].text)
		return m, 3, err
	}
	m, err := nuclide.Parse(name)
	return []nuclide.Nuclide{m}, 1, err
}

func isNumber(s string) bool {
	_, err := strconv.Atoi(s)
	return err == nil
}

// network builds what the commands ask for.
func (f *netFile) network(name, path string, rules rate.Rules) (*Network, error) {
	if f.fixed != "" {
		if len(f.present) > 0 || len(f.named) > 0 || len(f.gone) > 0 {
			return nil, fmt.Errorf("nucnet: %s: %w: %s takes no more isotopes or reactions", path, ErrNetFile, f.fixed)
		}
		return Stock(f.fixed)
	}
	var members []nuclide.Nuclide
	for m := range f.present {
		members = append(members, m)
	}
	if len(members) == 0 {
		return nil, fmt.Errorf("nucnet: %s: %w: it adds no isotopes", path, ErrNetFile)
	}
	n, err := NewBy(name, members, rules)
	if err != nil || f.allReact() && len(f.named) == 0 && len(f.gone) == 0 {
		return n, err
	}
	return f.choose(n)
}

// allReact reports whether all isotopes were added with reactions, so that it
// does not matter in which order.
func (f *netFile) allReact() bool {
	for m, at := range f.present {
		if f.reacting[m] < at {
			return false
		}
	}
	return true
}

// choose returns n with those of its reactions that the file asks for.
func (f *netFile) choose(n *Network) (*Network, error) {
	chosen := map[string]bool{}
	for _, r := range n.Reactions() {
		last := 0 // when the last of its nuclides came
		reacts := 0
		for _, m := range slices.Concat(r.In, r.Out) {
			last, reacts = max(last, f.present[m]), max(reacts, f.reacting[m])
		}
		chosen[r.String()] = reacts >= last && reacts > 0
	}
	all := n
	if len(f.named) > 0 { // by name, a reaction need not be of MESA's classes
		rules := n.recipe.rules
		rules.All = true
		var err error
		if all, err = n.By(rules); err != nil {
			return nil, err
		}
	}
	for s, add := range f.named {
		if add {
			chosen[s] = true
		}
	}
	for s, remove := range f.gone {
		if remove {
			chosen[s] = false
		}
	}
	r := all.recipe.with("reactions chosen by a .net file")
	known := map[string]bool{}
	for _, x := range all.Reactions() {
		s := x.String()
		known[s] = true
		if chosen[s] {
			continue
		}
		if back := x.Reverse().String(); x.Weak() || !chosen[back] {
			r.without[s] = true
		} else {
			r.factors[s] = 0 // the reverse alone
		}
	}
	for s, add := range f.named {
		if add && !known[s] {
			return nil, fmt.Errorf("nucnet: %s: %s: %w or not known to REACLIB", n.name, s, ErrNoReaction)
		}
	}
	return cook(n.name, n.members, r)
}
