package snapshot_test

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"pritunl-backup/snapshot"
)

// TestFieldDocumentation keeps docs/fields.md equal to the catalogue; -update writes it anew.
func TestFieldDocumentation(t *testing.T) {
	const path = "../docs/fields.md"
	want := fieldDocumentation()
	if *update {
		if err := os.WriteFile(path, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != want {
		t.Errorf("%s is not what the catalogue says; run the tests of this package with -update", path)
	}
}

func fieldDocumentation() string {
	var b strings.Builder
	b.WriteString(`# What is and what is not in a snapshot

Made from the field catalogue in snapshot/. For each field: whether it is kept, whether a comparison looks at it,
and whether a restore through the API can bring it back. A restore from a database snapshot into a database
brings back everything. Fields that this table does not know are kept and compared, and reported as not restorable.
`)
	for _, kind := range snapshot.Kinds() {
		fmt.Fprintf(&b, "\n## %s\n\n| field | kept | compared | restored | secret | note |\n| --- | --- | --- | --- | --- | --- |\n", kind)
		for _, f := range snapshot.Fields(kind) {
			kept := f.Class != snapshot.Volatile && f.Class != snapshot.WriteOnly
			note := strings.ReplaceAll(strings.TrimSpace(strings.Join(notes(f), "; ")), "|", "\\|")
			fmt.Fprintf(&b, "| `%s` | %s | %s | %s | %s | %s |\n", f.Path, mark(kept), mark(kept && f.Compared()), mark(f.Restorable()), mark(f.Secret), note)
		}
	}
	return b.String()
}

func notes(f snapshot.Field) []string {
	var notes []string
	if f.Class == snapshot.Volatile {
		notes = append(notes, "changes by itself")
	}
	if f.Since != "" {
		notes = append(notes, "since "+f.Since)
	}
	if f.Note != "" {
		notes = append(notes, f.Note)
	}
	return notes
}

func mark(yes bool) string {
	if yes {
		return "yes"
	}
	return ""
}
