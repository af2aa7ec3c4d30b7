package mongo

import (
	"fmt"
	"slices"
	"strings"

	"go.mongodb.org/mongo-driver/v2/bson"

	"pritunl-backup/mongo/internal/lenient"
)

// addressFields of a host were typed in for one machine and are wrong on another.
func addressFields() []string {
	return []string{"public_address", "public_address6", "link_address", "sync_address", "local_address", "local_address6",
		"routed_subnet6", "routed_subnet6_wg"}
}

// observedFields of a host are written by the server itself at each start.
func observedFields() []string {
	return []string{"hostname", "version", "auto_public_address", "auto_public_address6", "auto_public_host", "auto_public_host6",
		"auto_local_address", "auto_local_address6", "local_networks", "instance_id"}
}

// transform turns documents of a snapshot into those that are written.
type transform struct {
	options  RestoreOptions
	present  map[string]bson.Raw // hosts of the target
	blanked  []Blanked
	warnings []string

	claimed map[string]string // new host id -> old one that it got its name from
	hosts   [][]string        // of each server, after mapping
}

func newTransform(o RestoreOptions, state *targetState) *transform {
	t := &transform{options: o, present: map[string]bson.Raw{}, claimed: map[string]string{}}
	for _, host := range state.hosts {
		t.present[idText(lenient.Value(host, "_id"))] = host
	}
	return t
}

// apply gives the document to write; keep is false for one that is left out. reset tells that Resets changed it.
func (t *transform) apply(collection string, raw bson.Raw) (out bson.Raw, reset, keep bool, err error) {
	d, err := document(raw)
	if err != nil {
		return nil, false, false, err
	}
	d, changed := applyResets(d, resetsOf(collection, t.options.KeepOnline))
	id := idText(lenient.Value(raw, "_id"))
	keep = true
	switch collection {
	case "settings":
		if t.options.Clone {
			var blanked []Blanked
			d, blanked, keep = quarantine(d, id, t.options.KeepLicence)
			t.blanked = append(t.blanked, blanked...)
		}
	case "servers":
		t.server(d, lenient.Text(raw, "name"))
	case "users":
		t.user(d)
	case "hosts":
		if t.options.Hosts == HostsNew {
			return t.newHost(d, id)
		}
		t.keptAddresses(d, lenient.Text(raw, "name"))
	}
	if !keep {
		return nil, false, false, nil
	}
	out, err = marshal(d)
	return out, len(changed) > 0, true, err
}

// hostID maps an old host id, "" when there is nothing to map it to.
func (t *transform) hostID(old string) string {
	if t.options.Hosts != HostsNew {
		return old
	}
	if id, ok := t.options.HostMap[old]; ok {
		return id
	}
	return t.options.HostMap[""]
}

// server maps the hosts a server runs on.
func (t *transform) server(d bson.D, name string) {
	i := fieldIndex(d, "hosts")
	if i < 0 {
		return
	}
	old, _ := d[i].Value.(bson.A)
	mapped := bson.A{}
	var ids []string
	for _, value := range old {
		s, ok := value.(string)
		id := t.hostID(s)
		if !ok || id == "" {
			t.warnings = append(t.warnings, fmt.Sprintf("server %s loses host %v: no new id is given for it", name, value))
			continue
		}
		if !slices.Contains(ids, id) {
			ids, mapped = append(ids, id), append(mapped, id)
		}
	}
	t.hosts = append(t.hosts, ids)
	if t.options.Hosts == HostsNew && d[i].Value != nil {
		d[i].Value = mapped
	}
}

// user maps the host that a service certificate belongs to; such users are named after it.
func (t *transform) user(d bson.D) {
	if t.options.Hosts != HostsNew {
		return
	}
	i := fieldIndex(d, "resource_id")
	if i < 0 {
		return
	}
	old, ok := d[i].Value.(string)
	id := t.hostID(old)
	if !ok || id == "" {
		return
	}
	d[i].Value = id
	if n := fieldIndex(d, "name"); n >= 0 && d[n].Value == "host_"+old {
		d[n].Value = "host_" + id
	}
}

// newHost makes the document of a new machine: what an administrator chose for the old one, without its addresses. A
// machine that has registered itself already keeps its own document.
func (t *transform) newHost(d bson.D, old string) (bson.Raw, bool, bool, error) {
	id := t.hostID(old)
	if id == "" {
		return nil, false, false, nil
	}
	if first, taken := t.claimed[id]; taken {
		t.warnings = append(t.warnings, fmt.Sprintf("hosts %s and %s both become %s, which keeps the name of the first", first, old, id))
		return nil, false, false, nil
	}
	t.claimed[id] = old
	if own, ok := t.present[id]; ok {
		return own, false, true, nil
	}
	d[fieldIndex(d, "_id")].Value = id
	for _, field := range append(addressFields(), observedFields()...) {
		i := fieldIndex(d, field)
		if i < 0 {
			continue
		}
		if slices.Contains(addressFields(), field) && !emptyValue(d[i].Value) {
			t.blanked = append(t.blanked, Blanked{Collection: "hosts", Document: old, Field: field, Why: "belongs to the old machine"})
		}
		d[i].Value = nil
	}
	raw, err := marshal(d)
	return raw, true, true, err
}

// keptAddresses warns of addresses that point at the machine that was lost.
func (t *transform) keptAddresses(d bson.D, name string) {
	var kept []string
	for _, field := range addressFields() {
		if v, ok := fieldValue(d, field).(string); ok && v != "" {
			kept = append(kept, field)
		}
	}
	if len(kept) > 0 {
		t.warnings = append(t.warnings, fmt.Sprintf("host %s keeps %s of the old machine: check them", name, strings.Join(kept, ", ")))
	}
}

// firstBootWarnings detects the trap of the first start without an Enterprise licence: every server is attached to
// the starting host alone.
func (t *transform) firstBootWarnings(app bson.Raw) []string {
	licence, plan := lenient.Text(app, "license"), lenient.Text(app, "license_plan")
	if t.options.Clone && !t.options.KeepLicence {
		licence, plan = "", ""
	}
	if licence != "" && plan != "premium" || !t.severalHosts() {
		return nil
	}
	why := "the database holds no licence"
	if licence != "" {
		why = "the licence is of the plan premium"
	}
	return []string{why + ": the first start attaches every server to the starting host alone, and each further node does the same"}
}

// severalHosts tells whether that rewriting would change anything: not if all servers run on one and the same host.
func (t *transform) severalHosts() bool {
	all := map[string]bool{}
	for _, ids := range t.hosts {
		if len(ids) != 1 {
			return true
		}
		all[ids[0]] = true
	}
	return len(all) > 1
}
