package snapshot_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"pritunl-backup/snapshot"
)

type resources = map[snapshot.Kind][]snapshot.Object

// objects reads lines of "kind object".
func objects(t testing.TB, text string) resources {
	t.Helper()
	all := resources{}
	for line := range strings.Lines(text) {
		kind, rest, ok := strings.Cut(strings.TrimSpace(line), " ")
		if k, known := snapshot.ParseKind(kind); ok && known {
			all[k] = append(all[k], object(t, rest))
		} else if ok {
			t.Fatalf("no kind %q", kind)
		}
	}
	return all
}

func document(t testing.TB, h snapshot.Header, all resources) *snapshot.Document {
	t.Helper()
	doc, err := snapshot.Load(bytes.NewReader(write(t, h, all)))
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

// diffBoth compares in memory and streaming, which must agree.
func diffBoth(t testing.TB, a, b *snapshot.Document, opts snapshot.DiffOptions) (*snapshot.Difference, string) {
	t.Helper()
	d := snapshot.Diff(a, b, opts)
	var readers [2]*snapshot.Reader
	for i, doc := range []*snapshot.Document{a, b} {
		r, err := snapshot.NewReader(bytes.NewReader(write(t, doc.Header, doc.Resources)))
		if err != nil {
			t.Fatal(err)
		}
		readers[i] = r
	}
	streamed, err := snapshot.DiffReaders(readers[0], readers[1], opts)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(d, streamed); diff != "" {
		t.Errorf("memory and stream differ: %s", diff)
	}
	var text strings.Builder
	if err := d.WriteText(&text, 0); err != nil {
		t.Fatal(err)
	}
	return d, text.String()
}

// changesIn gives the text without what sums it up.
func changesIn(text string) string {
	var out strings.Builder
	for line := range strings.Lines(text) {
		if !strings.HasPrefix(line, "not restorable") && !strings.Contains(line, " changed, ") {
			out.WriteString(line)
		}
	}
	return out.String()
}

func TestDiff(t *testing.T) {
	const base = `
		settings {"sso":false,"sso_org":"o1","email_password":"FAKE1","me_new_secret":"FAKE2","theme":"dark"}
		administrators {"id":"a1","username":"root","super_user":true,"token":"FAKE3"}
		organizations {"id":"o1","name":"Acme","expiration":"2054"}
		organizations {"id":"o2","name":"Zeta"}
		hosts {"id":"h1","name":"vpn-1","hostname":"x","priority":null}
		servers {"id":"s1","name":"main","port":1194,"groups":["a","b"],"status":"online","network_mode":"","max_devices":null}
		server_organizations {"id":"o1","server":"s1","name":"Acme"}
		server_routes {"id":"r0","server":"s1","network":"10.1.0.0/24","virtual_network":true,"comment":null}
		server_routes {"id":"r1","server":"s1","network":"10.9.0.0/16","nat":true,"metric":0}
		server_routes {"id":"r2","server":"s1","network":"10.8.0.0/16","network_link":true,"advertise":null}
		server_hosts {"id":"h1","server":"s1","name":"vpn-1"}
		links {"id":"l1","name":"site","protocol":"ipsec"}
		locations {"id":"x1","name":"ams","link_id":"l1","hosts":[{"id":"g1","name":"gw1","priority":1,"static":false,"public_address":"1.2.3.4"}],"routes":[{"id":"y","network":"10.5.0.0/16"}],"peers":[{"id":"x2","name":"nyc","transit":false,"status":"connected"}]}
		locations {"id":"x2","name":"nyc","link_id":"l1","hosts":[],"routes":[],"peers":[{"id":"x1","name":"ams","transit":false}]}
		users {"id":"u1","name":"alice","organization":"o1","type":"client","email":"","otp_secret":"FAKE4","port_forwarding":[{"port":"80","protocol":"tcp","dport":""}]}
		users {"id":"u2","name":"bob","organization":"o2","type":"client","email":"b@example.com"}
		users {"id":"u3","name":"server_s1","organization":"o1","type":"server"}`
	// The same configuration on another instance: other ids, other zeros.
	same := strings.NewReplacer(
		`"o1"`, `"p9"`, `"o2"`, `"p8"`, `"h1"`, `"i1"`, `"s1"`, `"t1"`, `"l1"`, `"m1"`, `"x1"`, `"z2"`, `"x2"`, `"z1"`, `"u1"`, `"w2"`, `"u2"`, `"w1"`,
		`"sso":false`, `"sso":null`, `"email":""`, `"email":null`, `["a","b"]`, `["b","a","b"]`, `"priority":null`, `"priority":0`,
		`"network_mode":""`, `"network_mode":"tunnel"`, `"max_devices":null`, `"max_devices":0`, `"metric":0`, `"metric":null`, `"2054"`, `"2060"`,
		`"hostname":"x"`, `"hostname":"y"`, `"status":"online"`, `"status":"offline"`, `FAKE3`, `FAKE5`, `FAKE4`, `FAKE6`,
		`"protocol":"ipsec"`, `"protocol":""`, `"public_address":"1.2.3.4"`, `"public_address":"5.6.7.8"`, `"port":"80"`, `"port":80`,
		`server_s1`, `server_t1`,
	).Replace(base)
	if base == same {
		t.Fatal("no other ids")
	}
	edit := func(pairs ...string) string {
		changed := same
		for i := 0; i < len(pairs); i += 2 {
			if !strings.Contains(changed, pairs[i]) {
				t.Fatalf("no %s", pairs[i])
			}
			changed = strings.Replace(changed, pairs[i], pairs[i+1], 1)
		}
		return changed
	}
	for _, c := range []struct {
		name, b, want string
	}{
		{"other ids and zeros", same, ""},
		{"a port", edit(`1194`, `1195`), "servers\n  ~ main\n      port: 1194 -> 1195\n"},
		{"a secret", edit(`FAKE1`, `FAKE9`), "settings\n  ~ settings\n      email_password: (secret, changed)\n"},
		{"an unknown secret", edit(`FAKE2`, `FAKE9`), "settings\n  ~ settings\n      me_new_secret: (secret, changed) (not restorable)\n"},
		{"a reference", edit(`"sso_org":"p9"`, `"sso_org":"p8"`), "settings\n  ~ settings\n      sso_org: \"Acme\" -> \"Zeta\"\n"},
		{"a user moves", edit(`"name":"bob","organization":"p8"`, `"name":"bob","organization":"p9"`), "users\n  + Acme / bob\n  - Zeta / bob\n"},
		{"an address", edit(`b@example.com`, `c@example.com`), "users\n  ~ Zeta / bob\n      email: \"b@example.com\" -> \"c@example.com\"\n"},
		{"the virtual network moves", edit(`10.1.0.0/24`, `10.2.0.0/24`), ""},
		{"an override of a derived row", edit(`"advertise":null`, `"advertise":true`), "server routes\n  + main / 10.8.0.0/16\n"},
		{"a route", edit(`"nat":true`, `"nat":false`), "server routes\n  ~ main / 10.9.0.0/16\n      nat: true -> (none)\n"},
		{
			"inside a location", edit(`"priority":1`, `"priority":2`, `10.5.0.0/16`, `10.6.0.0/16`, `"transit":false`, `"transit":true`),
			"locations\n  ~ site / ams\n      hosts[gw1].priority: (none) -> 2\n      peers[nyc].transit: (none) -> true\n" +
				"      routes[10.5.0.0/16]: {\"network\":\"10.5.0.0/16\"} -> (none)\n      routes[10.6.0.0/16]: (none) -> {\"network\":\"10.6.0.0/16\"}\n",
		},
		{
			"an exclusion", edit(`,"peers":[{"id":"z2","name":"ams","transit":false}]`, ``),
			"locations\n  ~ site / nyc\n      peers[ams]: {\"id\":\"ams\"} -> (none)\n",
		},
		{"a static address", edit(`"static":false`, `"static":true`), "locations\n  ~ site / ams\n      hosts[gw1].public_address: (none) -> \"5.6.7.8\"\n      hosts[gw1].static: (none) -> true\n"},
		{"an unknown field", edit(`"port":1194`, `"port":1194,"colour":{"api_key":"FAKE8"}`), "servers\n  ~ main\n      colour: (none) -> {\"api_key\":{\"$redacted\":\"servers.colour.api_key\"}} (not restorable)\n"},
		{"an administrator", edit(`"username":"root"`, `"username":"toor"`), "administrators\n  ~ root\n      username: \"root\" -> \"toor\"\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			a, b := document(t, testHeader(), objects(t, base)), document(t, testHeader(), objects(t, c.b))
			d, text := diffBoth(t, a, b, snapshot.DiffOptions{})
			got := changesIn(text)
			if got != c.want {
				t.Errorf("got\n%swant\n%s", text, c.want)
			}
			if d.Empty() != (c.want == "") {
				t.Error("Empty is wrong")
			}
			out, err := json.Marshal(d)
			if err != nil || strings.Contains(string(out)+text, "FAKE") {
				t.Errorf("a secret is shown: %v\n%s", err, out)
			}
		})
	}
}

