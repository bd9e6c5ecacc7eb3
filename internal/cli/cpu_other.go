//go:build !unix

package cli

import "time"

var start = time.Now()

// cpuTime stands in for the processor time of this process where the system is not asked for it: its age.
func cpuTime() time.Duration { return time.Since(start) }
