package plots

import (
	"encoding/binary"
	"errors"
	"slices"
)

// subset returns a TrueType font that holds only what is needed to draw the given characters, without hints: a few
// kilobytes that can travel inside a figure. Characters that the font lacks are left out.
func subset(font []byte, chars []rune, glyphOf func(rune) (uint16, bool)) ([]byte, error) {
	tables, err := fontTables(font)
	if err != nil {
		return nil, err
	}
	for _, name := range []string{"head", "hhea", "maxp", "hmtx", "loca", "glyf", "OS/2", "name", "post"} {
		if len(tables[name]) == 0 {
			return nil, errors.New("plots: font has no table " + name)
		}
	}
	head, hhea, maxp := slices.Clone(tables["head"]), slices.Clone(tables["hhea"]), slices.Clone(tables["maxp"])
	be := binary.BigEndian
	if len(head) < 54 || len(hhea) < 36 || len(maxp) < 32 {
		return nil, errors.New("plots: font has short tables")
	}
	glyphs := int(be.Uint16(maxp[4:]))
	metrics := int(be.Uint16(hhea[34:]))
	glyph := func(id int) ([]byte, error) {
		var from, to int
		loca, glyf := tables["loca"], tables["glyf"]
		if be.Uint16(head[50:]) == 0 {
			if 2*id+4 > len(loca) {
				return nil, errors.New("plots: font has a short table loca")
			}
			from, to = 2*int(be.Uint16(loca[2*id:])), 2*int(be.Uint16(loca[2*id+2:]))
		} else {
			if 4*id+8 > len(loca) {
				return nil, errors.New("plots: font has a short table loca")
			}
			from, to = int(be.Uint32(loca[4*id:])), int(be.Uint32(loca[4*id+4:]))
		}
		if from > to || to > len(glyf) {
			return nil, errors.New("plots: font has a bad table loca")
		}
		return glyf[from:to], nil
	}

	// New glyphs: the one for missing characters, then those of the characters in rising order, then parts of these.
	old, index := []int{0}, map[int]int{0: 0}
	number := func(id int) int {
		if _, ok := index[id]; !ok {
			index[id] = len(old)
			old = append(old, id)
		}
		return index[id]
	}
	type pair struct{ char, glyph uint32 }
	var cmap []pair
	chars = slices.Clone(chars)
	slices.Sort(chars)
	for _, c := range slices.Compact(chars) {
		if id, ok := glyphOf(c); ok && id != 0 && int(id) < glyphs {
			cmap = append(cmap, pair{uint32(c), uint32(number(int(id)))})
		}
	}
	var newGlyf, newLoca, newHmtx []byte
	hmtx := tables["hmtx"]
	if metrics == 0 || len(hmtx) < 4*metrics+2*(glyphs-metrics) {
		return nil, errors.New("plots: font has a short table hmtx")
	}
	for i := 0; i < len(old); i++ { // grows while composite glyphs name their parts
		g, err := glyph(old[i])
		if err != nil {
			return nil, err
		}
		newLoca = be.AppendUint32(newLoca, uint32(len(newGlyf)))
		if g, err = withoutHints(g, number); err != nil {
			return nil, err
		}
		newGlyf = append(newGlyf, g...)
		for len(newGlyf)%4 != 0 {
			newGlyf = append(newGlyf, 0)
		}
		if old[i] < metrics {
			newHmtx = append(newHmtx, hmtx[4*old[i]:4*old[i]+4]...)
		} else {
			last := 4 * (metrics - 1)
			bearing := 4*metrics + 2*(old[i]-metrics)
			newHmtx = append(append(newHmtx, hmtx[last:last+2]...), hmtx[bearing:bearing+2]...)
		}
	}
	newLoca = be.AppendUint32(newLoca, uint32(len(newGlyf)))
	be.PutUint16(head[50:], 1) // loca holds 32-bit offsets
	be.PutUint16(maxp[4:], uint16(len(old)))
	be.PutUint16(hhea[34:], uint16(len(old)))

	// Character map: one subtable of format 12, a group for each character.
	var m []byte
	m = be.AppendUint16(m, 0)
	m = be.AppendUint16(m, 1)
	m = be.AppendUint16(m, 3)  // Windows
	m = be.AppendUint16(m, 10) // all of Unicode
	m = be.AppendUint32(m, 12)
	m = be.AppendUint16(m, 12)
	m = be.AppendUint16(m, 0)
	m = be.AppendUint32(m, uint32(16+12*len(cmap)))
	m = be.AppendUint32(m, 0)
	m = be.AppendUint32(m, uint32(len(cmap)))
	for _, p := range cmap {
		m = be.AppendUint32(m, p.char)
		m = be.AppendUint32(m, p.char)
		m = be.AppendUint32(m, p.glyph)
	}
	post := slices.Clone(tables["post"][:min(32, len(tables["post"]))])
	be.PutUint32(post, 0x00030000) // no glyph names
	return joinTables(map[string][]byte{"head": head, "hhea": hhea, "maxp": maxp, "hmtx": newHmtx, "loca": newLoca,
		"glyf": newGlyf, "cmap": m, "OS/2": tables["OS/2"], "post": post, "name": {0, 0, 0, 0, 0, 6}}), nil
}

