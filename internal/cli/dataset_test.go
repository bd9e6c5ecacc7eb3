package cli

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestDatasetBadInput(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "set")
	states := filepath.Join(t.TempDir(), "states.txt")
	if err := os.WriteFile(states, []byte("T rho si28\n3e9 1e8 0.5\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		args []string
		says []string
	}{
		{[]string{"--shard", "5/4"}, []string{"--shard", "5/4"}},
		{[]string{"--samples", "-1"}, []string{"--samples", "-1"}},
		{[]string{"--generator", "papr"}, []string{"papr", "paper"}},
		{[]string{"--generator", "no/such/file"}, []string{"--generator", "no/such/file"}},
		{[]string{"--generator", states}, []string{"states:2", "0.5"}},
		{[]string{"--generator", "paper:-1,nse:1"}, []string{"-1", "paper"}},
		{[]string{"--protocol", "dirty"}, []string{"dirty", "clean"}},
		{[]string{"--protocol", "clean", "--generator", "paper"}, []string{"clean", "small-net"}},
		{[]string{"--rules", "best"}, []string{"--rules", "best", "mesa"}},
		{[]string{"--log-T", "9.2"}, []string{"--log-T", "9.2", "9.2:9.9"}},
		{[]string{"--ye", "0.5:0.45"}, []string{"Ye", "0.5", "0.45"}},
		{[]string{"--ye", "0.01:0.02", "--generator", "paper-reject"}, []string{"share", "0.0001"}},
		{[]string{"--times", "1,0.1"}, []string{"0.1"}},
		{[]string{"--times", "paper", "--net", "mesa_201"}, []string{"--times", "mesa_201"}},
		{[]string{"--float", "16"}, []string{"16"}},
		{[]string{"--spread", "0", "--generator", "nse"}, []string{"--spread", "0"}},
		{[]string{"--neutron-max", "0"}, []string{"--neutron-max", "0"}},
		{[]string{"--log-rho", "0:0"}, []string{"--log-rho", "0:0"}},
		{[]string{"--generator", "core", "--log-T", "9.2:9.25", "--log-rho", "8.9:9"}, []string{"core", "9.25"}},
		{[]string{"--present", "1000", "--generator", "dirichlet"}, []string{"1000"}},
	} {
		status, _, stderr := nuclab(append([]string{"dataset", "generate", "--out", dir, "--samples", "2"}, c.args...)...)
		for _, want := range c.says {
			if status != exitUsage || !strings.Contains(stderr, want) {
				t.Errorf("%v: status %d, %q, want %q", c.args, status, stderr, want)
			}
		}
		if _, err := os.Stat(dir); err == nil {
			t.Fatalf("%v made a folder", c.args)
		}
	}
	// Far more than any disk holds.
	if status, _, stderr := nuclab("dataset", "generate", "--out", dir, "--samples", "1000000000000"); status != exitFailed || !strings.Contains(stderr, "PB") {
		t.Errorf("a set larger than the disk: status %d, %s", status, stderr)
	}
}

// TestDatasetVerbs makes a small set of states from a file, with MESA's choice of fits, and asks about it.
func TestDatasetVerbs(t *testing.T) {
	root := t.TempDir()
	dir, states := filepath.Join(root, "set"), filepath.Join(root, "states.csv")
	if err := os.WriteFile(states, []byte("T,rho,si28,X_fe54\n3e9,1e8,0.9,0.1\n4e9,1e7,1,0\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	flags := []string{"--samples", "2", "--generator", states, "--times", "1e-12", "--rules", "mesa", "--detailed-balance", "r2305"}
	if said := must(t, append([]string{"dataset", "generate", "--out", dir, "--estimate"}, flags...)...); !strings.Contains(said, "on 1000 processors") {
		t.Errorf("the estimate says %q", said)
	}
	must(t, append([]string{"dataset", "generate", "--out", dir}, flags...)...)
	var status struct {
		Complete      bool
		Samples, Done int
	}
	if err := json.Unmarshal([]byte(must(t, "dataset", "status", dir, "--format", "json")), &status); err != nil {
		t.Fatal(err)
	}
	if !status.Complete || status.Samples != 2 || status.Done != 2 {
		t.Errorf("status %+v", status)
	}
	if card := must(t, "dataset", "info", dir); !strings.Contains(card, "| choice of fits | mesa |") || !strings.Contains(card, "r2305") {
		t.Errorf("the card says\n%s", card)
	}
	must(t, "dataset", "verify", dir)
	flags[len(flags)-1] = "correct"
	if code, _, stderr := nuclab(append([]string{"dataset", "generate", "--out", dir, "--resume"}, flags...)...); code != exitUsage || !strings.Contains(stderr, "burn.detailed_balance") {
		t.Errorf("resumed with other reverse rates: status %d, %s", code, stderr)
	}
	// The name of a generator is not taken for a file that happens to have it.
	t.Chdir(root)
	if err := os.WriteFile("paper", []byte("T rho si28\n3e9 1e8 1\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	said := must(t, "dataset", "generate", "--out", "named", "--generator", "paper", "--samples", "1", "--times", "1e-12", "--estimate")
	if !strings.Contains(said, "seconds") {
		t.Errorf("the estimate says %q", said)
	}
	must(t, "dataset", "generate", "--out", "named", "--generator", "paper", "--samples", "1", "--times", "1e-12")
	if card := must(t, "dataset", "info", "named"); !strings.Contains(card, "generator `paper`") {
		t.Errorf("the card says\n%s", card)
	}
	if code, _, stderr := nuclab("dataset", "status", root); code != exitUsage {
		t.Errorf("status of no set: %d, %s", code, stderr)
	}
}
