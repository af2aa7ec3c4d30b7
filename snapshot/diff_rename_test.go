package snapshot_test

import (
	"strings"
	"testing"

	"pritunl-backup/snapshot"
)

// instance is one instance at one time; the others of this file are edits of it.
const instance = `
	administrators {"id":"a1","username":"root"}
	administrators {"id":"a2","username":"deputy"}
	organizations {"id":"o1","name":"acme"}
	organizations {"id":"o2","name":"mid"}
	organizations {"id":"o3","name":"zeta"}
	hosts {"id":"h1","name":"vpn-1"}
	servers {"id":"s1","name":"main"}
	servers {"id":"s2","name":"spare"}
	server_organizations {"id":"o1","server":"s1","name":"acme"}
	server_routes {"id":"r1","server":"s1","network":"10.9.0.0/16","nat":false}
	server_routes {"id":"r2","server":"s2","network":"10.8.0.0/16"}
	server_hosts {"id":"h1","server":"s1","name":"vpn-1"}
	links {"id":"l1","name":"site"}
	locations {"id":"x1","name":"ams","link_id":"l1","hosts":[{"id":"g1","name":"gw1","priority":2},{"id":"g2","name":"gw2"}],"peers":[{"id":"x2","name":"nyc"}]}
	locations {"id":"x2","name":"nyc","link_id":"l1","peers":[{"id":"x1","name":"ams"}]}
	users {"id":"u1","name":"alice","organization":"o1","type":"client","email":"a@example.com"}
	users {"id":"u2","name":"bob","organization":"o1","type":"client"}
	users {"id":"u3","name":"carol","organization":"o2","type":"client"}
	users {"id":"u4","name":"alice","organization":"o3","type":"client","pin":true}`