func TestDiffOptions(t *testing.T) {
	a := objects(t, `
		hosts {"id":"h1","name":"old"}
		servers {"id":"s1","name":"main","port":1}
		server_hosts {"id":"h1","server":"s1","name":"old"}
		locations {"id":"x","name":"x","hosts":[{"name":"g","priority":3}]}
		users {"id":"u","name":"alice","organization":"o","organization_name":"Acme"}`)
	b := objects(t, `
		hosts {"id":"h2","name":"new"}
		servers {"id":"s2","name":"main","port":2}
		server_hosts {"id":"h2","server":"s2","name":"new"}
		locations {"id":"x","name":"x","hosts":[{"name":"g","priority":4}]}
		users {"id":"v","name":"bob","organization":"p","organization_name":"Acme"}`)
	for name, hosts := range map[string]map[string]string{"by name": {"old": "new"}, "by id": {"h1": "new"}} {
		_, text := diffBoth(t, document(t, testHeader(), a), document(t, testHeader(), b), snapshot.DiffOptions{
			IgnoreKinds: []snapshot.Kind{snapshot.Users}, IgnoreFields: []string{"servers.port", "locations.hosts[].priority"}, Hosts: hosts,
		})
		if text != "0 changed, 0 added, 0 removed, 4 the same\n" {
			t.Errorf("%s:\n%s", name, text)
		}
	}
}

