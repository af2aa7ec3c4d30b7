package terraform_test

import (
	"bytes"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/hashicorp/hcl/v2/hclwrite"
	"pgregory.net/rapid"

	"pritunl-backup/snapshot"
	"pritunl-backup/terraform"
)

var update = flag.Bool("update", false, "write the golden files anew")

func load(t testing.TB, path string) *snapshot.Document {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	doc, err := snapshot.Load(f)
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

func generate(t testing.TB, doc *snapshot.Document, o terraform.Options) (map[string][]byte, []terraform.Limit) {
	t.Helper()
	files, limits, err := terraform.Generate(doc, o)
	if err != nil {
		t.Fatal(err)
	}
	return files, limits
}

func TestGolden(t *testing.T) {
	files, limits := generate(t, load(t, "testdata/full.json"), terraform.Options{})
	again, _ := generate(t, load(t, "testdata/full.json"), terraform.Options{})
	if d := cmp.Diff(files, again); d != "" {
		t.Errorf("not the same twice: %s", d)
	}
	conforms(t, files)
	var list strings.Builder
	for _, l := range limits {
		list.WriteString(l.String() + "\n")
	}
	files["limits.txt"] = []byte(list.String())
	for name, got := range files {
		path := filepath.Join("testdata", "full", name)
		if *update {
			if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, got, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(string(want), string(got)); d != "" {
			t.Errorf("%s: %s", name, d)
		}
	}
}

func TestLimitsStandAtTheEnd(t *testing.T) {
	files, limits := generate(t, load(t, "testdata/full.json"), terraform.Options{})
	_, list, found := strings.Cut(string(files[terraform.ImportsFile]), "# Not expressed:\n")
	if !found || len(limits) == 0 {
		t.Fatal("no list")
	}
	if got := strings.Count(list, "\n"); got != len(limits) {
		t.Errorf("%d lines for %d limits", got, len(limits))
	}
	for _, l := range limits {
		if !strings.Contains(list, "# - "+l.String()+"\n") {
			t.Errorf("not in the list: %s", l)
		}
	}
}

func TestSkipUsers(t *testing.T) {
	files, _ := generate(t, load(t, "testdata/full.json"), terraform.Options{SkipUsers: true})
	conforms(t, files)
	for name, f := range files {
		if bytes.Contains(f, []byte("pritunl_user")) {
			t.Errorf("%s has users", name)
		}
	}
}

func TestEmptyInstance(t *testing.T) {
	files, limits := generate(t, &snapshot.Document{Header: snapshot.Header{Complete: true}}, terraform.Options{})
	conforms(t, files)
	if len(limits) > 0 || len(files) != 6 {
		t.Errorf("%d files, limits %v", len(files), limits)
	}
	if !bytes.Contains(files[terraform.ImportsFile], []byte("Everything in the snapshot is expressed")) {
		t.Errorf("imports.tf:\n%s", files[terraform.ImportsFile])
	}
}

// secrets are every text under a field that the catalogue calls a secret.
func secrets(doc *snapshot.Document) []string {
	var out []string
	for _, kind := range snapshot.Kinds() {
		for _, f := range snapshot.Fields(kind) {
			for _, o := range doc.Resources[kind] {
				if s := o.String(f.Path); f.Secret && len(s) > 3 {
					out = append(out, s)
				}
			}
		}
	}
	return out
}

func TestNoSecretIsWritten(t *testing.T) {
	doc := load(t, "testdata/full.json")
	all := secrets(doc)
	if len(all) < 5 {
		t.Fatalf("the document has only %d secrets", len(all))
	}
	files, limits := generate(t, doc, terraform.Options{})
	text := string(bytes.Join(slices.Collect(maps.Values(files)), nil)) + fmt.Sprint(limits)
	for _, s := range all {
		if strings.Contains(text, s) {
			t.Errorf("%q is written", s)
		}
	}
}

// object builds an element; instance builds a document of one server with what
// the case adds.
type object = snapshot.Object

func instance(server object, add map[snapshot.Kind][]snapshot.Object) *snapshot.Document {
	o := object{"id": "aaaaaaaaaaaaaaaaaaaaaaaa", "name": "s", "protocol": "udp", "cipher": "aes256", "hash": "sha256"}
	maps.Copy(o, server)
	doc := &snapshot.Document{Header: snapshot.Header{Complete: true}, Resources: map[snapshot.Kind][]snapshot.Object{snapshot.Servers: {o}}}
	maps.Copy(doc.Resources, add)
	return doc
}

func decode(t *testing.T, raw string) snapshot.Object {
	t.Helper()
	o, err := snapshot.DecodeObject([]byte(raw))
	if err != nil {
		t.Fatal(err)
	}
	return o
}

func TestServerArguments(t *testing.T) {
	tests := map[string]struct {
		raw   string
		says  []string // lines of the block
		not   []string
		limit string // field of the only limit
	}{
		"tunnel stays":             {`{"network_mode":"tunnel"}`, []string{`network_mode = "tunnel"`}, nil, ""},
		"wg with both":             {`{"wg":true,"network_wg":"10.9.0.0/24","port_wg":1195}`, []string{`network_wg = "10.9.0.0/24"`, `port_wg = 1195`}, nil, ""},
		"wg off":                   {`{"wg":false,"network_wg":"10.9.0.0/24","port_wg":1195}`, nil, []string{"_wg"}, ""},
		"bridge without ends":      {`{"network_mode":"bridge","network_start":"10.9.0.5"}`, []string{`network_mode = "bridge"`}, []string{"network_start"}, ""},
		"cipher of a later time":   {`{"cipher":"chacha20poly1305"}`, []string{"ignore_changes = [cipher]"}, []string{"cipher ="}, "cipher"},
		"network out of its range": {`{"network":"6.0.0.0/8"}`, nil, []string{"network =", "ignore_changes"}, "network"},
		"network in part of it":    {`{"network":"100.64.0.0/16"}`, []string{`network = "100.64.0.0/16"`}, nil, ""},
		"network without a prefix": {`{"network":"10.99.0.0"}`, nil, []string{"network ="}, "network"},
		"groups with spaces":       {`{"groups":["a","b c"]}`, []string{"ignore_changes = [groups]"}, []string{"groups ="}, "groups"},
		"bind to a name":           {`{"bind_address":"vpn.example.com"}`, []string{"ignore_changes = [bind_address]"}, nil, "bind_address"},
		"off is said":              {`{"inter_client":false,"debug":false}`, []string{"inter_client = false"}, []string{"debug"}, ""},
		"zero timeouts":            {`{"session_timeout":null,"max_devices":0}`, nil, []string{"session_timeout", "max_devices"}, ""},
		"template marks":           {`{"pre_connect_msg":"a ${b} %{c}\nd \"e\""}`, []string{`pre_connect_msg = "a $${b} %%{c}\nd \"e\""`}, nil, ""},
		"reset by updates":         {`{"force_connect":true}`, []string{"# force_connect: true, not known"}, nil, "force_connect"},
		"kept by updates":          {`{"ipv6_firewall":false}`, []string{"# ipv6_firewall: false, not an argument"}, nil, "ipv6_firewall"},
		"usual value":              {`{"ipv6_firewall":true,"ping_interval_wg":30,"ping_timeout_wg":120,"tun_mtu":null,"multihome":null}`, nil, []string{"firewall", "_wg", "tun_mtu"}, ""},
		"other ping":               {`{"ping_interval_wg":31}`, []string{"# ping_interval_wg: 31"}, nil, "ping_interval_wg"},
		"field of the future":      {`{"teleport":["x"],"beam":false}`, []string{"# teleport: unknown to this version"}, []string{"beam"}, "teleport"},
		"wrong types":              {`{"port":"x","dns_servers":{"a":[1]},"max_clients":1e400,"mss_fix":1.5}`, []string{"ignore_changes = [dns_servers, mss_fix]"}, nil, "port,max_clients,dns_servers,mss_fix"},
		"no name":                  {`{"name":null}`, []string{`name = ""`}, nil, ""},
		"redacted":                 {`{"pre_connect_msg":{"$redacted":"servers.pre_connect_msg"}}`, []string{"# pre_connect_msg: redacted, the provider takes", "ignore_changes"}, nil, "pre_connect_msg"},
		"ping of nothing":          {`{"ping_interval":10,"ping_timeout":60,"status":"online"}`, []string{"ping_interval = 10", "ping_timeout = 60"}, []string{"status"}, ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			files, limits := generate(t, instance(decode(t, tt.raw), nil), terraform.Options{})
			conforms(t, files)
			got := unaligned(string(files[terraform.ServersFile]))
			for _, s := range tt.says {
				if !strings.Contains(got, s) {
					t.Errorf("lacks %q:\n%s", s, got)
				}
			}
			for _, s := range tt.not {
				if strings.Contains(strings.ReplaceAll(got, "# "+s, ""), s) {
					t.Errorf("has %q:\n%s", s, got)
				}
			}
			var fields []string
			for _, l := range limits {
				fields = append(fields, l.Field)
			}
			if d := strings.Join(fields, ","); d != tt.limit {
				t.Errorf("limits %q, want %q", d, tt.limit)
			}
		})
	}
}

// unaligned makes `a     = b` to `a = b`.
func unaligned(s string) string {
	var out []string
	for line := range strings.Lines(s) {
		if key, value, ok := strings.Cut(line, "="); ok && !strings.Contains(key, "#") {
			line = "  " + strings.TrimSpace(key) + " =" + value
		}
		out = append(out, line)
	}
	return strings.Join(out, "")
}

func TestReferences(t *testing.T) {
	const server, org, other = "aaaaaaaaaaaaaaaaaaaaaaaa", "bbbbbbbbbbbbbbbbbbbbbbbb", "cccccccccccccccccccccccc"
	doc := instance(nil, map[snapshot.Kind][]snapshot.Object{
		snapshot.Organizations:       {{"id": org, "name": "Acme"}},
		snapshot.ServerOrganizations: {{"id": org, "server": server}, {"id": other, "server": server}},
		snapshot.Hosts: {
			{"id": "h1", "name": "one", "hostname": "a.example.com"},
			{"id": "h2", "name": "two \"x\"", "hostname": ""},
			{"id": "h3", "name": "same"}, {"id": "h4", "name": "same"},
		},
		snapshot.ServerHosts: {{"id": "h1", "server": server}, {"id": "h2", "server": server}, {"id": "h3", "server": server}, {"id": "gone", "server": server}},
		snapshot.Users: {
			{"id": "d1", "organization": org, "name": "alice", "type": "client"},
			{"id": "d2", "organization": other, "name": "bob", "type": "client"},
			{"id": "d3", "organization": org, "name": "server_x", "type": "server"},
		},
	})
	files, _ := generate(t, doc, terraform.Options{})
	conforms(t, files)
	want := map[string][]string{
		terraform.ServersFile: {
			`organization_ids = [pritunl_organization.acme.id, "` + other + `"]`,
			`host_ids = [data.pritunl_host.one.id, local.two_x, "h3", "gone"]`,
		},
		terraform.HostsFile: {
			`two_x = one([for h in data.pritunl_hosts.all.hosts : h.id if h.name == "two \"x\""])`, `hostname = "a.example.com"`, `data "pritunl_hosts" "all"`,
		},
		terraform.UsersFile:   {`organization_id = pritunl_organization.acme.id`, `organization_id = "` + other + `"`},
		terraform.ImportsFile: {"to = pritunl_user.acme_alice", `id = "` + org + `-d1"`, `id = "` + other + `-d2"`, `id = "` + server + `"`},
	}
	for name, lines := range want {
		for _, l := range lines {
			if !strings.Contains(unaligned(string(files[name])), l) {
				t.Errorf("%s lacks %s:\n%s", name, l, files[name])
			}
		}
	}
	if bytes.Contains(files[terraform.UsersFile], []byte("server_x")) {
		t.Error("an internal user is written")
	}
}

func TestRoutes(t *testing.T) {
	row := func(network, more string) snapshot.Object {
		return decode(t, `{"server":"aaaaaaaaaaaaaaaaaaaaaaaa","network":"`+network+`"`+more+`}`)
	}
	doc := instance(nil, map[snapshot.Kind][]snapshot.Object{snapshot.ServerRoutes: {
		row("10.8.0.0/24", `,"virtual_network":true,"comment":"net","advertise":null`),
		row("fd00::/64", `,"virtual_network":true,"comment":"net"`),
		row("10.2.0.0/16", `,"comment":"b \"x\"\n","metric":5,"advertise":true`),
		row("10.1.0.0/16", `,"server_link":true`),
		row("10.10.0.0/16", `,"network_link":true`),
		row("::/0", `,"nat":true`),
		row("0.0.0.0/0", `,"nat":true`),
		row("10.3.0.0", ``),
		row("10.4.0.0/16", `,"net_gateway":true,"nat_netmap":"10.5.0.0/16"`),
	}})
	files, limits := generate(t, doc, terraform.Options{})
	conforms(t, files)
	var order []string
	for line := range strings.Lines(string(files[terraform.ServersFile])) {
		if _, network, ok := strings.Cut(line, `network`); ok && strings.Contains(line, "=") {
			order = append(order, strings.Trim(network, " =\"\n"))
		}
	}
	if d := cmp.Diff([]string{"0.0.0.0/0", "::/0", "10.10.0.0/16", "10.2.0.0/16", "10.4.0.0/16", "10.1.0.0/16"}, order); d != "" {
		t.Error(d)
	}
	var got []string
	for _, l := range limits {
		got = append(got, strings.TrimPrefix(l.Object, "s ")+" "+l.Field)
	}
	want := []string{"::/0 ", "10.10.0.0/16 ", "10.2.0.0/16 metric", "10.2.0.0/16 advertise", "10.3.0.0 network", "10.4.0.0/16 nat_netmap", "10.8.0.0/24 comment", "10.1.0.0/16 "}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

func TestUserFieldsThatAreNoArgument(t *testing.T) {
	doc := instance(nil, map[snapshot.Kind][]snapshot.Object{snapshot.Users: {decode(t,
		`{"id":"d1","organization":"o","name":"alice","type":"client","pin":true,"yubico_id":"cccccccccccc","auth_type":"saml_jumpcloud",
		 "port_forwarding":[{"port":"80","dport":8080,"protocol":"tcp"},{"port":"443","dport":"","protocol":null}],"otp_secret":"FAKEOTP","email":""}`)}})
	files, limits := generate(t, doc, terraform.Options{})
	conforms(t, files)
	var fields []string
	for _, l := range limits {
		fields = append(fields, l.Field)
	}
	if d := cmp.Diff([]string{"auth_type", "pin", "yubico_id"}, fields); d != "" {
		t.Error(d)
	}
	if got := string(files[terraform.UsersFile]); strings.Contains(got, "FAKEOTP") || strings.Contains(got, "email") || !strings.Contains(got, `"8080"`) {
		t.Errorf("users.tf:\n%s", got)
	}
}

func TestWeirdIDsAreNotImported(t *testing.T) {
	doc := instance(object{"id": "a-b"}, map[snapshot.Kind][]snapshot.Object{snapshot.Users: {{"id": "", "organization": "o", "name": "x"}}})
	files, limits := generate(t, doc, terraform.Options{})
	if bytes.Contains(files[terraform.ImportsFile], []byte("import {")) || len(limits) != 2 {
		t.Errorf("limits %v in\n%s", limits, files[terraform.ImportsFile])
	}
}

func TestAnyNameGivesAValidUniqueResource(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		names := rapid.SliceOfN(rapid.OneOf(rapid.String(), rapid.SampledFrom([]string{"a", "A", "a_2", "a-2", "", "9", "\xff", "${x}", "*/\n}"})), 0, 12).Draw(t, "names")
		doc := instance(nil, nil)
		for i, n := range names {
			id := fmt.Sprintf("%024x", i)
			doc.Resources[snapshot.Organizations] = append(doc.Resources[snapshot.Organizations], object{"id": id, "name": n})
			doc.Resources[snapshot.Hosts] = append(doc.Resources[snapshot.Hosts], object{"id": id, "name": n, "hostname": n})
			doc.Resources[snapshot.Users] = append(doc.Resources[snapshot.Users], object{"id": id, "name": n, "organization": id, "groups": []any{n}})
		}
		files, _, err := terraform.Generate(doc, terraform.Options{})
		if err != nil {
			t.Fatal(err)
		}
		conforms(t, files)
		if got := bytes.Count(files[terraform.UsersFile], []byte("\nresource ")); got != len(names) {
			t.Fatalf("%d users for %d", got, len(names))
		}
	})
}

