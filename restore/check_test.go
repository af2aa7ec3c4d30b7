package restore_test

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"

	"pritunl-backup/restore"
	"pritunl-backup/simulator"
	"pritunl-backup/snapshot"
)

func TestHostMap(t *testing.T) {
	wanted := demo(t)
	tests := []struct {
		name  string
		hosts int
		told  map[string]string
		error string
		hint  string
	}{
		{"names agree", 2, nil, "", ""},
		{"one for two", 1, nil, "vpn-2", "--map-host"},
		{"left out, but linked servers need two", 1, map[string]string{"vpn-2": "vpn-1", "vpn-1": ""}, "", ""},
		{"unknown in the snapshot", 2, map[string]string{"vpn-9": "vpn-1"}, `no host "vpn-9"`, "vpn-1, vpn-2"},
		{"unknown on the target", 2, map[string]string{"vpn-1": "nowhere"}, `no host "nowhere"`, "vpn-1, vpn-2"},
		{"two onto one", 2, map[string]string{"vpn-1": "vpn-1", "vpn-2": "vpn-1"}, "mapped twice", ""},
		{"crossed", 2, map[string]string{"vpn-1": "vpn-2", "vpn-2": "vpn-1"}, "", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			live := newTarget(t, simulator.Options{Hosts: tt.hosts}).export()
			_, err := restore.NewPlan(live, wanted, restore.PlanOptions{MapHosts: tt.told})
			switch {
			case tt.error == "" && err != nil:
				t.Errorf("got %v", err)
			case tt.error != "" && (err == nil || !strings.Contains(err.Error(), tt.error) || !strings.Contains(hint(err), tt.hint)):
				t.Errorf("got %v, hint %q", err, hint(err))
			}
		})
	}
}

func TestWhatTheServerWouldRefuseIsFoundBeforehand(t *testing.T) {
	tests := []struct {
		code string
		kind snapshot.Kind
		name string
		set  map[string]any
	}{
		{"network_in_use", snapshot.Servers, "office", map[string]any{"network": "10.20.0.0/16"}},
		{"port_protocol_in_use", snapshot.Servers, "office", map[string]any{"port": json.Number("51820")}},
		{"network_invalid", snapshot.Servers, "office", map[string]any{"network": "8.8.8.0/24"}},
		{"network_wg_cidr_invalid", snapshot.Servers, "road-warriors", map[string]any{"network_wg": "10.21.0.0/25"}},
		{"ping_interval_too_high", snapshot.Servers, "office", map[string]any{"ping_interval": json.Number("58")}},
		{"server_domain_no_dns", snapshot.Servers, "office", map[string]any{"dns_servers": []any{}}},
		{"dns_server_invalid", snapshot.Servers, "office", map[string]any{"dns_servers": []any{"x"}}},
		{"bypass_sso_device_auth", snapshot.Servers, "office", map[string]any{"bypass_sso_auth": true}},
		{"missing_params", snapshot.Servers, "contractors", map[string]any{"network_mode": "bridge"}},
		{"bridged_server_links_invalid", snapshot.Servers, "datacentre-east", map[string]any{"network_mode": "bridge", "network_start": "10.40.0.2", "network_end": "10.40.0.9"}},
		{"server_links_and_replica", snapshot.Servers, "datacentre-east", map[string]any{"replica_count": json.Number("2")}},
		{"cipher_invalid", snapshot.Servers, "office", map[string]any{"cipher": "rot13"}},
		{"sso_url_missing", snapshot.Settings, "", map[string]any{"server_sso_url": nil}},
		{"sso_org_null", snapshot.Settings, "", map[string]any{"sso_org": "0123456789abcdef01234567"}},
		{"network_link_invalid", snapshot.Users, "field-router", map[string]any{"network_links": []any{"10.77.0.1/24"}}},
		{"yubikey_bypass_secondary", snapshot.Users, "build-agent", map[string]any{"yubico_id": "ccccccbcgujh"}},
		{"ipv6_subnet_size_invalid", snapshot.Hosts, "vpn-1", map[string]any{"routed_subnet6": "2001:db8::/96"}},
	}
	for _, tt := range tests {
		t.Run(tt.code, func(t *testing.T) {
			wanted := demo(t)
			edit(t, wanted, tt.kind, tt.name, tt.set)
			s := newTarget(t, simulator.Options{Hosts: 2})
			plan, err := restore.NewPlan(s.export(), wanted, restore.PlanOptions{})
			var check *restore.CheckError
			if !errors.As(err, &check) || check.Problems[0].Code != tt.code {
				t.Fatalf("got %v", err)
			}
			if _, err := restore.Apply(t.Context(), s.client(), plan, quiet()); err == nil || s.sim.Writes() != 0 {
				t.Errorf("applied all the same: %v, %d writes", err, s.sim.Writes())
			}
		})
	}
}

