package storage_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"pritunl-backup/storage"
)

func TestNames(t *testing.T) {
	at := time.Date(2026, 11, 22, 2, 15, 0, 0, time.UTC)
	cases := map[string]struct {
		template storage.Template
		label    storage.Label
		want     string
	}{
		"plain":      {"", storage.Label{Host: "vpn-1", Kind: "api", Complete: true}, "pritunl-vpn-1-20261122T021500Z.json"},
		"gzip":       {"", storage.Label{Host: "vpn-1", Kind: "api", Complete: true, Gzip: true}, "pritunl-vpn-1-20261122T021500Z.json.gz"},
		"all":        {"", storage.Label{Host: "vpn-1", Kind: "mongo", Tags: []string{"keep", "before-2"}, Gzip: true, Encrypted: true}, "pritunl-vpn-1-20261122T021500Z-mongo_keep_before-2.partial.json.gz.age"},
		"marker":     {"", storage.Label{Host: "vpn-1", Kind: "mongo", Complete: true, Unchanged: true}, "pritunl-vpn-1-20261122T021500Z-mongo.unchanged"},
		"other":      {"{time}_{kind}-{host}.x", storage.Label{Host: "a.b", Kind: "mongo", Complete: true}, "20261122T021500Z_mongo-a.b.x.json"},
		"host":       {"", storage.Label{Host: "20200101T000000Z", Kind: "api", Complete: true}, "pritunl-20200101T000000Z-20261122T021500Z.json"},
		"mongo host": {"", storage.Label{Host: "a-mongo", Kind: "api", Complete: true}, "pritunl-a-mongo-20261122T021500Z.json"},
		"no host":    {"nightly-{time}", storage.Label{Kind: "api", Complete: true}, "nightly-20261122T021500Z.json"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			if c.template == "" {
				c.template = storage.DefaultTemplate
			}
			c.label.Time = at
			got := c.template.Name(c.label)
			if got != c.want {
				t.Errorf("named %q, want %q", got, c.want)
			}
			back, ok := c.template.Parse(got)
			if diff := cmp.Diff(c.label, back); !ok || diff != "" {
				t.Errorf("read back %v:\n%s", ok, diff)
			}
			if err := c.template.Check(); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestHostsAreMadeSafe(t *testing.T) {
	for host, want := range map[string]string{
		"": "unknown", "../../etc": "etc", "vpn 1": "vpn-1", "VPN.example.com": "VPN.example.com", "ü": "unknown",
		"a_b": "a-b", strings.Repeat("h", 100): strings.Repeat("h", 63), "10.0.0.1:27017": "10.0.0.1-27017",
	} {
		name := storage.DefaultTemplate.Name(storage.Label{Host: host, Complete: true})
		if want := "pritunl-" + want + "-00010101T000000Z.json"; name != want {
			t.Errorf("%q gives %q, want %q", host, name, want)
		}
	}
}

func TestForeignNamesAreNotSnapshots(t *testing.T) {
	for _, name := range []string{
		"", "x", "backup.json", "pritunl-vpn-1.json", "pritunl-vpn-1-20261322T021500Z.json", "pritunl-vpn-1-20261122T021500Z.txt",
		"pritunl--20261122T021500Z.json", "xpritunl-vpn-1-20261122T021500Z.json", "pritunl-vpn-1-20261122T021500Z-other.json",
		"pritunl-vpn-1-20261122T021500Z_bad tag.json", "pritunl-vpn-1-20261122T021500Z.json.age.gz", "pritunl-vpn-api.lock",
	} {
		if l, ok := storage.ParseName(name); ok {
			t.Errorf("%q taken for a snapshot: %+v", name, l)
		}
	}
}

func TestBadTemplates(t *testing.T) {
	for _, tmpl := range []storage.Template{"", "{host}", "{time}{time}", "{host}{time}", "a/{time}", "{time}-{nope}", ".{time}"} {
		if err := tmpl.Check(); err == nil || storage.Hint(err) == "" {
			t.Errorf("%q: %v", tmpl, err)
		}
	}
}

// TestNamesSortByTime: within a host, names sort as their times do, whatever follows the time.
func TestNamesSortByTime(t *testing.T) {
	label := rapid.Custom(func(t *rapid.T) storage.Label {
		l := storage.Label{
			Host:      "vpn-1",
			Time:      time.Unix(rapid.Int64Range(0, 1<<33).Draw(t, "time"), 0).UTC(),
			Kind:      rapid.SampledFrom([]string{"api", "mongo"}).Draw(t, "kind"),
			Complete:  rapid.Bool().Draw(t, "complete"),
			Gzip:      rapid.Bool().Draw(t, "gzip"),
			Encrypted: rapid.Bool().Draw(t, "encrypted"),
		}
		if tags := rapid.SliceOfN(rapid.StringMatching(`[a-zA-Z0-9][a-zA-Z0-9-]{0,8}`), 0, 3).Draw(t, "tags"); len(tags) > 0 {
			l.Tags = tags
		}
		return l
	})
	rapid.Check(t, func(t *rapid.T) {
		labels := rapid.SliceOfN(label, 2, 6).Draw(t, "labels")
		names := make([]string, len(labels))
		for i, l := range labels {
			names[i] = storage.DefaultTemplate.Name(l)
			if back, ok := storage.ParseName(names[i]); !ok || cmp.Diff(l, back) != "" {
				t.Fatalf("%s read back as %+v", names[i], back)
			}
		}
		slices.Sort(names)
		if !slices.IsSortedFunc(names, func(a, b string) int {
			la, _ := storage.ParseName(a)
			lb, _ := storage.ParseName(b)
			return la.Time.Compare(lb.Time)
		}) {
			t.Fatalf("not in time order: %q", names)
		}
	})
}

func FuzzParseName(f *testing.F) {
	f.Add("{host}-{time}-{kind}", "a-20261122T021500Z-mongo.json")
	f.Add(string(storage.DefaultTemplate), "pritunl-a_b-20261122T021500Z_x.partial.json.gz.age")
	f.Fuzz(func(t *testing.T, tmpl, name string) {
		l, ok := storage.Template(tmpl).Parse(name)
		if !ok || storage.Template(tmpl).Check() != nil {
			return
		}
		again, ok := storage.Template(tmpl).Parse(storage.Template(tmpl).Name(l))
		if !ok || !again.Time.Equal(l.Time) {
			t.Fatalf("%q gives %+v, and that gives %+v", name, l, again)
		}
	})
}
