package terraform

import (
	"fmt"
	"net/url"
	"time"

	"github.com/hashicorp/hcl/v2/hclwrite"

	"pritunl-backup/snapshot"
)

// Options choose what is written.
type Options struct {
	// SkipUsers leaves users out, who often come from a single sign-on anyway.
	SkipUsers bool
}

// Limit is something in the snapshot that the configuration does not say.
type Limit struct {
	Kind   snapshot.Kind
	Object string // name of the object, as in the snapshot
	Field  string // empty when it is about the whole object
	Reason string
}

// String is the limit in one line.
func (l Limit) String() string {
	what := fmt.Sprintf("%s %q", singular(l.Kind), l.Object)
	if l.Object == "" {
		what = string(l.Kind)
	}
	if l.Field != "" {
		what += ", " + l.Field
	}
	return oneLine(what + ": " + l.Reason)
}

// The files that Generate gives. All of them are given every time, so that a
// second run leaves nothing stale.
const (
	ProvidersFile     = "providers.tf"
	OrganizationsFile = "organizations.tf"
	HostsFile         = "hosts.tf"
	ServersFile       = "servers.tf"
	UsersFile         = "users.tf"
	ImportsFile       = "imports.tf"
)

// Generate writes the configuration by file name. The same document gives the
// same bytes, formatted as terraform fmt does. An error means that the document
// holds something that is no snapshot of this version.
func Generate(doc *snapshot.Document, o Options) (map[string][]byte, []Limit, error) {
	g := newGenerator(doc)
	files := []struct {
		name  string
		write func(*hclwrite.Body)
	}{
		{ProvidersFile, g.providers},
		{OrganizationsFile, g.organizations},
		{HostsFile, g.hosts},
		{ServersFile, g.servers},
		{UsersFile, func(b *hclwrite.Body) { g.users(b, o) }},
		{ImportsFile, g.finish},
	}
	out := make(map[string][]byte, len(files))
	for _, f := range files {
		file := hclwrite.NewEmptyFile()
		comment(file.Body(), g.origin())
		f.write(file.Body())
		out[f.name] = hclwrite.Format(file.Bytes())
	}
	return out, g.limits, nil
}

type generator struct {
	doc    *snapshot.Document
	names  snapshot.Names
	orgs   map[string]string // id -> resource name
	host   map[string]hclwrite.Tokens
	limits []Limit
	// imports are collected while resources are written.
	imports []imported
}

type imported struct{ resource, name, id string }

func newGenerator(doc *snapshot.Document) *generator {
	return &generator{doc: doc, names: doc.Names(), orgs: map[string]string{}, host: map[string]hclwrite.Tokens{}}
}

func (g *generator) origin() string {
	h := g.doc.Header
	return fmt.Sprintf("Written by pritunl-backup from the snapshot of %s taken %s.",
		quoteName(h.Host, "an instance"), h.CreatedAt.UTC().Format(time.RFC3339))
}

func (g *generator) limit(kind snapshot.Kind, object, field, reason string) Limit {
	l := Limit{kind, object, field, reason}
	g.limits = append(g.limits, l)
	return l
}

func (g *generator) providers(b *hclwrite.Body) {
	tf := b.AppendNewBlock("terraform", nil).Body()
	comment(tf, "Import blocks need 1.5.")
	set(tf, "required_version", ">= 1.5.0")
	tf.AppendNewline()
	set(tf.AppendNewBlock("required_providers", nil).Body(), "pritunl", map[string]string{
		"source": "disc/pritunl", "version": "~> 0.7, >= 0.7.2",
	})
	b.AppendNewline()
	provider := b.AppendNewBlock("provider", []string{"pritunl"}).Body()
	for _, name := range []string{"url", "token", "secret"} {
		reference(provider, name, "var", "pritunl_"+name)
	}
	for _, v := range []struct{ name, description string }{
		{"pritunl_url", "Address of the Pritunl server, such as https://vpn.example.com"},
		{"pritunl_token", "API token of an administrator"},
		{"pritunl_secret", "API secret of the same administrator"},
	} {
		b.AppendNewline()
		body := b.AppendNewBlock("variable", []string{v.name}).Body()
		set(body, "description", v.description)
		setTokens(body, "type", hclwrite.TokensForIdentifier("string"))
		if address := g.address(); v.name == "pritunl_url" {
			if address != "" {
				set(body, "default", address)
			}
			continue
		}
		set(body, "sensitive", true)
	}
}

