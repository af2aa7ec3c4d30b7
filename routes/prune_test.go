package routes_test

import (
	"net/netip"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"pritunl-backup/routes"
)

func stored(comment string, networks ...string) []routes.Existing {
	var out []routes.Existing
	for _, n := range networks {
		out = append(out, routes.Existing{Route: routes.Route{Network: netip.MustParsePrefix(n), Comment: comment, NAT: ptr(false)}})
	}
	return out
}

func texts(list []netip.Prefix) []string {
	var out []string
	for _, n := range list {
		out = append(out, n.String())
	}
	return out
}

// What a filter leaves out of a list is counted, each network once, and is no network of the selection.
func TestFiltersSayWhatTheyLeaveOut(t *testing.T) {
	data, err := os.ReadFile("testdata/ip-ranges.json")
	if err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct {
		format      routes.Format
		in          string
		filter      routes.Filter
		ipv6, other []string
	}{
		"nothing":          {routes.AWS, string(data), routes.Filter{IPv6: true}, nil, nil},
		"the family":       {routes.Text, "192.0.2.0/24\n2001:db8::/32\n2001:db8::/32\n::1\n::ffff:192.0.3.0/120", routes.Filter{}, []string{"::1/128", "2001:db8::/32"}, nil},
		"the family of S3": {routes.AWS, string(data), routes.Filter{Services: []string{"S3"}}, []string{"2001:db8:1::/48"}, []string{"192.0.2.16/28", "198.51.100.0/25", "203.0.113.0/24", "2001:db8:2::/48"}},
		"a region":         {routes.AWS, string(data), routes.Filter{Regions: []string{"eu-west-1"}, IPv6: true}, nil, []string{"192.0.2.16/28", "203.0.113.0/24", "2001:db8:2::/48"}},
		"a network of two services": {routes.AWS, `{"prefixes":[{"ip_prefix":"192.0.2.0/24","region":"r","service":"AMAZON"},
			{"ip_prefix":"192.0.2.0/24","region":"r","service":"S3"}]}`, routes.Filter{Services: []string{"S3"}}, nil, nil},
	} {
		t.Run(name, func(t *testing.T) {
			list, err := routes.Parse(strings.NewReader(tt.in), tt.format, tt.filter)
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(tt.ipv6, texts(list.LeftOut.IPv6)); d != "" {
				t.Errorf("ipv6: %s", d)
			}
			if d := cmp.Diff(tt.other, texts(list.LeftOut.Other)); d != "" {
				t.Errorf("other: %s", d)
			}
		})
	}
}

func TestPruneTellsWhatLeftFromWhatIsNotSelected(t *testing.T) {
	have := slices.Concat(
		stored("aws", "10.1.0.0/16", "10.2.0.0/16", "10.3.0.0/16", "2001:db8:1::/48", "2001:db8:2::/48"),
		stored("mine", "10.4.0.0/16", "2001:db8:3::/48"))
	list := []routes.Route{{Network: netip.MustParsePrefix("10.1.0.0/16"), Comment: "aws"}}
	left := routes.LeftOut{Other: []netip.Prefix{netip.MustParsePrefix("10.2.0.0/17"), netip.MustParsePrefix("10.2.128.0/17"), netip.MustParsePrefix("2001:db8::/32")}}
	for name, tt := range map[string]struct {
		opts routes.Options
		want []string
		kept int
	}{
		"both families": {routes.Options{PruneComment: "aws", LeftOut: left}, []string{
			"10.2.0.0/16 of another region or service of the list", "10.3.0.0/16 no longer in the list",
			"2001:db8:1::/48 of another region or service of the list", "2001:db8:2::/48 of another region or service of the list",
		}, 0},
		"IPv4 alone": {routes.Options{PruneComment: "aws", KeepIPv6: true}, []string{"10.2.0.0/16 no longer in the list", "10.3.0.0/16 no longer in the list"}, 2},
		"no pruning": {routes.Options{KeepIPv6: true}, nil, 0},
	} {
		t.Run(name, func(t *testing.T) {
			p, err := routes.NewPlan(have, list, tt.opts)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, c := range p.Remove {
				got = append(got, c.Route.Network.String()+" "+c.Reason)
			}
			if d := cmp.Diff(tt.want, got); d != "" || p.KeptIPv6 != tt.kept {
				t.Errorf("%d kept, want %d\n%s", p.KeptIPv6, tt.kept, d)
			}
		})
	}
}

// Whatever the list and the server hold: without IPv6 networks no IPv6 route is removed.
func TestWithoutIPv6NoIPv6RouteIsRemoved(t *testing.T) {
	network := rapid.Custom(func(t *rapid.T) string {
		return rapid.SampledFrom([]string{"10.%/16", "192.0.%.0/24", "2001:db8:%::/48", "fd00:%::/32"}).Draw(t, "form")
	})
	some := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) string {
		n := rapid.IntRange(1, 5).Draw(t, "n")
		return strings.Replace(strings.Replace(network.Draw(t, "network"), "10.%", "10.%.0.0", 1), "%", string(rune('0'+n)), 1)
	}), 0, 12)
	rapid.Check(t, func(t *rapid.T) {
		have := stored(rapid.SampledFrom([]string{"aws", "mine"}).Draw(t, "comment"), some.Draw(t, "have")...)
		list, err := routes.Parse(strings.NewReader("198.51.100.0/24\n"+strings.Join(some.Draw(t, "list"), "\n")), routes.Text, routes.Filter{})
		if err != nil {
			t.Fatal(err)
		}
		p, err := routes.NewPlan(have, list.Routes, routes.Options{Comment: "aws", PruneComment: "aws", KeepIPv6: true, NoCollapse: rapid.Bool().Draw(t, "no collapse")})
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range slices.Concat(p.Remove, p.Add, p.Update) {
			if c.Route.Network.Addr().Is6() {
				t.Errorf("%s is touched", c.Route.Network)
			}
		}
	})
}

func TestRemovalTakesExactlyOneComment(t *testing.T) {
	have := slices.Concat(stored("aws", "10.1.0.0/16", "2001:db8::/32"), stored("aws2", "10.2.0.0/16"), stored("", "10.3.0.0/16"))
	have = append(have, routes.Existing{Route: routes.Route{Network: netip.MustParsePrefix("10.4.0.0/16"), Comment: "aws"}, Derived: "a linked server"})
	for comment, want := range map[string][]string{"aws": {"10.1.0.0/16", "2001:db8::/32"}, "AWS": nil, "": nil, "other": nil} {
		var got []string
		p := routes.NewRemoval(have, comment)
		for _, c := range p.Remove {
			got = append(got, c.Route.Network.String())
		}
		if d := cmp.Diff(want, got); d != "" || len(p.Add)+len(p.Update)+len(p.Keep) > 0 {
			t.Errorf("%q: %s", comment, d)
		}
	}
}
