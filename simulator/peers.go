package simulator

import (
	"net/http"
	"slices"
)

// peerView is another location as one sees it: directly, or through a third.
type peerView struct {
	ID            string  `json:"id"`
	Name          string  `json:"name"`
	Transit       bool    `json:"transit"`
	TransitedID   *string `json:"transited_id"`
	TransitedName *string `json:"transited_name"`
	Status        string  `json:"status"`
	Static        bool    `json:"static"`
}

func pairOf(a, b string) [2]string { return [2]string{min(a, b), max(a, b)} }

// peers lists the other locations by name, without the excluded ones, and then
// the excluded ones that a peer gives transit to.
func (l *link) peers(loc *location) []peerView {
	static := slices.ContainsFunc(loc.gateways, func(g *gateway) bool { return g.static })
	excluded := func(id string) bool { return slices.Contains(l.excludes, pairOf(loc.id, id)) }
	seen := map[string]bool{}
	direct, through := []peerView{}, []peerView{}
	for _, other := range l.locations {
		if other == loc || excluded(other.id) {
			continue
		}
		for _, id := range other.transits {
			target := byID(l.locations, func(x *location) string { return x.id }, id)
			if target == nil || target == loc || !excluded(id) || seen[id] || slices.Contains(loc.bypassed, id) {
				continue
			}
			seen[id] = true
			through = append(through, peerView{
				ID: id, Name: target.name, Transit: slices.Contains(loc.transits, id), TransitedID: &other.id,
				TransitedName: &other.name, Status: "disconnected", Static: static,
			})
		}
		direct = append(direct, peerView{
			ID: other.id, Name: other.name, Transit: slices.Contains(loc.transits, other.id),
			Status: "disconnected", Static: static,
		})
	}
	return append(byName(direct, func(p peerView) string { return p.Name }), through...)
}

// bodyID reads an id from a body: missing is null, and what is no object id
// crashes the handler.
func bodyID(s string) (id string, good bool) {
	if s == "" {
		return "", true
	}
	id, _ = objectID(s)
	return id, isObjectID(s)
}

// postPeer ends the exclusion of a pair and the transit exclusion of the
// location. There need be neither, nor such a peer.
func postPeer(s *Simulator, c *call) reply {
	l, loc := s.findBoth(c)
	if loc == nil {
		return abort(http.StatusNotFound)
	}
	id, good := bodyID(c.body().str("peer_id"))
	if !good {
		return crash()
	}
	l.excludes = slices.DeleteFunc(l.excludes, func(p [2]string) bool { return p == pairOf(loc.id, id) })
	loc.bypassed = slices.DeleteFunc(loc.bypassed, func(x string) bool { return x == id })
	return empty()
}

// deletePeer excludes a pair. When it is excluded already, the location is not
// to be reached through others either.
func deletePeer(s *Simulator, c *call) reply {
	l, loc := s.findBoth(c)
	if loc == nil {
		return abort(http.StatusNotFound)
	}
	id := c.key("peer_id")
	switch pair := pairOf(loc.id, id); {
	case !slices.Contains(l.excludes, pair):
		l.excludes = append(l.excludes, pair)
	case !slices.Contains(loc.bypassed, id):
		loc.bypassed = append(loc.bypassed, id)
	}
	return empty()
}

// postTransit takes any object id, and null. Once null is among the transits
// the list cannot be sorted with another one, which crashes the handler.
func postTransit(s *Simulator, c *call) reply {
	_, loc := s.findBoth(c)
	if loc == nil {
		return abort(http.StatusNotFound)
	}
	id, good := bodyID(c.body().str("transit_id"))
	if !good {
		return crash()
	}
	transits := unique(append(slices.Clone(loc.transits), id))
	if len(transits) > 1 && slices.Contains(transits, "") {
		return crash()
	}
	slices.Sort(transits)
	loc.transits = transits
	return empty()
}

func deleteTransit(s *Simulator, c *call) reply {
	_, loc := s.findBoth(c)
	if loc == nil {
		return abort(http.StatusNotFound)
	}
	loc.transits = slices.DeleteFunc(loc.transits, func(x string) bool { return x == c.key("transit_id") })
	return empty()
}
