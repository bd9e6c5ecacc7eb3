package kernel

import (
	"bytes"
	"encoding/binary"
	"errors"
	"net"
	"slices"
	"testing"
)

func TestSignatureIsHMACOfTheFourParts(t *testing.T) {
	// HMAC-SHA256 test case 2 of RFC 4231: its data cut into the four parts.
	s := newSigner("Jefe")
	got := s.sign([][]byte{[]byte("what do "), []byte("ya want "), []byte("for "), []byte("nothing?")})
	if want := "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"; string(got) != want {
		t.Errorf("signature %s, want %s", got, want)
	}
}

func TestReplayMemoryForgetsTheOldest(t *testing.T) {
	s := newSigner("k")
	parts := func(n int) [][]byte {
		return [][]byte{binary.BigEndian.AppendUint32(nil, uint32(n))}
	}
	accept := func(n int) error { return s.verify(s.sign(parts(n)), parts(n)) }
	for n := range replayMemory + 1 {
		if err := accept(n); err != nil {
			t.Fatalf("%d: %v", n, err)
		}
	}
	if err := accept(1); !errors.Is(err, errReplay) {
		t.Errorf("the second: %v, want a replay", err)
	}
	if err := accept(0); err != nil {
		t.Errorf("the first, forgotten: %v", err)
	}
	if len(s.seen) > replayMemory || len(s.ring) > replayMemory {
		t.Errorf("%d signatures in memory", len(s.seen))
	}
}

func TestEmptyKeyTurnsSigningOff(t *testing.T) {
	s := newSigner("")
	frames, err := s.encode(nil, newIdentity().header("x"), nil, nil, map[string]any{})
	if err != nil || len(frames[1]) != 0 {
		t.Fatalf("signature %q, %v", frames[1], err)
	}
	for range 2 {
		if _, err := s.decode(frames); err != nil {
			t.Error(err)
		}
	}
}

func FuzzDecode(f *testing.F) {
	s := newSigner("k")
	frames, err := s.encode([][]byte{[]byte("id")}, newIdentity().header("execute_request"), nil, nil, map[string]any{"code": "x"})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(bytes.Join(frames, []byte{0}), true)
	f.Add([]byte("<IDS|MSG>\x00\x00{}\x00{}\x00{}\x00{}"), true)
	f.Add([]byte("\x00\x00"), false)
	f.Fuzz(func(t *testing.T, data []byte, sign bool) {
		s := newSigner("k")
		frames := bytes.Split(data, []byte{0})
		cut := slices.IndexFunc(frames, func(f []byte) bool { return bytes.Equal(f, delimiter) })
		if sign && cut >= 0 && len(frames) >= cut+6 {
			frames[cut+1] = s.sign(frames[cut+2 : cut+6])
		}
		m, err := s.decode(frames)
		if err != nil {
			return
		}
		// What is accepted is signed, names its type, is accepted once, and comes back the same when it is sent on.
		if !bytes.Equal(frames[cut+1], s.sign(frames[cut+2:cut+6])) {
			t.Fatal("accepted with a wrong signature")
		}
		if _, err := s.decode(frames); !errors.Is(err, errReplay) {
			t.Fatalf("accepted twice: %v", err)
		}
		again, err := newSigner("k").encode(m.idents, m.header, m, m.metadata, m.content)
		if err != nil {
			t.Fatal(err)
		}
		back, err := newSigner("k").decode(again)
		if err != nil || back.header != m.header || !bytes.Equal(back.parent, m.rawHeader) {
			t.Fatalf("%+v came back as %+v, %v", m, back, err)
		}
	})
}

// FuzzGuard feeds the guard a byte stream in pieces: it must count frames as ZMTP defines them however they arrive.
func FuzzGuard(f *testing.F) {
	f.Add([]byte{0, 3, 'a', 'b', 'c', 1, 0, 2, 0, 0, 0, 0, 0, 0, 0, 1, 'x'}, uint8(1))
	f.Add([]byte{2, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}, uint8(3))
	f.Add(bytes.Repeat([]byte{1, 0}, maxFrames+1), uint8(255))
	f.Fuzz(func(t *testing.T, stream []byte, step uint8) {
		_, wantErr := wholeMessages(stream)
		a, b := net.Pipe()
		defer a.Close()
		defer b.Close()
		g := newGuard(a)
		g.skip = 0
		var err error
		for rest := stream; len(rest) > 0 && err == nil; {
			n := min(int(step)+1, len(rest))
			err = g.follow(rest[:n])
			rest = rest[n:]
		}
		if (err != nil) != wantErr {
			t.Fatalf("guard: %v, want an error: %v", err, wantErr)
		}
	})
}

// wholeMessages parses frames the plain way and reports whether a limit is passed.
func wholeMessages(b []byte) (messages int, tooLarge bool) {
	total, frames := 0, 0
	for len(b) >= 2 {
		flags := b[0]
		size, head := uint64(b[1]), 2
		if flags&2 != 0 {
			if len(b) < 9 {
				return messages, false
			}
			size, head = binary.BigEndian.Uint64(b[1:]), 9
		}
		frames++
		if frames > maxFrames || size > maxMessage || total+int(size) > maxMessage {
			return messages, true
		}
		total += int(size)
		if flags&1 == 0 {
			total, frames = 0, 0
			messages++
		}
		b = b[head:]
		b = b[min(len(b), int(size)):]
	}
	return messages, false
}