// conforms parses every file and holds it against the provider's schema: known
// blocks and arguments, required ones present, types right, references to what
// exists, resource names used once, formatted as terraform fmt does.
func conforms(t interface {
	Helper()
	Errorf(string, ...any)
	Fatalf(string, ...any)
}, files map[string][]byte) {
	t.Helper()
	c := checker{declared: map[string]bool{}, fail: t.Errorf}
	var bodies []*hclsyntax.Body
	for _, name := range slices.Sorted(maps.Keys(files)) {
		src := files[name]
		if !bytes.Equal(hclwrite.Format(src), src) {
			t.Errorf("%s is not formatted", name)
		}
		if bytes.Contains(src, []byte("\n\n\n")) || !bytes.HasSuffix(src, []byte("\n")) || bytes.HasSuffix(src, []byte("\n\n")) {
			t.Errorf("%s has needless or missing line feeds:\n%s", name, src)
		}
		f, diags := hclsyntax.ParseConfig(src, name, hcl.InitialPos)
		if diags.HasErrors() {
			t.Fatalf("%s: %v\n%s", name, diags, src)
		}
		body := f.Body.(*hclsyntax.Body)
		bodies = append(bodies, body)
		c.declare(body)
	}
	for _, b := range bodies {
		c.file(b)
	}
}
