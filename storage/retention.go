package storage

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"strings"
	"time"
)

// Rules say what to keep. They mean what restic's --keep-* options mean: a snapshot is kept when any rule wants it,
// and no rule at all keeps everything. A count of -1 is unlimited.
//
// Two things are added. The newest complete snapshot of a host is kept whatever the rules say. And a marker of an
// unchanged run counts as a copy of the snapshot it confirms, so that a state which held for a year is not taken for
// a year-old one.
type Rules struct {
	Last, Hourly, Daily, Weekly, Monthly, Yearly int

	Within Period     // before the newest snapshot
	Tags   [][]string // keep what has all tags of one of the lists; an empty list means: has no tag
	// Zone is where days begin; nil means UTC.
	Zone *time.Location
}

// Empty tells whether there is no rule: nothing will be deleted.
func (r Rules) Empty() bool {
	return r.Last == 0 && r.Hourly == 0 && r.Daily == 0 && r.Weekly == 0 && r.Monthly == 0 && r.Yearly == 0 &&
		r.Within == Period{} && len(r.Tags) == 0
}

// Decision is what becomes of one snapshot or marker, and why.
type Decision struct {
	Snapshot
	Keep    bool     `json:"keep"`
	Reasons []string `json:"reasons"`
}

// Decide applies the rules to each host and kind by itself. The result is grouped by host and kind, newest first. It is
// a plan: nothing is deleted.
func Decide(l Listing, rules Rules, now time.Time) []Decision {
	groups := map[string][]Snapshot{}
	var names []string
	for _, s := range slices.Concat(l.Snapshots, l.Markers) {
		g := s.Host + "\x00" + s.Kind
		if groups[g] == nil {
			names = append(names, g)
		}
		groups[g] = append(groups[g], s)
	}
	slices.Sort(names)
	var all []Decision
	for _, g := range names {
		slices.SortStableFunc(groups[g], func(a, b Snapshot) int { return byTime(b, a) })
		all = append(all, decideGroup(groups[g], rules, now)...)
	}
	return all
}

// decideGroup decides about one host and kind, newest first.
func decideGroup(group []Snapshot, rules Rules, now time.Time) []Decision {
	reasons := make(map[string][]string, len(group))
	keep := func(name string, why ...string) {
		for _, w := range why {
			if !slices.Contains(reasons[name], w) {
				reasons[name] = append(reasons[name], w)
			}
		}
	}
	var snapshots, runs []Snapshot // complete ones; and those together with the markers that confirm one
	confirmed := confirmations(group)
	for _, s := range group {
		if !s.Unchanged && s.Complete {
			snapshots = append(snapshots, s)
		}
		if s.Complete && (!s.Unchanged || confirmed[s.Name] != "") {
			runs = append(runs, s)
		}
	}
	if len(snapshots) > 0 {
		keep(snapshots[0].Name, "newest complete snapshot")
	}
	if rules.Empty() {
		for _, s := range group {
			keep(s.Name, "no rule given")
		}
	} else {
		for name, why := range rules.apply(snapshots, now) {
			keep(name, why...)
		}
		for name, why := range rules.apply(runs, now) {
			keep(name, why...)
			if of := confirmed[name]; of != "" {
				keep(of, "still held at "+timeIn(runs, name).Format(time.RFC3339)+": "+strings.Join(why, ", "))
			}
		}
		keepRest(group, snapshots, rules, now, keep)
	}
	decisions := make([]Decision, len(group))
	for i, s := range group {
		decisions[i] = Decision{s, len(reasons[s.Name]) > 0, reasons[s.Name]}
		if !decisions[i].Keep {
			decisions[i].Reasons = []string{"no rule keeps it"}
		}
	}
	return decisions
}

// keepRest decides about what the counting rules do not count: incomplete snapshots and the newest marker.
func keepRest(group, snapshots []Snapshot, rules Rules, now time.Time, keep func(string, ...string)) {
	newer := func(s Snapshot) bool { return len(snapshots) == 0 || s.Time.After(snapshots[0].Time) }
	marked := false
	var partial []Snapshot
	for _, s := range group {
		switch {
		case s.Unchanged && !marked && newer(s):
			keep(s.Name, "newest run")
			marked = true
		case !s.Unchanged && !s.Complete && newer(s):
			keep(s.Name, "incomplete, and no complete one is newer")
		case !s.Unchanged && !s.Complete:
			partial = append(partial, s)
		}
	}
	few := Rules{Within: rules.Within, Tags: rules.Tags, Zone: rules.Zone}
	if len(snapshots) > 0 {
		partial = append([]Snapshot{snapshots[0]}, partial...) // periods count from the newest complete one
	}
	for name, why := range few.apply(partial, now) {
		keep(name, why...)
	}
}

