package cli_test

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"pritunl-backup/simulator"
	"pritunl-backup/snapshot"
)

// TestDryRunsSendNothingThatWrites asks for plans that would do a lot, with every option that could be taken for a
// permission, and counts at the server.
func TestDryRunsSendNothingThatWrites(t *testing.T) {
	dir := t.TempDir()
	_, production := simulated(t, simulator.Options{Seed: "demo"}, nil)
	kept := filepath.Join(dir, "kept.json")
	if o := runMain(t, production, "export", "--to", kept); o.code != 0 {
		t.Fatal(o.err)
	}
	hostile := filepath.Join(dir, "hostile.json")
	storeSnapshot(t, hostile, hostileDocument(t, kept))
	empty := filepath.Join(dir, "empty.json")
	_, fresh := simulated(t, simulator.Options{Hosts: 2}, nil)
	if o := runMain(t, fresh, "export", "--to", empty); o.code != 0 {
		t.Fatal(o.err)
	}
	all := "--yes --start --with-connection-settings --passwords DIR/passwords --report DIR/report"
	for _, options := range []string{
		"", all, "--resume " + all, "--on-existing update " + all, "--on-existing skip " + all,
		"--on-existing update --prune --yes-delete-on vpn-1 " + all, "--on-existing update --prune --json --yes-delete-on vpn-1 " + all,
	} {
		for _, path := range []string{kept, hostile, empty} {
			for _, seed := range []string{"demo", "empty"} {
				sim, vars := simulated(t, simulator.Options{Seed: seed, Hosts: 2, Random: 7}, nil)
				args := append([]string{"restore", path, "--dry-run"}, strings.Fields(strings.ReplaceAll(options, "DIR", dir))...)
				o := runMain(t, vars, args...)
				if o.code != 0 && o.code != 7 {
					t.Errorf("%q on %s: exit code %d: %s", args, seed, o.code, o.err)
				}
				for _, r := range sim.Requests() {
					if r.Method != http.MethodGet {
						t.Errorf("%q on %s: sent %s %s", args, seed, r.Method, r.Path)
					}
				}
			}
		}
	}
	for _, name := range []string{"passwords", "report"} {
		if _, err := os.Stat(filepath.Join(dir, name)); err == nil {
			t.Errorf("a dry run wrote %s", name)
		}
	}
	sim, vars := simulated(t, simulator.Options{Seed: "demo"}, nil)
	list := filepath.Join(dir, "list.txt")
	if err := os.WriteFile(list, []byte("10.99.0.0/16\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{"routes", "import", "--server", "office", "--from", list, "--format", "text", "--dry-run", "--yes", "--comment", "x"}, {"diff", hostile}, {"verify", kept, "--drill"}} {
		if o := runMain(t, vars, args...); o.code != 0 && o.code != 2 {
			t.Errorf("%q: exit code %d: %s", args, o.code, o.err)
		}
	}
	if n := sim.Writes(); n != 0 {
		t.Errorf("%d requests that write", n)
	}
}

// hostileDocument changes everything that can be changed, and has ids and names that look like paths and requests.
func hostileDocument(t *testing.T, path string) *snapshot.Document {
	t.Helper()
	doc := loadSnapshot(t, path)
	for kind, objects := range doc.Resources {
		for i, o := range objects {
			for _, f := range snapshot.Fields(kind) {
				v, ok := o[f.Path]
				if !ok || f.Class != snapshot.Writable || strings.Contains(f.Path, ".") {
					continue
				}
				switch v.(type) {
				case string:
					if f.Path == "name" || f.Path == "username" {
						o[f.Path] = fmt.Sprintf("../../server/%d?x=1#\n%s", i, f.Path)
					}
				case bool:
					o[f.Path] = !o.Bool(f.Path)
				}
			}
		}
	}
	return doc
}
