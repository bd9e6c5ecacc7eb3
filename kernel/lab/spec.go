package lab

import (
	"fmt"
	"strings"
)

// Spec is what an environment.yml asks for.
type Spec struct {
	// Name is the conda environment's name.
	Name string
	// Conda lists the entries that pip cannot install, such as python and go.
	Conda []string
	// Pip lists the Python packages as pip requirements ("jupyterlab==4.6.6"), conda's and pip's alike.
	Pip []string
}

// condaOnly names the entries that are no Python packages: without conda the system provides them.
var condaOnly = map[string]bool{"python": true, "pip": true, "go": true, "c-compiler": true}

// ParseSpec reads an environment.yml in its simple form: a name, and a list of dependencies with one nested list under
// "pip:". Versions are written with == so that conda and pip read them alike. An error names the line.
func ParseSpec(data []byte) (Spec, error) {
	var s Spec
	section := ""
	pipIndent := -1 // indentation of "- pip:", while its list lasts
	for i, line := range strings.Split(string(data), "\n") {
		line, _, _ = strings.Cut(line, " #")
		text := strings.TrimSpace(line)
		if text == "" || strings.HasPrefix(text, "#") {
			continue
		}
		indent := len(line) - len(strings.TrimLeft(line, " "))
		item, isItem := strings.CutPrefix(text, "- ")
		if !isItem {
			key, value, ok := strings.Cut(text, ":")
			if !ok || indent != 0 {
				return Spec{}, fmt.Errorf("environment.yml:%d: %q is neither \"key: value\" nor \"- item\"", i+1, text)
			}
			section, pipIndent = key, -1
			if key == "name" {
				s.Name = strings.TrimSpace(value)
			}
			continue
		}
		if section != "dependencies" {
			continue
		}
		item = strings.Trim(strings.TrimSpace(item), `"'`)
		if item == "pip:" {
			pipIndent = indent
			continue
		}
		if indent <= pipIndent {
			pipIndent = -1
		}
		name := requirementName(item)
		switch {
		case name == "":
			return Spec{}, fmt.Errorf("environment.yml:%d: %q names no package", i+1, item)
		case pipIndent < 0 && condaOnly[name]:
			s.Conda = append(s.Conda, item)
		case pipIndent < 0 && strings.Contains(item, "=") && !strings.ContainsAny(item, "<>!~") && !strings.Contains(item, "=="):
			return Spec{}, fmt.Errorf("environment.yml:%d: %q: write the version as %s==VERSION, which pip reads too", i+1, item, name)
		default:
			s.Pip = append(s.Pip, item)
		}
	}
	if len(s.Pip) == 0 {
		return Spec{}, fmt.Errorf("environment.yml: no Python packages under \"dependencies:\"")
	}
	return s, nil
}

// requirementName returns the package name of a requirement, normalised as Python's packaging does: lower case, with -.
func requirementName(req string) string {
	end := strings.IndexAny(req, " =<>!~;[@")
	if end < 0 {
		end = len(req)
	}
	return strings.NewReplacer("_", "-", ".", "-").Replace(strings.ToLower(req[:end]))
}
