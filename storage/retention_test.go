package storage_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"pritunl-backup/storage"
)

var layouts = []string{"2006-01-02", "2006-01-02 15:04", "2006-01-02 15:04:05"}

func when(t testing.TB, s string) time.Time {
	t.Helper()
	for _, l := range layouts {
		if at, err := time.Parse(l, s); err == nil {
			return at
		}
	}
	t.Fatalf("no time: %q", s)
	return time.Time{}
}

// listing makes snapshots of one host from texts such as "2026-11-22 02:15 partial", "... unchanged", "... tag:keep",
// "... host:b" and "... mongo".
func listing(t testing.TB, lines ...string) storage.Listing {
	t.Helper()
	var l storage.Listing
	for _, line := range lines {
		label := storage.Label{Host: "vpn-1", Kind: "api", Complete: true}
		var clock []string
		for _, w := range strings.Fields(line) {
			switch {
			case w == "partial":
				label.Complete = false
			case w == "unchanged":
				label.Unchanged = true
			case w == "mongo":
				label.Kind = "mongo"
			case strings.HasPrefix(w, "tag:"):
				label.Tags = append(label.Tags, w[4:])
			case strings.HasPrefix(w, "host:"):
				label.Host = w[5:]
			default:
				clock = append(clock, w)
			}
		}
		label.Time = when(t, strings.Join(clock, " "))
		s := storage.Snapshot{Info: storage.Info{Name: storage.DefaultTemplate.Name(label)}, Label: label}
		if label.Unchanged {
			l.Markers = append(l.Markers, s)
		} else {
			l.Snapshots = append(l.Snapshots, s)
		}
	}
	return l
}

// kept gives the times that stay, oldest first, in the shortest of the layouts.
func kept(decisions []storage.Decision) []string {
	var out []string
	for _, d := range slices.Backward(decisions) {
		if d.Keep {
			s := d.Time.Format("2006-01-02 15:04")
			out = append(out, strings.TrimSuffix(s, " 00:00"))
		}
	}
	return out
}

var now = time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)

func sundays() []string {
	var lines []string
	for at := time.Date(2019, 9, 1, 11, 0, 0, 0, time.UTC); len(lines) < 12; at = at.AddDate(0, 0, 7) {
		lines = append(lines, at.Format("2006-01-02 15:04"))
	}
	return lines
}

