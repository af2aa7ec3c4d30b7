package api_test

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"pritunl-backup/api"
)

const (
	a24    = "5f000000000000000000000a"
	b24    = "5f000000000000000000000b"
	c24    = "5f000000000000000000000c"
	host32 = "0123456789abcdef0123456789abcdef"
)

// endpoint is one method of the client: what it sends for good ids, and that it
// sends nothing for bad ones. Every id of a call comes from the ids given.
type endpoint struct {
	method, path string
	call         func(ctx context.Context, c *api.Client, ids [3]string) error
	body         string
}

func drop[T any](_ T, err error) error { return err }

var body = json.RawMessage(`{"name":"x"}`)

func endpoints() []endpoint {
	type ctx = context.Context
	type ids = [3]string
	at := func(i ids) api.Place { return api.Place{Link: i[0], Location: i[1]} }
	return []endpoint{
		{"GET", "/status", func(x ctx, c *api.Client, _ ids) error { return drop(c.Status(x)) }, ""},
		{"GET", "/state", func(x ctx, c *api.Client, _ ids) error { return drop(c.State(x)) }, ""},
		{"GET", "/settings", func(x ctx, c *api.Client, _ ids) error { return drop(c.Settings(x)) }, ""},
		{"PUT", "/settings", func(x ctx, c *api.Client, _ ids) error { return drop(c.PutSettings(x, body)) }, string(body)},
		{"GET", "/subscription", func(x ctx, c *api.Client, _ ids) error { return drop(c.Subscription(x)) }, ""},
		{"POST", "/subscription", func(x ctx, c *api.Client, _ ids) error { return drop(c.SetLicence(x, "FAKE")) }, `{"license":"FAKE"}`},
		{"DELETE", "/subscription", func(x ctx, c *api.Client, _ ids) error { return c.DeleteSubscription(x) }, ""},
		{"GET", "/admin/A", func(x ctx, c *api.Client, i ids) error { return drop(c.Administrator(x, i[0])) }, ""},
		{"POST", "/admin", func(x ctx, c *api.Client, _ ids) error { return drop(c.CreateAdministrator(x, body)) }, string(body)},
		{"PUT", "/admin/A", func(x ctx, c *api.Client, i ids) error { return drop(c.PutAdministrator(x, i[0], body)) }, string(body)},
		{"DELETE", "/admin/A", func(x ctx, c *api.Client, i ids) error { return c.DeleteAdministrator(x, i[0]) }, ""},
		{"GET", "/organization/A", func(x ctx, c *api.Client, i ids) error { return drop(c.Organization(x, i[0])) }, ""},
		{"POST", "/organization", func(x ctx, c *api.Client, _ ids) error { return drop(c.CreateOrganization(x, body)) }, string(body)},
		{"PUT", "/organization/A", func(x ctx, c *api.Client, i ids) error { return drop(c.PutOrganization(x, i[0], body)) }, string(body)},
		{"DELETE", "/organization/A", func(x ctx, c *api.Client, i ids) error { return c.DeleteOrganization(x, i[0]) }, ""},
		{"GET", "/user/A/B", func(x ctx, c *api.Client, i ids) error { return drop(c.User(x, i[0], i[1])) }, ""},
		{"PUT", "/user/A/B", func(x ctx, c *api.Client, i ids) error { return drop(c.PutUser(x, i[0], i[1], body)) }, string(body)},
		{"DELETE", "/user/A/B", func(x ctx, c *api.Client, i ids) error { return c.DeleteUser(x, i[0], i[1]) }, ""},
		{"GET", "/host/A", func(x ctx, c *api.Client, i ids) error { return drop(c.Host(x, i[0])) }, ""},
		{"PUT", "/host/A", func(x ctx, c *api.Client, i ids) error { return drop(c.PutHost(x, i[0], body)) }, string(body)},
		{"DELETE", "/host/A", func(x ctx, c *api.Client, i ids) error { return c.DeleteHost(x, i[0]) }, ""},
		{"GET", "/server/A", func(x ctx, c *api.Client, i ids) error { return drop(c.Server(x, i[0])) }, ""},
		{"POST", "/server", func(x ctx, c *api.Client, _ ids) error { return drop(c.CreateServer(x, body)) }, string(body)},
		{"PUT", "/server/A", func(x ctx, c *api.Client, i ids) error { return drop(c.PutServer(x, i[0], body)) }, string(body)},
		{"DELETE", "/server/A", func(x ctx, c *api.Client, i ids) error { return c.DeleteServer(x, i[0]) }, ""},
		{"PUT", "/server/A/operation/start", func(x ctx, c *api.Client, i ids) error { return drop(c.OperateServer(x, i[0], api.Start)) }, ""},
		{"PUT", "/server/A/operation/restart", func(x ctx, c *api.Client, i ids) error { return drop(c.OperateServer(x, i[0], api.Restart)) }, ""},
		{"PUT", "/server/A/organization/B", func(x ctx, c *api.Client, i ids) error { return drop(c.AttachOrganization(x, i[0], i[1])) }, ""},
		{"DELETE", "/server/A/organization/B", func(x ctx, c *api.Client, i ids) error { return c.DetachOrganization(x, i[0], i[1]) }, ""},
		{"POST", "/server/A/route", func(x ctx, c *api.Client, i ids) error { return drop(c.AddServerRoute(x, i[0], body)) }, string(body)},
		{"POST", "/server/A/routes", func(x ctx, c *api.Client, i ids) error {
			return drop(c.AddServerRoutes(x, i[0], []json.RawMessage{body}))
		}, "[" + string(body) + "]"},
		{"PUT", "/server/A/route/31302f38", func(x ctx, c *api.Client, i ids) error { return drop(c.PutServerRoute(x, i[0], "31302f38", body)) }, string(body)},
		{"DELETE", "/server/A/route/7669727475616c", func(x ctx, c *api.Client, i ids) error { return c.DeleteServerRoute(x, i[0], api.VirtualRoute) }, ""},
		{"PUT", "/server/A/host/B", func(x ctx, c *api.Client, i ids) error { return drop(c.AttachHost(x, i[0], i[1])) }, ""},
		{"DELETE", "/server/A/host/B", func(x ctx, c *api.Client, i ids) error { return c.DetachHost(x, i[0], i[1]) }, ""},
		{"PUT", "/server/A/link/B", func(x ctx, c *api.Client, i ids) error { return c.LinkServers(x, i[0], i[1], true) }, `{"use_local_address":true}`},
		{"DELETE", "/server/A/link/B", func(x ctx, c *api.Client, i ids) error { return c.UnlinkServers(x, i[0], i[1]) }, ""},
		{"POST", "/link", func(x ctx, c *api.Client, _ ids) error { return drop(c.CreateLink(x, body)) }, string(body)},
		{"PUT", "/link/A", func(x ctx, c *api.Client, i ids) error { return drop(c.PutLink(x, i[0], body)) }, string(body)},
		{"DELETE", "/link/A", func(x ctx, c *api.Client, i ids) error { return c.DeleteLink(x, i[0]) }, ""},
		{"POST", "/link/A/location", func(x ctx, c *api.Client, i ids) error { return drop(c.CreateLocation(x, i[0], body)) }, string(body)},
		{"PUT", "/link/A/location/B", func(x ctx, c *api.Client, i ids) error { return drop(c.PutLocation(x, i[0], i[1], body)) }, string(body)},
		{"DELETE", "/link/A/location/B", func(x ctx, c *api.Client, i ids) error { return c.DeleteLocation(x, i[0], i[1]) }, ""},
		{"POST", "/link/A/location/B/route", func(x ctx, c *api.Client, i ids) error { return drop(c.AddLocationRoute(x, at(i), body)) }, string(body)},
		{"DELETE", "/link/A/location/B/route/C", func(x ctx, c *api.Client, i ids) error { return c.DeleteLocationRoute(x, at(i), i[2]) }, ""},
		{"POST", "/link/A/location/B/host", func(x ctx, c *api.Client, i ids) error { return drop(c.CreateLocationHost(x, at(i), body)) }, string(body)},
		{"PUT", "/link/A/location/B/host/C", func(x ctx, c *api.Client, i ids) error { return drop(c.PutLocationHost(x, at(i), i[2], body)) }, string(body)},
		{"DELETE", "/link/A/location/B/host/C", func(x ctx, c *api.Client, i ids) error { return c.DeleteLocationHost(x, at(i), i[2]) }, ""},
		{"GET", "/link/A/location/B/host/C/uri", func(x ctx, c *api.Client, i ids) error { return drop(c.LocationHostURI(x, at(i), i[2])) }, ""},
		{"POST", "/link/A/location/B/peer", func(x ctx, c *api.Client, i ids) error { return c.IncludePeer(x, at(i), i[2]) }, `{"peer_id":"` + c24 + `"}`},
		{"DELETE", "/link/A/location/B/peer/C", func(x ctx, c *api.Client, i ids) error { return c.ExcludePeer(x, at(i), i[2]) }, ""},
		{"POST", "/link/A/location/B/transit", func(x ctx, c *api.Client, i ids) error { return c.AddTransit(x, at(i), i[2]) }, `{"transit_id":"` + c24 + `"}`},
		{"DELETE", "/link/A/location/B/transit/C", func(x ctx, c *api.Client, i ids) error { return c.RemoveTransit(x, at(i), i[2]) }, ""},
	}
}

