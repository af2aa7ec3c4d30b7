package simulator

import (
	"context"
	"sync"
	"time"
)

// Clock tells the time of an instance and waits for it to pass.
type Clock interface {
	Now() time.Time
	// WaitUntil returns when the clock shows t, or with the error of ctx when
	// that ends first.
	WaitUntil(ctx context.Context, t time.Time) error
}

// realClock is the time of the machine.
type realClock struct{}

func (realClock) Now() time.Time { return time.Now() }

func (realClock) WaitUntil(ctx context.Context, t time.Time) error {
	timer := time.NewTimer(time.Until(t))
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// TurnedClock is a Clock for tests: it stands still until somebody turns it, and
// whoever waits turns it. Clients in the same test are given Now and Sleep, so
// that their waiting makes the time of the server pass. It is safe for
// concurrent use.
type TurnedClock struct {
	mu  sync.Mutex
	now time.Time
}

// NewClock makes a clock that shows start.
func NewClock(start time.Time) *TurnedClock { return &TurnedClock{now: start} }

// Now is the time the clock shows.
func (c *TurnedClock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// Advance turns the clock forward.
func (c *TurnedClock) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(max(0, d))
}

// Sleep turns the clock forward instead of waiting, unless ctx has ended.
func (c *TurnedClock) Sleep(ctx context.Context, d time.Duration) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	c.Advance(d)
	return nil
}

// WaitUntil turns the clock to t, unless it shows a later time or ctx has ended.
func (c *TurnedClock) WaitUntil(ctx context.Context, t time.Time) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if t.After(c.now) {
		c.now = t
	}
	return nil
}
