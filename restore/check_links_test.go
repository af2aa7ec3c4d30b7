package restore_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"pritunl-backup/restore"
	"pritunl-backup/simulator"
	"pritunl-backup/snapshot"
)

// problems gives the codes of what a plan says the server would refuse.
func problems(err error) (codes []string) {
	var check *restore.CheckError
	if errors.As(err, &check) {
		for _, p := range check.Problems {
			codes = append(codes, p.Code)
		}
	}
	return codes
}

// TestServersLinkedToOneMustNotShareAHostOrRoute links two servers to a third: the server looks at the neighbours too.
func TestServersLinkedToOneMustNotShareAHostOrRoute(t *testing.T) {
	linked := func(t *testing.T, hosts ...int) *snapshot.Document {
		wanted := demo(t)
		var ids []string
		for _, h := range newTarget(t, simulator.Options{Hosts: 3}).export().Resources[snapshot.Hosts] {
			ids = append(ids, h.String("id"))
		}
		wanted.Resources[snapshot.Hosts] = newTarget(t, simulator.Options{Hosts: 3}).export().Resources[snapshot.Hosts]
		servers := map[string]string{}
		for i, name := range []string{"contractors", "datacentre-east", "datacentre-west"} {
			server := edit(t, wanted, snapshot.Servers, name, nil).String("id")
			servers[name] = server
			for _, o := range wanted.Resources[snapshot.ServerHosts] {
				if o.String("server") == server {
					o["id"] = ids[hosts[i]]
				}
			}
		}
		for _, o := range wanted.Resources[snapshot.ServerHosts] {
			if o.String("server") != servers["contractors"] && o.String("server") != servers["datacentre-east"] && o.String("server") != servers["datacentre-west"] {
				o["id"] = ids[0]
			}
		}
		wanted.Resources[snapshot.ServerLinks] = append(wanted.Resources[snapshot.ServerLinks],
			snapshot.Object{"server": servers["datacentre-east"], "id": servers["contractors"], "use_local_address": false},
			snapshot.Object{"server": servers["contractors"], "id": servers["datacentre-east"], "use_local_address": false})
		return wanted
	}
	plan := func(t *testing.T, wanted *snapshot.Document) error {
		_, err := restore.NewPlan(newTarget(t, simulator.Options{Hosts: 3, Random: 7}).export(), wanted, restore.PlanOptions{})
		return err
	}
	if err := plan(t, linked(t, 0, 1, 2)); err != nil {
		t.Fatalf("a host each: %v", err)
	}
	if err := plan(t, linked(t, 2, 1, 2)); fmt.Sprint(problems(err)) != "[server_link_common_host]" || !strings.Contains(err.Error(), "linked to datacentre-east") {
		t.Errorf("one host for both neighbours: %v", err)
	}
	wanted := linked(t, 0, 1, 2)
	west := edit(t, wanted, snapshot.Servers, "datacentre-west", nil).String("id")
	for _, o := range wanted.Resources[snapshot.ServerRoutes] {
		if o.String("server") == west && o.String("network") == "10.141.0.0/16" {
			o["network"] = "10.5.0.0/24" // a route of contractors
		}
	}
	if err := plan(t, wanted); fmt.Sprint(problems(err)) != "[server_link_common_route]" {
		t.Errorf("one route for both neighbours: %v", err)
	}
}

// TestBridgesWithNetworkLinks: a new bridge takes organizations whose users have network links, because they are
// attached last; the server refuses any later change, so that is found beforehand.
func TestBridgesWithNetworkLinks(t *testing.T) {
	wanted := demo(t)
	bridge := map[string]any{"network_mode": "bridge", "network_start": "10.30.0.100", "network_end": "10.30.0.200"}
	edit(t, wanted, snapshot.Servers, "contractors", bridge)
	s := newTarget(t, simulator.Options{Hosts: 2, Random: 7})
	s.restore(wanted, restore.PlanOptions{})
	if again, err := restore.NewPlan(s.export(), wanted, restore.PlanOptions{Mode: restore.ModeResume}); err != nil || again.Writes() != 0 {
		t.Fatalf("resumed after everything is done: %v", err)
	}
	refused := func(what string, change func(*snapshot.Document), want bool) {
		t.Helper()
		doc := s.export()
		change(doc)
		opts := update()
		opts.Prune = true
		plan, err := restore.NewPlan(s.export(), doc, opts)
		if got := fmt.Sprint(problems(err)) == "[bridged_net_links_invalid]"; got != want || !want && err != nil {
			t.Errorf("%s: got %v", what, err)
		}
		// The instance must agree with the check.
		if !want {
			if report, err := restore.Apply(t.Context(), s.client(), plan, quiet()); err != nil {
				t.Errorf("%s: %v\n%s", what, err, entries(report, restore.Failed))
			}
		}
	}
	port := func(doc *snapshot.Document) {
		edit(t, doc, snapshot.Servers, "contractors", map[string]any{"port": json.Number("444")})
	}
	comment := func(doc *snapshot.Document) {
		server := edit(t, doc, snapshot.Servers, "contractors", nil).String("id")
		for _, o := range doc.Resources[snapshot.ServerRoutes] {
			if o.String("server") == server && o.String("network") == "10.5.0.0/24" {
				o["comment"] = "changed"
			}
		}
	}
	refused("another port", port, true)
	refused("another comment", comment, true)
	refused("a user who gives the links up in the same run", func(doc *snapshot.Document) {
		port(doc)
		edit(t, doc, snapshot.Users, "field-router", map[string]any{"network_links": []any{}})
	}, false)
	refused("another port, then without links", func(doc *snapshot.Document) {
		edit(t, doc, snapshot.Servers, "contractors", map[string]any{"port": json.Number("445")})
	}, false)
	refused("a user who gets links in the same run", func(doc *snapshot.Document) {
		port(doc)
		edit(t, doc, snapshot.Users, "games", map[string]any{"network_links": []any{"10.78.0.0/24"}})
	}, true)
}
