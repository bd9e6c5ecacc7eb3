package nb

import (
	"fmt"
	"reflect"
)

// maxDepth is how deep values may lie in one another. One that holds itself lies deeper, and package fmt would print it until
// the stack overflows, which ends the process.
const maxDepth = 500

// isEndless reports whether fmt would not come to the end of a value.
func isEndless(v any) bool {
	switch v.(type) {
	case error, fmt.Stringer, fmt.Formatter:
		return false // they print themselves
	}
	r := reflect.ValueOf(v)
	if r.Kind() == reflect.Pointer {
		r = r.Elem() // fmt follows the first pointer alone
	}
	return tooDeep(r, 0)
}

func tooDeep(r reflect.Value, depth int) bool {
	if depth > maxDepth {
		return true
	}
	switch r.Kind() {
	case reflect.Interface:
		return tooDeep(r.Elem(), depth+1)
	case reflect.Slice, reflect.Array:
		if !isComposed(r.Type().Elem()) {
			return false
		}
		for i := range r.Len() {
			if tooDeep(r.Index(i), depth+1) {
				return true
			}
		}
	case reflect.Map:
		if !isComposed(r.Type().Elem()) {
			return false
		}
		for entries := r.MapRange(); entries.Next(); {
			if tooDeep(entries.Value(), depth+1) {
				return true
			}
		}
	case reflect.Struct:
		for i := range r.NumField() {
			if tooDeep(r.Field(i), depth+1) {
				return true
			}
		}
	}
	return false
}

// isComposed reports whether values of a type can hold others without a pointer that fmt does not follow.
func isComposed(t reflect.Type) bool {
	switch t.Kind() {
	case reflect.Interface, reflect.Slice, reflect.Array, reflect.Map, reflect.Struct:
		return true
	}
	return false
}
