package routes

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"
)

// Options say how a list becomes routes.
type Options struct {
	// Comment is given to routes whose list has none. It also marks them as ours.
	Comment string
	// NAT is given to routes whose list says nothing about it.
	NAT bool
	// PruneComment removes routes of the server that carry exactly this comment
	// and are not in the list, or were left out of it by region or service: a
	// selection is a list of its own. Empty removes nothing.
	PruneComment string
	// KeepIPv6 keeps IPv6 routes from being removed: the list was read without
	// IPv6 networks and says nothing about them.
	KeepIPv6 bool
	// LeftOut says what a filter left out of the list, for the reasons of removals.
	LeftOut LeftOut
	// TakeOver also changes routes that carry a comment which is neither Comment
	// nor PruneComment; without it such routes stay as they are.
	TakeOver bool
	// NoCollapse sends the networks as the list has them.
	NoCollapse bool
}

// ErrEmptyList says that pruning was asked for and the list is empty. A feed that broke
// must not remove every route.
var ErrEmptyList = errors.New("the list is empty and pruning would remove every route it made")

// Change is one route that the plan touches or leaves alone.
type Change struct {
	Route Route
	// Reason says why: what differs for an update, why not for a route that is kept.
	Reason string
}

// Plan says what makes a server have the routes of a list. All lists are sorted
// by network.
type Plan struct {
	Add    []Change
	Update []Change
	Remove []Change
	// Keep holds the wanted routes that need nothing, and those that may not be
	// touched (Skipped).
	Keep []Change
	// Skipped counts the routes in Keep that differ from the list all the same.
	Skipped int
	// KeptIPv6 counts the IPv6 routes that Options.KeepIPv6 kept.
	KeptIPv6 int
}

// Empty tells that nothing is to be sent.
func (p Plan) Empty() bool { return len(p.Add)+len(p.Update)+len(p.Remove) == 0 }

// NewPlan compares a list with what a server has. It is pure and, once its plan
// is applied, gives an empty plan.
func NewPlan(existing []Existing, list []Route, o Options) (Plan, error) {
	if o.PruneComment != "" && len(list) == 0 {
		return Plan{}, fmt.Errorf("plan the routes: %w", ErrEmptyList)
	}
	wanted := o.complete(list)
	have := make(map[netip.Prefix]Existing, len(existing))
	for _, e := range existing {
		// A stored row wins over a derived one of the same network.
		if old, ok := have[e.Network]; !ok || old.Derived != "" {
			have[e.Network] = e
		}
	}
	var p Plan
	listed := make(map[netip.Prefix]bool, len(wanted))
	for _, w := range wanted {
		listed[w.Network] = true
		e, ok := have[w.Network]
		p.place(w, e, ok, o)
	}
	p.prune(existing, listed, o)
	p.sort()
	return p, nil
}

// NewRemoval plans to take a whole import out again: every route that is stored
// with the server and carries exactly the comment, of both families. Routes
// whose list had comments of their own are not told apart from others.
func NewRemoval(existing []Existing, comment string) Plan {
	var p Plan
	for _, e := range existing {
		if e.Derived == "" && comment != "" && e.Comment == comment {
			p.Remove = append(p.Remove, Change{e.Route, "carries the comment"})
		}
	}
	p.sort()
	return p
}

func (p *Plan) prune(existing []Existing, listed map[netip.Prefix]bool, o Options) {
	others := Collapse(o.LeftOut.Other)
	for _, e := range existing {
		switch {
		case o.PruneComment == "", e.Derived != "", e.Comment != o.PruneComment, listed[e.Network]:
		case o.KeepIPv6 && e.Network.Addr().Is6():
			p.KeptIPv6++
		case covered(others, e.Network):
			p.Remove = append(p.Remove, Change{e.Route, "of another region or service of the list"})
		default:
			p.Remove = append(p.Remove, Change{e.Route, "no longer in the list"})
		}
	}
}

// covered tells whether one of the collapsed networks holds n.
func covered(collapsed []netip.Prefix, n netip.Prefix) bool {
	i, found := slices.BinarySearchFunc(collapsed, n, compare)
	return found || i > 0 && collapsed[i-1].Bits() <= n.Bits() && collapsed[i-1].Contains(n.Addr())
}

