//go:build linux || darwin

package dataset

import "syscall"

// freeSpace returns the bytes that a user may still write where dir lies.
func freeSpace(dir string) (int64, bool) {
	var s syscall.Statfs_t
	if err := syscall.Statfs(dir, &s); err != nil {
		return 0, false
	}
	return int64(s.Bavail) * int64(s.Bsize), true
}
