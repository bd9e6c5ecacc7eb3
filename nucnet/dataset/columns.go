package dataset

import (
	"fmt"
	"math"
	"reflect"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/compress/zstd"

	"nuclab/nucnet/nuclide"
)

// columns returns the names of a set's columns in order: index, T, rho, ye, X_<nuclide>..., then for every time k: t<k>,
// t<k>_X_<nuclide>..., t<k>_ye, t<k>_q, t<k>_eps_nu, t<k>_eps_nu_integral, t<k>_eps_nuc_row; and last, status. Test sets
// have besides small_X_<nuclide>... of the start in the small network, and at each time t<k>_in, t<k>_in_ye,
// t<k>_in_X_<nuclide>..., t<k>_small_X_<nuclide>... and the small network's quantities.
func (r Recipe) columns() []string {
	names := []string{"index", "T", "rho", "ye"}
	add := func(prefix string, nuclides []nuclide.Nuclide) {
		for _, n := range nuclides {
			names = append(names, prefix+"X_"+n.String())
		}
	}
	add("", r.Nuclides)
	add("small_", r.Small)
	for k := range r.Times {
		names = append(names, fmt.Sprintf("t%d", k))
		add(fmt.Sprintf("t%d_", k), r.Nuclides)
		for _, q := range endQuantities {
			names = append(names, fmt.Sprintf("t%d_%s", k, q))
		}
		if len(r.Small) == 0 {
			continue
		}
		names = append(names, fmt.Sprintf("t%d_in", k), fmt.Sprintf("t%d_in_ye", k))
		add(fmt.Sprintf("t%d_in_", k), r.Nuclides)
		add(fmt.Sprintf("t%d_small_", k), r.Small)
		for _, q := range endQuantities {
			names = append(names, fmt.Sprintf("t%d_small_%s", k, q))
		}
	}
	return append(names, "status")
}

// endQuantities are the scalars at each time, in order.
var endQuantities = []string{"ye", "q", "eps_nu", "eps_nu_integral", "eps_nuc_row"}

// meanings says what every kind of column holds, and in what unit.
var meanings = []struct{ column, meaning string }{
	{"index", "number of the sample, from 0"},
	{"T", "K, constant during the burn"},
	{"rho", "g/cm3, constant during the burn"},
	{"ye", "electron fraction at the start, sum of X Z/A"},
	{"X_*", "mass fraction at the start"},
	{"t*", "s since the start"},
	{"t*_X_*", "mass fraction at that time"},
	{"t*_ye", "electron fraction at that time"},
	{"t*_q", "erg/g, rest-mass energy released since the start, neutrinos included"},
	{"t*_eps_nu", "erg/g/s, neutrino losses of weak reactions at that time"},
	{"t*_eps_nu_integral", "erg/g, neutrino losses since the start"},
	{"t*_eps_nuc_row", "erg/g, energy released during the step that ends at that time, less t*_eps_nu times its length"},
	{"status", "ok; or retried, with the sturdy solver, and why; or why the burn failed: all after the start but the times is then NaN"},
}

// testMeanings says what test sets hold besides, and what else they mean by a time.
var testMeanings = []struct{ column, meaning string }{
	{"small_X_*", "mass fraction at the start in the small network, whose h1 and prot are h1 of X_*"},
	{"t*", "s from the input to the target; the other columns of a time are those of the target, energies counted from the input"},
	{"t*_in", "s, age of the run at the input"},
	{"t*_in_ye", "electron fraction of the input"},
	{"t*_in_X_*", "mass fraction of the input"},
	{"t*_small_*", "what the small network gives for the target from the run's own start, in the same units"},
}

// units returns the meanings of columns by their names, as they stand in a manifest.
func (r Recipe) units() map[string]string {
	m := map[string]string{}
	for _, c := range meanings {
		m[c.column] = c.meaning
	}
	if len(r.Small) > 0 {
		for _, c := range testMeanings {
			m[c.column] = c.meaning
		}
	}
	return m
}

// layout is where things stand in a row of numbers: everything but the index and the status. small is the number of
// nuclides of the small network, 0 in sets that are no tests.
type layout struct{ nuclides, times, small int }

func (r Recipe) layout() layout { return layout{len(r.Nuclides), len(r.Times), len(r.Small)} }

func (l layout) numbers() int { return l.time(l.times) }
func (l layout) perTime() int {
	n := 1 + l.nuclides + len(endQuantities)
	if l.small > 0 {
		n += 2 + l.nuclides + l.small + len(endQuantities)
	}
	return n
}
func (l layout) start() int         { return 3 }                                        // X at the start
func (l layout) smallStart() int    { return l.start() + l.nuclides }                   // X of the small network at the start
func (l layout) time(k int) int     { return l.smallStart() + l.small + k*l.perTime() } // t<k>
func (l layout) end(k int) int      { return l.time(k) + 1 }                            // X at time k
func (l layout) scalars(k int) int  { return l.end(k) + l.nuclides }                    // the end quantities
func (l layout) input(k int) int    { return l.scalars(k) + len(endQuantities) }        // age, Ye and X of the input
func (l layout) smallEnd(k int) int { return l.input(k) + 2 + l.nuclides }              // X of the small network

// timeOf returns the place of the time that column c of a file belongs to, -1 for the start and the status.
func (l layout) timeOf(c int) int {
	i := c - 1 - l.time(0) // the index comes before the numbers
	if i < 0 || i >= l.times*l.perTime() {
		return -1
	}
	return i / l.perTime()
}

// row is one sample as it is stored.
type row struct {
	index   int64
	numbers []float64
	status  string
	timings []Timing // of a test set
}

// fail fills the outcome with NaN.
func (r *row) fail(l layout, times []float64) {
	for k, t := range times {
		for i := l.time(k); i < l.time(k)+l.perTime(); i++ {
			r.numbers[i] = math.NaN()
		}
		r.numbers[l.time(k)] = t
	}
}

// schemaOf returns the Parquet schema of the columns, numbers in 32 or 64 bits.
func schemaOf(columns []string, float int) *parquet.Schema {
	number := parquet.Leaf(parquet.DoubleType)
	if float == 32 {
		number = parquet.Leaf(parquet.FloatType)
	}
	// Bytes of one significance side by side compress better: exponents look alike, last digits do not.
	number = parquet.Compressed(parquet.Encoded(number, &parquet.ByteStreamSplit), codec)
	var o ordered
	for _, name := range columns {
		node := number
		switch name {
		case "index":
			node = parquet.Compressed(parquet.Leaf(parquet.Int64Type), codec)
		case "status":
			node = parquet.Compressed(parquet.String(), codec)
		}
		o.fields = append(o.fields, field{node, name})
	}
	return parquet.NewSchema("nuclab", o)
}

var codec = &zstd.Codec{Level: zstd.SpeedDefault}

// ordered is a group of columns that keeps their order; parquet.Group sorts them by name.
type ordered struct {
	parquet.Group
	fields []parquet.Field
}

func (o ordered) Fields() []parquet.Field { return o.fields }

type field struct {
	parquet.Node
	name string
}

func (f field) Name() string                           { return f.name }
func (f field) Value(base reflect.Value) reflect.Value { return base }
