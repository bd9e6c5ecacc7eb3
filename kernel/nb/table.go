package nb

import (
	"fmt"
	"html"
	"reflect"
	"slices"
	"sort"
	"strings"
	"text/tabwriter"
	"unsafe"
)

// A table of more than maxRows rows shows some of its start and of its end.
const (
	maxRows  = 60
	headRows = 15
	tailRows = 5
	maxCols  = 40
)

// table is a value laid out in rows; row labels may be absent.
type table struct {
	header []string
	rows   [][]string
	total  int // rows of the value, of which rows may hold the first and the last
	hidden int // columns of the value that are not here
}

// tableOf lays out a slice or array of structs (or of pointers to structs), a map, or a matrix with methods
// Dims() (rows, columns int) and At(row, column int) T, where T is a number.
//
// The table has the first and the last rows and the first columns, or all of them.
func tableOf(v any, whole bool) (*table, bool) {
	r := reflect.ValueOf(v)
	if t, ok := matrixTable(r, whole); ok {
		return t, true
	}
	if r.Kind() == reflect.Pointer {
		return nil, false
	}
	switch r.Kind() {
	case reflect.Slice, reflect.Array:
		elem := r.Type().Elem()
		if elem.Kind() == reflect.Pointer {
			elem = elem.Elem()
		}
		if elem.Kind() == reflect.Struct && !rendersItself(r.Type().Elem()) && r.Len() > 0 {
			return structTable(r, elem, whole), true
		}
	case reflect.Map:
		if r.Len() > 0 {
			return mapTable(r, whole), true
		}
	}
	return nil, false
}

// rendersItself reports whether values of a struct type read better by their own text than as columns of fields.
func rendersItself(t reflect.Type) bool {
	if t.Implements(errorType) || t.Implements(reflect.TypeFor[fmt.Stringer]()) {
		return true
	}
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	return t.NumField() == 0
}

// shown calls add for the indices of n rows that a table shows.
func shown(n int, whole bool, add func(i int)) {
	for i := range n {
		if whole || n <= maxRows || i < headRows || i >= n-tailRows {
			add(i)
		}
	}
}

func structTable(r reflect.Value, elem reflect.Type, whole bool) *table {
	t := &table{header: []string{""}, total: r.Len()}
	var fields []int
	for i := range elem.NumField() {
		if (whole || len(fields) < maxCols) && elem.Field(i).Name != "_" {
			fields = append(fields, i)
			t.header = append(t.header, elem.Field(i).Name)
		} else if elem.Field(i).Name != "_" {
			t.hidden++
		}
	}
	shown(r.Len(), whole, func(i int) {
		row := []string{fmt.Sprint(i)}
		e := r.Index(i)
		if e.Kind() == reflect.Pointer {
			e = e.Elem()
		}
		for _, f := range fields {
			if e.IsValid() {
				row = append(row, fmt.Sprint(field(e, f)))
			} else {
				row = append(row, "nil")
			}
		}
		t.rows = append(t.rows, row)
	})
	return t
}

// field is a field of a struct as if it were exported, so that fmt shows it as its type says.
func field(s reflect.Value, i int) reflect.Value {
	if s.Field(i).CanInterface() {
		return s.Field(i)
	}
	if !s.CanAddr() {
		c := reflect.New(s.Type()).Elem()
		c.Set(s)
		s = c
	}
	f := s.Field(i)
	return reflect.NewAt(f.Type(), unsafe.Pointer(f.UnsafeAddr())).Elem()
}

func mapTable(r reflect.Value, whole bool) *table {
	t := &table{header: []string{"key", "value"}, total: r.Len()}
	keys := r.MapKeys()
	sort.Slice(keys, func(i, j int) bool { return less(keys[i], keys[j]) })
	shown(len(keys), whole, func(i int) {
		t.rows = append(t.rows, []string{fmt.Sprint(keys[i]), fmt.Sprint(r.MapIndex(keys[i]))})
	})
	return t
}

