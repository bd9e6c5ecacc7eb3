//go:build ignore

// Gen_directions writes directions.txt, the direction numbers behind Sobol, from the copy of Joe and Kuo's table
// (new-joe-kuo-6.21201) that SciPy installs as scipy/stats/_sobol_direction_numbers.npz.
//
//	go run gen_directions.go .../scipy/stats/_sobol_direction_numbers.npz
package main

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"log"
	"math/bits"
	"os"
	"strings"
)

// dims is how many dimensions are kept: far more than any design here needs, in a file of a few kilobytes.
const dims = 256

func main() {
	log.SetFlags(0)
	if len(os.Args) != 2 {
		log.Fatal("usage: go run gen_directions.go _sobol_direction_numbers.npz")
	}
	z, err := zip.OpenReader(os.Args[1])
	if err != nil {
		log.Fatal(err)
	}
	defer z.Close()
	poly, err := read(&z.Reader, "poly.npy", "False")
	if err != nil {
		log.Fatal(err)
	}
	vinit, err := read(&z.Reader, "vinit.npy", "True")
	if err != nil {
		log.Fatal(err)
	}

	var out strings.Builder
	out.WriteString("# S. Joe and F. Y. Kuo, SIAM J. Sci. Comput. 30, 2635 (2008), table new-joe-kuo-6.21201, dimensions 2 and up.\n")
	out.WriteString("# dimension, degree s, inner coefficients a of the primitive polynomial, m_1 ... m_s\n")
	for d := 1; d < dims; d++ {
		p := uint64(poly[d])
		s := bits.Len64(p) - 1
		fmt.Fprint(&out, d+1, " ", s, " ", (p>>1)&(1<<(s-1)-1))
		for k := range s {
			fmt.Fprint(&out, " ", vinit[k*len(poly)+d]) // stored column by column
		}
		out.WriteString("\n")
	}
	if err := os.WriteFile("directions.txt", []byte(out.String()), 0o644); err != nil {
		log.Fatal(err)
	}
}

// read returns the values of a little-endian int64 array in NumPy's format 1.0 that is stored in the named order
// ("True": column by column, "False": row by row, or a vector).
func read(z *zip.Reader, name, fortranOrder string) ([]int64, error) {
	f, err := z.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	b, err := io.ReadAll(f)
	if err != nil {
		return nil, err
	}
	if len(b) < 10 || !bytes.HasPrefix(b, []byte("\x93NUMPY\x01")) {
		return nil, fmt.Errorf("%s: not a NumPy array of format 1", name)
	}
	end := 10 + int(binary.LittleEndian.Uint16(b[8:]))
	header := string(b[10:end])
	if !strings.Contains(header, "'<i8'") || !strings.Contains(header, "'fortran_order': "+fortranOrder) {
		return nil, fmt.Errorf("%s: unexpected layout %s", name, header)
	}
	v := make([]int64, (len(b)-end)/8)
	return v, binary.Read(bytes.NewReader(b[end:]), binary.LittleEndian, v)
}
