package restore

import (
	"fmt"
	"slices"
	"strings"

	"pritunl-backup/mongo"
	"pritunl-backup/snapshot"
)

// Versions from which on the server behaves differently.
const (
	sinceOnlineChanges  = "1.32.4465.96" // some fields of a running server may be changed
	sinceBornDNSRoute   = "1.32.4465"    // a new server has a route to its first dns server, which every change of the server moves
	sinceCleanAddresses = "1.34.4681"    // addresses of other machines are normalised
	sinceURLNeeded      = "1.34.4619"    // single sign-on needs server_sso_url
)

// olderThan tells whether a version of Pritunl is older than another, of which the last part may be missing: the first
// one of the line is meant then. A version that nobody knows is taken for a new one.
func olderThan(version, since string) bool {
	for strings.Count(since, ".") < 3 {
		since += ".0"
	}
	order, ok := mongo.CompareVersions(version, since)
	return ok && order < 0
}

// lacks tells whether the target is older than what came with a version.
func (t *tree) lacks(since string) bool { return olderThan(t.header.PritunlVersion, since) }

// leaveOutNewer keeps from being sent what is newer than the target, which would drop it without a word, and names it
// in a warning.
func (b *builder) leaveOutNewer() (warnings []string) {
	version := b.live.header.PritunlVersion
	count := 0
	var names []string
	for _, level := range levels() {
		for _, f := range sendable(level.kind) {
			if f.KnownTo(version) {
				continue
			}
			set := 0
			for _, n := range b.want.kinds[level.kind] {
				n.leaveOut("Pritunl "+version+" does not know it", f.Path)
				if !n.borrowed && !isZero(f, n.sent[f.Path]) {
					set++
				}
			}
			if set > 0 {
				names = append(names, fmt.Sprintf("%s of %d %s", f.Path, set, strings.ReplaceAll(string(level.kind), "_", " ")))
				count += set
			}
		}
	}
	if count > 0 {
		warnings = append(warnings, fmt.Sprintf("Pritunl %s, the target, is too old to know %d value(s) of the snapshot, which cannot be restored: %s", version, count, strings.Join(names, ", ")))
	}
	return warnings
}

// leaveOut keeps fields from being sent and compared, and says why.
func (n *node) leaveOut(why string, fields ...string) {
	if n.unsent == nil {
		n.unsent = map[string]string{}
	}
	for _, f := range fields {
		n.unsent[f] = why
	}
}

// sendsField tells whether a field is sent for the object.
func (n *node) sendsField(name string) bool {
	return slices.ContainsFunc(n.sends(), func(f snapshot.Field) bool { return f.Path == name })
}
