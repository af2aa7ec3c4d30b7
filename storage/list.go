package storage

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"
	"time"
)

// ErrAmbiguous says that the location holds snapshots of several hosts or kinds, and none was named.
var ErrAmbiguous = errors.New("several hosts or kinds")

// Snapshot is a stored snapshot, or marker, with what its name says.
type Snapshot struct {
	Info
	Label
}

// Listing is what a location holds, everything in order of time.
type Listing struct {
	Snapshots []Snapshot
	Markers   []Snapshot // runs that found nothing new; Label.Unchanged is true
	Others    []Info     // names that this template did not make
}

// Query chooses among the snapshots of a location. Its zero value takes all that DefaultTemplate names.
type Query struct {
	Template Template
	Host     string // empty: any
	Kind     string // empty: any; "api" or "mongo"
}

// Find lists a location. It reads names only: no key is needed.
func Find(ctx context.Context, store Store, q Query) (Listing, error) {
	tmpl := q.Template
	if tmpl == "" {
		tmpl = DefaultTemplate
	}
	var l Listing
	for info, err := range store.List(ctx) {
		if err != nil {
			return Listing{}, err
		}
		label, ok := tmpl.Parse(info.Name)
		switch {
		case !ok:
			l.Others = append(l.Others, info)
		case q.Host != "" && label.Host != safeHost(q.Host), q.Kind != "" && label.Kind != q.Kind:
		case label.Unchanged:
			l.Markers = append(l.Markers, Snapshot{info, label})
		default:
			l.Snapshots = append(l.Snapshots, Snapshot{info, label})
		}
	}
	slices.SortFunc(l.Snapshots, byTime)
	slices.SortFunc(l.Markers, byTime)
	return l, nil
}

func byTime(a, b Snapshot) int {
	return cmp.Or(a.Time.Compare(b.Time), strings.Compare(a.Name, b.Name))
}

// Latest gives the newest complete snapshot. ErrNotFound when there is none, ErrAmbiguous when several hosts or kinds
// could be meant.
func (l Listing) Latest() (Snapshot, error) { return l.At(time.Time{}) }

// At gives the newest complete snapshot that is not younger than t: the state as of t. The zero time means now.
func (l Listing) At(t time.Time) (Snapshot, error) {
	var found []Snapshot
	var groups []string
	var oldest time.Time
	for _, s := range l.Snapshots {
		if !s.Complete {
			continue
		}
		if oldest.IsZero() {
			oldest = s.Time
		}
		if !t.IsZero() && s.Time.After(t) {
			continue
		}
		found = append(found, s)
		if g := s.Host + " (" + s.Kind + ")"; !slices.Contains(groups, g) {
			groups = append(groups, g)
		}
	}
	switch {
	case len(groups) > 1:
		return Snapshot{}, &Error{Op: "choose snapshot", Err: ErrAmbiguous, Hint: "choose with --host and --kind; there are " + strings.Join(groups, ", ")}
	case len(found) > 0:
		return found[len(found)-1], nil
	case !oldest.IsZero():
		return Snapshot{}, &Error{Op: "choose snapshot", Err: ErrNotFound, Hint: "the oldest complete one is of " + oldest.Format(time.RFC3339)}
	}
	return Snapshot{}, &Error{Op: "choose snapshot", Err: ErrNotFound, Hint: "the location holds no complete snapshot"}
}

// LastRun tells when the newest run succeeded: the time of the newest complete snapshot or marker, zero when there is
// none. It is what a monitor compares with its maximum age.
func (l Listing) LastRun() time.Time {
	var last time.Time
	for _, list := range [][]Snapshot{l.Snapshots, l.Markers} {
		for _, s := range list {
			if s.Complete && s.Time.After(last) {
				last = s.Time
			}
		}
	}
	return last
}