// Flags of a composite glyph's parts (OpenType, table glyf).
const (
	argsAreWords    = 1 << 0
	haveScale       = 1 << 3
	moreComponents  = 1 << 5
	haveXYScale     = 1 << 6
	haveMatrix      = 1 << 7
	haveInstruction = 1 << 8
)

// withoutHints returns a glyph without its instructions and, if it is made of others, with these renumbered.
func withoutHints(g []byte, number func(int) int) ([]byte, error) {
	be := binary.BigEndian
	if len(g) == 0 {
		return nil, nil
	}
	short := errors.New("plots: font has a short glyph")
	if len(g) < 10 {
		return nil, short
	}
	if contours := int(int16(be.Uint16(g))); contours >= 0 {
		at := 10 + 2*contours
		if len(g) < at+2 {
			return nil, short
		}
		n := int(be.Uint16(g[at:]))
		if len(g) < at+2+n {
			return nil, short
		}
		out := append(slices.Clone(g[:at]), 0, 0)
		return append(out, g[at+2+n:]...), nil
	}
	out := slices.Clone(g)
	for at := 10; ; {
		if len(out) < at+4 {
			return nil, short
		}
		flags := be.Uint16(out[at:])
		be.PutUint16(out[at:], flags&^haveInstruction)
		be.PutUint16(out[at+2:], uint16(number(int(be.Uint16(out[at+2:])))))
		at += 6
		if flags&argsAreWords != 0 {
			at += 2
		}
		switch {
		case flags&haveScale != 0:
			at += 2
		case flags&haveXYScale != 0:
			at += 4
		case flags&haveMatrix != 0:
			at += 8
		}
		if flags&moreComponents == 0 {
			if len(out) < at {
				return nil, short
			}
			return out[:at], nil
		}
	}
}

// fontTables returns the tables of a TrueType font by name.
func fontTables(font []byte) (map[string][]byte, error) {
	be := binary.BigEndian
	bad := errors.New("plots: not a TrueType font")
	if len(font) < 12 || be.Uint32(font) != 0x00010000 {
		return nil, bad
	}
	tables := map[string][]byte{}
	for i := range int(be.Uint16(font[4:])) {
		at := 12 + 16*i
		if len(font) < at+16 {
			return nil, bad
		}
		from, size := int(be.Uint32(font[at+8:])), int(be.Uint32(font[at+12:]))
		if from+size > len(font) {
			return nil, bad
		}
		tables[string(font[at:at+4])] = font[from : from+size]
	}
	return tables, nil
}

// joinTables writes a TrueType font.
func joinTables(tables map[string][]byte) []byte {
	be := binary.BigEndian
	var names []string
	for name := range tables {
		names = append(names, name)
	}
	slices.Sort(names)
	log := 0
	for 2<<log <= len(names) {
		log++
	}
	out := be.AppendUint32(nil, 0x00010000)
	for _, v := range []int{len(names), 16 << log, log, 16*len(names) - 16<<log} {
		out = be.AppendUint16(out, uint16(v))
	}
	at := 12 + 16*len(names)
	checksum := func(b []byte) (sum uint32) {
		for i, v := range b {
			sum += uint32(v) << (24 - 8*(i%4))
		}
		return sum
	}
	var body []byte
	headAt := 0
	for _, name := range names {
		t := tables[name]
		if name == "head" {
			headAt = at + len(body)
			t = slices.Clone(t)
			be.PutUint32(t[8:], 0)
		}
		out = append(out, name...)
		out = be.AppendUint32(out, checksum(t))
		out = be.AppendUint32(out, uint32(at+len(body)))
		out = be.AppendUint32(out, uint32(len(t)))
		body = append(body, t...)
		for len(body)%4 != 0 {
			body = append(body, 0)
		}
	}
	out = append(out, body...)
	be.PutUint32(out[headAt+8:], 0xb1b0afba-checksum(out))
	return out
}
