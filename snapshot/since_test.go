package snapshot_test

import (
	"strings"
	"testing"

	"pritunl-backup/snapshot"
)

// recordedPaths gives every field that the recordings in a file show, as "kind.path".
func recordedPaths(t testing.TB, file string) map[string]bool {
	t.Helper()
	seen := map[string]bool{}
	for kind, objects := range recorded(t, file) {
		for _, o := range objects {
			leaves(o, func(path string, _ any) { seen[string(kind)+"."+path] = true })
		}
	}
	return seen
}

// TestSinceAgreesWithRecordings holds what is said of the age of a field to recordings of an old and a new server.
func TestSinceAgreesWithRecordings(t *testing.T) {
	const older, newer = "1.32.4278.46", "1.34.4681.89"
	was, is := recordedPaths(t, "recorded-1.32.jsonl"), recordedPaths(t, "recorded.jsonl")
	added := 0
	for _, kind := range snapshot.Kinds() {
		for _, f := range snapshot.Fields(kind) {
			name := string(kind) + "." + f.Path
			if f.Class == snapshot.WriteOnly || strings.HasPrefix(f.Path, "devices[]") || f.Path == "hosts[].uri" {
				continue // in no recording
			}
			if got := f.KnownTo(older); got != was[name] {
				t.Errorf("%s since %q: known to %s is %v, recorded there is %v", name, f.Since, older, got, was[name])
			}
			if !f.KnownTo(newer) || !is[name] {
				t.Errorf("%s since %q: known to %s is %v, recorded there is %v", name, f.Since, newer, f.KnownTo(newer), is[name])
			}
			if is[name] && !was[name] {
				added++
			}
		}
	}
	if added != 15 {
		t.Errorf("%d fields came between %s and %s", added, older, newer)
	}
	for name := range was {
		if !is[name] {
			t.Errorf("%s went", name)
		}
	}
}

func TestKnownTo(t *testing.T) {
	field := func(since string) snapshot.Field { return snapshot.Field{Since: since} }
	for _, c := range []struct {
		since, version string
		want           bool
	}{
		{"", "1.29", true},
		{"1.32.4465", "1.32.4278.46", false},
		{"1.32.4465", "1.32.4465.96", true},
		{"1.32.4465", "1.32.4465", true},
		{"1.32.4465", "1.32", true},
		{"1.32.4465", "1.4.9999", false},
		{"1.32.4465", "1.34.1", true},
		{"1.32.4465", "2", true},
		{"1.32.4465", "1.31.9999rc1", false},
		{"1.32.4465", "", true},
		{"1.32.4465", "unknown", true},
		{"after 1.34.4681", "1.34.4681.89", true},
		{"after 1.34.4681", "1.34.4619.10", false},
	} {
		if got := field(c.since).KnownTo(c.version); got != c.want {
			t.Errorf("since %q, version %q: %v", c.since, c.version, got)
		}
	}
}
