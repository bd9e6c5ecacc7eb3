package dataset

import (
	"crypto/sha256"
	"encoding/hex"
	"io"
	"sync"

	nuclides "nuclab/nucnet/nuclide/data"
	rates "nuclab/nucnet/rate/data"
)

// dataHash returns the SHA-256 of the nuclear data that burns rest on: nuclides, fits and weak tables, one after another.
var dataHash = sync.OnceValue(func() string {
	h := sha256.New()
	for _, table := range []string{nuclides.Nuclides, rates.Reaclib, rates.Weak} {
		io.WriteString(h, table)
	}
	return hex.EncodeToString(h.Sum(nil))
})
