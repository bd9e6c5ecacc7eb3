package cuda

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/ebitengine/purego"
)

// ErrNotFound is wrapped by the error for a library that is not on this machine.
var ErrNotFound = errors.New("not found")

// Error is what a function of a library answered.
type Error struct {
	// Function by its C name, and the Code that it returned.
	Function string
	Code     int
	// Text explains the code, "" if nobody can.
	Text string
}

func (e *Error) Error() string {
	if e.Text == "" {
		return fmt.Sprintf("cuda: %s: error %d", e.Function, e.Code)
	}
	return fmt.Sprintf("cuda: %s: error %d, %s", e.Function, e.Code, e.Text)
}

// library is an opened one with the functions that are used of it.
type library struct {
	path      string
	functions map[string]uintptr
	explain   func(code int) string // may be nil
}

// call calls a function that returns 0 or the code of an error. Addresses of Go's
// memory are converted to uintptr in its argument list, where the compiler
// keeps what they point to in place until it returns.
//
//go:uintptrescapes
func (l *library) call(name string, args ...uintptr) error {
	r, _, _ := purego.SyscallN(l.functions[name], args...)
	if code := int(int32(r)); code != 0 {
		e := &Error{Function: name, Code: code}
		if l.explain != nil {
			e.Text = l.explain(code)
		}
		return e
	}
	return nil
}

// place is a folder where libraries are looked for; "" is the system's own search.
type place string

func (p place) String() string {
	if p == "" {
		return "the system's library path"
	}
	return string(p)
}

// places lists where libraries may be, in the order of the search.
func places() []place {
	var all []place
	add := func(patterns ...string) {
		for _, pattern := range patterns {
			found, err := filepath.Glob(pattern)
			if err != nil {
				continue
			}
			for _, dir := range found {
				if info, err := os.Stat(dir); err == nil && info.IsDir() && !slices.Contains(all, place(dir)) {
					all = append(all, place(dir))
				}
			}
		}
	}
	// wheels are NVIDIA's packages in a Python environment or in its site-packages.
	wheels := func(root string) []string {
		return []string{filepath.Join(root, "lib", "python3*", "site-packages", "nvidia", "*", "lib"), filepath.Join(root, "nvidia", "*", "lib")}
	}
	for _, dir := range filepath.SplitList(os.Getenv("NUCLAB_CUDA")) {
		add(dir, filepath.Join(dir, "lib64"), filepath.Join(dir, "lib"))
		add(wheels(dir)...)
	}
	for _, dir := range append([]string{os.Getenv("CONDA_PREFIX"), os.Getenv("VIRTUAL_ENV")}, ownEnvironments()...) {
		if dir != "" {
			add(wheels(dir)...)
			add(filepath.Join(dir, "lib"))
		}
	}
	all = append(all, "")
	for _, dir := range []string{os.Getenv("CUDA_HOME"), os.Getenv("CUDA_PATH"), "/usr/local/cuda", "/usr/local/cuda-1[23]*", "/opt/cuda"} {
		if dir != "" {
			add(filepath.Join(dir, "lib64"), filepath.Join(dir, "lib"))
		}
	}
	add("/usr/lib/wsl/lib", "/run/opengl-driver/lib")
	return all
}

// ownEnvironments are the Python environments that nuclab makes.
func ownEnvironments() []string {
	cache := os.Getenv("NUCLAB_CACHE")
	if cache == "" {
		c, err := os.UserCacheDir()
		if err != nil {
			return nil
		}
		cache = filepath.Join(c, "nuclab")
	}
	return []string{filepath.Join(cache, "cuda"), filepath.Join(cache, "python")}
}

// find opens the first library with one of the names that has all the functions.
func find(names, functions []string) (*library, error) {
	if os.Getenv("NUCLAB_CUDA") == "none" {
		return nil, fmt.Errorf("cuda: %s: %w: NUCLAB_CUDA=none", names[0], ErrNotFound)
	}
	all := places()
	var broken error
	for _, name := range names {
		for _, p := range all {
			path := filepath.Join(string(p), name)
			if p != "" {
				if _, err := os.Stat(path); err != nil {
					continue
				}
			}
			h, err := load(path)
			if err != nil {
				if p != "" {
					broken = errors.Join(broken, fmt.Errorf("%s cannot be opened: %w", path, err))
				}
				continue
			}
			l := &library{path: path, functions: map[string]uintptr{}}
			var missing []string
			for _, f := range functions {
				at, err := lookup(h, f)
				if err != nil || at == 0 {
					missing = append(missing, f)
				}
				l.functions[f] = at
			}
			if missing != nil {
				broken = errors.Join(broken, fmt.Errorf("%s lacks %s", path, strings.Join(missing, ", ")))
				continue
			}
			return l, nil
		}
	}
	where := make([]string, len(all))
	for i, p := range all {
		where[i] = p.String()
	}
	err := fmt.Errorf("cuda: %s: %w in %s", strings.Join(names, " or "), ErrNotFound, strings.Join(where, ", "))
	if os.Getenv("NUCLAB_CUDA") == "" {
		err = fmt.Errorf("%w (NUCLAB_CUDA can name a folder)", err)
	}
	if broken != nil {
		err = fmt.Errorf("%w; %s", err, strings.ReplaceAll(broken.Error(), "\n", "; "))
	}
	return nil, err
}

// versioned returns the file names of a library in the versions that a driver
// can run, the newest first. The driver's version is 1000 major + 10 minor, 0
// where there is none.
func versioned(stem string, driver int) []string {
	if driver > 0 && driver < 13000 {
		return []string{stem + ".so.12"}
	}
	return []string{stem + ".so.13", stem + ".so.12"}
}
