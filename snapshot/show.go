package snapshot

import (
	"encoding/json"
	"strconv"
	"strings"
	"unicode"
)

// column is one column of the table that shows a kind to people.
type column struct {
	title string
	cell  func(o Object, refs Names) string
}

// Columns gives the titles of the table that shows a kind.
func Columns(kind Kind) []string {
	var titles []string
	for _, c := range columns(kind) {
		titles = append(titles, c.title)
	}
	return titles
}

// Row gives an object's cells under Columns, without secrets and on one line:
// what cannot be printed is escaped. refs is Reader.Names.
func Row(kind Kind, o Object, refs Names) []string {
	var cells []string
	for _, c := range columns(kind) {
		cells = append(cells, printable(c.cell(o, refs)))
	}
	return cells
}

// columns is the table of tables.
func columns(kind Kind) []column {
	switch kind {
	case Subscription:
		return []column{plain("plan"), plain("status"), plain("active"), plain("quantity")}
	case Settings:
		return []column{plain("sso"), named("sso organization", "sso_org"), plain("pin_mode"), plain("email_from"), plain("cloud_provider"), plain("server_port"), plain("auditing")}
	case Administrators:
		return []column{plain("username"), plain("super_user"), plain("auth_api"), plain("otp_auth"), plain("disabled")}
	case Organizations:
		return []column{plain("name"), plain("auth_api"), plain("expiration"), plain("id")}
	case Hosts:
		return []column{plain("name"), plain("hostname"), either("address", "public_address", "public_addr"), plain("availability_group"), plain("version"), plain("id")}
	case Servers:
		return []column{plain("name"), plain("network"), {"port", portOf}, plain("network_wg"), plain("cipher"), plain("hash"), plain("status"), plain("id")}
	case ServerOrganizations:
		return []column{named("server", "server"), named("organization", "id")}
	case ServerRoutes:
		return []column{named("server", "server"), plain("network"), plain("nat"), plain("metric"), plain("comment"), {"origin", originOf}}
	case ServerHosts:
		return []column{named("server", "server"), named("host", "id")}
	case ServerLinks:
		return []column{named("server", "server"), named("linked server", "id"), plain("use_local_address")}
	case Links:
		return []column{plain("name"), plain("type"), plain("protocol"), plain("status"), plain("id")}
	case Locations:
		return []column{named("link", "link_id"), plain("name"), count("hosts"), {"routes", networksOf}, count("peers")}
	case Users:
		return []column{named("organization", "organization"), plain("name"), plain("email"), plain("type"), plain("auth_type"), {"groups", groupsOf}, plain("pin"), plain("disabled")}
	}
	return nil
}

func plain(path string) column {
	return column{strings.ReplaceAll(path, "_", " "), func(o Object, _ Names) string { return cell(o[path]) }}
}

// named shows the name of what a field refers to, its id when that is unknown.
func named(title, path string) column {
	return column{title, func(o Object, refs Names) string { return refs.or(o.String(path), o.String(path)) }}
}

func either(title, first, second string) column {
	return column{title, func(o Object, _ Names) string {
		if s := cell(o[first]); s != "" {
			return s
		}
		return cell(o[second])
	}}
}

func count(path string) column {
	return column{path, func(o Object, _ Names) string { return strconv.Itoa(len(o.Objects(path))) }}
}

func portOf(o Object, _ Names) string { return cell(o["port"]) + "/" + cell(o["protocol"]) }

func groupsOf(o Object, _ Names) string { return strings.Join(o.Strings("groups"), ", ") }

func networksOf(o Object, _ Names) string {
	var networks []string
	for _, r := range o.Objects("routes") {
		networks = append(networks, r.String("network"))
	}
	return strings.Join(networks, ", ")
}

func originOf(o Object, _ Names) string {
	for _, flag := range []string{"virtual_network", "network_link", "server_link"} {
		if o.Bool(flag) {
			return strings.ReplaceAll(flag, "_", " ")
		}
	}
	if DerivedRoute(o) {
		return "derived"
	}
	return ""
}

func cell(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case bool:
		if v {
			return "yes"
		}
		return "no"
	case json.Number:
		return v.String()
	case nil:
		return ""
	}
	if IsRedacted(v) {
		return "(redacted)"
	}
	return "(...)"
}

// printable keeps what a server calls its objects from steering a terminal.
func printable(s string) string {
	if strings.IndexFunc(s, func(r rune) bool { return !unicode.IsPrint(r) }) < 0 {
		return s
	}
	quoted := strconv.QuoteToGraphic(s)
	return strings.ReplaceAll(quoted[1:len(quoted)-1], `\"`, `"`)
}
