package api_test

import (
	"context"
	"testing"

	"pritunl-backup/simulator"
)

// Faults on the way: what may be repeated is, and a write is never done twice.
func TestSimulatedFaults(t *testing.T) {
	ctx := context.Background()
	for name, tc := range map[string]struct {
		fault        simulator.Fault
		read, create string // kinds of the errors
		made         int    // organizations afterwards
	}{
		"502":       {simulator.Fault{Kind: simulator.FaultStatus, Status: 502}, "", "server unavailable", 0},
		"429":       {simulator.Fault{Kind: simulator.FaultStatus, Status: 429, RetryAfter: "1"}, "", "", 1},
		"500":       {simulator.Fault{Kind: simulator.FaultStatus, Status: 500}, "server", "server", 0},
		"cut":       {simulator.Fault{Kind: simulator.FaultCut}, "", "connection", 0},
		"lost":      {simulator.Fault{Kind: simulator.FaultLost}, "", "connection", 1},
		"truncated": {simulator.Fault{Kind: simulator.FaultTruncate, Keep: 1}, "", "truncated", 1},
	} {
		t.Run(name, func(t *testing.T) {
			s, c := simulate(t, simulator.Options{})
			set := func() {
				t.Helper()
				if err := s.Fault(tc.fault); err != nil {
					t.Fatal(err)
				}
			}
			set()
			if _, err := c.Organizations(ctx); kindsOf(err) != tc.read {
				t.Errorf("read: %v (%s), want %q", err, kindsOf(err), tc.read)
			}
			set()
			if _, err := c.CreateOrganization(ctx, map[string]any{"name": "staff"}); kindsOf(err) != tc.create {
				t.Errorf("create: %v (%s), want %q", err, kindsOf(err), tc.create)
			}
			s.ClearFaults()
			if made, err := c.Organizations(ctx); err != nil || len(made) != tc.made {
				t.Errorf("%d organizations, %v; want %d", len(made), err, tc.made)
			}
		})
	}
}

// A listing of users that is cut: before the first it is read again, after it
// what was given stays given once.
func TestSimulatedListingIsCut(t *testing.T) {
	ctx := context.Background()
	for name, tc := range map[string]struct {
		keep, least int
		kinds       string
	}{
		"before the first": {10, 25, ""},
		"after the first":  {4000, 1, "truncated"},
	} {
		s, c := simulate(t, simulator.Options{Seed: "users=25,orgs=1"})
		organizations, err := c.Organizations(ctx)
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Fault(simulator.Fault{Kind: simulator.FaultTruncate, Path: "/user/*", Keep: tc.keep}); err != nil {
			t.Fatal(err)
		}
		seen := map[string]bool{}
		for user, e := range c.Users(ctx, idOf(t, organizations[0])) {
			if e != nil {
				err = e
				continue
			}
			if id := idOf(t, user); seen[id] {
				t.Errorf("%s: %s was given twice", name, id)
			} else {
				seen[id] = true
			}
		}
		if kindsOf(err) != tc.kinds || len(seen) < tc.least || tc.kinds != "" && len(seen) >= 25 {
			t.Errorf("%s: %d users, %v (%s)", name, len(seen), err, kindsOf(err))
		}
	}
}
