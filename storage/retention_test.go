package storage_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

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
