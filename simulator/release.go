package simulator

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// recordedReleases are the releases whose answers were recorded, the newest
// first: it is what an instance is when its options do not say.
func recordedReleases() []string { return []string{"1.34.4681.89", "1.32.4278.46"} }

// oldestRelease is the first one that the table below can tell from the next.
const oldestRelease = "1.32.3479"

// trait is something an instance does that does not show as a field.
type trait string

// The traits of the table.
const (
	strictMode     trait = "strict mode"        // the front end has a cookie of its own, and insists on it while nobody may sign
	namesUnknown   trait = "unknown user named" // a login with an unknown user name has an error of its own
	normalises     trait = "addresses are normalised"
	dnsServerRoute trait = "DNS server route"     // new servers have a second route, and a PUT moves it
	changesOnline  trait = "PUT while online"     // some settings of a running server may be changed
	wantsSSOURL    trait = "sso needs a URL"      // single sign-on without server_sso_url is refused
	fillsSSOURL    trait = "sso URL filled in"    // GET /settings fills it in
	twoPartNames   trait = "host names of two"    // parts, as xenon-1234
	netIn6         trait = "network in IPv6"      // addresses of users hold the network's number, not their own
	unlinksServers trait = "servers are unlinked" // DELETE of a link between servers has an effect; before it answers the same
	pooledOrgs     trait = "pool organizations"   // are kept ready for the next POST /organization
)

// entry is a row of the table: what came with a release, or was gone with one.
type entry struct {
	since string  // first release that has it, "" when all have
	until string  // first release that lacks it again, "" when none does
	on    string  // paths of the objects without their ids, when it is about fields
	keys  string  // those fields
	does  []trait // what it is about when not about fields
}

// releaseTable is the only place that knows the versions. Where the release
// that brought a change is not known, it is the first one seen with it.
func releaseTable() []entry {
	const (
		server   = "server server/operation"
		location = "link/location link/location/host"
		route    = "server/route server/routes"
	)
	return []entry{
		{since: "1.32.3660", on: server, keys: "route_dns"},
		{since: "1.32.3697", on: "settings", keys: "restrict_client"},
		{since: "1.32.4034", on: server, keys: "geo_sort force_connect"},
		{since: "1.32.4089", on: server, keys: "ping_interval_wg ping_timeout_wg"},
		{since: "1.32.4258", on: "link " + location, keys: "protocol wg_port wg_public_key"},
		{since: "1.32.4278", on: "host", keys: "priority"},
		{since: "1.32.4388", on: server, keys: "tun_mtu fragment"},
		{since: "1.32.4399", on: "organization", keys: "expiration"},
		{until: "1.32.4399", does: []trait{pooledOrgs}},
		{since: "1.32.4465", on: server, keys: "hide_ovpn bypass_sso_auth"},
		{since: "1.32.4465", on: "settings", keys: "pritunl_cloud_host pritunl_cloud_token pritunl_cloud_secret " +
			"ap_southeast_3_access_key ap_southeast_3_secret_key"},
		{since: "1.32.4465", does: []trait{strictMode, dnsServerRoute, changesOnline}},
		{since: "1.32.4512", on: server, keys: "ovpn_dco"},
		{since: "1.34.4619", on: route, keys: "advertise_resource"},
		{since: "1.34.4619", does: []trait{wantsSSOURL}},
		{since: "1.34.4681", on: server, keys: "sso_webauth"},
		{since: "1.34.4681", on: "admin settings", keys: "local_otp_auth"},
		{since: "1.34.4681", does: []trait{normalises, fillsSSOURL, namesUnknown, twoPartNames, netIn6, unlinksServers}},
	}
}

// release is what the table says of one version.
type release struct {
	version string // as /status shows it
	code    int64  // as /state shows it
	traits  map[trait]bool
	absent  map[string][]string // fields by the path of their objects
	shapes  map[*shape]*shape   // of bodies, without absent fields; the others are as they were
}

