package terraform

import (
	"encoding/json"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2/hclwrite"

	"pritunl-backup/snapshot"
)

// argument is one argument of a resource that has the name of the API's field.
type argument struct {
	name string
	// check refuses a value that the provider's own validation refuses, in words.
	check func(v any) string
	// computed arguments may be left out: the provider keeps what the server has.
	// Leaving out another one means to reset it.
	computed bool
	// zero writes values that mean the same as none, too: where Pritunl's web
	// console would choose something else.
	zero bool
}

// serverArguments are in the order they are written. Facts of the provider's
// documentation and of its validation rules, version 0.7.2.
func serverArguments() []argument {
	return []argument{
		{name: "name", zero: true},
		{name: "protocol", check: oneOf("udp", "tcp"), zero: true},
		{name: "port", check: between(1, 65535), computed: true},
		{name: "network", check: within("10.0.0.0/8", "100.64.0.0/10", "172.16.0.0/12", "192.168.0.0/16"), computed: true},
		{name: "network_wg", check: within("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16")},
		{name: "port_wg", check: between(1, 65535)},
		{name: "network_mode", check: oneOf("tunnel", "bridge")},
		{name: "network_start", check: address},
		{name: "network_end", check: address},
		{name: "bind_address", check: address},
		{name: "cipher", check: oneOf("none", "bf128", "bf256", "aes128", "aes192", "aes256"), zero: true},
		{name: "hash", check: oneOf("none", "md5", "sha1", "sha256", "sha512"), zero: true},
		{name: "dh_param_bits", check: oneOf("1024", "1536", "2048", "3072", "4096"), computed: true},
		{name: "groups", check: each(noSpace)},
		{name: "multi_device"}, {name: "max_clients", check: between(1, 0), computed: true}, {name: "max_devices", check: between(0, 0)},
		{name: "replica_count", check: between(1, 0), computed: true}, {name: "allowed_devices", check: oneOf("mobile", "desktop")},
		{name: "otp_auth"}, {name: "sso_auth"}, {name: "device_auth"}, {name: "dynamic_firewall"},
		{name: "dns_servers", check: each(address)}, {name: "search_domain"}, {name: "dns_mapping"}, {name: "block_outside_dns"},
		{name: "ipv6"}, {name: "inter_client", zero: true}, {name: "restrict_routes", zero: true}, {name: "vxlan", zero: true}, {name: "geo_sort"},
		{name: "ping_interval", check: between(1, 0), computed: true}, {name: "ping_timeout", check: between(1, 0), computed: true},
		{name: "link_ping_interval", check: between(1, 0), computed: true}, {name: "link_ping_timeout", check: between(0, 0), computed: true},
		{name: "session_timeout", check: between(1, 0)}, {name: "inactive_timeout", check: between(1, 0)},
		{name: "mss_fix"}, {name: "pre_connect_msg"}, {name: "debug"},
	}
}

func userArguments() []argument {
	return []argument{
		{name: "name", zero: true},
		{name: "email"},
		{name: "auth_type", computed: true, check: oneOf(
			"local", "duo", "yubico", "azure", "azure_duo", "azure_yubico", "google", "google_duo", "google_yubico",
			"slack", "slack_duo", "slack_yubico", "saml", "saml_duo", "saml_yubico", "saml_okta", "saml_okta_duo", "saml_okta_yubico",
			"saml_onelogin", "saml_onelogin_duo", "saml_onelogin_yubico", "radius", "radius_duo", "plugin")},
		{name: "groups"}, {name: "disabled"}, {name: "bypass_secondary"}, {name: "client_to_client"}, {name: "mac_addresses"},
		{name: "dns_servers"}, {name: "dns_suffix"}, {name: "network_links"}, {name: "port_forwarding"},
	}
}

// arguments writes those that have a value, and gives the names of those that
// have one the provider refuses and would otherwise reset.
func (g *generator) arguments(b *hclwrite.Body, list []argument, kind snapshot.Kind, o snapshot.Object) (ignore []string) {
	for _, a := range list {
		v := o[a.name]
		if v == nil && a.name == "name" {
			v = "" // required
		}
		if v == nil || zero(v) && !a.zero {
			continue
		}
		why := ""
		converted, known := plain(v)
		switch {
		case !known:
			why = "a value that no argument takes"
		case a.check != nil:
			why = a.check(v)
		}
		if why == "" {
			set(b, a.name, converted)
			continue
		}
		note(b, g.limit(kind, o.String("name"), a.name, fmt.Sprintf("%s, the provider takes %s", show(v), why)))
		if !a.computed {
			ignore = append(ignore, a.name)
		}
	}
	return ignore
}

// ignoring keeps the provider from resetting what it cannot be told.
func ignoring(b *hclwrite.Body, names []string) {
	if len(names) == 0 {
		return
	}
	b.AppendNewline()
	var list []hclwrite.Tokens
	for _, n := range names {
		list = append(list, hclwrite.TokensForIdentifier(n))
	}
	setTokens(b.AppendNewBlock("lifecycle", nil).Body(), "ignore_changes", hclwrite.TokensForTuple(list))
}

// plain gives a JSON value as one that set takes.
func plain(v any) (any, bool) {
	switch v := v.(type) {
	case string, bool:
		return v, true
	case json.Number:
		n, err := v.Int64()
		return n, err == nil
	case []any:
		var texts []string
		var maps []map[string]string
		for _, e := range v {
			switch e := e.(type) {
			case string:
				texts = append(texts, e)
			case map[string]any:
				maps = append(maps, textMap(e))
			}
		}
		switch len(v) {
		case len(texts):
			return texts, true
		case len(maps):
			return maps, true
		}
	}
	return nil, false
}

// textMap writes port forwardings: their ports are texts or numbers.
func textMap(o snapshot.Object) map[string]string {
	out := make(map[string]string)
	for k, v := range o {
		switch v := v.(type) {
		case string:
			out[k] = v
		case json.Number:
			out[k] = v.String()
		}
	}
	return out
}

// The checks give what would be taken, or nothing when the value is.

func oneOf(values ...string) func(any) string {
	return func(v any) string {
		if slices.Contains(values, fmt.Sprint(v)) {
			return ""
		}
		return "one of " + strings.Join(values, ", ")
	}
}

// between checks a whole number; a highest of 0 means none.
func between(lowest, highest int64) func(any) string {
	return func(v any) string {
		n, ok := plain(v)
		i, isInt := n.(int64)
		if ok && isInt && i >= lowest && (highest == 0 || i <= highest) {
			return ""
		}
		if highest == 0 {
			return fmt.Sprintf("%d or more", lowest)
		}
		return fmt.Sprintf("%d to %d", lowest, highest)
	}
}

func within(networks ...string) func(any) string {
	return func(v any) string {
		s, _ := v.(string)
		p, err := netip.ParsePrefix(s)
		for _, n := range networks {
			if err == nil && netip.MustParsePrefix(n).Overlaps(p) {
				return ""
			}
		}
		return "a network within " + strings.Join(networks, ", ")
	}
}

func address(v any) string {
	s, _ := v.(string)
	if a, err := netip.ParseAddr(s); err != nil || a.Zone() != "" {
		return "an ip address"
	}
	return ""
}

func noSpace(v any) string {
	if s, ok := v.(string); !ok || strings.Contains(s, " ") {
		return "names without spaces"
	}
	return ""
}

func each(check func(any) string) func(any) string {
	return func(v any) string {
		list, _ := v.([]any)
		for _, e := range list {
			if why := check(e); why != "" {
				return why
			}
		}
		return ""
	}
}
