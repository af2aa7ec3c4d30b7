package export_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"pritunl-backup/api"
	"pritunl-backup/export"
	"pritunl-backup/simulator"
)

// interrupter answers in memory, and interrupts when a request is answered.
type interrupter struct {
	next   http.Handler
	cancel context.CancelFunc
	at     int64 // which request; none when 0
	seen   atomic.Int64
}

func (i *interrupter) RoundTrip(r *http.Request) (*http.Response, error) {
	answer, in := httptest.NewRecorder(), r.Clone(context.WithoutCancel(r.Context()))
	if in.Body == nil {
		in.Body = http.NoBody
	}
	in.RequestURI = r.URL.RequestURI()
	i.next.ServeHTTP(answer, in)
	if i.seen.Add(1) == i.at {
		i.cancel()
	}
	return answer.Result(), nil
}

// TestAnInterruptedExportEnds interrupts at every request, also where organizations wait for their turn to be read.
// When all goroutines wait for each other, the bubble that they run in ends the test.
func TestAnInterruptedExportEnds(t *testing.T) {
	sim, err := simulator.New(simulator.Options{Seed: "users=4,orgs=1,servers=1"})
	if err != nil {
		t.Fatal(err)
	}
	token, secret := sim.Credentials()
	run := func(at int64) (requests int64, err error) {
		ctx, cancel := context.WithCancel(context.Background())
		defer cancel()
		wire := &interrupter{next: sim, cancel: cancel, at: at}
		client, err := api.New(api.Options{URL: "https://vpn.example.com", Token: api.Secret(token), Secret: api.Secret(secret), Transport: wire})
		if err != nil {
			return 0, err
		}
		_, err = export.FromAPI(ctx, client, func() (io.Writer, error) { return io.Discard, nil }, export.Options{Header: header()})
		return wire.seen.Load(), err
	}
	all, err := run(0)
	if err != nil {
		t.Fatal(err)
	}
	for at := range all {
		for range 20 { // what is chosen among several that are ready differs
			synctest.Test(t, func(t *testing.T) {
				if _, err := run(at + 1); err != nil && !errors.Is(err, context.Canceled) {
					t.Errorf("request %d: %v", at+1, err)
				}
			})
		}
	}
}
