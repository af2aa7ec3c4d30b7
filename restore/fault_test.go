package restore_test

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"testing"

	"pritunl-backup/restore"
	"pritunl-backup/simulator"
)

// flaky does to requests what networks and front ends do.
type flaky struct {
	next   http.RoundTripper
	random *rand.Rand
	often  float64 // share of requests that something happens to
}

func (f *flaky) RoundTrip(r *http.Request) (*http.Response, error) {
	if f.random.Float64() >= f.often {
		return f.next.RoundTrip(r)
	}
	switch f.random.IntN(5) {
	case 0: // reset before anything was done
		return nil, errDead
	case 1: // the front end has no back end
		return &http.Response{StatusCode: http.StatusBadGateway, Body: http.NoBody, Header: http.Header{}, Request: r}, nil
	case 2: // done, and the answer lost
		if _, err := f.next.RoundTrip(r); err != nil {
			return nil, err
		}
		return nil, errDead
	case 3: // done, and the front end gave up waiting
		if _, err := f.next.RoundTrip(r); err != nil {
			return nil, err
		}
		return &http.Response{StatusCode: http.StatusBadGateway, Body: http.NoBody, Header: http.Header{}, Request: r}, nil
	}
	response, err := f.next.RoundTrip(r) // done, and the answer cut short
	if err != nil {
		return nil, err
	}
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return nil, err
	}
	response.Body = io.NopCloser(io.MultiReader(bytes.NewReader(body[:len(body)/2]), broken{}))
	return response, nil
}

type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

func TestFaultsMakeNothingTwice(t *testing.T) {
	wanted := newTarget(t, simulator.Options{Seed: "demo"}).export()
	whole := newTarget(t, simulator.Options{Hosts: 2, Random: 7})
	whole.restore(wanted, restore.PlanOptions{Start: true})
	want := whole.sim.State()
	for seed := range uint64(25) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			s := newTarget(t, simulator.Options{Hosts: 2, Random: 7})
			f := &flaky{random: rand.New(rand.NewPCG(seed, 1)), often: 0.25}
			client := s.clientOver(func(rt http.RoundTripper) http.RoundTripper { f.next = rt; return f })
			mode := restore.ModeFresh
			for round := 1; ; round++ {
				plan := s.plan(wanted, restore.PlanOptions{Mode: mode, Start: true})
				_, err := restore.Apply(t.Context(), client, plan, quiet())
				if err == nil {
					break
				}
				if round == 10 {
					t.Fatalf("round %d: %v", round, err)
				}
				mode = restore.ModeResume
			}
			assertSame(t, wanted, s.export(), "users.pin", "settings.server_cert")
			got := s.sim.State()
			got.Requests, got.Writes, want.Requests, want.Writes = 0, 0, 0, 0
			if fmt.Sprint(got) != fmt.Sprint(want) {
				t.Errorf("got %+v, want %+v", got, want)
			}
			assertEmpty(t, s.plan(wanted, restore.PlanOptions{Mode: restore.ModeResume, Start: true}))
		})
	}
}
