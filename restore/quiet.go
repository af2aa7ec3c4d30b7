package restore

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"pritunl-backup/api"
	"pritunl-backup/snapshot"
)

// WaitQuiet waits, before the first write of a run that may follow an interrupted
// one, until the server must be done with what that run has asked for: until all
// that the plan creates is there, or nothing has appeared for [ApplyOptions.Settle].
// An interrupted run has one request in flight at most, but nobody knows which:
// everything is listed that the plan creates, or deletes as too much, in places that
// exist already. It tells whether the target has grown since the plan was made: then
// the target has to be read, and the plan made, again. It reads only, and returns at
// once for a fresh target and for a plan that creates nothing.
func WaitQuiet(ctx context.Context, client *api.Client, plan *Plan, opts ApplyOptions) (grown bool, err error) {
	opts = opts.filled()
	places := plan.growing(client)
	if opts.Settle < 0 || plan.Mode == ModeFresh || len(places) == 0 {
		return false, nil
	}
	known := map[string]bool{}
	for id := range plan.live.byID {
		known[id] = true
	}
	for _, n := range plan.live.kinds[LocationHosts] {
		known[n.id] = true
	}
	err = opts.until(ctx, func(ctx context.Context) (string, int, error) {
		fresh, missing := 0, []string{}
		for _, p := range places {
			n, err := p.count(ctx, known)
			if err != nil {
				return "", 0, err
			}
			fresh += n
			if p.surplus || n < p.creates {
				missing = append(missing, p.describe(n))
			}
		}
		grown = grown || fresh > 0
		return strings.Join(atMost(missing, 3), ", "), fresh, nil
	}, func(missing string, quiet time.Duration) {
		text := stillMaking(missing+" that an interrupted run may have asked for", quiet)
		if missing == "" {
			text = stillMaking("", quiet)
		}
		opts.Progress(Event{Path: text, Waiting: true, Waited: quiet})
	})
	return grown, err
}

// growing is one list of the target that may grow.
type growing struct {
	kind    snapshot.Kind
	owner   *node // nil when all of the kind are in one list
	list    lister
	creates int  // how many the plan creates
	surplus bool // the plan deletes some that are too many: more of them may come
}

// growing gives the lists in which an earlier run's last request may still make
// something that the plan creates too.
func (p *Plan) growing(client *api.Client) []*growing {
	type key struct {
		kind  snapshot.Kind
		owner *node
	}
	var order []*growing
	places := map[key]*growing{}
	for _, a := range p.Actions {
		n := a.want
		if a.Verb == Delete {
			n = a.live
		}
		if n == nil || a.Verb != Create && (a.Verb != Delete || p.Mode != ModeResume) {
			continue
		}
		list := listOf(client, n)
		if list == nil {
			continue
		}
		at := key{a.Kind, nil}
		if n.owner != nil {
			at.owner = n.owner
			if a.Verb == Delete && n.owner.twin != nil {
				at.owner = n.owner.twin
			}
		}
		if places[at] == nil {
			places[at] = &growing{kind: a.Kind, owner: at.owner, list: list}
			order = append(order, places[at])
		}
		if a.Verb == Create {
			places[at].creates++
		} else {
			places[at].surplus = true
		}
	}
	return order
}

// listOf gives the list that shows an object which would exist twice if it were made
// twice; nil for all others, and where its owner is still to be created.
func listOf(client *api.Client, n *node) lister {
	if n.owner != nil && n.owner.target == "" {
		return nil
	}
	switch n.kind {
	case snapshot.Organizations:
		return client.Organizations
	case snapshot.Users:
		return usersOf(client, n.owner.target)
	case snapshot.Servers:
		return client.Servers
	case snapshot.Links:
		return client.Links
	case snapshot.Locations:
		return locationsOf(client, n.owner)
	case LocationHosts:
		return partsOf(client, n.owner, "hosts")
	case snapshot.Administrators:
		return client.Administrators
	}
	return nil
}

// count tells how many objects of the list were not there when the plan was made. A
// list whose owner has gone meanwhile does not grow.
func (g *growing) count(ctx context.Context, known map[string]bool) (int, error) {
	raw, err := g.list(ctx)
	if errors.Is(err, api.ErrNotFound) || errors.Is(err, errMissing) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	objects, err := decodeAll(raw)
	if err != nil {
		return 0, err
	}
	n := 0
	for _, o := range objects {
		if !known[o.String("id")] && (g.kind != snapshot.Users || o.String("type") == "client") {
			n++
		}
	}
	return n, nil
}

// describe names what may still come.
func (g *growing) describe(fresh int) string {
	what := strings.ReplaceAll(string(g.kind), "_", " ")
	if left := g.creates - fresh; left == 1 {
		what = "1 " + singular(g.kind)
	} else if left > 1 {
		what = fmt.Sprintf("up to %d %s", left, what)
	}
	if g.owner != nil {
		what += " of " + singular(g.owner.kind) + " " + g.owner.path()
	}
	return what
}

// locationsOf lists the locations of a link.
func locationsOf(client *api.Client, link *node) lister {
	return func(ctx context.Context) ([]json.RawMessage, error) { return client.Locations(ctx, link.target) }
}
