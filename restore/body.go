package restore

import (
	"encoding/json"

	"pritunl-backup/snapshot"
)

// body gives what is sent for a wanted object. base is the live object that the
// server will replace, nil for a new one. The server resets every field that a
// body lacks, so a body for an existing object is complete: the live values,
// known or not, under the wanted ones.
func (n *node) body(base snapshot.Object) snapshot.Object {
	if base == nil {
		return n.newBody()
	}
	out := liveBody(n.kind, base)
	live := &node{kind: n.kind, object: base, twin: n}
	for _, c := range n.changes(live) {
		for _, f := range n.sends() {
			if f.Path == c.Path {
				n.put(out, f)
			}
		}
	}
	if n.kind == snapshot.Users {
		out["pin"] = base.Bool("pin") && n.object.Bool("pin") // true keeps it, false clears it
	}
	return out
}

func (n *node) newBody() snapshot.Object {
	out := snapshot.Object{}
	for _, f := range n.sends() {
		if v, ok := n.sent[f.Path]; ok && v != nil {
			n.put(out, f)
		}
	}
	switch n.kind {
	case snapshot.Servers:
		// The server's own defaults, which its front end would turn into zeros.
		for _, field := range []string{"ipv6_firewall", "restrict_routes", "inter_client", "vxlan"} {
			if _, ok := n.sent[field]; !ok {
				out[field] = true
			}
		}
	case snapshot.ServerRoutes:
		if n.virtual() {
			out["network"] = n.owner.object["network"]
		}
	case snapshot.Users:
		delete(out, "pin")
	}
	return out
}

// put adds the value that is sent for a field. A redacted value never is.
func (n *node) put(out snapshot.Object, f snapshot.Field) {
	v := n.sent[f.Path]
	switch {
	case len(snapshot.ContainsRedacted(snapshot.Object{"": v})) > 0:
		return
	case f.Ref != "":
		v = n.resolve(f, v)
	case f.Path == "port_forwarding":
		v = n.object[f.Path] // numbers as strings
	case f.Path == "sso" && v == false:
		v = "" // shown as false, refused as false
	case f.Path == "search_domain" && v == nil, f.Wire == snapshot.String && v == nil:
		v = ""
	}
	out[f.Path] = v
}

// liveBody turns what a GET shows into what a PUT takes without changing
// anything: what would be taken for a command is left out.
func liveBody(kind snapshot.Kind, base snapshot.Object) snapshot.Object {
	out := base.Clone()
	drop := func(names ...string) {
		for _, name := range names {
			delete(out, name)
		}
	}
	switch kind {
	case snapshot.Settings:
		drop("id", "username", "password", "yubikey_id", "otp_auth", "otp_secret", "local_otp_auth", "auth_api", "token",
			"secret", "default", "disabled", "super_user", "has_server_sso", "oracle_public_key")
		if out["sso"] == false {
			out["sso"] = ""
		}
	case snapshot.Organizations:
		drop("auth_token", "auth_secret")
	case snapshot.Administrators:
		drop("token", "secret", "otp_secret", "password", "audit")
	case snapshot.Users:
		drop("otp_secret", "devices", "servers", "last_active", "auth_modes")
		if _, ok := out["port_forwarding"]; ok {
			settleUser(out)
		}
	}
	return out
}

func encode(o snapshot.Object) json.RawMessage {
	raw, err := o.Encode()
	if err != nil {
		return nil // a body that cannot be encoded is refused by the client
	}
	return raw
}
