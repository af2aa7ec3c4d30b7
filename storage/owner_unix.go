//go:build unix

package storage

import (
	"errors"
	"io/fs"
	"os"
	"syscall"
)

func ownedByUs(info fs.FileInfo) bool {
	st, ok := info.Sys().(*syscall.Stat_t)
	return ok && int(st.Uid) == os.Geteuid()
}

// lockDir keeps other processes and goroutines out of compare-and-replace in dir until the returned function runs. The
// kernel drops the lock when the process dies, so nothing is left behind.
func lockDir(dir string) (unlock func(), err error) {
	d, err := os.Open(dir)
	if err != nil {
		return nil, err
	}
	for {
		err = syscall.Flock(int(d.Fd()), syscall.LOCK_EX)
		if !errors.Is(err, syscall.EINTR) {
			break
		}
	}
	// A file system without locks leaves a window between compare and replace; better than refusing to work there.
	return func() { d.Close() }, nil
}
