package nnlib

import (
	"bytes"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"strings"
)

//go:embed models
var models embed.FS

// ErrNoModel is wrapped by the error for a name that no committed model has.
var ErrNoModel = errors.New("no committed model of this name")

// PretrainedNames lists the models that are part of this program.
func PretrainedNames() []string { return pretrainedNames(models) }

// Pretrained returns a model that is part of this program, such as "mesa_80".
// The error wraps ErrNoModel and names those there are.
func Pretrained(name string) (*Model, error) { return pretrained(models, name) }

func pretrainedNames(fsys fs.FS) (names []string) {
	files, _ := fs.Glob(fsys, "models/*.safetensors")
	for _, f := range files {
		names = append(names, strings.TrimSuffix(strings.TrimPrefix(f, "models/"), ".safetensors"))
	}
	return names
}

func pretrained(fsys fs.FS, name string) (*Model, error) {
	file, err := fs.ReadFile(fsys, "models/"+name+".safetensors")
	if err != nil {
		return nil, fmt.Errorf("nnlib: %q: %w; there are: %s", name, ErrNoModel, or(strings.Join(pretrainedNames(fsys), ", "), "none yet"))
	}
	metadata, tensors, err := readSafetensors(bytes.NewReader(file), int64(len(file)))
	if err != nil {
		return nil, fmt.Errorf("nnlib: model %s: %w", name, err)
	}
	m, err := decode(metadata, tensors)
	if err != nil {
		return nil, fmt.Errorf("nnlib: model %s: %w", name, err)
	}
	return m, nil
}
