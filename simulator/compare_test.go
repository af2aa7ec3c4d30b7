package simulator_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// comparison holds an answer against the recorded one: keys, types, lengths and
// every value that does not differ from run to run.
type comparison struct {
	player *player
	path   string
	method string
	file   string
	faults []string
}

// setUp is true for values that differ from the recorded ones because the old
// release ran on another installation: its host had no IPv6 address, its first API
// administrator was made by the console, and a server waits for its parameters for as
// long as the machine needs. auth.jsonl was recorded on other data altogether.
func (c *comparison) setUp(key string, want, got any) bool {
	if !strings.HasPrefix(c.file, "1.32/") {
		return false
	}
	switch key {
	case "local_addr6":
		return want == nil
	case "otp_auth":
		return want == false && got == nil
	case "status":
		return c.path == "/server" && want == "pending" && got == "offline"
	case "server_count", "user_count", "servers_online":
		return c.file == "1.32/auth" && kindOf(want) == kindOf(got)
	}
	return false
}

func (c *comparison) fault(where, format string, args ...any) {
	if len(c.faults) < 12 {
		c.faults = append(c.faults, where+": "+fmt.Sprintf(format, args...))
	}
}

// volatile are keys whose values are compared by presence and type only.
func (c *comparison) volatile(key string) bool {
	return slices.Contains(strings.Fields("token secret auth_token auth_secret otp_secret csrf_token uri expiration uptime "+
		"search_time hostname public_ip public_addr local_addr local_addr6 local_networks link_addr current_host "+
		"oracle_public_key server_cert server_key version_of_link address"), key)
}

// maybeNull are volatile keys that may be null on one side.
func maybeNull(key string) bool {
	return slices.Contains(strings.Fields("otp_secret server_cert server_key"), key)
}

func kindOf(v any) string {
	switch v := v.(type) {
	case nil:
		return "null"
	case bool:
		return "bool"
	case json.Number:
		if strings.ContainsAny(v.String(), ".eE") {
			return "float"
		}
		return "int"
	case string:
		return "string"
	case []any:
		return "list"
	}
	return "object"
}

func (c *comparison) compare(where string, want, got any) {
	if kindOf(want) != kindOf(got) {
		c.fault(where, "%s %v, recorded %s %v", kindOf(got), got, kindOf(want), want)
		return
	}
	switch want := want.(type) {
	case map[string]any:
		c.object(where, want, got.(map[string]any))
	case []any:
		c.list(where, want, got.([]any))
	case string:
		c.text(where, want, got.(string))
	default:
		if fmt.Sprint(want) != fmt.Sprint(got) {
			c.fault(where, "%v, recorded %v", got, want)
		}
	}
}

// text compares texts; the first time a recorded id is seen it is paired with
// ours.
func (c *comparison) text(where, want, got string) {
	key := where[strings.LastIndexByte(where, '.')+1:]
	p := c.player
	if idPattern.FindString(want) == want && want != "" && idPattern.FindString(got) == got {
		if own, known := p.ids[want]; !known {
			p.ids[want] = got
		} else if own != got {
			c.fault(where, "id %s, expected %s for %s", got, own, want)
		}
		return
	}
	switch mapped := p.ours(want); {
	case mapped == got:
	case c.random(key, want, got):
	default:
		c.fault(where, "%q, recorded %q", got, mapped)
	}
}

// random pairs networks and names that the server makes up.
func (c *comparison) random(key, want, got string) bool {
	if (key == "network" || key == "network_wg") && strings.HasPrefix(want, "192.168.") && strings.HasPrefix(got, "192.168.") {
		return true
	}
	if key == "id" && strings.HasPrefix(want, "3139322e3136382e") {
		return true
	}
	return key == "name" && strings.HasPrefix(got, "vpn-1")
}

func (c *comparison) object(where string, want, got map[string]any) {
	for key := range got {
		if _, known := want[key]; !known {
			c.fault(where, "has %q, which was not recorded", key)
		}
	}
	for key, w := range want {
		g, has := got[key]
		at := where + "." + key
		switch {
		case !has:
			c.fault(at, "missing")
		case c.setUp(key, w, g):
		case c.volatile(key) && maybeNull(key) && (g == nil || w == nil):
		case c.volatile(key):
			if kindOf(g) != kindOf(w) && !(kindOf(g) == "int" && kindOf(w) == "float") {
				c.fault(at, "%s %v, recorded %s %v", kindOf(g), g, kindOf(w), w)
			} else if key == "current_host" {
				c.compare(at, w, g)
			}
		case (key == "port" || key == "port_wg" || key == "wg_port") && c.isRandomPort(want, key):
			if kindOf(g) != kindOf(w) {
				c.fault(at, "%v, recorded %v", g, w)
			}
		case key == "public_address" && w != nil && where == "" && c.path == "/settings" && strings.HasPrefix(fmt.Sprint(w), "203.0.113."):
			if kindOf(g) != "string" {
				c.fault(at, "%v, recorded %v", g, w)
			}
		default:
			c.compare(at, w, g)
		}
	}
}

// isRandomPort is true for ports nobody asked for.
func (c *comparison) isRandomPort(o map[string]any, key string) bool {
	if key == "wg_port" {
		n := fmt.Sprint(o[key])
		return !strings.HasPrefix(n, "3100")
	}
	return strings.HasPrefix(fmt.Sprint(o["network"]), "192.168.")
}

// list compares lists in order, and as sets where there is none.
func (c *comparison) list(where string, want, got []any) {
	if len(want) != len(got) {
		c.fault(where, "%d elements, recorded %d: %v, %v", len(got), len(want), got, want)
		return
	}
	key := where[strings.LastIndexByte(where, '.')+1:]
	unordered := key == "groups" || key == "network_links" || (where == "" && strings.HasSuffix(c.path, "/organization") && strings.HasPrefix(c.path, "/server"))
	if unordered {
		sortAny := func(in []any) []any {
			out := slices.Clone(in)
			slices.SortFunc(out, func(a, b any) int { return strings.Compare(sortText(a), sortText(b)) })
			return out
		}
		want, got = sortAny(want), sortAny(got)
	}
	if c.path == "/host" {
		want, got = c.byHost(want), c.byHost(got)
	}
	if strings.Contains(c.path, "/bandwidth/") {
		return // points in time
	}
	for i := range want {
		c.compare(fmt.Sprintf("%s[%d]", where, i), want[i], got[i])
	}
}

// byHost sorts hosts by our id: the names they are sorted by are random until
// they are set.
func (c *comparison) byHost(in []any) []any {
	out := slices.Clone(in)
	slices.SortFunc(out, func(a, b any) int { return strings.Compare(c.hostID(a), c.hostID(b)) })
	return out
}

func (c *comparison) hostID(v any) string {
	o, _ := v.(map[string]any)
	return c.player.ours(fmt.Sprint(o["id"]))
}

func sortText(v any) string {
	if o, is := v.(map[string]any); is {
		return fmt.Sprint(o["name"])
	}
	return fmt.Sprint(v)
}
