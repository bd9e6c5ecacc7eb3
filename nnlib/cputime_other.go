//go:build !unix

package nnlib

import "time"

var begun = time.Now()

// cpuTime stands in for the processor time of this process where the system is not asked for it: its age, in s.
func cpuTime() float64 { return time.Since(begun).Seconds() }