// TestRoutedNetworksOfHosts are at least a /64.
func TestRoutedNetworksOfHosts(t *testing.T) {
	for network, code := range map[string]string{
		"2001:db8::/64": "", "2001:db8::/48": "", "2001:db8::/63": "", "2001:db8::/65": "size_invalid", "2001:db8::/128": "size_invalid",
		"2001:db8::1/64": "invalid", "10.0.0.0/24": "invalid", "2001:db8::": "size_invalid", "x": "invalid",
	} {
		for field, prefix := range map[string]string{"routed_subnet6": "ipv6_subnet_", "routed_subnet6_wg": "ipv6_subnet_wg_"} {
			wanted := demo(t)
			edit(t, wanted, snapshot.Hosts, "vpn-1", map[string]any{field: network})
			_, err := restore.NewPlan(newTarget(t, simulator.Options{Hosts: 2}).export(), wanted, restore.PlanOptions{})
			if got := problems(err); code == "" && err != nil || code != "" && !slices.Equal(got, []string{prefix + code}) {
				t.Errorf("%s %s: %v %v", field, network, got, err)
			}
		}
	}
}

func TestLinkedServersNeedTwoHosts(t *testing.T) {
	wanted := demo(t)
	for _, o := range wanted.Resources[snapshot.ServerHosts] {
		o["id"] = wanted.Resources[snapshot.Hosts][0].String("id")
	}
	live := newTarget(t, simulator.Options{Hosts: 2}).export()
	_, err := restore.NewPlan(live, wanted, restore.PlanOptions{})
	var check *restore.CheckError
	if !errors.As(err, &check) || check.Problems[0].Code != "server_link_common_host" {
		t.Fatalf("got %v", err)
	}
	if _, err := restore.NewPlan(live, wanted, restore.PlanOptions{Skip: []restore.Filter{{Kind: snapshot.ServerLinks}}}); err != nil {
		t.Errorf("without server links: %v", err)
	}
}

// TestALinkedServerWithoutAHostIsNotLinked maps one of two hosts away: the server stays on the host that it is born
// with, which its partner uses too.
func TestALinkedServerWithoutAHostIsNotLinked(t *testing.T) {
	wanted := demo(t)
	s := newTarget(t, simulator.Options{Hosts: 1})
	opts := restore.PlanOptions{MapHosts: map[string]string{"vpn-2": ""}}
	plan, err := restore.NewPlan(s.export(), wanted, opts)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := restore.Apply(t.Context(), s.client(), plan, quiet()); err != nil {
		t.Fatal(err)
	}
	outcome, err := restore.Verify(plan, s.export())
	if err != nil || !outcome.Equal {
		t.Errorf("outcome %+v, %v: want the link named as a limit", outcome, err)
	}
	if !slices.ContainsFunc(outcome.Remaining, func(r restore.Remaining) bool {
		return r.Kind == snapshot.ServerLinks && r.Class == restore.Limit
	}) {
		t.Errorf("the link is not mentioned: %+v", outcome.Remaining)
	}
}
