package routes_test

import (
	"encoding/json"
	"errors"
	"net/netip"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"pritunl-backup/routes"
)

var byValue = cmp.Options{
	cmp.Comparer(func(a, b netip.Prefix) bool { return a == b }),
	cmpopts.EquateEmpty(),
}

func ptr[T any](v T) *T { return &v }

func networks(rs []routes.Route) []string {
	var out []string
	for _, r := range rs {
		out = append(out, r.Network.String())
	}
	return out
}

func TestParseAWS(t *testing.T) {
	data, err := os.ReadFile("testdata/ip-ranges.json")
	if err != nil {
		t.Fatal(err)
	}
	tests := map[string]struct {
		filter routes.Filter
		want   []string
		err    error
	}{
		"all of version 4":    {routes.Filter{}, []string{"198.51.100.0/25", "198.51.100.128/25", "198.51.100.0/26", "203.0.113.0/24", "192.0.2.16/28"}, nil},
		"region":              {routes.Filter{Regions: []string{"EU-west-1"}}, []string{"198.51.100.0/25", "198.51.100.128/25", "198.51.100.0/26"}, nil},
		"service":             {routes.Filter{Services: []string{"s3"}}, []string{"198.51.100.128/25", "198.51.100.0/26"}, nil},
		"service and ipv6":    {routes.Filter{Services: []string{"S3"}, IPv6: true}, []string{"198.51.100.128/25", "198.51.100.0/26", "2001:db8:1::/48"}, nil},
		"two regions":         {routes.Filter{Regions: []string{"us-east-1", "GLOBAL"}}, []string{"203.0.113.0/24", "192.0.2.16/28"}, nil},
		"misspelt region":     {routes.Filter{Regions: []string{"eu-wets-1"}}, nil, routes.ErrNoMatch},
		"misspelt service":    {routes.Filter{Services: []string{"S4"}}, nil, routes.ErrNoMatch},
		"nothing has both":    {routes.Filter{Regions: []string{"us-east-1"}, Services: []string{"S3"}}, nil, routes.ErrNoMatch},
		"region of text list": {routes.Filter{Regions: []string{"us-east-1"}}, nil, routes.ErrNoMatch},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			format := routes.AWS
			if strings.HasSuffix(name, "text list") {
				format = routes.Text
			}
			read, err := routes.Parse(strings.NewReader(string(data)), format, tt.filter)
			if !errors.Is(err, tt.err) {
				t.Fatalf("error %v, want %v", err, tt.err)
			}
			if d := cmp.Diff(tt.want, networks(read.Routes)); d != "" {
				t.Error(d)
			}
		})
	}
}