// less orders map keys as fmt does for the kinds that matter to a reader.
func less(a, b reflect.Value) bool {
	switch {
	case a.CanInt() && b.CanInt():
		return a.Int() < b.Int()
	case a.CanUint() && b.CanUint():
		return a.Uint() < b.Uint()
	case a.CanFloat() && b.CanFloat():
		return a.Float() < b.Float()
	}
	return fmt.Sprint(a) < fmt.Sprint(b)
}

func matrixTable(r reflect.Value, whole bool) (*table, bool) {
	if !r.IsValid() {
		return nil, false
	}
	dims, at := r.MethodByName("Dims"), r.MethodByName("At")
	if !dims.IsValid() || !at.IsValid() {
		return nil, false
	}
	if d := dims.Type(); d.NumIn() != 0 || d.NumOut() != 2 || d.Out(0).Kind() != reflect.Int || d.Out(1).Kind() != reflect.Int {
		return nil, false
	}
	a := at.Type()
	if a.NumIn() != 2 || a.In(0).Kind() != reflect.Int || a.In(1).Kind() != reflect.Int || a.NumOut() != 1 {
		return nil, false
	}
	switch a.Out(0).Kind() {
	case reflect.Float32, reflect.Float64, reflect.Int, reflect.Int64, reflect.Complex128:
	default:
		return nil, false
	}
	size := dims.Call(nil)
	rows, cols := int(size[0].Int()), int(size[1].Int())
	t := &table{header: []string{""}, total: rows}
	all := cols
	if !whole {
		cols = min(cols, maxCols)
	}
	t.hidden = all - cols
	for j := range cols {
		t.header = append(t.header, fmt.Sprint(j))
	}
	shown(rows, whole, func(i int) {
		row := []string{fmt.Sprint(i)}
		for j := range cols {
			x := at.Call([]reflect.Value{reflect.ValueOf(i), reflect.ValueOf(j)})[0]
			row = append(row, fmt.Sprintf("%.6g", x.Interface()))
		}
		t.rows = append(t.rows, row)
	})
	return t, true
}

// gap is the row before which something is left out.
func (t *table) gap() int {
	if len(t.rows) < t.total {
		return headRows
	}
	return len(t.rows) - 1
}

func (t *table) omitted() string {
	var parts []string
	if n := t.total - len(t.rows); n > 0 {
		parts = append(parts, fmt.Sprintf("%d of %d rows", n, t.total))
	}
	if t.hidden > 0 {
		parts = append(parts, fmt.Sprintf("%d of %d columns", t.hidden, t.hidden+len(t.header)-1))
	}
	if parts == nil {
		return ""
	}
	return strings.Join(parts, " and ") + " not shown; nb.Whole(value) shows all"
}

func (t *table) html() string {
	var b strings.Builder
	b.WriteString("<table>\n<thead><tr>")
	for _, h := range t.header {
		b.WriteString("<th>" + html.EscapeString(h) + "</th>")
	}
	b.WriteString("</tr></thead>\n<tbody>\n")
	for i, row := range t.rows {
		if i == t.gap() && t.omitted() != "" {
			fmt.Fprintf(&b, "<tr><td colspan=\"%d\">%s</td></tr>\n", len(t.header), t.omitted())
		}
		b.WriteString("<tr>")
		for _, c := range row {
			b.WriteString("<td>" + html.EscapeString(c) + "</td>")
		}
		b.WriteString("</tr>\n")
	}
	b.WriteString("</tbody>\n</table>\n")
	return b.String()
}

func (t *table) text() string {
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 8, 2, ' ', 0)
	clean := strings.NewReplacer("\t", " ", "\n", " ")
	write := func(row []string) {
		for _, c := range row {
			fmt.Fprint(w, clean.Replace(c), "\t")
		}
		fmt.Fprintln(w)
	}
	write(t.header)
	for _, row := range t.rows {
		write(row)
	}
	w.Flush()
	lines := strings.Split(strings.TrimRight(b.String(), "\n"), "\n")
	for i := range lines {
		lines[i] = strings.TrimRight(lines[i], " ")
	}
	if t.omitted() != "" {
		lines = slices.Insert(lines, 1+t.gap(), "... "+t.omitted())
	}
	return strings.Join(lines, "\n")
}
