package restore

import (
	"slices"
	"strings"

	"pritunl-backup/snapshot"
)

// Settings that rules can leave to the target by one name.
const (
	groupSSO        = "sso"      // single sign-on
	groupMail       = "mail"     // the mail server and the account on it
	groupMonitoring = "influxdb" // metrics
	groupCloud      = "cloud"    // cloud accounts and their keys, with the DNS zones and route tables that they write
	groupACME       = "acme"     // certificate requests
	groupExternal   = "external" // all of these: everything that acts on anything but the instance itself
)

func groupNames() []string {
	return []string{groupSSO, groupMail, groupMonitoring, groupCloud, groupACME, groupExternal}
}

// dropGroup tells which settings a group is for; nil when there is no group of that name.
func dropGroup(name string) func(field string) bool {
	has := func(prefixes ...string) func(string) bool {
		return func(field string) bool {
			return slices.ContainsFunc(prefixes, func(p string) bool { return strings.HasPrefix(field, p) })
		}
	}
	switch name {
	case groupSSO:
		return has("sso", "server_sso_url")
	case groupMail:
		return has("email_")
	case groupMonitoring:
		return has("influxdb_", "monitoring")
	case groupCloud:
		return func(field string) bool {
			return has("cloud_provider", "route53_", "oracle_", "pritunl_cloud_")(field) ||
				strings.HasSuffix(field, "_access_key") || strings.HasSuffix(field, "_secret_key")
		}
	case groupACME:
		return has("acme_")
	case groupExternal:
		return func(field string) bool {
			return slices.ContainsFunc(groupNames(), func(group string) bool { return group != groupExternal && dropGroup(group)(field) })
		}
	}
	return nil
}

// droppedBy gives the settings that a name stands for: a group's, or the one of that name; none when there is neither.
func droppedBy(name string) []string {
	in := dropGroup(name)
	if in == nil {
		in = func(field string) bool { return field == name }
	}
	var fields []string
	for _, f := range fieldsOf(snapshot.Settings) {
		if f.Restorable() && in(f.Path) {
			fields = append(fields, f.Path)
		}
	}
	return fields
}

// Drop gives the rules with one more, first, that leaves settings to the target: single ones or the groups sso, mail,
// influxdb, cloud, acme and external, which is all of them. The rules may be nil. Errors are [*UsageError].
func (r *Rules) Drop(names ...string) (*Rules, error) {
	if len(names) == 0 {
		return r, nil
	}
	out := &Rules{rules: []rule{{where: "drop " + strings.Join(names, ", "), kind: snapshot.Settings, always: true}}}
	for _, name := range names {
		fields := droppedBy(name)
		if len(fields) == 0 {
			return nil, &UsageError{Text: quote(name) + " is no setting that can be restored", Next: "the groups are " + strings.Join(groupNames(), ", ")}
		}
		out.rules[0].drop = append(out.rules[0].drop, fields...)
	}
	if r != nil {
		out.offline = r.offline
		out.rules = append(out.rules, r.rules...)
	}
	return out, nil
}