func TestParseLists(t *testing.T) {
	mk := func(n, comment string, nat *bool) routes.Route {
		return routes.Route{Network: netip.MustParsePrefix(n), Comment: comment, NAT: nat}
	}
	full := mk("10.0.0.0/8", "office", ptr(true))
	full.Metric, full.NATInterface, full.AdvertiseResource = 5, "eth1", []string{"a", "b"}
	tests := map[string]struct {
		format routes.Format
		in     string
		want   []routes.Route
		err    string
	}{
		"text":                 {routes.Text, "\ufeff10.0.0.0/8 # office\r\n\n# nothing\n192.0.2.1\n", []routes.Route{mk("10.0.0.0/8", "office", nil), mk("192.0.2.1/32", "", nil)}, ""},
		"text, mapped address": {routes.Text, "::ffff:192.0.2.0/120", []routes.Route{mk("192.0.2.0/24", "", nil)}, ""},
		"text, host bits":      {routes.Text, "10.0.0.0/8\n10.0.0.1/8\n", nil, `line 2: not in the expected format: "10.0.0.1/8" has host bits set, the network is 10.0.0.0/8`},
		"text, nonsense":       {routes.Text, "<html>", nil, "line 1"},
		"text, zone":           {routes.Text, "fe80::1%eth0", nil, "not an address"},
		"csv with header":      {routes.CSV, "comment,network,nat,owner\noffice,10.0.0.0/8,true,me\n", []routes.Route{mk("10.0.0.0/8", "office", ptr(true))}, ""},
		"csv without header":   {routes.CSV, "10.0.0.0/8,\"office, north\"\n192.0.2.1\n", []routes.Route{mk("10.0.0.0/8", "office, north", nil), mk("192.0.2.1/32", "", nil)}, ""},
		"csv, bad value":       {routes.CSV, "network,nat\n10.0.0.0/8,yes please\n", nil, `line 2: not in the expected format: column nat: "yes please"`},
		"csv, no network":      {routes.CSV, "network,nat\n,true\n", nil, "no network"},
		"csv, too many values": {routes.CSV, "10.0.0.0/8,a,b\n", nil, "3 values for 2 columns"},
		"csv, bare quote":      {routes.CSV, "10.0.0.0/8,a\"b\n", nil, "not in the expected format"},
		"json":                 {routes.JSON, `["192.0.2.1",{"network":"10.0.0.0/8","comment":"office","nat":true,"metric":5,"nat_interface":"eth1","advertise_resource":["a","b"],"other":1}]`, []routes.Route{mk("192.0.2.1/32", "", nil), full}, ""},
		"json, not a list":     {routes.JSON, `{"network":"10.0.0.0/8"}`, nil, "not in the expected format"},
		"json, wrong type":     {routes.JSON, `[{"network":7}]`, nil, "element 1"},
		"json, no network":     {routes.JSON, `["10.0.0.0/8",{}]`, nil, "element 2"},
		"aws, empty":           {routes.AWS, `{}`, nil, "has no prefixes"},
		"unknown format":       {"yaml", ``, nil, `format "yaml" is not known`},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			read, err := routes.Parse(strings.NewReader(tt.in), tt.format, routes.Filter{IPv6: true})
			if tt.err == "" && err != nil || tt.err != "" && (err == nil || !errors.Is(err, routes.ErrFormat) || !strings.Contains(err.Error(), tt.err)) {
				t.Fatalf("error %v, want %q", err, tt.err)
			}
			if d := cmp.Diff(tt.want, read.Routes, byValue); d != "" {
				t.Error(d)
			}
		})
	}
}

func FuzzParse(f *testing.F) {
	for _, format := range routes.Formats() {
		f.Add(`{"prefixes":[{"ip_prefix":"10.0.0.0/8"}]}`, string(format))
		f.Add("10.0.0.0/8 # a\n::ffff:1.2.3.4\n", string(format))
	}
	f.Fuzz(func(t *testing.T, in, format string) {
		read, err := routes.Parse(strings.NewReader(in), routes.Format(format), routes.Filter{IPv6: true})
		if err != nil && read.Routes != nil {
			t.Error("both routes and an error")
		}
		for _, r := range read.Routes {
			if r.Network != r.Network.Masked() || r.Network.Addr().Is4In6() {
				t.Errorf("%s is no clean network", r.Network)
			}
		}
	})
}

const serverRoutes = `[
 {"id":"302e302e302e302f30","server":"s","network":"0.0.0.0/0","comment":null,"metric":null,"nat":true,"nat_interface":null,"nat_netmap":null,"advertise":null,"advertise_resource":null,"net_gateway":false,"virtual_network":false,"network_link":false,"server_link":false},
 {"network":"::/0","nat":true,"virtual_network":false,"network_link":false,"server_link":false},
 {"network":"10.10.0.0/24","nat":false,"virtual_network":true,"network_link":false,"server_link":false},
 {"network":"10.99.0.0","nat":false,"virtual_network":true,"network_link":false,"server_link":false},
 {"network":"10.20.0.0/24","comment":"aws","metric":7,"nat":true,"nat_interface":"eth1","nat_netmap":"10.200.0.0/24","advertise":true,"advertise_resource":["r"],"net_gateway":false,"virtual_network":false,"network_link":false,"server_link":false},
 {"network":"10.21.0.0/24","comment":"office","metric":null,"nat":false,"advertise":false,"net_gateway":false,"virtual_network":false,"network_link":false,"server_link":false},
 {"network":"10.22.0.0/24","comment":"aws","nat":false,"net_gateway":false,"virtual_network":false,"network_link":false,"server_link":false},
 {"network":"10.30.0.0/24","comment":"aws","nat":false,"net_gateway":false,"virtual_network":false,"network_link":true,"server_link":false},
 {"network":"10.40.0.0/24","comment":null,"nat":false,"net_gateway":false,"virtual_network":false,"network_link":false,"server_link":true},
 {"network":"10.50.0.0/24","comment":"","nat":false,"net_gateway":true,"virtual_network":false,"network_link":false,"server_link":false}
]`