func TestDiffOfRenames(t *testing.T) {
	for _, c := range []struct {
		name  string
		edits []string // pairs; every occurrence is replaced
		want  string
	}{
		{"an administrator", []string{`"root"`, `"toor"`}, "administrators\n  ~ root\n      username: \"root\" -> \"toor\"\n"},
		{"an organization stays in order", []string{`"acme"`, `"corp"`}, "organizations\n  ~ acme\n      name: \"acme\" -> \"corp\"\n"},
		{"an organization goes to the end", []string{`"acme"`, `"zz"`}, "organizations\n  ~ acme\n      name: \"acme\" -> \"zz\"\n"},
		{"an organization comes to the front", []string{`"zeta"`, `"aa"`}, "organizations\n  ~ zeta\n      name: \"zeta\" -> \"aa\"\n"},
		{
			"organizations swap names", []string{`"acme"`, `"?"`, `"zeta"`, `"acme"`, `"?"`, `"zeta"`},
			"organizations\n  ~ acme\n      name: \"acme\" -> \"zeta\"\n  ~ zeta\n      name: \"zeta\" -> \"acme\"\n",
		},
		{"a host", []string{`"vpn-1"`, `"vpn-9"`}, "hosts\n  ~ vpn-1\n      name: \"vpn-1\" -> \"vpn-9\"\n"},
		{"a server", []string{`"name":"main"`, `"name":"zoo"`}, "servers\n  ~ main\n      name: \"main\" -> \"zoo\"\n"},
		{
			"servers swap names, and a route changes", []string{`"name":"main"`, `?`, `"name":"spare"`, `"name":"main"`, `?`, `"name":"spare"`, `"nat":false`, `"nat":true`},
			"servers\n  ~ main\n      name: \"main\" -> \"spare\"\n  ~ spare\n      name: \"spare\" -> \"main\"\nserver routes\n  ~ main / 10.9.0.0/16\n      nat: (none) -> true\n",
		},
		{
			"a new server takes the old name", []string{`servers {"id":"s2"`, "servers {\"id\":\"s9\",\"name\":\"main\"}\nservers {\"id\":\"s2\"", `"id":"s1","name":"main"`, `"id":"s1","name":"office"`},
			"servers\n  ~ main\n      name: \"main\" -> \"office\"\n  + main #2\n",
		},
		{
			"a server takes the name of one that went", []string{`servers {"id":"s2","name":"spare"}`, ``, `server_routes {"id":"r2","server":"s2","network":"10.8.0.0/16"}`, ``, `"name":"main"`, `"name":"spare"`},
			"servers\n  ~ main\n      name: \"main\" -> \"spare\"\n  - spare\nserver routes\n  - spare / 10.8.0.0/16\n",
		},
		{"a server is made anew", []string{`"s2"`, `"s7"`}, ""},
		{"a site link", []string{`"site"`, `"wan"`}, "links\n  ~ site\n      name: \"site\" -> \"wan\"\n"},
		{"a location", []string{`"ams"`, `"zrh"`}, "locations\n  ~ site / ams\n      name: \"ams\" -> \"zrh\"\n"},
		{
			"a link's host, and another takes its name", []string{`"gw2"`, `"gw3"`, `"gw1"`, `"gw2"`},
			"locations\n  ~ site / ams\n      hosts[gw1].name: \"gw1\" -> \"gw2\"\n      hosts[gw2].name: \"gw2\" -> \"gw3\"\n",
		},
		{
			"a link's host takes the name of a new one", []string{`{"id":"g2","name":"gw2"}`, `{"id":"g9","name":"gw1"}`, `"name":"gw1","priority":2`, `"name":"gw5","priority":2`},
			"locations\n  ~ site / ams\n      hosts[gw1].name: \"gw1\" -> \"gw5\"\n      hosts[gw1 #2]: (none) -> {\"name\":\"gw1\"}\n      hosts[gw2]: {\"name\":\"gw2\"} -> (none)\n",
		},
		{"a user", []string{`"name":"alice","organization":"o1"`, `"name":"zoe","organization":"o1"`}, "users\n  ~ acme / alice\n      name: \"alice\" -> \"zoe\"\n"},
		{"an address and a name", []string{`"alice","organization":"o1","type":"client","email":"a@`, `"zoe","organization":"o1","type":"client","email":"z@`}, "users\n  ~ acme / alice\n      email: \"a@example.com\" -> \"z@example.com\"\n      name: \"alice\" -> \"zoe\"\n"},
		{
			"users swap names", []string{`"alice","organization":"o1"`, `?`, `"bob","organization":"o1"`, `"alice","organization":"o1"`, `?`, `"bob","organization":"o1"`},
			"users\n  ~ acme / alice\n      name: \"alice\" -> \"bob\"\n  ~ acme / bob\n      name: \"bob\" -> \"alice\"\n",
		},
		{"a user moves", []string{`"carol","organization":"o2"`, `"carol","organization":"o3"`}, "users\n  ~ mid / carol\n      organization: \"mid\" -> \"zeta\"\n"},
		{
			"a user moves into a renamed organization", []string{`"carol","organization":"o2"`, `"carol","organization":"o3"`, `"zeta"`, `"aa"`},
			"organizations\n  ~ zeta\n      name: \"zeta\" -> \"aa\"\nusers\n  ~ mid / carol\n      organization: \"mid\" -> \"zeta\"\n",
		},
		{
			"users of one name swap organizations", []string{`"alice","organization":"o1"`, `?`, `"alice","organization":"o3"`, `"alice","organization":"o1"`, `?`, `"alice","organization":"o3"`},
			"users\n  ~ acme / alice\n      organization: \"acme\" -> \"zeta\"\n  ~ zeta / alice\n      organization: \"zeta\" -> \"acme\"\n",
		},
		{"a user is made anew", []string{`"u1"`, `"u9"`}, ""},
		{
			"a user takes the name of one that went", []string{`users {"id":"u1","name":"alice","organization":"o1","type":"client","email":"a@example.com"}`, ``, `"bob"`, `"alice"`},
			"users\n  - acme / alice\n  ~ acme / bob\n      name: \"bob\" -> \"alice\"\n",
		},
		{
			"an organization goes, its users move", []string{`organizations {"id":"o2","name":"mid"}`, ``, `"carol","organization":"o2"`, `"carol","organization":"o1"`},
			"organizations\n  - mid\nusers\n  ~ mid / carol\n      organization: \"mid\" -> \"acme\"\n",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			edited := instance
			for i := 0; i < len(c.edits); i += 2 {
				if !strings.Contains(edited, c.edits[i]) {
					t.Fatalf("no %s", c.edits[i])
				}
				edited = strings.ReplaceAll(edited, c.edits[i], c.edits[i+1])
			}
			a, b := document(t, testHeader(), objects(t, instance)), document(t, testHeader(), objects(t, edited))
			d, text := diffBoth(t, a, b, snapshot.DiffOptions{})
			if got := changesIn(text); got != c.want || d.PairedByOrder != 0 {
				t.Errorf("got\n%swant\n%s", text, c.want)
			}
			back, _ := diffBoth(t, b, a, snapshot.DiffOptions{})
			if len(back.Changes) != len(d.Changes) {
				t.Errorf("%d changes one way, %d the other", len(d.Changes), len(back.Changes))
			}
		})
	}
}

// Where organizations are left out, users are still told apart by their ids.
func TestDiffOfRenamesWithoutOrganizations(t *testing.T) {
	h := testHeader()
	h.Skipped = []snapshot.Kind{snapshot.Organizations}
	doc := func(text string) *snapshot.Document { return document(t, h, objects(t, text)) }
	a := doc(`
		users {"id":"u1","name":"alice","organization":"o1","organization_name":"acme"}
		users {"id":"u2","name":"bob","organization":"o1","organization_name":"acme"}
		users {"id":"u3","name":"bob","organization":"o2","organization_name":"mid"}`)
	b := doc(`
		users {"id":"u2","name":"alice","organization":"o1","organization_name":"zz"}
		users {"id":"u1","name":"bob","organization":"o1","organization_name":"zz"}
		users {"id":"u3","name":"rob","organization":"o2","organization_name":"mid"}`)
	d, text := diffBoth(t, a, b, snapshot.DiffOptions{})
	for _, c := range d.Changes {
		if c.Action != snapshot.Changed || c.OldID != c.NewID {
			t.Errorf("%s %v", c.Action, c.Key)
		}
	}
	if len(d.Changes) != 3 {
		t.Error(text)
	}
}
