// Package table is the container of the embedded nuclear data: a readable header with the origin of the data, then
// the compressed payload, guarded by its length and SHA-256.
//
// Layout, integers little-endian: 8 bytes Magic; uint32 format version; uint32 length of the header; the header as
// JSON; the payload as a DEFLATE stream that ends with the file.
package table

import (
	"bytes"
	"compress/flate"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
)

// Magic opens every table.
const Magic = "nuclabT\n"

// Version is the format version that this package writes and reads.
const Version = 1

// maxPayload bounds what a damaged length can make the reader allocate.
const maxPayload = 1 << 28

// ErrFormat is wrapped by every error about a damaged or foreign table.
var ErrFormat = errors.New("bad data table")

// Header says what a table holds and where it comes from.
type Header struct {
	Name      string   `json:"name"`
	Producer  string   `json:"producer"` // package and version that the sources come from
	Citations []string `json:"citations"`
	Sources   []Source `json:"sources"`
	Notes     []string `json:"notes,omitempty"`
	Size      int      `json:"size"`   // bytes of the payload
	SHA256    string   `json:"sha256"` // of the payload, hexadecimal
}

// Source is one file that a table was made from.
type Source struct {
	File   string `json:"file"`
	SHA256 string `json:"sha256"`
}

// Encode returns the table with the given header and payload; it fills in Size and SHA256.
func Encode(h Header, payload []byte) ([]byte, error) {
	sum := sha256.Sum256(payload)
	h.Size, h.SHA256 = len(payload), hex.EncodeToString(sum[:])
	var text bytes.Buffer
	toText := json.NewEncoder(&text)
	toText.SetEscapeHTML(false)
	if err := toText.Encode(h); err != nil {
		return nil, fmt.Errorf("table: %s: %w", h.Name, err)
	}
	head := text.Bytes()
	var b bytes.Buffer
	b.WriteString(Magic)
	b.Write(binary.LittleEndian.AppendUint32(nil, Version))
	b.Write(binary.LittleEndian.AppendUint32(nil, uint32(len(head))))
	b.Write(head)
	w, err := flate.NewWriter(&b, flate.BestCompression)
	if err != nil {
		return nil, fmt.Errorf("table: %s: %w", h.Name, err)
	}
	if _, err := w.Write(payload); err != nil {
		return nil, fmt.Errorf("table: %s: %w", h.Name, err)
	}
	if err := w.Close(); err != nil {
		return nil, fmt.Errorf("table: %s: %w", h.Name, err)
	}
	return b.Bytes(), nil
}

// ReadHeader returns the header of a table and the compressed rest, without unpacking it. Errors wrap ErrFormat.
func ReadHeader(data string) (h Header, rest string, err error) {
	fail := func(format string, args ...any) (Header, string, error) {
		return Header{}, "", fmt.Errorf("table: %w: %s", ErrFormat, fmt.Sprintf(format, args...))
	}
	if !strings.HasPrefix(data, Magic) {
		return fail("does not begin with %q", Magic)
	}
	data = data[len(Magic):]
	if len(data) < 8 {
		return fail("cut off in the header")
	}
	version := binary.LittleEndian.Uint32([]byte(data[:4]))
	length := binary.LittleEndian.Uint32([]byte(data[4:8]))
	data = data[8:]
	if version != Version {
		return fail("format version %d, this program reads %d", version, Version)
	}
	if uint64(length) > uint64(len(data)) {
		return fail("cut off in the header: %d bytes of %d", len(data), length)
	}
	if err := json.Unmarshal([]byte(data[:length]), &h); err != nil {
		return fail("header: %v", err)
	}
	if h.Size < 0 || h.Size > maxPayload {
		return fail("%s: size %d", h.Name, h.Size)
	}
	return h, data[length:], nil
}

// Decode returns header and payload of a table after checking length and hash. Errors wrap ErrFormat.
func Decode(data string) (Header, []byte, error) {
	h, rest, err := ReadHeader(data)
	if err != nil {
		return Header{}, nil, err
	}
	payload := make([]byte, h.Size)
	packed := strings.NewReader(rest)
	r := flate.NewReader(packed)
	if n, err := io.ReadFull(r, payload); err != nil {
		return Header{}, nil, fmt.Errorf("table: %s: %w: unpacked %d bytes of %d: %v", h.Name, ErrFormat, n, h.Size, err)
	}
	if n, err := r.Read(make([]byte, 1)); n != 0 || err != io.EOF || packed.Len() != 0 {
		return Header{}, nil, fmt.Errorf("table: %s: %w: does not end after %d bytes", h.Name, ErrFormat, h.Size)
	}
	if sum := sha256.Sum256(payload); hex.EncodeToString(sum[:]) != h.SHA256 {
		return Header{}, nil, fmt.Errorf("table: %s: %w: payload does not have the SHA-256 of the header", h.Name, ErrFormat)
	}
	return h, payload, nil
}
