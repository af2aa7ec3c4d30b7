package api_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"testing"

	"pritunl-backup/api"
	"pritunl-backup/simulator"
)

// must returns the id of an answer; done takes an answer without one.
func must(t *testing.T) (object func(json.RawMessage, error) string, done func(error)) {
	t.Helper()
	done = func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	object = func(raw json.RawMessage, err error) string {
		t.Helper()
		done(err)
		return idOf(t, raw)
	}
	return object, done
}

// Everything is created, changed and deleted once.
func TestSimulatedServers(t *testing.T) {
	_, c := simulate(t, simulator.Options{Hosts: 2})
	ctx := context.Background()
	object, done := must(t)
	org := object(c.CreateOrganization(ctx, map[string]any{"name": "staff"}))
	object(c.PutOrganization(ctx, org, map[string]any{"name": "people"}))
	object(c.Organization(ctx, org))
	users, err := c.CreateUsers(ctx, org, []json.RawMessage{json.RawMessage(`{"name":"alice"}`), json.RawMessage(`{"name":"bob"}`)})
	done(err)
	user := idOf(t, users[0])
	object(c.PutUser(ctx, org, user, map[string]any{"name": "alice2", "pin": true}))
	done(c.DeleteUser(ctx, org, idOf(t, users[1])))

	newServer := func(name string) string {
		return object(c.CreateServer(ctx, map[string]any{"name": name, "protocol": "udp", "cipher": "aes256", "hash": "sha256"}))
	}
	one, two := newServer("one"), newServer("two")
	hosts, err := c.Hosts(ctx)
	done(err)
	host, other := idOf(t, hosts[0]), idOf(t, hosts[1])
	object(c.Host(ctx, host))
	object(c.PutHost(ctx, other, map[string]any{"name": "second"}))
	object(c.AttachOrganization(ctx, one, org))
	object(c.AttachHost(ctx, two, other))
	done(c.DetachHost(ctx, two, host))
	done(c.DetachHost(ctx, one, other)) // not attached: no error
	object(c.AddServerRoute(ctx, one, map[string]any{"network": "10.1.0.0/16", "nat": true}))
	route := object(c.AddServerRoutes(ctx, one, []json.RawMessage{json.RawMessage(`{"network":"10.2.0.0/16"}`), json.RawMessage(`{"network":"10.3.0.0/16"}`)}))
	object(c.PutServerRoute(ctx, one, route, map[string]any{"network": "10.3.0.0/16", "comment": "x"}))
	done(c.DeleteServerRoute(ctx, one, route))
	done(c.DeleteServerRoute(ctx, two, fmt.Sprintf("%x", "8.8.8.8/32"))) // both have it, which keeps them from being linked
	done(c.LinkServers(ctx, one, two, false))
	done(c.UnlinkServers(ctx, one, two))
	object(c.OperateServer(ctx, one, api.Start))
	if _, err := c.PutServer(ctx, one, map[string]any{"name": "one", "protocol": "tcp", "cipher": "aes256", "hash": "sha256"}); !errors.Is(err, api.ErrConflict) {
		t.Errorf("change of a running server: %v, want ErrConflict", err)
	}
	object(c.OperateServer(ctx, one, api.Stop))
	object(c.PutServer(ctx, one, map[string]any{"name": "one", "protocol": "tcp", "cipher": "aes256", "hash": "sha256"}))
	done(c.DetachOrganization(ctx, one, org))
	if _, err := c.PutServer(ctx, one, map[string]any{"name": false}); !errors.Is(err, api.ErrMalformed) {
		t.Errorf("wrong type: %v, want ErrMalformed", err)
	}
	if _, err := c.Server(ctx, orgID); !errors.Is(err, api.ErrServer) {
		t.Errorf("unknown server: %v, want ErrServer", err)
	}

	done(c.DeleteServer(ctx, one))
	done(c.DeleteServer(ctx, two))
	done(c.DeleteOrganization(ctx, org))
	if rest, err := c.Organizations(ctx); err != nil || len(rest) != 0 {
		t.Errorf("%d organizations are left, %v", len(rest), err)
	}
}

func TestSimulatedLinks(t *testing.T) {
	_, c := simulate(t, simulator.Options{})
	ctx := context.Background()
	object, done := must(t)
	link := object(c.CreateLink(ctx, map[string]any{"name": "sites"}))
	object(c.PutLink(ctx, link, map[string]any{"name": "sites", "status": "offline"}))
	a := api.Place{Link: link, Location: object(c.CreateLocation(ctx, link, map[string]any{"name": "a"}))}
	b := api.Place{Link: link, Location: object(c.CreateLocation(ctx, link, map[string]any{"name": "b"}))}
	object(c.PutLocation(ctx, link, a.Location, map[string]any{"name": "aa"}))
	site := object(c.AddLocationRoute(ctx, a, map[string]any{"network": "10.9.0.0/24"}))
	done(c.DeleteLocationRoute(ctx, a, site))
	gateway := object(c.CreateLocationHost(ctx, a, map[string]any{"name": "gw"}))
	object(c.PutLocationHost(ctx, a, gateway, map[string]any{"name": "gw2"}))
	object(c.LocationHostURI(ctx, a, gateway))
	done(c.DeleteLocationHost(ctx, a, gateway))
	done(c.ExcludePeer(ctx, a, b.Location))
	done(c.IncludePeer(ctx, a, b.Location))
	done(c.AddTransit(ctx, a, b.Location))
	done(c.RemoveTransit(ctx, a, b.Location))
	done(c.DeleteLocation(ctx, link, b.Location))
	done(c.DeleteLink(ctx, link))
}

func TestSimulatedReadOnly(t *testing.T) {
	s, c := simulate(t, simulator.Options{})
	ctx := context.Background()
	before := s.Writes()
	guarded := newClient(t, c.Address(), func(o *api.Options) {
		token, secret := s.Credentials()
		o.Token, o.Secret, o.Wrap = api.Secret(token), api.Secret(secret), api.ReadOnlyTransport
	})
	if _, err := guarded.CreateOrganization(ctx, map[string]any{"name": "x"}); !errors.Is(err, api.ErrReadOnly) {
		t.Errorf("guarded write: %v, want ErrReadOnly", err)
	}
	if _, err := guarded.Organizations(ctx); err != nil || s.Writes() != before {
		t.Errorf("guarded read: %v, %d writes", err, s.Writes()-before)
	}
}