// address is where the snapshot was taken, when that was the API.
func (g *generator) address() string {
	s := g.doc.Header.Source
	u, err := url.Parse(s.Address)
	if s.Kind != snapshot.SourceAPI || err != nil || u.User != nil || u.Host == "" {
		return ""
	}
	return s.Address
}

func (g *generator) organizations(b *hclwrite.Body) {
	const kind = snapshot.Organizations
	taken := make(taken)
	for _, o := range g.doc.Resources[kind] {
		id, name := o.String("id"), o.String("name")
		label := taken.name("organization", name)
		g.orgs[id] = label
		b.AppendNewline()
		body := b.AppendNewBlock("resource", []string{"pritunl_organization", label}).Body()
		set(body, "name", name)
		if o.Bool("auth_api") {
			note(body, g.limit(kind, name, "auth_api", "not an argument of the provider, and a rename through it turns the access off"))
		}
		g.unknown(body, kind, o, name)
		g.take("pritunl_organization", label, kind, name, id)
	}
}

// unknown notes the members that this version does not know.
func (g *generator) unknown(body *hclwrite.Body, kind snapshot.Kind, o snapshot.Object, name string) {
	for _, field := range sortedKeys(o) {
		if _, ok := snapshot.Lookup(kind, field); !ok && !zero(o[field]) {
			note(body, g.limit(kind, name, field, snapshot.Unknown))
		}
	}
}

// take notes an import block, unless the id cannot be one.
func (g *generator) take(resource, label string, kind snapshot.Kind, object string, ids ...string) {
	id := ""
	for i, part := range ids {
		if !plainID(part) {
			g.limit(kind, object, "id", "not an id that can be imported")
			return
		}
		if i > 0 {
			id += "-"
		}
		id += part
	}
	g.imports = append(g.imports, imported{resource, label, id})
}

// finish writes the import blocks and, at the end, everything that is missing.
func (g *generator) finish(b *hclwrite.Body) {
	comment(b, "Read terraform plan before you apply. Where it only changes the order of a server's",
		"organizations, hosts or groups, change it in servers.tf instead: the provider stops",
		"and starts a server for any change of it.")
	for _, i := range g.imports {
		b.AppendNewline()
		body := b.AppendNewBlock("import", nil).Body()
		reference(body, "to", i.resource, i.name)
		set(body, "id", i.id)
	}
	g.others()
	b.AppendNewline()
	if len(g.limits) == 0 {
		comment(b, "Everything in the snapshot is expressed.")
		return
	}
	comment(b, "Not expressed:")
	for _, l := range g.limits {
		comment(b, "- "+l.String())
	}
}

// others notes the kinds the provider has no resource for.
func (g *generator) others() {
	const none = "the provider has no resource for it"
	for _, kind := range []snapshot.Kind{snapshot.Settings, snapshot.Subscription} {
		if len(g.doc.Resources[kind]) > 0 {
			g.limit(kind, "", "", none)
		}
	}
	for _, kind := range []snapshot.Kind{snapshot.Administrators, snapshot.Links, snapshot.Locations} {
		for _, o := range g.doc.Resources[kind] {
			name := o.String("name") + o.String("username")
			g.limit(kind, name, "", none)
		}
	}
	pairs := make(map[[2]string]bool)
	for _, o := range g.doc.Resources[snapshot.ServerLinks] {
		// A pair stands in the snapshot from both sides.
		a, b := o.String("server"), o.String("id")
		if !pairs[[2]string{b, a}] {
			pairs[[2]string{a, b}] = true
			g.limit(snapshot.ServerLinks, g.names[a]+" - "+g.names[b], "", none)
		}
	}
	if h := g.doc.Header; !h.Complete {
		for _, u := range h.Unreadable {
			g.limit(u.Kind, u.Object, "", "not in the snapshot: "+u.Reason)
		}
	}
}