func existing(t *testing.T) []routes.Existing {
	t.Helper()
	e, err := routes.ParseServer([]byte(serverRoutes))
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// lines shows a plan as "+network", "~network differs", "-network", "!network reason".
func lines(p routes.Plan) []string {
	var out []string
	for _, c := range p.Add {
		out = append(out, "+"+c.Route.Network.String())
	}
	for _, c := range p.Update {
		out = append(out, "~"+c.Route.Network.String()+" "+c.Reason)
	}
	for _, c := range p.Remove {
		out = append(out, "-"+c.Route.Network.String())
	}
	for _, c := range p.Keep {
		if c.Reason != "" {
			out = append(out, "!"+c.Route.Network.String()+" "+c.Reason)
		} else {
			out = append(out, "="+c.Route.Network.String())
		}
	}
	return out
}

func TestNewPlan(t *testing.T) {
	tests := map[string]struct {
		list string
		opts routes.Options
		want []string
	}{
		"add":                      {"192.0.2.0/25\n192.0.2.128/25\n", routes.Options{}, []string{"+192.0.2.0/24"}},
		"add without collapsing":   {"192.0.2.0/25\n192.0.2.128/25\n192.0.2.0/25", routes.Options{NoCollapse: true}, []string{"+192.0.2.0/25", "+192.0.2.128/25"}},
		"keep":                     {"10.20.0.0/24\n", routes.Options{NAT: true}, []string{"=10.20.0.0/24"}},
		"update comment":           {"10.20.0.0/24 # new", routes.Options{NAT: true, PruneComment: "aws"}, []string{"~10.20.0.0/24 comment", "-10.22.0.0/24"}},
		"nat off clears netmap":    {"10.20.0.0/24", routes.Options{Comment: "aws"}, []string{"~10.20.0.0/24 nat, nat_netmap"}},
		"foreign stays":            {"10.21.0.0/24", routes.Options{Comment: "aws", NAT: true}, []string{`!10.21.0.0/24 carries another comment: "office"`}},
		"foreign taken over":       {"10.21.0.0/24", routes.Options{Comment: "aws", NAT: true, TakeOver: true}, []string{"~10.21.0.0/24 comment, nat"}},
		"derived rows":             {"10.10.0.0/24\n10.30.0.0/24\n10.40.0.0/24\n::/0", routes.Options{NAT: true, NoCollapse: true}, []string{"!10.10.0.0/24 comes from the virtual network of the server", "!10.30.0.0/24 comes from the network link of a user", "!10.40.0.0/24 comes from a linked server", "!::/0 pritunl derives it from 0.0.0.0/0"}},
		"net gateway excludes nat": {"10.50.0.0/24", routes.Options{NAT: true}, []string{"!10.50.0.0/24 a net gateway route cannot use nat"}},
		"prune":                    {"10.20.0.0/24", routes.Options{Comment: "aws", NAT: true, PruneComment: "aws"}, []string{"-10.22.0.0/24", "=10.20.0.0/24"}},
		"list decides on nat":      {"network,nat\n10.21.0.0/24,false\n", routes.Options{Comment: "office", NAT: true}, []string{"=10.21.0.0/24"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			format := routes.Text
			if strings.HasPrefix(tt.list, "network,") {
				format = routes.CSV
			}
			read, err := routes.Parse(strings.NewReader(tt.list), format, routes.Filter{IPv6: true})
			if err != nil {
				t.Fatal(err)
			}
			p, err := routes.NewPlan(existing(t), read.Routes, tt.opts)
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(tt.want, lines(p)); d != "" {
				t.Error(d)
			}
		})
	}
}

func TestUpdateKeepsWhatTheListDoesNotSay(t *testing.T) {
	list := []routes.Route{{Network: netip.MustParsePrefix("10.20.0.0/24"), Comment: "new"}}
	p, err := routes.NewPlan(existing(t), list, routes.Options{NAT: true, TakeOver: true})
	if err != nil {
		t.Fatal(err)
	}
	want := routes.Route{
		Network: netip.MustParsePrefix("10.20.0.0/24"), Comment: "new", NAT: ptr(true), NATInterface: "eth1",
		NATNetmap: "10.200.0.0/24", Metric: 7, Advertise: true, AdvertiseResource: []string{"r"},
	}
	if d := cmp.Diff(want, p.Update[0].Route, byValue); d != "" {
		t.Error(d)
	}
}

func TestEmptyListNeverPrunes(t *testing.T) {
	_, err := routes.NewPlan(existing(t), nil, routes.Options{PruneComment: "aws"})
	if !errors.Is(err, routes.ErrEmptyList) {
		t.Errorf("error %v", err)
	}
}

func TestExportIsReadAgain(t *testing.T) {
	have := existing(t)
	for _, format := range []routes.Format{routes.JSON, routes.CSV, routes.Text} {
		t.Run(string(format), func(t *testing.T) {
			data, err := routes.Export(have, format)
			if err != nil {
				t.Fatal(err)
			}
			read, err := routes.Parse(strings.NewReader(string(data)), format, routes.Filter{IPv6: true})
			if err != nil {
				t.Fatalf("%v in\n%s", err, data)
			}
			if len(read.Routes) != 5 {
				t.Fatalf("%d routes, want the 5 stored ones:\n%s", len(read.Routes), data)
			}
			if format == routes.Text {
				return // text carries no nat
			}
			p, err := routes.NewPlan(have, read.Routes, routes.Options{NoCollapse: true})
			if err != nil || !p.Empty() || p.Skipped > 0 {
				t.Errorf("importing an export changes %v, error %v", lines(p), err)
			}
		})
	}
	if _, err := routes.Export(have, routes.AWS); !errors.Is(err, routes.ErrFormat) {
		t.Errorf("export in format aws: error %v", err)
	}
	if data, err := routes.Export(nil, routes.JSON); err != nil || string(data) != "[]\n" {
		t.Errorf("export of nothing: %q, %v", data, err)
	}
}

func TestParseServerRefusesOtherAnswers(t *testing.T) {
	for _, in := range []string{``, `{}`, `[1]`, `[{"network":7}]`} {
		if _, err := routes.ParseServer([]byte(in)); err == nil {
			t.Errorf("%q is taken for routes", in)
		}
	}
}

func TestBodiesRefuseOneThatCannotFit(t *testing.T) {
	_, err := routes.Bodies([]routes.Route{{Network: netip.MustParsePrefix("10.0.0.0/8"), Comment: strings.Repeat("x", 50_000)}})
	if err == nil || !strings.Contains(err.Error(), "10.0.0.0/8") {
		t.Errorf("error %v", err)
	}
	if b, err := routes.Bodies(nil); err != nil || b != nil {
		t.Errorf("bodies of nothing: %s, %v; the server answers 500 to an empty list", b, err)
	}
}

func unpack(t interface{ Fatal(...any) }, bodies []json.RawMessage) []string {
	var out []string
	for _, b := range bodies {
		var rs []routes.Route
		if err := json.Unmarshal(b, &rs); err != nil {
			t.Fatal(err)
		}
		out = append(out, networks(rs)...)
	}
	return out
}