func TestEndpoints(t *testing.T) {
	for _, e := range endpoints() {
		t.Run(e.method+" "+e.path, func(t *testing.T) {
			var rec recorder
			c := newClient(t, serve(t, rec.wrap(answerJSON(200, `{"id":"`+a24+`","server_version":"1.34"}`))))
			if err := e.call(context.Background(), c, [3]string{a24, b24, c24}); err != nil {
				t.Fatal(err)
			}
			want := strings.NewReplacer("/A", "/"+a24, "/B", "/"+b24, "/C", "/"+c24).Replace(e.path)
			got := rec.all()[0]
			if got.method != e.method || got.path != want || got.body != e.body {
				t.Errorf("sent %s %s %s, want %s %s %s", got.method, got.path, got.body, e.method, want, e.body)
			}
			for i, letter := range []string{"/A", "/B", "/C"} {
				if !strings.Contains(e.path, letter) && !strings.Contains(e.body, []string{a24, b24, c24}[i]) {
					continue
				}
				for _, bad := range []string{"", "../admin", "5f00000000000000000000zz", "elevenchars", "a/b", "5f000000000000000000000a/", host32 + "0", "ä"} {
					ids := [3]string{a24, b24, c24}
					ids[i] = bad
					if err := e.call(context.Background(), c, ids); !errors.Is(err, api.ErrConfig) {
						t.Errorf("id %q: error = %v, want ErrConfig", bad, err)
					}
				}
			}
			if len(rec.all()) != 1 {
				t.Errorf("%d requests, want 1: nothing is sent for bad ids", len(rec.all()))
			}
		})
	}
}

