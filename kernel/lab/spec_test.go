package lab

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestParseSpecReadsTheRepositorysFile(t *testing.T) {
	data, err := os.ReadFile(filepath.Join("..", "..", "environment.yml"))
	if err != nil {
		t.Fatal(err)
	}
	s, err := ParseSpec(data)
	if err != nil {
		t.Fatal(err)
	}
	if s.Name != "nuclab" {
		t.Errorf("name %q", s.Name)
	}
	var names []string
	for _, r := range s.Pip {
		if !strings.Contains(r, "==") {
			t.Errorf("%s is not pinned", r)
		}
		names = append(names, requirementName(r))
	}
	slices.Sort(names)
	if want := []string{"ipywidgets", "jupyterlab", "nbclient", "nbformat", "scipy-openblas32"}; !slices.Equal(names, want) {
		t.Errorf("Python packages %v, want %v", names, want)
	}
	if want := []string{"python>=3.10", "go>=1.26", "c-compiler", "pip"}; !slices.Equal(s.Conda, want) {
		t.Errorf("conda entries %v, want %v", s.Conda, want)
	}
}

func TestParseSpec(t *testing.T) {
	for _, tt := range []struct {
		name, text, want string // want is the pip list, or the error after "error: "
	}{
		{"quoted, commented, and an entry after pip's list",
			"name: x\ndependencies:\n  - 'a==1'  # why\n  # none\n  - pip:\n    - b\n  - python\n", "a==1 b"},
		{"channels are no packages", "channels:\n  - defaults\ndependencies:\n- a\n", "a"},
		{"a version pip cannot read", "dependencies:\n  - a=1.2\n", `error: environment.yml:2: "a=1.2": write the version as a==VERSION`},
		{"broken line", "name: x\n  what\n", `error: environment.yml:2: "what" is neither`},
		{"nothing to install", "name: x\n", "error: environment.yml: no Python packages"},
	} {
		s, err := ParseSpec([]byte(tt.text))
		if wantErr, ok := strings.CutPrefix(tt.want, "error: "); ok {
			if err == nil || !strings.HasPrefix(err.Error(), wantErr) {
				t.Errorf("%s: error %v, want %s", tt.name, err, wantErr)
			}
			continue
		}
		if err != nil || strings.Join(s.Pip, " ") != tt.want {
			t.Errorf("%s: %v, %v, want %s", tt.name, s.Pip, err, tt.want)
		}
	}
}
