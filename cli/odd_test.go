package cli_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"pritunl-backup/simulator"
	"pritunl-backup/snapshot"
)

// family is the kind of thing that a path of the API answers with; "" for paths that are left alone.
func family(path string) string {
	parts := strings.Split(strings.Trim(path, "/"), "/")
	switch {
	case parts[0] == "server" && len(parts) == 3, parts[0] == "link" && len(parts) == 3:
		return parts[0] + " " + parts[2]
	case slices.Contains([]string{"status", "settings", "subscription", "admin", "organization", "user", "server", "host", "link"}, parts[0]):
		return parts[0]
	}
	return ""
}

// bend changes each object of an answer, lists of objects inside of objects included.
func bend(answer []byte, change func(o map[string]any)) []byte {
	decoder := json.NewDecoder(bytes.NewReader(answer))
	decoder.UseNumber()
	var v any
	if decoder.Decode(&v) != nil {
		return answer
	}
	var walk func(v any)
	walk = func(v any) {
		switch v := v.(type) {
		case []any:
			for _, e := range v {
				walk(e)
			}
		case map[string]any:
			for _, name := range slices.Sorted(maps.Keys(v)) {
				walk(v[name])
			}
			change(v)
		}
	}
	walk(v)
	out, err := json.Marshal(v)
	if err != nil {
		return answer
	}
	return out
}

// oddities are what other versions, old databases and other programs that write into them do to a field.
func oddities() map[string]func(o map[string]any, field string) {
	return map[string]func(o map[string]any, field string){
		"absent":   func(o map[string]any, f string) { delete(o, f) },
		"null":     func(o map[string]any, f string) { o[f] = nil },
		"renamed":  func(o map[string]any, f string) { o["new_"+f] = o[f]; delete(o, f) },
		"a text":   func(o map[string]any, f string) { o[f] = "odd\x00 \u202e\"text\n" },
		"a number": func(o map[string]any, f string) { o[f] = json.Number("123456789012345678901234567890.5e-3") },
		"true":     func(o map[string]any, f string) { o[f] = true },
		"a list": func(o map[string]any, f string) {
			o[f] = []any{nil, true, json.Number("1"), "x", map[string]any{"a": []any{}}}
		},
		"a map": func(o map[string]any, f string) { o[f] = map[string]any{"": nil, "$redacted": 1, "x": []any{1}} },
	}
}

// oddInstance is an instance whose answers are bent once it is told how.
type oddInstance struct {
	mu     sync.Mutex
	change func(family string, o map[string]any)
	fields map[string]map[string]bool // by family, as seen
	vars   map[string]string
}

func newOddInstance(t *testing.T, opts simulator.Options) *oddInstance {
	odd := &oddInstance{fields: map[string]map[string]bool{}}
	_, odd.vars = simulated(t, opts, func(next http.Handler) http.Handler {
		return between{next: next, change: func(r *http.Request, answer []byte) []byte {
			of := family(r.URL.Path)
			if r.Method != http.MethodGet || of == "" {
				return answer
			}
			odd.mu.Lock()
			defer odd.mu.Unlock()
			return bend(answer, func(o map[string]any) {
				if odd.fields[of] == nil {
					odd.fields[of] = map[string]bool{}
				}
				if odd.change != nil {
					odd.change(of, o)
					return
				}
				for name := range o {
					odd.fields[of][name] = true
				}
			})
		}}
	})
	return odd
}

func (odd *oddInstance) bendBy(change func(family string, o map[string]any)) {
	odd.mu.Lock()
	defer odd.mu.Unlock()
	odd.change = change
}

// oddChain takes a snapshot of an odd instance through everything that reads one, and holds it against others.
type oddChain struct {
	odd    *oddInstance
	good   string            // a snapshot of the instance as it should be
	target map[string]string // a fresh instance
	path   string
}

// try gives the exit code of the export. Every command has to end with a result that says something.
func (c *oddChain) try(t *testing.T, what string) int {
	t.Helper()
	run := func(vars map[string]string, codes []int, args ...string) outcome {
		o := runMain(t, vars, args...)
		if !slices.Contains(codes, o.code) {
			t.Errorf("%s: %q: exit code %d\n%.500s", what, args, o.code, o.err)
		}
		if o.code != 0 && o.code != 2 && !strings.Contains(o.err, "pritunl-backup: ") {
			t.Errorf("%s: %q: exit code %d without a word: %s", what, args, o.code, o.err)
		}
		return o
	}
	exported := run(c.odd.vars, []int{0, 1, 3}, "export", "--to", c.path, "--overwrite", "--quiet")
	run(c.odd.vars, []int{0, 1, 3, 4, 7}, "restore", c.good, "--dry-run", "--on-existing", "update", "--prune")
	if exported.code != 0 {
		return exported.code
	}
	run(nil, []int{0}, "show", c.path)
	run(nil, []int{0}, "verify", c.path)
	run(nil, []int{0, 2}, "diff", c.path, c.good)
	if o := run(c.odd.vars, []int{0}, "diff", c.path); o.code == 2 {
		t.Errorf("%s: differs from itself:\n%.1000s", what, o.out)
	}
	run(c.target, []int{0, 4, 7}, "restore", c.path, "--dry-run")
	run(nil, []int{0}, "terraform", c.path)
	return 0
}

