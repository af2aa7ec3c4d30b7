package simulator_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"pritunl-backup/simulator"
)

func TestSeeds(t *testing.T) {
	tests := []struct {
		name string
		opts simulator.Options
		want simulator.State
	}{
		{"fresh", simulator.Options{}, simulator.State{Administrators: 2, Hosts: 1}},
		{"three hosts", simulator.Options{Hosts: 3}, simulator.State{Administrators: 2, Hosts: 3}},
		{"nobody may sign", simulator.Options{NoAPI: true}, simulator.State{Administrators: 1, Hosts: 1}},
		{
			"demo", simulator.Options{Seed: "demo"},
			simulator.State{
				Administrators: 3, Organizations: 2, Users: 25, Hosts: 2, Servers: 5, ServersOnline: 1, ServerLinks: 1,
				Links: 1, Locations: 3,
			},
		},
		{
			"demo without a plan on one host", simulator.Options{Seed: "demo", Plan: simulator.PlanNone, Hosts: 1},
			simulator.State{Administrators: 3, Organizations: 2, Users: 25, Hosts: 1, Servers: 5, ServersOnline: 1},
		},
		{
			"many", simulator.Options{Seed: "users=10000,orgs=100,servers=50"},
			simulator.State{Administrators: 2, Organizations: 100, Users: 10000, Hosts: 1, Servers: 50},
		},
		{"users only", simulator.Options{Seed: "users=3"}, simulator.State{Administrators: 2, Organizations: 1, Users: 3, Hosts: 1}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			sim, err := simulator.New(tt.opts)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, sim.State(), cmpopts.IgnoreFields(simulator.State{}, "Pins")); diff != "" {
				t.Errorf("state (-want +got):\n%s", diff)
			}
		})
	}
}

func TestNewRefuses(t *testing.T) {
	tests := []struct {
		name string
		opts simulator.Options
		want string
	}{
		{"seed", simulator.Options{Seed: "lots"}, "read seed"},
		{"word in seed", simulator.Options{Seed: "users=1,planets=3"}, "planets"},
		{"negative number", simulator.Options{Seed: "users=-1"}, "read seed"},
		{"users without organization", simulator.Options{Seed: "users=1,orgs=0"}, "organization"},
		{"plan", simulator.Options{Plan: "gold"}, "gold"},
		{"hosts", simulator.Options{Hosts: -1}, "hosts"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if _, err := simulator.New(tt.opts); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want an error with %q", err, tt.want)
			}
		})
	}
}

func TestReproducible(t *testing.T) {
	clock := simulator.NewClock(time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC))
	answers := func(random uint64) string {
		in := start(t, simulator.Options{Seed: "demo", Random: random, Clock: clock})
		in.sign.at = clock.Now()
		all := ""
		for _, path := range []string{"/organization", "/server", "/host", "/link", "/admin", "/settings"} {
			_, body := in.raw("GET", path, "")
			all += body
		}
		return all
	}
	first, second, other := answers(1), answers(1), answers(2)
	if first != second {
		t.Error("two instances with the same random value differ")
	}
	if first == other {
		t.Error("two instances with different random values are the same")
	}
}

func TestDemo(t *testing.T) {
	in := start(t, simulator.Options{Seed: "demo"})
	if got := names(in.list("/server"), "name"); got != "contractors datacentre-east datacentre-west office road-warriors" {
		t.Errorf("servers: %s", got)
	}
	if got := names(in.list("/server"), "status"); strings.Count(got, "online") != 1 || strings.Contains(got, "pending") {
		t.Errorf("server status: %s", got)
	}
	if got := in.object("GET", "/settings", "")["sso"]; got != "saml" {
		t.Errorf("sso is %v", got)
	}
	for _, v := range in.list("/organization") {
		o, _ := v.(map[string]any)
		if n := len(in.list("/user/" + o["id"].(string))); float64(n) != o["user_count"] {
			t.Errorf("organization %v has %d users, says %v", o["name"], n, o["user_count"])
		}
	}
}

func TestLongUserList(t *testing.T) {
	in := start(t, simulator.Options{Seed: "users=1201"})
	o, _ := in.list("/organization")[0].(map[string]any)
	users := in.list("/user/" + o["id"].(string))
	if len(users) != 1201 {
		t.Fatalf("%d users", len(users))
	}
	last, _ := users[1200].(map[string]any)
	if last["name"] != "user001201" {
		t.Errorf("last user is %v", last["name"])
	}
}
