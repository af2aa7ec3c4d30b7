package restore

import "pritunl-backup/snapshot"

// addPeers reads exclusions and transits out of the peers that the locations of
// a link show. By default every other location is a peer.
func (t *tree) addPeers(link *node) {
	if link.object.String("type") == "direct" {
		return
	}
	locations := t.of(link, snapshot.Locations)
	view := map[*node]*peers{}
	for _, l := range locations {
		view[l] = t.peersOf(l)
	}
	for _, l := range locations {
		for _, row := range l.object.Objects("peers") {
			// What l reaches through another is a transit of the other, which does not
			// show it itself when the two are excluded from each other.
			if through, to := view[t.byID[row.String("transited_id")]], t.byID[row.String("id")]; through != nil && to != nil {
				through.transits[to] = true
			}
		}
	}
	for i, a := range locations {
		for _, b := range locations[i+1:] {
			if !view[a].direct[b] || !view[b].direct[a] {
				t.add(&node{kind: LocationExclusions, owner: a, other: b, object: snapshot.Object{}})
			}
		}
		for _, b := range locations {
			if view[a].transits[b] {
				t.add(&node{kind: LocationTransits, owner: a, other: b, object: snapshot.Object{}})
			}
			if a != b && hiddenTransit(view, a, b) {
				t.add(&node{kind: LocationTransitStops, owner: a, other: b, object: snapshot.Object{}})
			}
		}
	}
}

// peers is what one location shows of the others.
type peers struct{ direct, transits, transited map[*node]bool }

func (t *tree) peersOf(location *node) *peers {
	p := &peers{map[*node]bool{}, map[*node]bool{}, map[*node]bool{}}
	for _, row := range location.object.Objects("peers") {
		other := t.byID[row.String("id")]
		switch {
		case other == nil:
			continue
		case row.String("transited_id") != "":
			p.transited[other] = true
		default:
			p.direct[other] = true
		}
		if row.Bool("transit") {
			p.transits[other] = true
		}
	}
	return p
}

// hiddenTransit tells whether a must have excluded b from transits too: b is
// excluded, a peer of a offers the way to b, and still a does not show b.
func hiddenTransit(view map[*node]*peers, a, b *node) bool {
	if view[a].direct[b] || view[a].transited[b] {
		return false
	}
	for between := range view[a].direct {
		if between != b && view[between].transits[b] {
			return true
		}
	}
	return false
}
