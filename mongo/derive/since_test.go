package derive

import (
	"strings"
	"testing"

	"pritunl-backup/snapshot"
)

// TestFieldsSinceAgreesWithTheCatalogue holds the two lists of what came with which version to each other: a snapshot
// of the database shows a field from the version on that the catalogue says.
func TestFieldsSinceAgreesWithTheCatalogue(t *testing.T) {
	rows := map[string]string{}
	for _, row := range fieldsSince() {
		for field := range strings.FieldsSeq(row.fields) {
			name := row.kind + "." + field
			rows[name] = row.version
			f, ok := snapshot.Lookup(snapshot.Kind(row.kind), field)
			if since := strings.TrimPrefix(f.Since, "after ") + ".0"; !ok || since != row.version {
				t.Errorf("%s: the table says %s, the catalogue %q", name, row.version, f.Since)
			}
		}
	}
	for _, e := range Exceptions() {
		rows[e.Kind+"."+e.Field] = "not shown"
	}
	const oldest = "1.32.3479" // what that one has needs no row
	for _, kind := range snapshot.Kinds() {
		for _, f := range snapshot.Fields(kind) {
			name := string(kind) + "." + f.Path
			if f.KnownTo(oldest) || f.Class == snapshot.WriteOnly || strings.Contains(f.Path, "[]") || rows[name] != "" {
				continue
			}
			t.Errorf("%s came with %s and is not in the table", name, f.Since)
		}
	}
	if len(rows) < 20 {
		t.Errorf("%d fields", len(rows))
	}
}
