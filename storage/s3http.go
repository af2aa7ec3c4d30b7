package storage

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"
	"time"
)

// httpClient is what the S3 client sends requests with.
type httpClient interface {
	Do(*http.Request) (*http.Response, error)
}

// stallClient gives up an attempt in which no byte moved for too long, so that it is tried again. A time limit on the
// whole attempt would punish large snapshots on slow lines.
type stallClient struct {
	next  httpClient
	limit time.Duration
}

var errStalled = errors.New("no byte moved")

// stallError is retried like any timeout.
type stallError struct{ limit time.Duration }

func (e *stallError) Error() string { return fmt.Sprintf("no byte moved for %s", e.limit) }
func (e *stallError) Timeout() bool { return true }

func (c *stallClient) Do(req *http.Request) (*http.Response, error) {
	ctx, cancel := context.WithCancelCause(req.Context())
	w := &watchdog{limit: c.limit, ctx: ctx, cancel: cancel}
	w.timer = time.AfterFunc(c.limit, func() { cancel(errStalled) })
	req = req.WithContext(ctx)
	if req.Body != nil && req.Body != http.NoBody {
		req.Body = &watchedBody{req.Body, w, false}
	}
	resp, err := c.next.Do(req)
	if err != nil {
		defer w.stop()
		return nil, w.explain(err)
	}
	w.kick()
	resp.Body = &watchedBody{resp.Body, w, true}
	return resp, nil
}

// watchdog ends an attempt unless it is kicked in time.
type watchdog struct {
	limit  time.Duration
	ctx    context.Context
	cancel context.CancelCauseFunc
	mu     sync.Mutex
	timer  *time.Timer
	done   bool
}

func (w *watchdog) kick() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.done {
		w.timer.Reset(w.limit)
	}
}

func (w *watchdog) stop() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.done = true
	w.timer.Stop()
	w.cancel(nil)
}

func (w *watchdog) explain(err error) error {
	if errors.Is(context.Cause(w.ctx), errStalled) {
		return &stallError{w.limit}
	}
	return err
}

// watchedBody kicks the watchdog with every read. The response's body ends the watch when it is closed.
type watchedBody struct {
	io.ReadCloser
	w    *watchdog
	last bool
}

func (b *watchedBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if n > 0 {
		b.w.kick()
	}
	if err != nil && !errors.Is(err, io.EOF) {
		err = b.w.explain(err)
	}
	return n, err
}

func (b *watchedBody) Close() error {
	err := b.ReadCloser.Close()
	if b.last {
		b.w.stop()
	}
	return err
}