func newOddChain(t *testing.T) *oddChain {
	clock := simulator.NewClock(time.Now()) // uptime under an unknown name would be a change
	c := &oddChain{odd: newOddInstance(t, simulator.Options{Seed: "demo", Clock: clock}), path: filepath.Join(t.TempDir(), "odd.json")}
	_, c.target = simulated(t, simulator.Options{Hosts: 2, Random: 7}, nil)
	c.good = filepath.Join(t.TempDir(), "good.json")
	if o := runMain(t, c.odd.vars, "export", "--to", c.good); o.code != 0 {
		t.Fatal(o.err)
	}
	return c
}

// necessary are the fields that an export cannot do without: ids of what others refer to, the list that an answer is
// about, and the one by which Pritunl is known. Their absence is an error.
func necessary(of, field string) bool {
	if of == "link" && field == "links" || of == "status" && field == "server_version" {
		return true
	}
	return field == "id" && of != "settings" && of != "status" && of != "subscription"
}

// TestOddAnswers does each oddity to fields of each kind in turn: to some, chosen anew each time, or to every one when
// ODD_ANSWERS is "all", which takes minutes.
func TestOddAnswers(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2)) // the same choice every time: a failure is found again
	c := newOddChain(t)
	seen := maps.Clone(c.odd.fields)
	tried := 0
	share := 1.0 / 25
	if testing.Short() {
		share = 1.0 / 200
	}
	if os.Getenv("ODD_ANSWERS") == "all" {
		share = 1
	}
	for _, oddity := range slices.Sorted(maps.Keys(oddities())) {
		bendField := oddities()[oddity]
		t.Run(oddity, func(t *testing.T) {
			for _, of := range slices.Sorted(maps.Keys(seen)) {
				for _, field := range slices.Sorted(maps.Keys(seen[of])) {
					if random.Float64() > share {
						continue
					}
					tried++
					c.odd.bendBy(func(family string, o map[string]any) {
						if _, has := o[field]; has && family == of {
							bendField(o, field)
						}
					})
					code := c.try(t, fmt.Sprintf("%s of %s is %s", field, of, oddity))
					if code != 0 && (oddity == "absent" || oddity == "null") && !necessary(of, field) {
						t.Errorf("%s of %s is %s: the export gives up", field, of, oddity)
					}
				}
			}
		})
	}
	if tried < 3 {
		t.Errorf("tried %d times only", tried)
	}
	t.Logf("tried %d times", tried)
}

// TestManyOddAnswers does oddities at random to many fields at once, adds unknown fields to everything, and plays
// other versions.
func TestManyOddAnswers(t *testing.T) {
	c := newOddChain(t)
	all := slices.Sorted(maps.Keys(oddities()))
	rounds := 30
	if testing.Short() {
		rounds = 5
	}
	for round := range rounds {
		seed := uint64(round) + 1
		random := rand.New(rand.NewPCG(seed, 3))
		often, memory := random.Float64()*0.2, map[string]string{}
		c.odd.bendBy(func(of string, o map[string]any) {
			for _, field := range slices.Sorted(maps.Keys(o)) {
				key := of + " " + field
				if _, decided := memory[key]; !decided { // the same for every object and request, as a version would do it
					memory[key] = ""
					if random.Float64() < often && !necessary(of, field) {
						memory[key] = all[random.IntN(len(all))]
					}
				}
				if oddity := memory[key]; oddity != "" {
					oddities()[oddity](o, field)
				}
			}
			o["from_the_future"] = map[string]any{"list": []any{json.Number("1"), "two"}, "on": true}
		})
		c.try(t, fmt.Sprint("seed ", seed))
	}
}

// TestUnknownFieldsAreKept: what no version of this tool knows is in the snapshot, word for word, and is told by diff.
func TestUnknownFieldsAreKept(t *testing.T) {
	c := newOddChain(t)
	c.odd.bendBy(func(of string, o map[string]any) {
		if of == "status" {
			o["server_version"] = "9.99.1"
		}
		o["from_the_future"] = map[string]any{"number": json.Number("12345678901234567890.10"), "text": of}
	})
	if code := c.try(t, "unknown fields"); code != 0 {
		t.Fatalf("exit code %d", code)
	}
	doc := loadSnapshot(t, c.path)
	if doc.Header.PritunlVersion != "9.99.1" {
		t.Errorf("version %q", doc.Header.PritunlVersion)
	}
	for _, kind := range snapshot.Kinds() {
		if len(doc.Resources[kind]) == 0 {
			t.Errorf("no %s", kind)
		}
		for _, o := range doc.Resources[kind] {
			if v, _ := o["from_the_future"].(map[string]any); v["number"] != json.Number("12345678901234567890.10") {
				t.Errorf("%s: %v", kind, o["from_the_future"])
				break
			}
		}
	}
	o := runMain(t, nil, "diff", c.good, c.path)
	if o.code != 2 || !strings.Contains(o.out, "from_the_future") {
		t.Errorf("diff: exit code %d\n%.1000s", o.code, o.out)
	}
	if o := runMain(t, c.target, "restore", c.path, "--dry-run"); !strings.Contains(o.out, "from_the_future") || !strings.Contains(o.out, "9.99.1") {
		t.Errorf("the plan does not speak of unknown fields or the newer version: %.2000s", o.out)
	}
}