// Every list refuses what is no list, and every object what is none.
func TestAnswersOfTheWrongShape(t *testing.T) {
	type lister = func(context.Context, *api.Client) error
	lists := map[string]lister{
		"administrators": func(x context.Context, c *api.Client) error { return drop(c.Administrators(x)) },
		"organizations":  func(x context.Context, c *api.Client) error { return drop(c.Organizations(x)) },
		"hosts":          func(x context.Context, c *api.Client) error { return drop(c.Hosts(x)) },
		"servers":        func(x context.Context, c *api.Client) error { return drop(c.Servers(x)) },
		"links":          func(x context.Context, c *api.Client) error { return drop(c.Links(x)) },
		"locations":      func(x context.Context, c *api.Client) error { return drop(c.Locations(x, a24)) },
		"routes":         func(x context.Context, c *api.Client) error { return drop(c.ServerRoutes(x, a24)) },
		"server orgs":    func(x context.Context, c *api.Client) error { return drop(c.ServerOrganizations(x, a24)) },
		"server hosts":   func(x context.Context, c *api.Client) error { return drop(c.ServerHosts(x, a24)) },
		"server links":   func(x context.Context, c *api.Client) error { return drop(c.ServerLinks(x, a24)) },
		"devices":        func(x context.Context, c *api.Client) error { return drop(c.UnregisteredDevices(x)) },
		"status":         func(x context.Context, c *api.Client) error { return drop(c.Status(x)) },
		"new server":     func(x context.Context, c *api.Client) error { return drop(c.CreateServer(x, body)) },
	}
	for name, list := range lists {
		for _, answer := range []string{`null`, `"x"`, `1`, `[1]`, `{"links":1}`, `{"links":[null]}`, `{"id":5}`, `{"id":"has/slash"}`, `[[]]`} {
			if name == "status" && strings.HasPrefix(answer, "{") {
				continue
			}
			c := newClient(t, serve(t, answerJSON(200, answer)))
			if err := list(context.Background(), c); !errors.Is(err, api.ErrNotPritunl) {
				t.Errorf("%s: %s gives the error %v, want ErrNotPritunl", name, answer, err)
			}
		}
	}
}

