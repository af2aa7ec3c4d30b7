package terraform

import (
	"github.com/hashicorp/hcl/v2/hclwrite"

	"pritunl-backup/snapshot"
)

func (g *generator) users(b *hclwrite.Body, o Options) {
	const kind = snapshot.Users
	if o.SkipUsers {
		b.AppendNewline()
		comment(b, "Users were left out.")
		return
	}
	names := make(taken)
	for _, u := range g.doc.Resources[kind] {
		if snapshot.Internal(kind, u) {
			continue
		}
		id, name, org := u.String("id"), u.String("name"), u.String("organization")
		label := names.name("user", g.names[org], name)
		b.AppendNewline()
		body := b.AppendNewBlock("resource", []string{"pritunl_user", label}).Body()
		if of, ok := g.orgs[org]; ok {
			reference(body, "organization_id", "pritunl_organization", of, "id")
		} else {
			set(body, "organization_id", org)
		}
		ignore := g.arguments(body, userArguments(), kind, u)
		if !zero(u["pin"]) {
			note(body, g.limit(kind, name, "pin", "is set and cannot be read; any update of the user through the provider clears it"))
		}
		if !zero(u["yubico_id"]) {
			note(body, g.limit(kind, name, "yubico_id", "not an argument of the provider; updates through it keep it"))
		}
		g.unknown(body, kind, u, name)
		ignoring(body, ignore)
		g.take("pritunl_user", label, kind, name, org, id)
	}
}

// hosts register themselves, so they are data sources: found by the host name of
// the machine where that is unique, else by the name they have in Pritunl.
func (g *generator) hosts(b *hclwrite.Body) {
	const kind = snapshot.Hosts
	names := make(taken)
	all := g.doc.Resources[kind]
	machines, called := count(all, "hostname"), count(all, "name")
	locals := hclwrite.NewEmptyFile().Body()
	for _, h := range all {
		id, name, machine := h.String("id"), h.String("name"), h.String("hostname")
		label := names.name("host", name)
		switch {
		case machine != "" && machines[machine] == 1:
			b.AppendNewline()
			body := b.AppendNewBlock("data", []string{"pritunl_host", label}).Body()
			set(body, "hostname", machine)
			g.hostSettings(body, h, name)
			g.host[id] = traversal("data", "pritunl_host", label, "id")
		case name != "" && called[name] == 1:
			setTokens(locals, label, byName(name))
			g.hostSettings(locals, h, name)
			g.host[id] = traversal("local", label)
		default:
			b.AppendNewline()
			comment(b, "Host "+quoteName(name, "without a name")+" cannot be told from others by a name: servers hold its id.")
			g.limit(kind, name, "", "cannot be told from others by a name, so servers hold its id")
			g.host[id] = text(id)
		}
	}
	if len(locals.Attributes()) > 0 {
		b.AppendNewline()
		b.AppendNewBlock("data", []string{"pritunl_hosts", "all"})
		b.AppendNewline()
		b.AppendNewBlock("locals", nil).Body().AppendUnstructuredTokens(locals.BuildTokens(nil))
	}
}

// hostSettings notes what is set on a host by hand: the provider only reads hosts.
func (g *generator) hostSettings(body *hclwrite.Body, h snapshot.Object, name string) {
	const kind = snapshot.Hosts
	for _, f := range snapshot.Fields(kind) {
		v := h[f.Path]
		if f.Class != snapshot.Writable || f.Path == "name" || zero(v) || f.Path == "availability_group" && v == "default" {
			continue
		}
		note(body, g.limit(kind, name, f.Path, show(v)+", the provider only reads hosts"))
	}
	g.unknown(body, kind, h, name)
}

func count(all []snapshot.Object, field string) map[string]int {
	out := make(map[string]int)
	for _, o := range all {
		out[o.String(field)]++
	}
	return out
}

// byName gives one([for h in data.pritunl_hosts.all.hosts : h.id if h.name == "..."]).
func byName(name string) hclwrite.Tokens {
	return hclwrite.TokensForFunctionCall("one", forExpression(text(name)))
}
