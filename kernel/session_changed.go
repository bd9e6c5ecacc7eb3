package kernel

import "fmt"

// tellChanges warns of packages that cells use and that have changed on disk. A process can hold one compilation of a package
// only, so that the new one must wait.
func (s *Session) tellChanges(run *running) {
	for _, path := range s.watch.Changed(s.module) {
		run.call.emit(func(k Sink) {
			k.Stream("stderr", fmt.Sprintf("Package %s has changed on disk; this kernel goes on with what it loaded. "+
				"To use the new one, restart the kernel (%%restart): variables are lost then.\n", path))
		})
	}
}
