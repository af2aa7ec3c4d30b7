package routes_test

import (
	"encoding/json"
	"errors"
	"net/http/httptest"
	"net/netip"
	"slices"
	"testing"

	"pritunl-backup/api"
	"pritunl-backup/routes"
	"pritunl-backup/simulator"
)

// pritunl is the demo instance, spoken to over the wire.
func pritunl(t *testing.T) (*simulator.Simulator, *api.Client) {
	t.Helper()
	sim, err := simulator.New(simulator.Options{Seed: "demo", Plan: "enterprise", Random: 1})
	if err != nil {
		t.Fatal(err)
	}
	s := httptest.NewServer(sim)
	t.Cleanup(s.Close)
	token, secret := sim.Credentials()
	c, err := api.New(api.Options{URL: s.URL, Token: api.Secret(token), Secret: api.Secret(secret)})
	if err != nil {
		t.Fatal(err)
	}
	return sim, c
}

type demoServer struct{ ID, Name, Status string }

func servers(t *testing.T, c *api.Client) []demoServer {
	t.Helper()
	raw, err := c.Get(t.Context(), "/server")
	if err != nil {
		t.Fatal(err)
	}
	var all []demoServer
	if err := json.Unmarshal(raw, &all); err != nil || len(all) == 0 {
		t.Fatalf("servers %v, error %v", all, err)
	}
	return all
}

// TestImportIntoEveryServer imports a list into each server of the demo instance, whatever its state and its links,
// changes and prunes it, and expects every status and every other route to be as before.
func TestImportIntoEveryServer(t *testing.T) {
	_, c := pritunl(t)
	for n, server := range servers(t, c) {
		t.Run(server.Name, func(t *testing.T) {
			// Networks of its own for each: linked servers show each other's routes.
			var list []routes.Route
			for i := range 600 {
				a := netip.AddrFrom4([4]byte{100, byte(64 + 8*n + i>>7), byte(i << 1), 0})
				list = append(list, routes.Route{Network: netip.PrefixFrom(a, 24)})
			}
			before, status := fetch(t, c, server.ID), servers(t, c)
			opts := routes.Options{Comment: "aws", NAT: true, PruneComment: "aws"}
			converge(t, c, server, list, opts, 600)
			opts.NAT = false
			converge(t, c, server, list[:2], opts, 2)
			if !slices.Equal(status, servers(t, c)) {
				t.Errorf("servers were %v, are %v", status, servers(t, c))
			}
			for _, e := range fetch(t, c, server.ID) {
				if e.Comment == "aws" {
					continue
				}
				if !slices.ContainsFunc(before, func(old routes.Existing) bool {
					return old.Network == e.Network && *old.NAT == *e.NAT && old.Comment == e.Comment && old.Metric == e.Metric
				}) {
					t.Errorf("route %s is not as it was", e.Network)
				}
			}
		})
	}
}

func fetch(t *testing.T, c *api.Client, server string) []routes.Existing {
	t.Helper()
	have, err := routes.Fetch(t.Context(), c, server)
	if err != nil {
		t.Fatal(err)
	}
	return have
}

// converge applies a list and expects nothing to be left to do, and that many routes of ours.
func converge(t *testing.T, c *api.Client, server demoServer, list []routes.Route, o routes.Options, want int) {
	t.Helper()
	p, err := routes.NewPlan(fetch(t, c, server.ID), list, o)
	if err != nil || p.Empty() {
		t.Fatalf("plan %v, error %v", lines(p), err)
	}
	if server.Status == "online" {
		if _, err := routes.Apply(t.Context(), c, server.ID, p, routes.ApplyOptions{}); !errors.Is(err, routes.ErrOnline) {
			t.Fatalf("error %v without leave to stop", err)
		}
	}
	if _, err := routes.Apply(t.Context(), c, server.ID, p, routes.ApplyOptions{Stop: true}); err != nil {
		t.Fatal(err)
	}
	ours := 0
	for _, e := range fetch(t, c, server.ID) {
		if e.Comment == "aws" && e.Derived == "" {
			ours++
		}
	}
	if ours != want {
		t.Errorf("%d routes of ours, want %d", ours, want)
	}
	again, err := routes.NewPlan(fetch(t, c, server.ID), list, o)
	if err != nil || !again.Empty() || again.Skipped > 0 {
		t.Errorf("second plan %v, error %v", lines(again), err)
	}
}