func TestDiffOfIncompleteDocuments(t *testing.T) {
	all := objects(t, `
		settings {"sso_org":"o1","email_password":"FAKE"}
		organizations {"id":"o1","name":"Acme"}
		servers {"id":"s1","name":"main"}
		server_organizations {"id":"o1","server":"s1","name":"Acme"}
		users {"id":"u1","name":"alice","organization":"o1","organization_name":"Acme"}`)
	part := testHeader()
	part.Secrets, part.Skipped = snapshot.SecretsRedact, []snapshot.Kind{snapshot.Organizations}
	part.Complete, part.Unreadable = false, []snapshot.Unreadable{{Kind: snapshot.Administrators, Reason: "x"}}
	rest := resources{snapshot.Settings: all[snapshot.Settings], snapshot.Servers: all[snapshot.Servers], snapshot.Users: all[snapshot.Users]}
	d, text := diffBoth(t, document(t, testHeader(), all), document(t, part, rest), snapshot.DiffOptions{})
	want := `administrators not compared: the second document does not hold all of them
organizations not compared: the second document does not hold all of them
server organizations not compared: the second document does not hold the organizations they belong to
2 values not comparable: redacted, or left out of a document
0 changed, 0 added, 0 removed, 3 the same
`
	if text != want || !d.Empty() {
		t.Error(text)
	}
	if diff := cmp.Diff(map[string]int{"settings.email_password": 1, "settings.sso_org": 1}, d.Fields); diff != "" {
		t.Error(diff)
	}
}

