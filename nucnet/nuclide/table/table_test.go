package table

import (
	"errors"
	"strings"
	"testing"
)

func sample(t testing.TB) string {
	t.Helper()
	h := Header{Name: "test", Producer: "pynucastro 3.1.0", Sources: []Source{{File: "a < b", SHA256: "00"}}}
	b, err := Encode(h, []byte(strings.Repeat("half-lives and masses ", 20)))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestRoundTrip(t *testing.T) {
	data := sample(t)
	h, payload, err := Decode(data)
	if err != nil {
		t.Fatal(err)
	}
	if h.Name != "test" || h.Sources[0].File != "a < b" || h.Size != len(payload) || !strings.HasPrefix(string(payload), "half-lives") {
		t.Errorf("header %+v, payload %q", h, payload)
	}
	if !strings.Contains(data, "a < b") {
		t.Error("the header is not readable as it stands")
	}
}

// A table that is cut off anywhere or has any bit flipped is refused.
func TestDamage(t *testing.T) {
	data := sample(t)
	for n := range len(data) {
		if _, _, err := Decode(data[:n]); !errors.Is(err, ErrFormat) {
			t.Fatalf("cut off at %d of %d: error %v", n, len(data), err)
		}
	}
	if _, _, err := Decode(data + "x"); !errors.Is(err, ErrFormat) {
		t.Errorf("a byte after the end: error %v", err)
	}
	good, want, _ := Decode(data)
	for i := range len(data) {
		for bit := range 8 {
			b := []byte(data)
			b[i] ^= 1 << bit
			h, payload, err := Decode(string(b))
			if err == nil && (string(payload) != string(want) || h.SHA256 != good.SHA256) {
				t.Fatalf("bit %d of byte %d flipped: another payload without an error", bit, i)
			}
			if err != nil && !errors.Is(err, ErrFormat) {
				t.Fatalf("bit %d of byte %d flipped: %v", bit, i, err)
			}
		}
	}
}

func TestVersion(t *testing.T) {
	b := []byte(sample(t))
	b[len(Magic)]++
	if _, _, err := Decode(string(b)); err == nil || !strings.Contains(err.Error(), "version 2") {
		t.Errorf("error %v, want one that names the version", err)
	}
}

func TestReader(t *testing.T) {
	r := NewReader([]byte{1, 2, 0, 3, 0, 0, 0, 0x85, 1, 2, 'o', 'k'})
	if a, b, c, d, s := r.Uint8(), r.Uint16(), r.Uint32(), r.Uvarint(), r.String(); a != 1 || b != 2 || c != 3 || d != 133 || s != "ok" {
		t.Errorf("read %d %d %d %d %q", a, b, c, d, s)
	}
	if err := r.End(); err != nil {
		t.Error(err)
	}
	if r.Float64(); !errors.Is(r.Err(), ErrFormat) {
		t.Errorf("read beyond the end: %v", r.Err())
	}
	if r := NewReader([]byte{255, 255, 255, 255, 0}); r.Count(1) != 0 || !errors.Is(r.Err(), ErrFormat) {
		t.Errorf("count beyond the end: %v", r.Err())
	}
	if r := NewReader([]byte{0}); !errors.Is(r.End(), ErrFormat) {
		t.Error("byte left over, no error")
	}
}

func FuzzDecode(f *testing.F) {
	f.Add([]byte(sample(f)))
	f.Add([]byte(Magic))
	f.Fuzz(func(t *testing.T, data []byte) {
		if _, _, err := Decode(string(data)); err != nil && !errors.Is(err, ErrFormat) {
			t.Errorf("error %v", err)
		}
	})
}
