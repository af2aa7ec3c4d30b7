package snapshot_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"pritunl-backup/snapshot"
)

// What no restore can undo is marked, told with its reason, and left out when that is asked for.
func TestDiffMarksWhatCannotBeRestored(t *testing.T) {
	older := testHeader()
	older.PritunlVersion = "1.32.4278.46"
	for _, c := range []struct {
		name, a, b string
		header     snapshot.Header // of b
		want       string          // by kind, or kind and field
		left       int             // changes that stay with Restorable
	}{
		{"a pin", `users {"id":"u1","name":"alice","pin":true}`, `users {"id":"u1","name":"alice","pin":false}`, testHeader(), "users.pin", 0},
		{"a pin and a suffix", `users {"id":"u1","name":"alice","pin":true,"dns_suffix":"x"}`, `users {"id":"u1","name":"alice"}`, testHeader(), "users.pin", 1},
		{"an unknown field", `servers {"id":"s1","name":"main","colour":"red"}`, `servers {"id":"s1","name":"main"}`, testHeader(), "servers.colour", 0},
		{"a legacy vpc", `server_routes {"server":"s1","network":"10.0.0.0/8","vpc_id":"v"}`, `server_routes {"server":"s1","network":"10.0.0.0/8"}`, testHeader(), "server_routes.vpc_id", 0},
		{"a local code", `administrators {"username":"root","local_otp_auth":true}`, `administrators {"username":"root"}`, testHeader(), "administrators.local_otp_auth", 0},
		{"a host that is gone", `hosts {"id":"h1","name":"vpn-1"}`, ``, testHeader(), "hosts", 0},
		{"a host that came", ``, `hosts {"id":"h1","name":"vpn-1"}`, testHeader(), "hosts", 0},
		{
			"a host that is gone, and served", `hosts {"id":"h1","name":"vpn-1"}
			server_hosts {"id":"h1","server":"s1"}`, ``, testHeader(), "hosts server_hosts", 0,
		},
		{
			"a host that no longer serves", `hosts {"id":"h1","name":"vpn-1"}
			server_hosts {"id":"h1","server":"s1"}`, `hosts {"id":"h1","name":"vpn-1"}`, testHeader(), "", 1,
		},
		{
			"a host that serves in addition", `hosts {"id":"h1","name":"vpn-1"}`, `hosts {"id":"h1","name":"vpn-1"}
			server_hosts {"id":"h1","server":"s1"}`, testHeader(), "", 1,
		},
		{"a field of a newer server", `servers {"id":"s1","name":"main","hide_ovpn":true}`, `servers {"id":"s1","name":"main"}`, older, "servers.hide_ovpn", 0},
		{"a field of a newer target", `servers {"id":"s1","name":"main"}`, `servers {"id":"s1","name":"main","hide_ovpn":true}`, testHeader(), "servers.hide_ovpn", 0},
		{"the same field", `servers {"id":"s1","name":"main","hide_ovpn":true}`, `servers {"id":"s1","name":"main"}`, testHeader(), "", 1},
		{"a mode without its sso", `settings {"sso_okta_mode":"push"}`, `settings {}`, testHeader(), "settings.sso_okta_mode", 0},
		{"a mode with its sso", `settings {"sso_okta_mode":"push","sso":"saml_okta"}`, `settings {"sso":"saml_okta"}`, testHeader(), "", 1},
		{
			"an exclusion", `locations {"id":"x1","name":"ams","peers":[{"id":"x2","name":"nyc"}]}
			locations {"id":"x2","name":"nyc"}`, `locations {"id":"x1","name":"ams"}
			locations {"id":"x2","name":"nyc"}`, testHeader(), "", 1,
		},
		{"a user who is gone", `users {"id":"u1","name":"alice"}`, ``, testHeader(), "", 1},
		{
			"a user who moved", `organizations {"id":"o1","name":"acme"}
			organizations {"id":"o2","name":"corp"}
			users {"id":"u1","name":"alice","organization":"o1"}`, `organizations {"id":"o1","name":"acme"}
			organizations {"id":"o2","name":"corp"}
			users {"id":"u1","name":"alice","organization":"o2"}`, testHeader(), "", 1,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			a, b := document(t, testHeader(), objects(t, c.a)), document(t, c.header, objects(t, c.b))
			d, text := diffBoth(t, a, b, snapshot.DiffOptions{})
			var marked []string
			for _, l := range d.NotRestorable {
				marked = append(marked, l.Field)
				if l.Count != 1 || !strings.Contains(text, "not restorable through the API: "+l.Field+" (1): "+l.Why+"\n") || l.Why == "" {
					t.Errorf("%+v is not told:\n%s", l, text)
				}
			}
			if got := strings.Join(marked, " "); got != c.want {
				t.Errorf("marked: %s, want %s", got, c.want)
			}
			if n := strings.Count(text, "(not restorable)"); n != len(d.NotRestorable) {
				t.Errorf("%d marks:\n%s", n, text)
			}
			out, err := json.Marshal(d)
			if err != nil || strings.Contains(string(out), `"restorable":false`) != (c.want != "") {
				t.Errorf("%s %v", out, err)
			}
			left, text := diffBoth(t, a, b, snapshot.DiffOptions{Restorable: true})
			if len(left.Changes) != c.left || strings.Contains(text, "(not restorable)") {
				t.Errorf("left, want %d:\n%s", c.left, text)
			}
			if diff := cmp.Diff(d.NotRestorable, left.NotRestorable); diff != "" {
				t.Errorf("what is left out is not told: %s", diff)
			}
		})
	}
}