func TestDiffOfDuplicates(t *testing.T) {
	twins := `
		organizations {"id":"%1","name":"same"}
		organizations {"id":"%2","name":"same"}
		servers {"id":"%3","name":"vpn","port":1}
		servers {"id":"%4","name":"vpn","port":2}
		server_routes {"id":"r","server":"%3","network":"10.1.0.0/16"}
		server_routes {"id":"r","server":"%4","network":"10.2.0.0/16"}
		users {"id":"%5","name":"alice","email":"x@example.com","organization":"%1"}
		users {"id":"%6","name":"alice","email":"y@example.com","organization":"%1"}
		users {"id":"%7","name":"alice","organization":"%2"}`
	ids := func(prefix string) string { return strings.ReplaceAll(twins, "%", prefix) }
	// On the other instance the two alices were made in the other order.
	other := strings.NewReplacer(`b5`, `b6`, `b6`, `b5`).Replace(ids("b"))
	d, text := diffBoth(t, document(t, testHeader(), objects(t, ids("a"))), document(t, testHeader(), objects(t, other)), snapshot.DiffOptions{})
	if !d.Empty() || d.PairedByOrder != 4 {
		t.Errorf("%d paired by order\n%s", d.PairedByOrder, text)
	}
	// On the same instance the first of two is deleted.
	without := objects(t, ids("a"))
	without[snapshot.Servers] = without[snapshot.Servers][1:]
	without[snapshot.ServerRoutes] = without[snapshot.ServerRoutes][1:]
	without[snapshot.Organizations] = without[snapshot.Organizations][1:]
	without[snapshot.Users] = without[snapshot.Users][2:]
	d, text = diffBoth(t, document(t, testHeader(), objects(t, ids("a"))), document(t, testHeader(), without), snapshot.DiffOptions{})
	want := `organizations
  - same
servers
  - vpn
server routes
  - vpn / 10.1.0.0/16
users
  - same / alice
  - same / alice #2
0 changed, 0 added, 5 removed, 4 the same
`
	if text != want || d.PairedByOrder != 0 {
		t.Errorf("%s%d paired", text, d.PairedByOrder)
	}
}

func TestDiffTextIsShort(t *testing.T) {
	a, b := resources{}, resources{}
	for i := range 30 {
		a[snapshot.Organizations] = append(a[snapshot.Organizations], object(t, fmt.Sprintf(`{"id":"%d","name":"gone\u001b%02d"}`, i, i)))
	}
	b[snapshot.Servers] = []snapshot.Object{object(t, `{"id":"s","name":"","pre_connect_msg":"`+strings.Repeat("x", 200)+`"}`)}
	a[snapshot.Servers] = []snapshot.Object{object(t, `{"id":"s","name":"","pre_connect_msg":null}`)}
	d := snapshot.Diff(document(t, testHeader(), a), document(t, testHeader(), b), snapshot.DiffOptions{})
	var text strings.Builder
	if err := d.WriteText(&text, 2); err != nil {
		t.Fatal(err)
	}
	want := "organizations\n  - gone\\x1b00\n  - gone\\x1b01\n  ... and 28 more removed\nservers\n  ~ \"\"\n      pre_connect_msg: (none) -> \"" +
		strings.Repeat("x", 79) + "...\n1 changed, 0 added, 30 removed, 0 the same\n"
	if text.String() != want {
		t.Errorf("%s\nwant\n%s", text.String(), want)
	}
}

func TestDiffReadsToTheEnd(t *testing.T) {
	text := write(t, testHeader(), small(t))
	a, _ := snapshot.NewReader(bytes.NewReader(text))
	b, _ := snapshot.NewReader(bytes.NewReader(bytes.Replace(text, []byte("zoe"), []byte("amy"), 1)))
	_, err := snapshot.DiffReaders(a, b, snapshot.DiffOptions{IgnoreKinds: snapshot.Kinds()})
	if err == nil || !strings.Contains(err.Error(), "second document") {
		t.Errorf("an edited document is compared: %v", err)
	}
}

func TestRecordedInstanceEqualsItself(t *testing.T) {
	doc := document(t, testHeader(), recorded(t, "instance.jsonl"))
	if d, text := diffBoth(t, doc, doc, snapshot.DiffOptions{}); !d.Empty() || len(d.Fields) != 0 {
		t.Error(text)
	}
	h := testHeader()
	h.Secrets = snapshot.SecretsRedact
	if d, text := diffBoth(t, doc, document(t, h, recorded(t, "instance.jsonl")), snapshot.DiffOptions{}); !d.Empty() || len(d.Fields) == 0 {
		t.Error(text)
	}
}
