package routes_test

import (
	"net/netip"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"pritunl-backup/routes"
)

func TestCollapse(t *testing.T) {
	tests := map[string]struct{ in, want []string }{
		"nothing":          {nil, nil},
		"contained":        {[]string{"10.0.0.0/8", "10.1.0.0/16"}, []string{"10.0.0.0/8"}},
		"halves":           {[]string{"10.0.1.0/24", "10.0.0.0/24"}, []string{"10.0.0.0/23"}},
		"not halves":       {[]string{"10.0.1.0/24", "10.0.2.0/24"}, []string{"10.0.1.0/24", "10.0.2.0/24"}},
		"cascade":          {[]string{"10.0.0.0/25", "10.0.0.128/26", "10.0.0.192/26"}, []string{"10.0.0.0/24"}},
		"everything":       {[]string{"0.0.0.0/1", "128.0.0.0/1", "::/1", "8000::/1"}, []string{"0.0.0.0/0", "::/0"}},
		"families apart":   {[]string{"0.0.0.0/0", "::/0"}, []string{"0.0.0.0/0", "::/0"}},
		"equal":            {[]string{"10.0.0.0/8", "10.0.0.0/8"}, []string{"10.0.0.0/8"}},
		"host bits":        {[]string{"10.0.0.1/31", "10.0.0.2/31"}, []string{"10.0.0.0/30"}},
		"single addresses": {[]string{"10.0.0.0/32", "10.0.0.1/32", "2001:db8::/128"}, []string{"10.0.0.0/31", "2001:db8::/128"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			var in []netip.Prefix
			for _, s := range tt.in {
				in = append(in, netip.MustParsePrefix(s))
			}
			var got []string
			for _, p := range routes.Collapse(in) {
				got = append(got, p.String())
			}
			if d := cmp.Diff(tt.want, got); d != "" {
				t.Error(d)
			}
		})
	}
}

// prefixes draws networks within a space of 256 addresses of each family, small
// enough to count every address.
func prefixes() *rapid.Generator[[]netip.Prefix] {
	one := rapid.Custom(func(t *rapid.T) netip.Prefix {
		last := rapid.Byte().Draw(t, "last")
		bits := rapid.IntRange(0, 8).Draw(t, "bits")
		if rapid.Bool().Draw(t, "v6") {
			a := netip.MustParseAddr("2001:db8::").As16()
			a[15] = last
			return netip.PrefixFrom(netip.AddrFrom16(a), 120+bits).Masked()
		}
		return netip.PrefixFrom(netip.AddrFrom4([4]byte{10, 0, 0, last}), 24+bits).Masked()
	})
	return rapid.SliceOfN(one, 0, 40)
}

func addresses(ps []netip.Prefix) map[netip.Addr]bool {
	out := make(map[netip.Addr]bool)
	for _, p := range ps {
		for a := p.Addr(); p.Contains(a); a = a.Next() {
			out[a] = true
		}
	}
	return out
}

func TestCollapseCoversTheSameWithTheFewest(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in := prefixes().Draw(t, "in")
		before := slices.Clone(in)
		got := routes.Collapse(in)
		if !slices.Equal(before, in) {
			t.Fatal("its argument was changed")
		}
		want := addresses(in)
		if d := cmp.Diff(want, addresses(got), cmp.Comparer(func(a, b netip.Addr) bool { return a == b })); d != "" {
			t.Fatalf("other addresses: %s", d)
		}
		if n := fewest(want); len(got) != n {
			t.Fatalf("%d networks %v, %d are enough", len(got), got, n)
		}
	})
}

// fewest counts by another way than Collapse: from the whole space downwards, a
// network is taken when all its addresses are wanted, else its halves are looked at.
func fewest(want map[netip.Addr]bool) int {
	var count func(p netip.Prefix) int
	count = func(p netip.Prefix) int {
		all, any := true, false
		for a := p.Addr(); p.Contains(a); a = a.Next() {
			all, any = all && want[a], any || want[a]
		}
		switch {
		case all:
			return 1
		case !any:
			return 0
		}
		low := netip.PrefixFrom(p.Addr(), p.Bits()+1)
		high := low.Addr()
		for low.Contains(high) {
			high = high.Next()
		}
		return count(low) + count(netip.PrefixFrom(high, p.Bits()+1))
	}
	return count(netip.MustParsePrefix("10.0.0.0/24")) + count(netip.MustParsePrefix("2001:db8::/120"))
}

func TestPlanOnceAppliedIsEmpty(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var have []routes.Existing
		for _, p := range prefixes().Draw(t, "have") {
			nat := rapid.Bool().Draw(t, "nat")
			comment := rapid.SampledFrom([]string{"", "aws", "office"}).Draw(t, "comment")
			if !slices.ContainsFunc(have, func(e routes.Existing) bool { return e.Network == p }) {
				have = append(have, routes.Existing{Route: routes.Route{Network: p, NAT: &nat, Comment: comment}})
			}
		}
		var list []routes.Route
		for _, p := range prefixes().Draw(t, "list") {
			list = append(list, routes.Route{Network: p})
		}
		opts := routes.Options{Comment: "aws", NAT: rapid.Bool().Draw(t, "want nat"), TakeOver: rapid.Bool().Draw(t, "take over")}
		if len(list) > 0 {
			opts.PruneComment = "aws"
		}
		p, err := routes.NewPlan(have, list, opts)
		if err != nil {
			t.Fatal(err)
		}
		again, err := routes.NewPlan(applied(have, p), list, opts)
		if err != nil || !again.Empty() {
			t.Fatalf("the second plan is %v, error %v", lines(again), err)
		}
	})
}

func applied(have []routes.Existing, p routes.Plan) []routes.Existing {
	at := make(map[netip.Prefix]routes.Existing)
	for _, e := range have {
		at[e.Network] = e
	}
	for _, list := range [][]routes.Change{p.Add, p.Update} {
		for _, c := range list {
			at[c.Route.Network] = routes.Existing{Route: c.Route}
		}
	}
	for _, c := range p.Remove {
		delete(at, c.Route.Network)
	}
	var out []routes.Existing
	for _, e := range at {
		out = append(out, e)
	}
	return out
}

func TestBodiesHoldEveryRouteBelowTheLimit(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(0, 2000).Draw(t, "n")
		comment := rapid.StringN(0, 40, -1).Draw(t, "comment")
		var rs []routes.Route
		for i := range n {
			a := netip.AddrFrom4([4]byte{10, byte(i >> 8), byte(i), 0})
			rs = append(rs, routes.Route{Network: netip.PrefixFrom(a, 24), Comment: comment})
		}
		bodies, err := routes.Bodies(rs)
		if err != nil {
			t.Fatal(err)
		}
		for _, b := range bodies {
			if len(b) > 50_000 {
				t.Fatalf("a body of %d bytes", len(b))
			}
		}
		if d := cmp.Diff(networks(rs), unpack(t, bodies)); d != "" {
			t.Fatal(d)
		}
	})
}