// newRelease reads a version: "" for the newest, the beginning of a recorded
// one, or three or four numbers. One newer than the newest does what that does.
func newRelease(version string) (*release, error) {
	full, err := fullVersion(version)
	if err != nil {
		return nil, err
	}
	numbers, _ := versionNumbers(full)
	if oldest, _ := versionNumbers(oldestRelease); slices.Compare(numbers, oldest) < 0 {
		return nil, fmt.Errorf("version %s is older than %s: what it does is not known", version, oldestRelease)
	}
	r := &release{version: full, traits: map[trait]bool{}, absent: map[string][]string{}, shapes: map[*shape]*shape{}}
	for i := range 4 {
		r.code *= 10_000
		if i < len(numbers) {
			r.code += int64(numbers[i])
		}
	}
	r.code += 4000 // a release, not one of its candidates
	for _, e := range releaseTable() {
		there := e.covers(numbers)
		for _, t := range e.does {
			r.traits[t] = there
		}
		if there {
			continue
		}
		for on := range strings.FieldsSeq(e.on) {
			r.absent[on] = append(r.absent[on], strings.Fields(e.keys)...)
		}
	}
	for _, rt := range routes() {
		if keys := r.absent[rt.object()]; rt.body != nil && len(keys) > 0 {
			r.shapes[rt.body] = rt.body.without(keys)
		}
	}
	return r, nil
}

// covers says whether a release has what the row is about.
func (e entry) covers(numbers []int) bool {
	since, _ := versionNumbers(e.since)
	until, _ := versionNumbers(e.until)
	return slices.Compare(numbers, since) >= 0 && (e.until == "" || slices.Compare(numbers, until) < 0)
}

// fullVersion completes a version that is the beginning of a recorded one.
func fullVersion(version string) (string, error) {
	for _, recorded := range recordedReleases() {
		if version == "" || recorded == version || strings.HasPrefix(recorded, version+".") && strings.Contains(version, ".") {
			return recorded, nil
		}
	}
	numbers, good := versionNumbers(version)
	if !good || len(numbers) < 3 {
		return "", fmt.Errorf("version %q is none: want one like %s", version, recordedReleases()[0])
	}
	return version, nil
}

// versionNumbers takes a version apart; "" has no numbers. Each number has at
// most four digits, which is what the server leaves room for.
func versionNumbers(version string) (numbers []int, good bool) {
	if version == "" {
		return nil, true
	}
	for part := range strings.SplitSeq(version, ".") {
		n, err := strconv.ParseUint(part, 10, 16)
		if err != nil || len(part) > 4 {
			return nil, false
		}
		numbers = append(numbers, int(n))
	}
	return numbers, len(numbers) <= 4
}

// Version is the release the instance is, in full.
func (s *Simulator) Version() string { return s.release.version }

func (r *release) does(t trait) bool { return r.traits[t] }

// shape is what the front end of this release knows of a body.
func (r *release) shape(sh *shape) *shape {
	if own, has := r.shapes[sh]; has {
		return own
	}
	return sh
}

// hostAddress is what becomes of an address of a host. Releases that do not
// normalise keep an empty one as "".
func (r *release) hostAddress(s string) *string {
	if r.does(normalises) {
		return cleanDomain(s)
	}
	kept := filterText(s)
	return &kept
}

// domain and webURL are what becomes of the like in the settings.
func (r *release) domain(s string) *string {
	if r.does(normalises) {
		return cleanDomain(s)
	}
	return orNil(strings.TrimSpace(s))
}

func (r *release) webURL(s string) *string {
	if r.does(normalises) {
		return cleanURL(s)
	}
	return orNil(strings.TrimSpace(s))
}

// object is the path of a route without the ids, to look the table up with.
func (rt *route) object() string {
	var fixed []string
	for _, part := range rt.parts {
		if !strings.HasPrefix(part, ":") {
			fixed = append(fixed, part)
		}
	}
	return strings.Join(fixed, "/")
}

// shown takes the fields that this release does not have out of an answer.
func (r *release) shown(rt *route, out reply) reply {
	keys := r.absent[rt.object()]
	if len(keys) == 0 || out.value == nil {
		return out
	}
	dec := json.NewDecoder(bytes.NewReader(encode(out.value)))
	dec.UseNumber()
	var value any
	if err := dec.Decode(&value); err != nil || value == nil {
		return out
	}
	out.value = withoutKeys(value, keys)
	return out
}

func withoutKeys(v any, keys []string) any {
	switch v := v.(type) {
	case []any:
		for i := range v {
			v[i] = withoutKeys(v[i], keys)
		}
	case map[string]any:
		for _, key := range keys {
			delete(v, key)
		}
		for key := range v {
			v[key] = withoutKeys(v[key], keys)
		}
	}
	return v
}
