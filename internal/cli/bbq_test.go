package cli

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestBBQ(t *testing.T) {
	const text = `&bbq
 net_name = 'alphas.net'
 use_hydrostatic = .true.
/
&hydrostatic
 min_time = 1, max_time = 1, num_times = 1
 logT = 8.9, logRho = 5
 input_composition_filename = 'comp.txt'
 output_filename = 'out.txt'
/
&eos
 anything = 3
/
`
	inlist := write(t, "inlist", text)
	dir := filepath.Dir(inlist)
	for name, text := range map[string]string{"alphas.net": "add_isos_and_reactions(he4 c12)", "comp.txt": "1.0\n0.0\n"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	status, stdout, stderr := nuclab("bbq", inlist)
	if status != exitOK || stdout != "" || !strings.Contains(stderr, "warning: "+inlist+":12: eos: anything") {
		t.Errorf("status %d, stdout %q, stderr %q", status, stdout, stderr)
	}
	got, err := os.ReadFile(filepath.Join(dir, "out.txt"))
	if err != nil || !strings.HasPrefix(string(got), "age dt eps_nuc eps_neu he4 c12 \n") || strings.Count(string(got), "\n") != 3 {
		t.Errorf("%q, %v", got, err)
	}

	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"bbq", filepath.Join(dir, "none")}, "none"},
		{[]string{"bbq", inlist, "--detailed-balance", "r1"}, "r1"},
		{[]string{"bbq", inlist, "--solver", "magic"}, "magic"},
		{[]string{"bbq", write(t, "open", "&bbq\n use_profile = .true.\n")}, "open:1:"},
		{[]string{"bbq", write(t, "nonet", "&bbq net_name='mine.net', just_write_isos=T /")}, "mine.net"},
		{[]string{"bbq", write(t, "hot", strings.Replace(text[:strings.Index(text, "&eos")], "8.9", "12", 1))}, "alphas.net"},
	} {
		status, _, stderr := nuclab(c.args...)
		if status != exitUsage || !strings.Contains(stderr, c.want) || strings.Count(stderr, "\n") != 1 {
			t.Errorf("%v: status %d, %q, want %q in one line", c.args, status, stderr, c.want)
		}
	}
}
