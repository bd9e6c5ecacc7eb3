package nnlib

import (
	"os"
	"strconv"
	"strings"
)

// availableMemory returns the bytes that this process may still take, 0 if that
// is not known: what the system has free, or what a container leaves. Cached
// files count as free.
func availableMemory() int64 {
	have := valueOf("/proc/meminfo", "MemAvailable:") << 10
	const group = "/sys/fs/cgroup/"
	if limit := valueOf(group+"memory.max", ""); limit > 0 { // without one it says "max"
		used := valueOf(group+"memory.current", "") - valueOf(group+"memory.stat", "file")
		have = min(have, max(limit-used, 1))
	}
	return have
}

// valueOf returns the number behind a name in a file of names and numbers, or the
// number that a file consists of; 0 if there is none.
func valueOf(path, name string) int64 {
	text, _ := os.ReadFile(path)
	for line := range strings.Lines(string(text)) {
		f := strings.Fields(line)
		if name == "" {
			f = append([]string{""}, f...)
		}
		if len(f) > 1 && f[0] == name {
			v, _ := strconv.ParseInt(f[1], 10, 64)
			return v
		}
	}
	return 0
}
