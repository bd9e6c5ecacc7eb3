package nucnet

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"nuclab/nucnet/nuclide"
	"nuclab/nucnet/rate"
)

// files writes files into a new folder, one for each name and text.
func files(t *testing.T, namesAndTexts ...string) (dir string) {
	t.Helper()
	dir = t.TempDir()
	for i := 0; i < len(namesAndTexts); i += 2 {
		if err := os.WriteFile(filepath.Join(dir, namesAndTexts[i]), []byte(namesAndTexts[i+1]), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func readNet(t *testing.T, text string, more ...string) (*Network, error) {
	t.Helper()
	dir := files(t, append([]string{"test.net", text}, more...)...)
	return ReadNet(filepath.Join(dir, "test.net"), rate.Rules{})
}

// The text of a .net file with all the members of mesa_80 makes mesa_80.
func TestNetFileOfStock(t *testing.T) {
	want := stock(t, "mesa_80")
	var text strings.Builder
	text.WriteString("! 80 isotopes\nadd_isos_and_reactions(\n  neut ! the neutron\n")
	list := want.Nuclides()[1:]
	for i := 0; i < len(list); {
		j := i
		for j+1 < len(list) && list[j+1].Z() == list[i].Z() && list[j+1].A() == list[j].A()+1 {
			j++
		}
		if j == i {
			fmt.Fprintf(&text, "  %s, ", list[i])
		} else {
			fmt.Fprintf(&text, "  %s  %d %d ! a range\n", nuclide.Symbol(list[i].Z()), list[i].A(), list[j].A())
		}
		i = j + 1
	}
	text.WriteString(")\n")
	n, err := readNet(t, text.String())
	if err != nil {
		t.Fatal(err)
	}
	if n.Name() != "test" || !slices.Equal(n.Nuclides(), want.Nuclides()) {
		t.Errorf("%s: %v", n.Name(), n.Nuclides())
	}
	if a, b := fmt.Sprint(n.Reactions()), fmt.Sprint(want.Reactions()); a != b {
		t.Errorf("reactions differ: %d, want %d", len(n.Reactions()), len(want.Reactions()))
	}
	mesa, err := ReadNet(filepath.Join(t.TempDir(), "mesa_80.net"), rate.Rules{OneWay: true})
	if err != nil || len(mesa.Reactions()) != 607 {
		t.Errorf("no such file, but a stock network: %v, %v", mesa, err)
	}
}

func TestNetFileCommands(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"one line", "add_isos_and_reactions(he4 c12)", "he4 c12: he4 + he4 + he4 -> c12; c12 -> he4 + he4 + he4"},
		{"without reactions", "add_isos(he4 c12)", "he4 c12: "},
		{"joined to those there", "add_isos(he4)\nadd_iso_and_reactions(c12)", "he4 c12: he4 + he4 + he4 -> c12; c12 -> he4 + he4 + he4"},
		{"not to those that come", "add_isos_and_reactions(he4)\nadd_iso(c12)", "he4 c12: "},
		{"removed", "add_isos_and_reactions(\n he4 c12\n o16)\nremove_iso(o16)", "he4 c12: he4 + he4 + he4 -> c12; c12 -> he4 + he4 + he4"},
		{"by name", "add_isos(he4,c12,o16)\nadd_reactions(\nr_c12_ag_o16\n)", "he4 c12 o16: c12 + he4 -> o16"},
		{"one direction gone", "add_isos_and_reactions(he4 c12)\nremove_reaction(r_c12_to_he4_he4_he4)", "he4 c12: he4 + he4 + he4 -> c12"},
		{"included", "include 'more'\nadd_isos_and_reactions(c12)", "he4 c12: he4 + he4 + he4 -> c12; c12 -> he4 + he4 + he4"},
	} {
		n, err := readNet(t, c.text, "more", "add_isos_and_reactions(he4)")
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		var members, reactions []string
		for _, m := range n.Nuclides() {
			members = append(members, m.String())
		}
		// A direction that a file leaves out while its reverse stays has the rate 0.
		flows, err := n.Flows(State{4e9, 1e8, uniform(n)}, bare)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range flows {
			if f.Forward > 0 {
				reactions = append(reactions, f.Reaction.String())
			}
			if f.Reverse > 0 {
				reactions = append(reactions, f.Reaction.Reverse().String())
			}
		}
		if got := strings.Join(members, " ") + ": " + strings.Join(reactions, "; "); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}

func TestNetFileErrors(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"add_isos_and_reactions(\n he4\n xx5\n)", "test.net:3:"},
		{"add_isos_and_reactions(\n he4\n he 3\n)", "test.net:3:"},
		{"\nadd_isos_and_reactions(\n fe 60 50\n)", "test.net:3:"},
		{"add_isos_and_reactions(\n he4\n", "test.net:1:"},
		{"add_isos_and_reactions(he4)\nremove(he4)", `test.net:2: not a MESA .net file: unknown command "remove"`},
		{"he4 c12", "test.net:1:"},
		{"add_isos(he4)\nadd_reactions(rpp_to_he3)", "test.net:2:"},
		{"add_isos(he4 c12)\nadd_reactions(r_c12_ag_o16)", "c12 + he4 -> o16"},
		{"! nothing", "it adds no isotopes"},
		{"add_isos(he4)\ninclude 'gone.net'", "test.net:2:"},
		{"add_isos(he4)\ninclude 'test.net'", "includes itself"},
		{"approx21(cr99)", "test.net:1:"},
		{"add_isos(\nadd_isos(he4)", "test.net:2: not a MESA .net file: ( within"},
	} {
		_, err := readNet(t, c.text)
		if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%q: %v, want %q in it", c.text, err, c.want)
		}
	}
	if _, err := readNet(t, "oops(he4)"); !errors.Is(err, ErrNetFile) {
		t.Errorf("%v does not wrap ErrNetFile", err)
	}
	if _, err := ReadNet(filepath.Join(t.TempDir(), "mine.net"), rate.Rules{}); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("%v does not wrap ErrNotExist", err)
	}
}
