package api_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"pritunl-backup/api"
	"pritunl-backup/simulator"
)

// simulate starts a simulated instance and returns a client of it. It is served
// below a base path, as behind a proxy that strips it.
func simulate(t *testing.T, so simulator.Options, change ...func(*api.Options)) (*simulator.Simulator, *api.Client) {
	t.Helper()
	s, err := simulator.New(so)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(http.StripPrefix("/vpn", s))
	t.Cleanup(server.Close)
	token, secret := s.Credentials()
	if token == "" {
		token, secret = fakeToken, fakeSecret
	}
	return s, newClient(t, server.URL+"/vpn", append([]func(*api.Options){func(o *api.Options) {
		o.Token, o.Secret = api.Secret(token), api.Secret(secret)
	}}, change...)...)
}

func TestSimulatedInstanceIsReadWhole(t *testing.T) {
	s, c := simulate(t, simulator.Options{Seed: "users=25,orgs=2,servers=3"})
	ctx := context.Background()
	link, err := c.CreateLink(ctx, map[string]any{"name": "sites"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.CreateLocation(ctx, idOf(t, link), map[string]any{"name": "a"}); err != nil {
		t.Fatal(err)
	}
	before := s.Writes()
	if err := c.Ping(ctx); err != nil {
		t.Error(err)
	}
	objects := map[string]func(context.Context) (json.RawMessage, error){
		"status": c.Status, "state": c.State, "settings": c.Settings, "subscription": c.Subscription,
	}
	for name, get := range objects {
		if _, err := get(ctx); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	list := func(name string, objects []json.RawMessage, err error) (ids []string) {
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		for _, raw := range objects {
			ids = append(ids, idOf(t, raw))
		}
		return ids
	}
	all := func(name string, get func(context.Context) ([]json.RawMessage, error)) []string {
		objects, err := get(ctx)
		ids := list(name, objects, err)
		if len(ids) == 0 {
			t.Errorf("the instance has no %s", name)
		}
		return ids
	}
	all("administrators", c.Administrators)
	all("hosts", c.Hosts)
	users := 0
	for _, org := range all("organizations", c.Organizations) {
		for user, err := range c.Users(ctx, org) {
			if err != nil {
				t.Fatal(err)
			}
			if _, err := c.User(ctx, org, idOf(t, user)); err != nil {
				t.Error(err)
			}
			users++
		}
	}
	if users == 0 {
		t.Error("the instance has no users")
	}
	for _, server := range all("servers", c.Servers) {
		for name, get := range map[string]func(context.Context, string) ([]json.RawMessage, error){
			"server organizations": c.ServerOrganizations, "server routes": c.ServerRoutes, "server hosts": c.ServerHosts, "server links": c.ServerLinks,
		} {
			objects, err := get(ctx, server)
			list(name, objects, err)
		}
	}
	for _, link := range all("links", c.Links) {
		objects, err := c.Locations(ctx, link)
		list("locations", objects, err)
	}
	if s.Writes() != before {
		t.Errorf("%d requests that write", s.Writes()-before)
	}
}

func idOf(t testing.TB, raw json.RawMessage) string {
	t.Helper()
	var o struct{ ID string }
	if err := json.Unmarshal(raw, &o); err != nil || o.ID == "" {
		t.Fatalf("no id in %s", raw)
	}
	return o.ID
}

func TestSimulatedUsersUnpagedAndPaged(t *testing.T) {
	_, c := simulate(t, simulator.Options{Seed: "users=57,orgs=1"})
	ctx := context.Background()
	organizations, err := c.Organizations(ctx)
	if err != nil || len(organizations) != 1 {
		t.Fatal(len(organizations), err)
	}
	org := idOf(t, organizations[0])
	read := func(users func(func(json.RawMessage, error) bool)) map[string]bool {
		ids := map[string]bool{}
		for user, err := range users {
			if err != nil {
				t.Fatal(err)
			}
			ids[idOf(t, user)] = true
		}
		return ids
	}
	whole, paged := read(c.Users(ctx, org)), read(c.UsersPaged(ctx, org))
	if len(whole) < 57 || len(paged) != len(whole) {
		t.Errorf("%d users, %d from pages", len(whole), len(paged))
	}
}

func TestSimulatedRefusals(t *testing.T) {
	ctx := context.Background()
	xs := api.Secret(strings.Repeat("x", 32))
	for name, tc := range map[string]struct {
		so     simulator.Options
		change func(*api.Options)
		kinds  string
		first  string
	}{
		"wrong secret":   {simulator.Options{}, func(o *api.Options) { o.Secret = xs }, "unauthorized", "token or secret are wrong"},
		"unknown token":  {simulator.Options{}, func(o *api.Options) { o.Token = xs }, "unauthorized", "token or secret are wrong"},
		"clock 13 h on":  {simulator.Options{}, func(o *api.Options) { o.Now = func() time.Time { return time.Now().Add(13 * time.Hour) } }, "unauthorized clock", "13h0m ahead"},
		"clock 13 h off": {simulator.Options{}, func(o *api.Options) { o.Now = func() time.Time { return time.Now().Add(-13 * time.Hour) } }, "unauthorized clock", "13h0m behind"},
		"strict mode":    {simulator.Options{NoAPI: true}, func(*api.Options) {}, "unauthorized strict", "no administrator has API authentication"},
		"same nonce":     {simulator.Options{}, func(o *api.Options) { o.Nonce = func() string { return strings.Repeat("n", 32) } }, "unauthorized", "token or secret are wrong"},
	} {
		t.Run(name, func(t *testing.T) {
			_, c := simulate(t, tc.so, tc.change)
			var err error
			for range 2 { // a nonce is refused the second time
				_, err = c.Status(ctx)
			}
			if kindsOf(err) != tc.kinds {
				t.Fatalf("error = %v (%s), want %s", err, kindsOf(err), tc.kinds)
			}
			if e := asError(t, err); !strings.Contains(e.Causes[0], tc.first) {
				t.Errorf("first cause = %q, want %q", e.Causes[0], tc.first)
			}
		})
	}
	_, c := simulate(t, simulator.Options{Plan: simulator.PlanNone})
	if _, err := c.Links(ctx); !errors.Is(err, api.ErrNotLicensed) {
		t.Errorf("links without a plan: %v", err)
	}
}

// Administrators who are disabled, without API authentication, or no super users.
func TestSimulatedAdministrators(t *testing.T) {
	_, root := simulate(t, simulator.Options{})
	ctx := context.Background()
	for name, tc := range map[string]struct {
		change map[string]any
		kinds  string
	}{
		"super user":    {map[string]any{}, ""},
		"no super user": {map[string]any{"super_user": false}, "super"},
		"disabled":      {map[string]any{"disabled": true}, "unauthorized"},
		"auth_api off":  {map[string]any{"auth_api": false}, "unauthorized"},
	} {
		fields := map[string]any{"username": strings.ReplaceAll(name, " ", "-"), "password": "FAKE-password-1", "super_user": true, "auth_api": true}
		for k, v := range tc.change {
			fields[k] = v
		}
		raw, err := root.CreateAdministrator(ctx, fields)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		var admin struct{ Token, Secret string }
		if err := json.Unmarshal(raw, &admin); err != nil {
			t.Fatal(err)
		}
		c := newClient(t, root.Address(), func(o *api.Options) {
			o.Token, o.Secret = api.Secret(admin.Token), api.Secret(admin.Secret)
		})
		if _, err := c.Administrators(ctx); kindsOf(err) != tc.kinds {
			t.Errorf("%s: error = %v (%s), want %q", name, err, kindsOf(err), tc.kinds)
		}
		if err := root.DeleteAdministrator(ctx, idOf(t, raw)); err != nil {
			t.Error(err)
		}
	}
}
