package storagetest

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"pritunl-backup/storage"
)

func lockOne(t *testing.T, s storage.Store) {
	start := time.Date(2026, 11, 22, 2, 15, 0, 0, time.UTC)
	clock := func(d time.Duration) func() time.Time { return func() time.Time { return start.Add(d) } }
	lease, err := storage.Lock(t.Context(), s, "nightly.lock", storage.LockOptions{Holder: "vpn-1", TTL: time.Hour, Now: clock(0)})
	if err != nil {
		t.Fatal(err)
	}
	_, err = storage.Lock(t.Context(), s, "nightly.lock", storage.LockOptions{Holder: "vpn-2", TTL: time.Hour, Now: clock(time.Minute)})
	var held *storage.LockedError
	if !errors.As(err, &held) || !errors.Is(err, storage.ErrLocked) || held.Holder != "vpn-1" || !held.Until.Equal(start.Add(time.Hour)) {
		t.Fatalf("second got %v", err)
	}
	if err := lease.Release(t.Context()); err != nil {
		t.Fatal(err)
	}
	second, err := storage.Lock(t.Context(), s, "nightly.lock", storage.LockOptions{Holder: "vpn-2", TTL: time.Hour, Now: clock(2 * time.Minute)})
	if err != nil {
		t.Fatal(err)
	}
	// vpn-2 dies; after its hour somebody takes over, and a late release by vpn-2 must not free the new lease
	third, err := storage.Lock(t.Context(), s, "nightly.lock", storage.LockOptions{Holder: "vpn-3", TTL: time.Hour, Now: clock(2 * time.Hour)})
	if err != nil {
		t.Fatal(err)
	}
	if err := second.Release(t.Context()); !errors.Is(err, storage.ErrChanged) {
		t.Errorf("late release: %v", err)
	}
	if _, err := storage.Lock(t.Context(), s, "nightly.lock", storage.LockOptions{Holder: "vpn-4", TTL: time.Hour, Now: clock(2 * time.Hour)}); !errors.Is(err, storage.ErrLocked) {
		t.Errorf("taken while held: %v", err)
	}
	if err := third.Renew(t.Context()); err != nil {
		t.Errorf("renew: %v", err)
	}
	if err := third.Release(t.Context()); err != nil {
		t.Errorf("release after renewal: %v", err)
	}
	if got := listed(t, s); len(got) > 0 {
		t.Errorf("left behind: %q", got)
	}
}

// lockMany lets several nodes race for a fresh and for a stale lock.
func lockMany(t *testing.T, s storage.Store) {
	start := time.Date(2026, 11, 22, 2, 15, 0, 0, time.UTC)
	for round := range 3 {
		now := start.Add(time.Duration(round) * 2 * time.Hour)
		race(t, 6, storage.ErrLocked, func(i int) error {
			_, err := storage.Lock(context.WithoutCancel(t.Context()), s, "nightly.lock", storage.LockOptions{
				Holder: fmt.Sprintf("vpn-%d", i), TTL: time.Hour, Now: func() time.Time { return now },
			})
			return err
		})
	}
}
