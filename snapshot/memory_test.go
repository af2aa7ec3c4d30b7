package snapshot_test

import (
	"fmt"
	"io"
	"runtime"
	"slices"
	"strings"
	"testing"

	"pritunl-backup/snapshot"
)

// The documents of these tests are written while they are read, and far larger than what may be held.
const (
	manyUsers = 12_000
	maxHeld   = 20 << 20 // of 30 MB of users
)

// crowd is a document of many users in organizations of these names, whose ids, and those of the users, begin with id.
type crowd struct {
	id            string
	organizations []string
}

// stream writes the document, and remembers the largest heap on the way.
func (c crowd) stream() (*io.PipeReader, *uint64) {
	r, w := io.Pipe()
	peak := new(uint64)
	go func() {
		d, err := snapshot.NewWriter(w, testHeader())
		for _, o := range c.sorted() {
			if err == nil {
				err = d.WriteElement(snapshot.Organizations, o)
			}
		}
		filler := strings.Repeat("x", 2500)
		each := manyUsers / max(len(c.organizations), 1)
		for i := 0; i < manyUsers && err == nil; i++ {
			if i%(manyUsers/15) == 0 {
				var m runtime.MemStats
				runtime.GC()
				runtime.ReadMemStats(&m)
				*peak = max(*peak, m.HeapAlloc)
			}
			u := snapshot.Object{"name": fmt.Sprintf("%08d", i%each), "colour": filler}
			if all := c.sorted(); len(all) > 0 {
				u["organization"] = all[i/each]["id"]
			}
			u["id"] = fmt.Sprintf("%s%v-%v", c.id, u["organization"], u["name"])
			err = d.WriteElement(snapshot.Users, u)
		}
		if err == nil {
			_, err = d.Close()
		}
		w.CloseWithError(err)
	}()
	return r, peak
}

func (c crowd) sorted() []snapshot.Object {
	var all []snapshot.Object
	for i, name := range c.organizations {
		all = append(all, snapshot.Object{"id": fmt.Sprintf("%s%d", c.id, i), "name": name})
	}
	slices.SortFunc(all, func(a, b snapshot.Object) int { return strings.Compare(a.String("name"), b.String("name")) })
	return all
}

func TestMemoryOfVerifyDoesNotGrowWithUsers(t *testing.T) {
	r, peak := crowd{}.stream()
	if _, err := snapshot.Verify(r); err != nil {
		t.Fatal(err)
	}
	if *peak > maxHeld {
		t.Errorf("verify holds %d MiB", *peak>>20)
	}
}

func TestMemoryOfDiffDoesNotGrowWithUsers(t *testing.T) {
	names := []string{"a", "b", "c", "d", "e", "f", "g", "h", "i", "j"}
	last, first := slices.Clone(names), slices.Clone(names) // the users of one in ten are held
	last[2], first[9] = "zz", "0"
	for name, c := range map[string]struct {
		a, b    crowd
		changes int
	}{
		"no organizations":     {crowd{}, crowd{}, 0},
		"one instance":         {crowd{"x", names}, crowd{"x", names}, 0},
		"two instances":        {crowd{"x", names}, crowd{"y", names}, 0},
		"one is now the last":  {crowd{"x", names}, crowd{"x", last}, 1},
		"one is now the first": {crowd{"x", names}, crowd{"x", first}, 1},
	} {
		t.Run(name, func(t *testing.T) {
			left, peak := c.a.stream()
			right, _ := c.b.stream()
			a, err := snapshot.NewReader(left)
			if err != nil {
				t.Fatal(err)
			}
			b, err := snapshot.NewReader(right)
			if err != nil {
				t.Fatal(err)
			}
			d, err := snapshot.DiffReaders(a, b, snapshot.DiffOptions{})
			if err != nil {
				t.Fatal(err)
			}
			if len(d.Changes) != c.changes {
				t.Errorf("%d changes", len(d.Changes))
			}
			if *peak > maxHeld {
				t.Errorf("diff holds %d MiB", *peak>>20)
			}
		})
	}
}
