package restore

import (
	"fmt"
	"slices"
	"strings"

	"pritunl-backup/snapshot"
)

// linkStates plans what creation cannot: a link is born online.
func (b *builder) linkStates() []*Action {
	var out []*Action
	for _, n := range b.want.kinds[snapshot.Links] {
		if n.borrowed || !b.available(n) || !b.opts.selects(n) || n.twin != nil && b.opts.Mode == ModeSkip {
			continue
		}
		want, have := n.object.String("status"), "online"
		if b.opts.Rules != nil && b.opts.Rules.offline {
			want = "offline"
		}
		if n.twin != nil {
			have = n.twin.object.String("status")
		}
		if want != have && (want == "online" || want == "offline") {
			a := newAction(n, LinkStates, Changing, "")
			a.Fields = []Change{{Path: "status", Old: have, New: want}}
			out = append(out, a)
		}
	}
	return out
}

// serverStates plans which servers are started.
func (b *builder) serverStates() []*Action {
	attached := map[*node]bool{}
	for _, n := range b.want.kinds[snapshot.ServerOrganizations] {
		attached[n.owner] = true
	}
	for _, n := range b.live.kinds[snapshot.ServerOrganizations] {
		if n.owner.twin != nil && !b.goes(n) {
			attached[n.owner.twin] = true
		}
	}
	var out []*Action
	for _, n := range b.want.kinds[snapshot.Servers] {
		if n.object.String("status") != "online" || !b.available(n) || !b.opts.selects(n) {
			continue
		}
		if n.twin != nil && n.twin.object.String("status") == "online" {
			continue
		}
		a := newAction(n, ServerStates, Changing, "")
		a.Fields = []Change{{Path: "status", Old: "offline", New: "online"}}
		switch {
		case b.opts.Rules != nil && b.opts.Rules.offline:
			a.Verb, a.Reason, a.Fields = Skip, "the rules keep everything offline", nil
		case !b.opts.Start:
			a.Verb, a.Reason, a.Fields = HeldBack, "it was online in the snapshot; --start starts it", nil
		case !attached[n]:
			a.Verb, a.Reason, a.Fields = Cannot, "a server without an organization does not start", nil
		}
		out = append(out, a)
	}
	return out
}

// connectionSettings plans the settings that cut the connection in use, one
// action for each, certificate and key together.
func (b *builder) connectionSettings() []*Action {
	var out []*Action
	for _, n := range b.want.kinds[snapshot.Settings] {
		if n.twin == nil || !b.opts.selects(n) || b.opts.Mode == ModeSkip {
			continue
		}
		byName := map[string]Change{}
		for _, c := range n.connectionChanges() {
			byName[c.Path] = c
		}
		for _, names := range [][]string{{"auditing"}, {"reverse_proxy"}, {"server_cert", "server_key"}, {"acme_domain"}, {"server_port"}} {
			var fields []Change
			for _, name := range names {
				if c, ok := byName[name]; ok {
					fields = append(fields, c)
				}
			}
			if len(fields) > 0 {
				out = append(out, b.connectionSetting(n, names, fields))
			}
		}
	}
	return out
}

func (b *builder) connectionSetting(n *node, names []string, fields []Change) *Action {
	a := newAction(n, ConnectionSettings, Changing, "")
	a.Path = strings.Join(names, ", ")
	a.Fields, a.Rules, a.Rewrote = fields, nil, nil
	switch {
	case names[0] == "auditing" && n.twin.object.String("auditing") == "all":
		a.Verb, a.Reason = Cannot, "auditing cannot be switched off through the API"
	case !b.opts.WithConnectionSettings:
		a.Verb, a.Reason = HeldBack, "it cuts the connection in use; --with-connection-settings changes it last"
	case names[0] == "server_cert" && (n.sent.String("server_cert") == "" || n.sent.String("server_key") == ""):
		a.Verb, a.Reason = Cannot, "the snapshot does not have both certificate and key"
	}
	return a
}

// connectionChanges gives the differing settings that cut the connection.
func (n *node) connectionChanges() []Change {
	var out []Change
	for _, f := range fieldsOf(snapshot.Settings) {
		want, ok := n.object[f.Path]
		if !ok || !slices.Contains(connectionFields(), f.Path) || slices.Contains(n.dropped, f.Path) {
			continue
		}
		if have := n.twin.object[f.Path]; !equal(f, want, have) {
			out = append(out, newChange(f, have, want))
		}
	}
	return out
}

// refuse judges whether the target may be written to in the mode chosen.
func (b *builder) refuse() *RefusedError {
	if b.opts.Mode != ModeFresh && b.opts.Mode != ModeResume {
		return nil
	}
	var foreign, found []string
	for _, kind := range []snapshot.Kind{snapshot.Organizations, snapshot.Servers, snapshot.Links, snapshot.Users, snapshot.Locations, LocationHosts} {
		if count := len(b.live.kinds[kind]); count > 0 && kind != snapshot.Locations && kind != LocationHosts {
			found = append(found, fmt.Sprintf("%d %s", count, of(count, singular(kind), string(kind))))
		}
		for _, n := range b.live.kinds[kind] {
			unknown := n.twin == nil && !b.inDuplicate(n) && b.want.has(section(kind)) || n.twin != nil && n.twin.borrowed && b.opts.Mode == ModeFresh
			if unknown {
				foreign = append(foreign, singular(kind)+" "+n.path())
			}
		}
	}
	switch {
	case b.opts.Mode == ModeResume && len(foreign) > 0:
		return &RefusedError{Found: found, Foreign: atMost(foreign, 10), Resuming: true}
	case b.opts.Mode == ModeResume, len(found) == 0:
		return nil
	case len(foreign) == 0 && b.plan.Writes() == 0: // duplicates are writes
		return nil // equal already
	}
	return &RefusedError{Found: found, Foreign: atMost(foreign, 10), Resumes: len(foreign) == 0}
}
