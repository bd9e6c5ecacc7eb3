package cell

import (
	"fmt"
	"go/types"
	"strings"
)

// typeText writes a type as the output must write it, importing what it names. It reports false for a type that cannot
// be written here: one with a lower-case name of another package, or declared inside a function.
func (a *analysis) typeText(t types.Type) (string, bool) {
	w := typeWriter{analysis: a, ok: true}
	w.write(t)
	return w.String(), w.ok
}

type typeWriter struct {
	*analysis
	strings.Builder
	ok bool
}

func (w *typeWriter) write(t types.Type) {
	switch t := t.(type) {
	case *types.Basic:
		switch {
		case t.Kind() == types.UnsafePointer:
			w.WriteString(w.importAlias("unsafe") + ".Pointer")
		case t.Kind() == types.Invalid || t.Kind() == types.UntypedNil:
			w.ok = false
		default:
			w.WriteString(types.Default(t).String())
		}
	case *types.Alias:
		w.write(types.Unalias(t))
	case *types.Named:
		w.name(t.Obj())
		if args := t.TypeArgs(); args.Len() > 0 {
			w.WriteByte('[')
			for i := range args.Len() {
				if i > 0 {
					w.WriteString(", ")
				}
				w.write(args.At(i))
			}
			w.WriteByte(']')
		}
	case *types.Pointer:
		w.WriteByte('*')
		w.write(t.Elem())
	case *types.Slice:
		w.WriteString("[]")
		w.write(t.Elem())
	case *types.Array:
		fmt.Fprintf(w, "[%d]", t.Len())
		w.write(t.Elem())
	case *types.Map:
		w.WriteString("map[")
		w.write(t.Key())
		w.WriteByte(']')
		w.write(t.Elem())
	case *types.Chan:
		w.WriteString(map[types.ChanDir]string{types.SendRecv: "chan (", types.SendOnly: "chan<- (", types.RecvOnly: "<-chan ("}[t.Dir()])
		w.write(t.Elem())
		w.WriteByte(')')
	case *types.Signature:
		w.WriteString("func")
		w.signature(t)
	case *types.Struct:
		w.structType(t)
	case *types.Interface:
		w.interfaceType(t)
	case *types.Union:
		for i := range t.Len() {
			if i > 0 {
				w.WriteString(" | ")
			}
			if t.Term(i).Tilde() {
				w.WriteByte('~')
			}
			w.write(t.Term(i).Type())
		}
	default:
		w.ok = false
	}
}

func (w *typeWriter) name(obj *types.TypeName) {
	switch {
	case obj.Pkg() == nil:
		w.WriteString(obj.Name())
	case obj.Pkg().Path() == packagePath:
		name := w.objectName(obj)
		if name == "" {
			w.ok = false
		}
		w.WriteString(name)
	case obj.Exported() && obj.Parent() == obj.Pkg().Scope():
		w.WriteString(w.importAlias(obj.Pkg().Path()) + "." + obj.Name())
	default:
		w.ok = false
	}
}

func (w *typeWriter) signature(s *types.Signature) {
	w.tuple(s.Params(), s.Variadic())
	if s.Results().Len() > 0 {
		w.WriteByte(' ')
		w.tuple(s.Results(), false)
	}
}

func (w *typeWriter) tuple(t *types.Tuple, variadic bool) {
	w.WriteByte('(')
	for i := range t.Len() {
		if i > 0 {
			w.WriteString(", ")
		}
		if s, ok := t.At(i).Type().(*types.Slice); ok && variadic && i == t.Len()-1 {
			w.WriteString("...")
			w.write(s.Elem())
		} else {
			w.write(t.At(i).Type())
		}
	}
	w.WriteByte(')')
}

func (w *typeWriter) structType(s *types.Struct) {
	w.WriteString("struct{")
	for i := range s.NumFields() {
		if i > 0 {
			w.WriteString("; ")
		}
		f := s.Field(i)
		if f.Pkg() != nil && f.Pkg().Path() != packagePath && !f.Exported() {
			w.ok = false
		}
		tag := s.Tag(i)
		if f.Embedded() {
			w.embedded(f.Type())
		} else {
			w.WriteString(memberName(f) + " ")
			w.write(f.Type())
			if memberName(f) != f.Name() {
				tag = hiddenTag(tag)
			}
		}
		if tag != "" {
			fmt.Fprintf(w, " %q", tag)
		}
	}
	w.WriteByte('}')
}

// embedded writes the type of an embedded field so that the field is named as it was: by an alias, if that is its type.
func (w *typeWriter) embedded(t types.Type) {
	if p, ok := t.(*types.Pointer); ok {
		w.WriteByte('*')
		t = p.Elem()
	}
	switch t := t.(type) {
	case *types.Basic:
		w.WriteString(w.analysis.alias(t.Name()))
	case interface{ Obj() *types.TypeName }:
		if obj := t.Obj(); obj.Pkg() == nil {
			w.WriteString(w.analysis.alias(obj.Name()))
		} else if a, ok := t.(*types.Alias); ok && a.TypeArgs().Len() == 0 {
			w.name(obj)
		} else {
			w.write(t.(types.Type))
		}
	default:
		w.write(t)
	}
}

func (w *typeWriter) interfaceType(t *types.Interface) {
	if t.NumExplicitMethods() == 0 && t.NumEmbeddeds() == 0 {
		w.WriteString("interface{}")
		return
	}
	w.WriteString("interface{")
	for i := range t.NumExplicitMethods() {
		m := t.ExplicitMethod(i)
		if m.Pkg() != nil && m.Pkg().Path() != packagePath && !m.Exported() {
			w.ok = false
		}
		w.WriteString(memberName(m))
		w.signature(m.Signature())
		w.WriteString("; ")
	}
	for i := range t.NumEmbeddeds() {
		w.write(t.EmbeddedType(i))
		w.WriteString("; ")
	}
	w.WriteByte('}')
}