func TestValidID(t *testing.T) {
	for id, want := range map[string]bool{
		a24: true, strings.ToUpper(a24): true, host32: true, "vpn-1": true, "host_name1": true, strings.Repeat("h", 32): true,
		"": false, "elevenchars": false, "5f00000000000000000000zz": false, "a.b": false, "..": false, "a b": false, "a%2f": false, a24 + "0": false, "ä": false,
	} {
		if api.ValidID(id) != want {
			t.Errorf("ValidID(%q) = %v", id, !want)
		}
	}
}

func TestRouteIDs(t *testing.T) {
	c := newClient(t, serve(t, answerJSON(200, "null")))
	for id, want := range map[string]bool{"31302f38": true, api.VirtualRoute: true, "": false, "123": false, "xy": false, "../ab": false, strings.Repeat("ab", 65): false} {
		if err := c.DeleteServerRoute(context.Background(), a24, id); (err == nil) != want || err != nil && !errors.Is(err, api.ErrConfig) {
			t.Errorf("route %q: error = %v", id, err)
		}
	}
	if raw, err := c.AddServerRoutes(context.Background(), a24, nil); raw != nil || err != nil || c.Requests() != 2 {
		t.Errorf("no routes: %s, %v after %d requests, want nothing sent", raw, err, c.Requests())
	}
	if _, err := c.OperateServer(context.Background(), a24, "explode"); !errors.Is(err, api.ErrConfig) {
		t.Errorf("unknown operation: error = %v", err)
	}
}

func TestPing(t *testing.T) {
	var rec recorder
	c := newClient(t, serve(t, rec.wrap(answerWith(200, "text/html; charset=utf-8; charset=utf-8", "OK"))))
	if err := c.Ping(context.Background()); err != nil {
		t.Error(err)
	}
	if r := rec.all()[0]; r.path != "/ping" || r.header.Get("Auth-Token") != "" || r.header.Get("Auth-Signature") != "" {
		t.Errorf("request = %+v, want it unsigned", r)
	}
	for name, tc := range map[string]struct {
		status int
		body   string
		want   error
	}{
		"other page": {200, "<title>x</title>", api.ErrNotPritunl},
		"not found":  {404, "<html>", api.ErrNotPritunl},
		"down":       {504, "", api.ErrUnavailable},
	} {
		c := newClient(t, serve(t, answerWith(tc.status, "text/html", tc.body)))
		if err := c.Ping(context.Background()); !errors.Is(err, tc.want) {
			t.Errorf("%s: error = %v, want %v", name, err, tc.want)
		}
	}
}
