package api_test

import (
	"context"
	"fmt"
	"io"
	"runtime"
	"strings"
	"testing"

	"pritunl-backup/api"
)

// crowd is a listing of n users of about 1.5 kB that is made while it is read.
func crowd(n int) io.Reader {
	r, w := io.Pipe()
	go func() {
		padding := strings.Repeat("x", 1400)
		for i := range n {
			separator := ","
			if i == 0 {
				separator = "["
			}
			if _, err := fmt.Fprintf(w, `%s{"id":"%024x","name":"user-%d","email":"%s"}`, separator, i, i, padding); err != nil {
				return
			}
		}
		_, err := io.WriteString(w, "]")
		_ = w.CloseWithError(err)
	}()
	return r
}

func TestMemoryDoesNotGrowWithUsers(t *testing.T) {
	const n = 20000 // 30 MB
	c := newClient(t, "http://localhost", func(o *api.Options) {
		o.Transport = canned(200, "application/json", func() io.Reader { return crowd(n) })
	})
	heap := func() int64 {
		runtime.GC()
		var stats runtime.MemStats
		runtime.ReadMemStats(&stats)
		return int64(stats.HeapAlloc)
	}
	var early, late int64
	count := 0
	for _, err := range c.Users(context.Background(), orgID) {
		if err != nil {
			t.Fatal(err)
		}
		switch count++; count {
		case 100:
			early = heap()
		case n:
			late = heap()
		}
	}
	if count != n || late-early > 1<<20 {
		t.Errorf("%d users, heap grew from %d to %d bytes; want %d users and less than 1 MiB more", count, early, late, n)
	}
}

func BenchmarkUsers(b *testing.B) {
	const n = 1000
	c := newClient(b, "http://localhost", func(o *api.Options) {
		o.Transport = canned(200, "application/json", func() io.Reader { return crowd(n) })
	})
	b.ReportAllocs()
	b.SetBytes(n * 1480)
	for b.Loop() {
		for _, err := range c.Users(context.Background(), orgID) {
			if err != nil {
				b.Fatal(err)
			}
		}
	}
}
