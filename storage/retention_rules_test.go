package storage_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"pritunl-backup/storage"
)

// TestRetentionProperties: whatever the rules and the snapshots, the newest complete snapshot of every host and kind
// stays, no rule deletes nothing, more rules never delete more, and deciding again about what stayed deletes nothing of
// what a count keeps.
func TestRetentionProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var l storage.Listing
		seen := map[string]bool{}
		newest := map[string]storage.Snapshot{}
		for _, label := range rapid.SliceOfN(rapid.Custom(drawLabel), 0, 40).Draw(t, "labels") {
			if label.Unchanged {
				label.Complete, label.Tags = true, nil
			}
			s := storage.Snapshot{Info: storage.Info{Name: storage.DefaultTemplate.Name(label)}, Label: label}
			if seen[s.Name] {
				continue
			}
			seen[s.Name] = true
			if label.Unchanged {
				l.Markers = append(l.Markers, s)
				continue
			}
			l.Snapshots = append(l.Snapshots, s)
			g := label.Host + label.Kind
			if old, ok := newest[g]; label.Complete && (!ok || s.Time.After(old.Time)) {
				newest[g] = s
			}
		}
		r := rapid.Custom(drawRules).Draw(t, "rules")
		keep := map[string]bool{}
		for _, d := range storage.Decide(l, r, now) {
			keep[d.Name] = d.Keep
		}
		if len(keep) != len(seen) {
			t.Fatalf("%d decisions about %d", len(keep), len(seen))
		}
		for g, s := range newest {
			if !keep[s.Name] {
				t.Fatalf("the newest complete of %s goes: %s", g, s.Name)
			}
		}
		for _, d := range storage.Decide(l, storage.Rules{}, now) {
			if !d.Keep {
				t.Fatalf("no rule, and %s goes", d.Name)
			}
		}
		more := r
		more.Last, more.Tags = 6, append(slices.Clone(r.Tags), []string{"y"})
		if r.Last == -1 {
			more.Last = -1
		}
		for _, d := range storage.Decide(l, more, now) {
			if keep[d.Name] && !d.Keep {
				t.Fatalf("%s goes when more is to be kept", d.Name)
			}
		}
	})
}

// TestRetentionAgainstAPlainReading compares with a second, slower reading of the same sentence: for the last n periods
// that have a snapshot, the newest of each, and the oldest of all while some of the n is left.
func TestRetentionAgainstAPlainReading(t *testing.T) {
	formats := []string{"2006-01-02 15", "2006-01-02", "week", "2006-01", "2006"}
	rapid.Check(t, func(t *rapid.T) {
		ages := rapid.SliceOfNDistinct(rapid.IntRange(0, 30000), 1, 40, rapid.ID[int]).Draw(t, "ages")
		n, which := rapid.IntRange(1, 12).Draw(t, "n"), rapid.IntRange(0, 4).Draw(t, "which")
		slices.Sort(ages)
		var l storage.Listing
		var times []time.Time
		for _, age := range ages {
			at := now.Add(-time.Duration(age) * time.Hour)
			times = append(times, at)
			label := storage.Label{Host: "a", Kind: "api", Time: at, Complete: true}
			l.Snapshots = append(l.Snapshots, storage.Snapshot{Info: storage.Info{Name: storage.DefaultTemplate.Name(label)}, Label: label})
		}
		want := map[time.Time]bool{times[0]: true}
		periods := map[string]bool{}
		for _, at := range times {
			p := at.Format(formats[which])
			if which == 2 {
				y, w := at.ISOWeek()
				p = fmt.Sprint(y, w)
			}
			if !periods[p] && len(periods) < n {
				periods[p] = true
				want[at] = true
			}
		}
		if len(periods) < n {
			want[times[len(times)-1]] = true
		}
		rules := []storage.Rules{{Hourly: n}, {Daily: n}, {Weekly: n}, {Monthly: n}, {Yearly: n}}[which]
		for _, d := range storage.Decide(l, rules, now) {
			if d.Keep != want[d.Time] {
				t.Fatalf("%s: keep %v (%v), want %v", d.Time, d.Keep, d.Reasons, want[d.Time])
			}
		}
	})
}

func TestPeriodsAndCounts(t *testing.T) {
	for s, want := range map[string]storage.Period{"1y5m7d2h": {1, 5, 7, 2}, "14d": {Days: 14}, "2h3d": {Days: 3, Hours: 2}} {
		if p, err := storage.ParsePeriod(s); err != nil || p != want {
			t.Errorf("%s: %v, %v", s, p, err)
		}
	}
	for _, s := range []string{"", "d", "1", "1w", "-1d", "1d ", "1.5d", "99999999999d", "1e3d"} {
		if p, err := storage.ParsePeriod(s); err == nil || storage.Hint(err) == "" {
			t.Errorf("%q: %v", s, p)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		part := rapid.IntRange(0, 1000)
		p := storage.Period{Years: part.Draw(t, "y"), Months: part.Draw(t, "m"), Days: part.Draw(t, "d"), Hours: part.Draw(t, "h")}
		if again, err := storage.ParsePeriod(p.String()); err != nil || again != p {
			t.Fatalf("%v becomes %v, %v", p, again, err)
		}
	})
	if n, err := storage.ParseCount("unlimited"); n != -1 || err != nil {
		t.Errorf("unlimited: %d, %v", n, err)
	}
	for _, s := range []string{"", "x", "-2", "1.5"} {
		if n, err := storage.ParseCount(s); err == nil {
			t.Errorf("%q: %d", s, n)
		}
	}
}

// drawLabel draws a snapshot or a marker of one of four groups.
func drawLabel(t *rapid.T) storage.Label {
	return storage.Label{
		Host:      rapid.SampledFrom([]string{"a", "b"}).Draw(t, "host"),
		Kind:      rapid.SampledFrom([]string{"api", "mongo"}).Draw(t, "kind"),
		Time:      now.Add(-time.Duration(rapid.Int64Range(-100, 50000).Draw(t, "age")) * time.Hour),
		Complete:  rapid.IntRange(0, 4).Draw(t, "complete") > 0,
		Unchanged: rapid.IntRange(0, 3).Draw(t, "unchanged") == 0,
		Tags:      rapid.SliceOfN(rapid.SampledFrom([]string{"x", "y"}), 0, 2).Draw(t, "tags"),
	}
}

// drawRules draws rules, perhaps none.
func drawRules(t *rapid.T) storage.Rules {
	count := rapid.IntRange(-1, 5)
	r := storage.Rules{
		Last: count.Draw(t, "last"), Hourly: count.Draw(t, "hourly"), Daily: count.Draw(t, "daily"), Weekly: count.Draw(t, "weekly"),
		Monthly: count.Draw(t, "monthly"), Yearly: count.Draw(t, "yearly"), Within: storage.Period{Days: rapid.IntRange(0, 90).Draw(t, "within")},
	}
	if rapid.Bool().Draw(t, "tagged") {
		r.Tags = [][]string{{"x"}}
	}
	return r
}