func (p *Plan) sort() {
	for _, list := range [][]Change{p.Add, p.Update, p.Remove, p.Keep} {
		slices.SortFunc(list, func(a, b Change) int { return compare(a.Route.Network, b.Route.Network) })
	}
}

// complete fills in what the list leaves open and makes networks unique.
func (o Options) complete(list []Route) []Route {
	full := make([]Route, len(list))
	for i, r := range list {
		if r.Comment == "" {
			r.Comment = o.Comment
		}
		if r.NAT == nil {
			nat := o.NAT
			r.NAT = &nat
		}
		full[i] = r
	}
	if !o.NoCollapse {
		return CollapseRoutes(full)
	}
	seen := make(map[netip.Prefix]bool)
	full = slices.DeleteFunc(full, func(r Route) bool {
		was := seen[r.Network]
		seen[r.Network] = true
		return was
	})
	sortRoutes(full)
	return full
}

func (p *Plan) place(w Route, e Existing, exists bool, o Options) {
	skip := func(r Route, reason string) {
		p.Keep = append(p.Keep, Change{r, reason})
		p.Skipped++
	}
	switch {
	case w.Network == defaultRoute6:
		skip(w, "pritunl derives it from 0.0.0.0/0")
	case !exists && w.NetGateway && *w.NAT:
		skip(w, "a net gateway route cannot use nat")
	case !exists:
		p.Add = append(p.Add, Change{w, ""})
	case e.Derived != "":
		skip(e.Route, "comes from "+e.Derived)
	default:
		full := w.over(e.Route)
		differs := full.differs(e.Route)
		switch {
		case differs == "":
			p.Keep = append(p.Keep, Change{e.Route, ""})
		case !o.owns(e.Comment):
			skip(e.Route, "carries another comment: "+strconv.Quote(e.Comment))
		case full.NetGateway && *full.NAT:
			skip(e.Route, "a net gateway route cannot use nat")
		default:
			p.Update = append(p.Update, Change{full, differs})
		}
	}
}

func (o Options) owns(comment string) bool {
	return o.TakeOver || comment == "" || comment == o.Comment || comment == o.PruneComment
}

// over gives the wanted route with the server's values where the list is silent:
// the request replaces the whole route.
func (r Route) over(e Route) Route {
	out := r
	if out.Comment == "" {
		out.Comment = e.Comment
	}
	if out.NATInterface == "" {
		out.NATInterface = e.NATInterface
	}
	if out.NATNetmap == "" {
		out.NATNetmap = e.NATNetmap
	}
	if !*out.NAT {
		out.NATNetmap = "" // refused without nat
	}
	out.NetGateway = out.NetGateway || e.NetGateway
	if out.Metric == 0 {
		out.Metric = e.Metric
	}
	out.Advertise = out.Advertise || e.Advertise
	if out.AdvertiseResource == nil {
		out.AdvertiseResource = e.AdvertiseResource
	}
	return out
}

// differs names the members that differ, in words.
func (r Route) differs(e Route) string {
	var out []string
	note := func(differs bool, name string) {
		if differs {
			out = append(out, name)
		}
	}
	note(r.Comment != e.Comment, "comment")
	note(r.nat() != e.nat(), "nat")
	note(r.NATInterface != e.NATInterface, "nat_interface")
	note(r.NATNetmap != e.NATNetmap, "nat_netmap")
	note(r.NetGateway != e.NetGateway, "net_gateway")
	note(r.Metric != e.Metric, "metric")
	note(r.Advertise != e.Advertise, "advertise")
	note(!slices.Equal(r.AdvertiseResource, e.AdvertiseResource), "advertise_resource")
	return strings.Join(out, ", ")
}

func (r Route) nat() bool { return r.NAT != nil && *r.NAT }

// traits is a key of everything but the network.
func (r Route) traits() string {
	nat := "?"
	if r.NAT != nil {
		nat = strconv.FormatBool(*r.NAT)
	}
	return fmt.Sprintf("%q %s %q %q %t %d %t %q", r.Comment, nat, r.NATInterface, r.NATNetmap,
		r.NetGateway, r.Metric, r.Advertise, r.AdvertiseResource)
}