// TestRetentionAsRestic: what restic's documentation says of the same rules.
func TestRetentionAsRestic(t *testing.T) {
	days := []string{"2026-05-01 08:00", "2026-05-02 08:00", "2026-05-02 11:00", "2026-05-04 09:00", "2026-05-05 10:00"}
	cases := map[string]struct {
		lines []string
		rules storage.Rules
		want  []string
	}{
		"twelve sundays, daily 4":                 {sundays(), storage.Rules{Daily: 4}, []string{"2019-10-27 11:00", "2019-11-03 11:00", "2019-11-10 11:00", "2019-11-17 11:00"}},
		"last 2":                                  {days, storage.Rules{Last: 2}, days[3:]},
		"last, more than there are":               {days, storage.Rules{Last: 20}, days},
		"last, unlimited":                         {days, storage.Rules{Last: -1}, days},
		"daily counts days that have one":         {days, storage.Rules{Daily: 3}, days[2:]},
		"daily 4 reaches the first":               {days, storage.Rules{Daily: 4}, slices.Concat(days[:1], days[2:])},
		"count left: the oldest is kept":          {days[1:], storage.Rules{Daily: 9}, days[1:]},
		"no count left: the oldest is not kept":   {days[1:], storage.Rules{Daily: 3}, days[2:]},
		"daily, unlimited":                        {days, storage.Rules{Daily: -1}, slices.Concat(days[:1], days[2:])},
		"hourly keeps the newest of an hour":      {[]string{"2026-05-01 08:00", "2026-05-01 08:10", "2026-05-01 08:59", "2026-05-01 09:00"}, storage.Rules{Hourly: 2}, []string{"2026-05-01 08:59", "2026-05-01 09:00"}},
		"weeks begin on monday":                   {[]string{"2026-05-02", "2026-05-03", "2026-05-04", "2026-05-10", "2026-05-11"}, storage.Rules{Weekly: 3}, []string{"2026-05-03", "2026-05-10", "2026-05-11"}},
		"weeks at the turn of the year":           {[]string{"2025-12-28", "2025-12-29", "2026-01-01", "2026-01-04", "2026-01-05"}, storage.Rules{Weekly: 2}, []string{"2026-01-04", "2026-01-05"}},
		"monthly":                                 {[]string{"2026-03-31", "2026-04-01", "2026-04-30", "2026-05-01"}, storage.Rules{Monthly: 2}, []string{"2026-04-30", "2026-05-01"}},
		"yearly":                                  {[]string{"2024-01-01", "2024-12-31", "2025-06-01", "2026-01-01"}, storage.Rules{Yearly: 2}, []string{"2025-06-01", "2026-01-01"}},
		"rules are ored":                          {days, storage.Rules{Last: 1, Yearly: 2}, []string{days[0], days[4]}},
		"within counts from the newest":           {days, storage.Rules{Within: storage.Period{Days: 3}}, []string{"2026-05-02 11:00", "2026-05-04 09:00", "2026-05-05 10:00"}},
		"within excludes the very edge":           {days, storage.Rules{Within: storage.Period{Days: 1, Hours: 1}}, days[4:]},
		"within a calendar month":                 {[]string{"2026-02-28", "2026-03-01", "2026-03-29", "2026-03-31"}, storage.Rules{Within: storage.Period{Months: 1}}, []string{"2026-03-29", "2026-03-31"}},
		"the future is kept and does not count":   {[]string{"2026-05-01", "2026-05-03", "2036-01-01"}, storage.Rules{Within: storage.Period{Days: 1}}, []string{"2026-05-03", "2036-01-01"}},
		"tag":                                     {[]string{"2026-05-01 tag:keep", "2026-05-02", "2026-05-03"}, storage.Rules{Tags: [][]string{{"keep"}}}, []string{"2026-05-01", "2026-05-03"}},
		"all tags of a list":                      {[]string{"2026-05-01 tag:a", "2026-05-02 tag:a tag:b", "2026-05-03"}, storage.Rules{Tags: [][]string{{"a", "b"}}}, []string{"2026-05-02", "2026-05-03"}},
		"one of several lists":                    {[]string{"2026-05-01 tag:a", "2026-05-02 tag:b", "2026-05-03"}, storage.Rules{Tags: [][]string{{"a"}, {"b"}}}, []string{"2026-05-01", "2026-05-02", "2026-05-03"}},
		"untagged":                                {[]string{"2026-05-01 tag:a", "2026-05-02", "2026-05-03 tag:a"}, storage.Rules{Tags: [][]string{{}}}, []string{"2026-05-02", "2026-05-03"}},
		"tags are not counted":                    {[]string{"2026-05-01 tag:keep", "2026-05-02", "2026-05-03"}, storage.Rules{Last: 1, Tags: [][]string{{"keep"}}}, []string{"2026-05-01", "2026-05-03"}},
		"no rule deletes nothing":                 {days, storage.Rules{}, days},
		"days begin where you live":               {[]string{"2026-05-01 21:00", "2026-05-01 23:00", "2026-05-02 01:00"}, storage.Rules{Daily: 1, Zone: time.FixedZone("", 2*3600)}, []string{"2026-05-02 01:00"}},
		"and that may make three runs of one day": {[]string{"2026-05-01 21:00", "2026-05-01 23:00", "2026-05-02 01:00"}, storage.Rules{Daily: 2, Zone: time.FixedZone("", 2*3600)}, []string{"2026-05-01 21:00", "2026-05-02 01:00"}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			got := kept(storage.Decide(listing(t, c.lines...), c.rules, now))
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestRetentionOfAHundredYears is the larger example of restic's documentation: one snapshot a day for 100 years.
func TestRetentionOfAHundredYears(t *testing.T) {
	var lines []string
	for at := time.Date(1926, 11, 23, 0, 0, 0, 0, time.UTC); !at.After(time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)); at = at.AddDate(0, 0, 1) {
		lines = append(lines, at.Format("2006-01-02"))
	}
	decisions := storage.Decide(listing(t, lines...), storage.Rules{Daily: 7, Weekly: 5, Monthly: 12, Yearly: 75}, now)
	counts := map[string]int{}
	total := 0
	for _, d := range decisions {
		if d.Keep {
			total++
			for _, r := range d.Reasons {
				counts[r]++
			}
		}
	}
	want := map[string]int{"daily snapshot": 7, "weekly snapshot": 5, "monthly snapshot": 12, "yearly snapshot": 75, "newest complete snapshot": 1}
	if diff := cmp.Diff(want, counts); diff != "" {
		t.Error(diff)
	}
	// 2026-11-22 is a Sunday: it is daily, weekly, monthly and yearly at once; the end of last year is monthly, too.
	if total != 7+4+11+73 {
		t.Errorf("%d are kept", total)
	}
}

// TestRetentionBeyondRestic: incomplete snapshots, markers, several hosts and kinds.
func TestRetentionBeyondRestic(t *testing.T) {
	cases := map[string]struct {
		lines []string
		rules storage.Rules
		want  []string
	}{
		"the newest complete one outlives any rule":   {[]string{"2020-01-01", "2020-01-02 tag:a"}, storage.Rules{Tags: [][]string{{"b"}}}, []string{"2020-01-02"}},
		"incomplete ones take no place":               {[]string{"2026-05-01", "2026-05-02", "2026-05-03 partial"}, storage.Rules{Last: 2}, []string{"2026-05-01", "2026-05-02", "2026-05-03"}},
		"incomplete ones go when a complete one came": {[]string{"2026-05-01 partial", "2026-05-02", "2026-05-03"}, storage.Rules{Last: 5}, []string{"2026-05-02", "2026-05-03"}},
		"unless a tag keeps them":                     {[]string{"2026-05-01 partial tag:a", "2026-05-02"}, storage.Rules{Last: 1, Tags: [][]string{{"a"}}}, []string{"2026-05-01", "2026-05-02"}},
		"or a period":                                 {[]string{"2026-04-01 partial", "2026-05-01 partial", "2026-05-02"}, storage.Rules{Within: storage.Period{Days: 2}}, []string{"2026-05-01", "2026-05-02"}},
		"only incomplete ones":                        {[]string{"2026-05-01 partial", "2026-05-02 partial"}, storage.Rules{Last: 1}, []string{"2026-05-01", "2026-05-02"}},
		"a confirmed state is not old":                {[]string{"2026-01-01", "2026-03-01 unchanged", "2026-05-01"}, storage.Rules{Within: storage.Period{Months: 3}}, []string{"2026-01-01", "2026-03-01", "2026-05-01"}},
		"markers take no place from snapshots":        {[]string{"2026-05-01", "2026-05-02", "2026-05-03 unchanged", "2026-05-04 unchanged"}, storage.Rules{Last: 2}, []string{"2026-05-01", "2026-05-02", "2026-05-03", "2026-05-04"}},
		"old markers go":                              {[]string{"2026-05-01", "2026-05-02 unchanged", "2026-05-03 unchanged", "2026-05-04 unchanged"}, storage.Rules{Last: 1}, []string{"2026-05-01", "2026-05-04"}},
		"a marker that confirms nothing goes":         {[]string{"2026-05-01 unchanged", "2026-05-02", "2026-05-03"}, storage.Rules{Last: 5}, []string{"2026-05-02", "2026-05-03"}},
		"each host by itself":                         {[]string{"2026-05-01 host:b", "2026-05-02", "2026-05-03"}, storage.Rules{Last: 1}, []string{"2026-05-03", "2026-05-01"}},
		"each kind by itself":                         {[]string{"2026-05-01 mongo", "2026-05-02", "2026-05-03"}, storage.Rules{Last: 1}, []string{"2026-05-01", "2026-05-03"}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			decisions := storage.Decide(listing(t, c.lines...), c.rules, now)
			if diff := cmp.Diff(c.want, kept(decisions)); name != "each host by itself" && diff != "" {
				t.Error(diff)
			}
			if name == "each host by itself" && len(kept(decisions)) != 2 {
				t.Errorf("kept %q", kept(decisions))
			}
			for _, d := range decisions {
				if len(d.Reasons) == 0 {
					t.Errorf("%s: no reason is given", d.Name)
				}
			}
		})
	}
}

// TestRetentionProperties: whatever the rules and the snapshots, the newest complete snapshot of every host and kind
// stays, no rule deletes nothing, more rules never delete more, and deciding again about what stayed deletes nothing of
// what a count keeps.
func TestRetentionProperties(t *testing.T) {
	label := rapid.Custom(func(t *rapid.T) storage.Label {
		return storage.Label{
			Host:      rapid.SampledFrom([]string{"a", "b"}).Draw(t, "host"),
			Kind:      rapid.SampledFrom([]string{"api", "mongo"}).Draw(t, "kind"),
			Time:      now.Add(-time.Duration(rapid.Int64Range(-100, 50000).Draw(t, "age")) * time.Hour),
			Complete:  rapid.IntRange(0, 4).Draw(t, "complete") > 0,
			Unchanged: rapid.IntRange(0, 3).Draw(t, "unchanged") == 0,
			Tags:      rapid.SliceOfN(rapid.SampledFrom([]string{"x", "y"}), 0, 2).Draw(t, "tags"),
		}
	})
	rules := rapid.Custom(func(t *rapid.T) storage.Rules {
		count := rapid.IntRange(-1, 5)
		r := storage.Rules{
			Last: count.Draw(t, "last"), Hourly: count.Draw(t, "hourly"), Daily: count.Draw(t, "daily"), Weekly: count.Draw(t, "weekly"),
			Monthly: count.Draw(t, "monthly"), Yearly: count.Draw(t, "yearly"), Within: storage.Period{Days: rapid.IntRange(0, 90).Draw(t, "within")},
		}
		if rapid.Bool().Draw(t, "tagged") {
			r.Tags = [][]string{{"x"}}
		}
		return r
	})
	rapid.Check(t, func(t *rapid.T) {
		var l storage.Listing
		seen := map[string]bool{}
		newest := map[string]storage.Snapshot{}
		for _, label := range rapid.SliceOfN(label, 0, 40).Draw(t, "labels") {
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
		r := rules.Draw(t, "rules")
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
