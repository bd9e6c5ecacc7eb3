package table_test

import (
	"errors"
	"fmt"
	"log"

	"nuclab/nucnet/nuclide/table"
)

func pack(payload []byte) string {
	b, err := table.Encode(table.Header{Name: "masses", Sources: []table.Source{{File: "mass.txt"}}}, payload)
	if err != nil {
		log.Fatal(err)
	}
	return string(b)
}

// A table says what it holds and guards it.
func ExampleHeader() {
	data := pack([]byte("payload"))
	h, payload, err := table.Decode(data)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(h.Name, h.Size, string(payload))

	_, _, err = table.Decode(data[:len(data)-3])
	fmt.Println(errors.Is(err, table.ErrFormat))
	// Output:
	// masses 7 payload
	// true
}

// Sources are the files that a table was made from.
func ExampleSource() {
	h, _, err := table.ReadHeader(pack(nil))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(h.Sources[0].File)
	// Output: mass.txt
}

// A reader walks through a payload; one look at the end tells whether all was there.
func ExampleReader() {
	in := table.NewReader([]byte{3, 'f', 'e', '5', 56, 0})
	fmt.Println(in.String(), in.Uint16(), in.End())
	in.Uint8()
	fmt.Println(errors.Is(in.Err(), table.ErrFormat))
	// Output:
	// fe5 56 <nil>
	// true
}
