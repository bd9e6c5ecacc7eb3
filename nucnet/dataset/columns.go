package dataset

import (
	"fmt"
	"math"
	"reflect"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/compress/zstd"

	"nuclab/nucnet/nuclide"
)

// columnNames returns the columns of a data set in order: index, T, rho, ye, X_<nuclide>..., then for every time k: t<k>,
// t<k>_X_<nuclide>..., t<k>_ye, t<k>_q, t<k>_eps_nu, t<k>_eps_nu_integral, t<k>_eps_nuc_row; and last, status.
func columnNames(nuclides []nuclide.Nuclide, times int) []string {
	names := []string{"index", "T", "rho", "ye"}
	for _, n := range nuclides {
		names = append(names, "X_"+n.String())
	}
	for k := range times {
		names = append(names, fmt.Sprintf("t%d", k))
		for _, n := range nuclides {
			names = append(names, fmt.Sprintf("t%d_X_%s", k, n))
		}
		for _, q := range endQuantities {
			names = append(names, fmt.Sprintf("t%d_%s", k, q))
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
	{"status", "ok, or why the burn failed; all after the start but the times is then NaN"},
}

// units returns meanings as it stands in a manifest.
func units() map[string]string {
	m := map[string]string{}
	for _, c := range meanings {
		m[c.column] = c.meaning
	}
	return m
}

// layout is where things stand in a row of numbers: everything but the index and the status.
type layout struct{ nuclides, times int }

func (l layout) numbers() int      { return 3 + l.nuclides + l.times*l.perTime() }
func (l layout) perTime() int      { return 1 + l.nuclides + len(endQuantities) }
func (l layout) start() int        { return 3 }                              // X at the start
func (l layout) time(k int) int    { return 3 + l.nuclides + k*l.perTime() } // t<k>
func (l layout) end(k int) int     { return l.time(k) + 1 }                  // X at time k
func (l layout) scalars(k int) int { return l.end(k) + l.nuclides }          // the end quantities

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
}

// statusOK is the status of a burn that reached its end.
const statusOK = "ok"

// fail fills the outcome with NaN and notes the reason.
func (r *row) fail(l layout, times []float64, reason string) {
	r.status = reason
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
