package snapshot_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"pritunl-backup/snapshot"
)

// anyInstance has objects of every kind that has ids of its own, with names from a few, so that many are the same.
func anyInstance() *rapid.Generator[resources] {
	return rapid.Custom(func(t *rapid.T) resources {
		all := resources{}
		add := func(kind snapshot.Kind, n int, more func(i int) snapshot.Object) {
			for i := range rapid.IntRange(0, n).Draw(t, string(kind)) {
				o := snapshot.Object{"id": fmt.Sprintf("%s-%d", kind, i), nameField(kind): anyName().Draw(t, "name")}
				for k, v := range more(i) {
					o[k] = v
				}
				all[kind] = append(all[kind], o)
			}
		}
		one := func(kind snapshot.Kind) string {
			return rapid.SampledFrom(all[kind]).Draw(t, "one").String("id")
		}
		plain := func(int) snapshot.Object { return nil }
		for _, kind := range []snapshot.Kind{snapshot.Administrators, snapshot.Organizations, snapshot.Hosts, snapshot.Servers, snapshot.Links} {
			add(kind, 5, plain)
		}
		for _, s := range all[snapshot.Servers] {
			all[snapshot.ServerRoutes] = append(all[snapshot.ServerRoutes], snapshot.Object{"id": "r", "server": s["id"], "network": "10.0.0.0/8"})
			for _, o := range all[snapshot.Organizations] {
				all[snapshot.ServerOrganizations] = append(all[snapshot.ServerOrganizations], snapshot.Object{"id": o["id"], "server": s["id"], "name": o["name"]})
			}
		}
		if len(all[snapshot.Links]) > 0 {
			add(snapshot.Locations, 4, func(int) snapshot.Object { return snapshot.Object{"link_id": one(snapshot.Links)} })
		}
		if len(all[snapshot.Organizations]) > 0 {
			add(snapshot.Users, 12, func(int) snapshot.Object { return snapshot.Object{"organization": one(snapshot.Organizations)} })
		}
		return all
	})
}

func anyName() *rapid.Generator[string] { return rapid.SampledFrom([]string{"a", "b", "c", "d"}) }

func nameField(kind snapshot.Kind) string {
	if kind == snapshot.Administrators {
		return "username"
	}
	return "name"
}

func clone(all resources) resources {
	out := resources{}
	for kind, objects := range all {
		for _, o := range objects {
			out[kind] = append(out[kind], o.Clone())
		}
	}
	return out
}

// wantedChange is what a test expects of one object.
type wantedChange struct {
	Kind   snapshot.Kind
	ID     string
	Action snapshot.Action
}

func changesOf(t *rapid.T, a, b resources) []wantedChange {
	docs := [2]*snapshot.Document{{Header: testHeader(), Resources: a}, {Header: testHeader(), Resources: b}}
	var out []wantedChange
	keys := map[string]bool{}
	for _, c := range snapshot.Diff(docs[0], docs[1], snapshot.DiffOptions{}).Changes {
		if c.Action == snapshot.Changed && c.OldID != c.NewID {
			t.Errorf("%s %v: %s and %s are one", c.Kind, c.Key, c.OldID, c.NewID)
		}
		id := c.OldID
		if c.Action == snapshot.Added {
			id = c.NewID
		}
		if key := fmt.Sprint(c.Kind, c.Key); keys[key] {
			t.Errorf("%s is told twice", key)
		} else {
			keys[key] = true
		}
		out = append(out, wantedChange{c.Kind, id, c.Action})
	}
	return sortWanted(out)
}

func sortWanted(list []wantedChange) []wantedChange {
	slices.SortFunc(list, func(a, b wantedChange) int {
		return snapshot.Key{string(a.Kind), a.ID}.Compare(snapshot.Key{string(b.Kind), b.ID})
	})
	return list
}

// Random renames and moves, names that are swapped and those that new objects take: exactly the objects that are
// renamed, moved and new differ.
func TestDiffTellsExactlyWhatWasRenamed(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := anyInstance().Draw(t, "instance")
		b := clone(a)
		var want []wantedChange
		for kind, objects := range b {
			if kind == snapshot.ServerRoutes || kind == snapshot.ServerOrganizations {
				continue
			}
			for i, o := range objects {
				if rapid.Bool().Draw(t, "rename") {
					o[nameField(kind)] = anyName().Draw(t, "new name")
				}
				if kind == snapshot.Users && rapid.Bool().Draw(t, "move") {
					o["organization"] = rapid.SampledFrom(b[snapshot.Organizations]).Draw(t, "to")["id"]
				}
				if !cmp.Equal(o, a[kind][i]) {
					want = append(want, wantedChange{kind, o.String("id"), snapshot.Changed})
				}
			}
			if len(objects) > 0 && rapid.Bool().Draw(t, "add") {
				added := rapid.SampledFrom(a[kind]).Draw(t, "like").Clone()
				added["id"] = "new " + string(kind)
				b[kind] = append(b[kind], added)
				want = append(want, wantedChange{kind, added.String("id"), snapshot.Added})
			}
		}
		if diff := cmp.Diff(sortWanted(want), changesOf(t, a, b)); diff != "" {
			t.Error(diff)
		}
	})
}

// Two instances share no id; where names are unique, only they count.
func TestDiffOfTwoInstancesGoesByNames(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := anyInstance().Draw(t, "instance")
		for kind, objects := range a {
			for i, o := range objects {
				if _, named := o[nameField(kind)]; named && kind != snapshot.ServerOrganizations {
					o[nameField(kind)] = fmt.Sprintf("%v%d", o[nameField(kind)], i)
				}
			}
		}
		order := map[string]string{}
		b := clone(a)
		for _, objects := range b {
			for _, o := range objects {
				for _, field := range []string{"id", "server", "organization", "link_id"} {
					id := o.String(field)
					if id == "" {
						continue
					}
					if order[id] == "" {
						order[id] = fmt.Sprintf("%s on the other %d", rapid.StringMatching(`[a-z]{4}`).Draw(t, "id"), len(order))
					}
					o[field] = order[id]
				}
			}
		}
		if changes := changesOf(t, a, b); len(changes) > 0 {
			t.Errorf("%v", changes)
		}
	})
}
