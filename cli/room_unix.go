//go:build linux || darwin || freebsd

package cli

import (
	"math"
	"syscall"
)

// freeBytes is how much an ordinary user may still write below dir.
func freeBytes(dir string) (int64, bool) {
	var stat syscall.Statfs_t
	if err := syscall.Statfs(dir, &stat); err != nil || stat.Bsize <= 0 {
		return 0, false
	}
	blocks, size := uint64(stat.Bavail), uint64(stat.Bsize) //nolint:unconvert // the types differ between systems
	if blocks > math.MaxInt64/size {
		return math.MaxInt64, true
	}
	return int64(blocks * size), true
}
