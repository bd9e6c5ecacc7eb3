//go:build !linux

package dataset

import "time"

var begun = time.Now()

// threadTime stands for the processor time of the calling thread, which this system does not tell: the time passed.
func threadTime() time.Duration { return time.Since(begun) }
