package build

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// A stub has the functions of the process as jumps, and the others whole. What the linker makes of it is tested by the cells
// of the sessions.
func TestStub(t *testing.T) {
	if runtime.GOOS != "linux" || runtime.GOARCH != "amd64" {
		t.Skip("stubs are made on linux/amd64 alone")
	}
	dir := t.TempDir()
	source, out := filepath.Join(dir, "p.go"), filepath.Join(dir, "p.a")
	write(t, source, "package p\n\nvar V = 1\n\n//go:noinline\nfunc Here() int { V += 12345; return V }\n\n//go:noinline\nfunc There() int { V += 54321; return V }\n")
	tool, err := NewToolchain("", dir)
	if err != nil {
		t.Fatal(err)
	}
	if text, err := exec.Command(tool.Go, "tool", "compile", "-dynlink", "-p", "p", "-o", out, source).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	archive, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	small, err := stub(archive, symbols{"p.There": true})
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Contains(small, []byte(`["cgo_import_dynamic","process:p.There","p.There"]`)) || bytes.Contains(small, []byte("process:p.Here")) {
		t.Error("the stub does not import what the process has, or more than that")
	}
	here, there := []byte{0x39, 0x30, 0, 0}, []byte{0x31, 0xd4, 0, 0} // the numbers in the code
	if !bytes.Contains(archive, there) || bytes.Contains(small, there) || !bytes.Contains(small, here) {
		t.Error("the code that the process has is still there, or what it lacks is gone")
	}
	path := filepath.Join(dir, "stub.a")
	write(t, path, string(small))
	text, err := exec.Command(tool.Go, "tool", "nm", path).CombinedOutput()
	if err != nil || !strings.Contains(string(text), "U process:p.There") || !strings.Contains(string(text), "T p.There") {
		t.Errorf("go tool nm: %v\n%s", err, text)
	}
	for _, bad := range []string{"", "!<arch>\n", "no archive", string(archive[:len(archive)/2])} {
		if got, err := stub([]byte(bad), symbols{}); err == nil && len(got) > len(archiveMagic) {
			t.Errorf("a damaged archive of %d bytes has a stub", len(bad))
		}
	}
}
