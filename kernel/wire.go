package kernel

import (
	"bytes"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"sync"
	"sync/atomic"
	"time"
)

// protocolVersion is the version of Jupyter's messaging protocol that the kernel speaks.
const protocolVersion = "5.5"

// header is a message's header (https://jupyter-client.readthedocs.io, "Messaging in Jupyter").
type header struct {
	MsgID    string `json:"msg_id"`
	Session  string `json:"session"`
	Username string `json:"username"`
	Date     string `json:"date"`
	MsgType  string `json:"msg_type"`
	Version  string `json:"version"`
	Subshell string `json:"subshell_id,omitempty"`
}

// message is one Jupyter message as it arrives. The JSON parts are kept as they came, since a reply repeats the
// request's header whole.
type message struct {
	from      *socket  // where it arrived, and where its reply goes
	idents    [][]byte // ZeroMQ routing, the peer's identity first
	header    header
	rawHeader json.RawMessage
	parent    json.RawMessage
	metadata  json.RawMessage
	content   json.RawMessage
	buffers   [][]byte
}

var (
	errMalformed = errors.New("kernel: malformed message")
	errSignature = errors.New("kernel: bad message signature")
	errReplay    = errors.New("kernel: replayed message")
)

var delimiter = []byte("<IDS|MSG>")

// signer signs and checks messages with a connection's key. It remembers the signatures it has accepted and refuses to
// accept one twice. An empty key turns signing off, as the protocol defines.
type signer struct {
	key []byte

	mu   sync.Mutex
	seen map[[sha256.Size]byte]bool
	ring [][sha256.Size]byte // the accepted signatures, the oldest to be forgotten next at position next
	next int
}

// replayMemory is how many signatures are remembered.
const replayMemory = 1 << 16

func newSigner(key string) *signer {
	return &signer{key: []byte(key), seen: map[[sha256.Size]byte]bool{}}
}

func (s *signer) sum(parts [][]byte) (sum [sha256.Size]byte) {
	mac := hmac.New(sha256.New, s.key)
	for _, p := range parts {
		mac.Write(p)
	}
	mac.Sum(sum[:0])
	return sum
}

// sign returns the signature frame of the four JSON parts of a message.
func (s *signer) sign(parts [][]byte) []byte {
	if len(s.key) == 0 {
		return nil
	}
	sum := s.sum(parts)
	return hex.AppendEncode(nil, sum[:])
}

// verify accepts the signature of four JSON parts once.
func (s *signer) verify(signature []byte, parts [][]byte) error {
	if len(s.key) == 0 {
		return nil
	}
	sum := s.sum(parts)
	if !hmac.Equal(signature, hex.AppendEncode(nil, sum[:])) { // compares in constant time
		return errSignature
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.seen[sum] {
		return errReplay
	}
	s.seen[sum] = true
	if len(s.ring) < replayMemory {
		s.ring = append(s.ring, sum)
		return nil
	}
	delete(s.seen, s.ring[s.next])
	s.ring[s.next] = sum
	s.next = (s.next + 1) % replayMemory
	return nil
}

// decode reads a message from its frames. Anything that is not a well-formed message with a good and new signature is
// an error.
func (s *signer) decode(frames [][]byte) (*message, error) {
	cut := -1
	for i, f := range frames {
		if bytes.Equal(f, delimiter) {
			cut = i
			break
		}
	}
	if cut < 0 || len(frames) < cut+6 {
		return nil, errMalformed
	}
	parts := frames[cut+2 : cut+6]
	if err := s.verify(frames[cut+1], parts); err != nil {
		return nil, err
	}
	for _, p := range parts {
		if trimmed := bytes.TrimSpace(p); len(trimmed) == 0 || trimmed[0] != '{' || !json.Valid(p) {
			return nil, fmt.Errorf("%w: a part is not a JSON object", errMalformed)
		}
	}
	m := &message{
		idents: frames[:cut], buffers: frames[cut+6:],
		rawHeader: parts[0], parent: parts[1], metadata: parts[2], content: parts[3],
	}
	if err := json.Unmarshal(parts[0], &m.header); err != nil {
		return nil, fmt.Errorf("%w: header: %v", errMalformed, err)
	}
	if m.header.MsgType == "" || m.header.MsgID == "" {
		return nil, fmt.Errorf("%w: header without msg_type or msg_id", errMalformed)
	}
	return m, nil
}

// encode makes the frames of a message of the given type in reply to parent, which may be nil.
func (s *signer) encode(idents [][]byte, h header, parent *message, metadata, content any, buffers ...[]byte) ([][]byte, error) {
	parts := make([][]byte, 4)
	var err error
	if parts[0], err = marshalJSON(h); err != nil {
		return nil, err
	}
	parts[1] = []byte("{}")
	if parent != nil {
		parts[1] = parent.rawHeader
	}
	if metadata == nil {
		metadata = struct{}{}
	}
	if parts[2], err = marshalJSON(metadata); err != nil {
		return nil, err
	}
	if parts[3], err = marshalJSON(content); err != nil {
		return nil, err
	}
	frames := make([][]byte, 0, len(idents)+6)
	frames = append(frames, idents...)
	frames = append(frames, delimiter, s.sign(parts))
	frames = append(frames, parts...)
	return append(frames, buffers...), nil
}

// marshalJSON is json.Marshal that leaves <, > and & as they are.
func marshalJSON(v any) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return nil, fmt.Errorf("kernel: %w", err)
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}

// identity makes message headers that belong to one session.
type identity struct {
	session string
	count   atomic.Int64
}

func newIdentity() *identity {
	return &identity{session: rand.Text()}
}

func (id *identity) header(msgType string) header {
	return header{
		MsgID:    fmt.Sprintf("%s_%d_%d", id.session, os.Getpid(), id.count.Add(1)),
		Session:  id.session,
		Username: "kernel",
		Date:     time.Now().UTC().Format("2006-01-02T15:04:05.000000Z"),
		MsgType:  msgType,
		Version:  protocolVersion,
	}
}