// confirmations tells which snapshot each marker confirms: the newest complete one before it. Markers are only ever
// written about that one, so no marker needs to be read.
func confirmations(group []Snapshot) map[string]string {
	of := map[string]string{}
	last := ""
	for _, s := range slices.Backward(group) { // oldest first
		switch {
		case s.Unchanged && last != "":
			of[s.Name] = last
		case !s.Unchanged && s.Complete:
			last = s.Name
		}
	}
	return of
}

func timeIn(list []Snapshot, name string) time.Time {
	for _, s := range list {
		if s.Name == name {
			return s.Time
		}
	}
	return time.Time{}
}

// Hold looks at each snapshot that is to be deleted and keeps those that an object lock protects, saying until when.
// It needs a request for each of them.
func Hold(ctx context.Context, store Store, decisions []Decision, now time.Time) error {
	for i := range decisions {
		d := &decisions[i]
		if d.Keep || d.Unchanged {
			continue
		}
		info, err := store.Stat(ctx, d.Name)
		if err != nil {
			return err
		}
		if info.Held(now) {
			d.Info, d.Keep, d.Reasons = info, true, []string{info.held()}
		}
	}
	return nil
}

// Prune deletes what the decisions do not keep, oldest first, and yields each as it is gone. An error concerns one
// snapshot; the others are still tried.
func Prune(ctx context.Context, store Store, decisions []Decision) iter.Seq2[Decision, error] {
	return func(yield func(Decision, error) bool) {
		for _, d := range slices.Backward(decisions) {
			if d.Keep {
				continue
			}
			err := ctx.Err()
			if err == nil {
				err = store.Delete(ctx, d.Name, "")
			}
			if !yield(d, err) || ctx.Err() != nil {
				return
			}
		}
	}
}

// rule is one counting rule: for the last count buckets that have a snapshot, the newest of each.
type rule struct {
	count  int
	what   string
	bucket func(t time.Time, nr int) int
	last   int
}

func (r Rules) counting() []rule {
	return []rule{
		{r.Last, "last snapshot", func(_ time.Time, nr int) int { return nr }, -1},
		{r.Hourly, "hourly snapshot", func(t time.Time, _ int) int { return dayOf(t)*100 + t.Hour() }, -1},
		{r.Daily, "daily snapshot", func(t time.Time, _ int) int { return dayOf(t) }, -1},
		{r.Weekly, "weekly snapshot", func(t time.Time, _ int) int { y, w := t.ISOWeek(); return y*100 + w }, -1},
		{r.Monthly, "monthly snapshot", func(t time.Time, _ int) int { return t.Year()*100 + int(t.Month()) }, -1},
		{r.Yearly, "yearly snapshot", func(t time.Time, _ int) int { return t.Year() }, -1},
	}
}

func dayOf(t time.Time) int { return t.Year()*10000 + int(t.Month())*100 + t.Day() }

// apply gives the reasons to keep, by name. The list is newest first.
func (r Rules) apply(list []Snapshot, now time.Time) map[string][]string {
	zone := r.Zone
	if zone == nil {
		zone = time.UTC
	}
	rules, reasons := r.counting(), map[string][]string{}
	since := r.Within.before(newestBefore(list, now))
	for nr, s := range list {
		var why []string
		for _, tags := range r.Tags {
			if hasTags(s.Tags, tags) {
				why = append(why, fmt.Sprintf("has tags [%s]", strings.Join(tags, ", ")))
			}
		}
		if (r.Within != Period{}) && s.Time.After(since) {
			why = append(why, "within "+r.Within.String())
		}
		for i := range rules {
			if w := rules[i].take(s.Time.In(zone), nr, nr == len(list)-1); w != "" {
				why = append(why, w)
			}
		}
		if len(why) > 0 {
			reasons[s.Name] = why
		}
	}
	return reasons
}

// take counts one snapshot. While some count is left the oldest one is kept as well, so that history reaches back as far
// as it can.
func (r *rule) take(t time.Time, nr int, oldest bool) (reason string) {
	if r.count == 0 {
		return ""
	}
	b := r.bucket(t, nr)
	if b == r.last && !oldest {
		return ""
	}
	reason = r.what
	if b == r.last {
		reason = "oldest " + r.what
	}
	r.last = b
	if r.count > 0 {
		r.count--
	}
	return reason
}

// newestBefore gives the time that periods count from: the newest snapshot that is not in the future.
func newestBefore(list []Snapshot, now time.Time) time.Time {
	var newest time.Time
	for _, s := range list {
		if s.Time.After(newest) && !s.Time.After(now) {
			newest = s.Time
		}
	}
	return newest
}

func hasTags(have, want []string) bool {
	if len(want) == 0 {
		return len(have) == 0
	}
	for _, w := range want {
		if !slices.Contains(have, w) {
			return false
		}
	}
	return true
}
