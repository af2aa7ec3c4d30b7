package monitor

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// Run is what is told about one run.
type Run struct {
	Command  string // "export"
	Version  string // of this program
	Host     string // host name of the instance, or empty when not known
	Started  time.Time
	Finished time.Time // zero while the run goes on
	ExitCode int
	// Succeeded tells that there is a good snapshot of this run's moment; a run
	// that found nothing changed and a run with warnings count as well.
	Succeeded bool
	// Error is what went wrong, in words without secrets, or empty.
	Error string

	// What follows describes the snapshot and counts only when Succeeded.
	Complete  bool // nothing was unreadable
	Unchanged bool // same as the last one, so nothing was stored
	Bytes     int64
	// Counts holds the objects by kind.
	Counts   map[string]int
	Warnings int
}

// Summary is one line in words, the body of a heartbeat.
func (r Run) Summary() string {
	var b strings.Builder
	fmt.Fprintf(&b, "pritunl-backup %s", r.Command)
	if r.Host != "" {
		fmt.Fprintf(&b, " of %s", r.Host)
	}
	switch {
	case r.Finished.IsZero():
		b.WriteString(" started")
		return b.String()
	case !r.Succeeded:
		fmt.Fprintf(&b, " failed with exit code %d", r.ExitCode)
		if r.Error != "" {
			b.WriteString(": " + r.Error)
		}
		return b.String()
	case r.Unchanged:
		b.WriteString(" done, unchanged")
	default:
		b.WriteString(" done")
		if r.Bytes > 0 { // a run that stores nothing has no size to tell
			fmt.Fprintf(&b, ", %d bytes", r.Bytes)
		}
		if !r.Complete {
			b.WriteString(", not complete")
		}
	}
	fmt.Fprintf(&b, " in %s", r.duration().Round(time.Millisecond))
	for _, kind := range slices.Sorted(maps.Keys(r.Counts)) {
		if n := r.Counts[kind]; n > 0 {
			fmt.Fprintf(&b, ", %s %d", strings.ReplaceAll(kind, "_", " "), n)
		}
	}
	if r.Warnings > 0 {
		fmt.Fprintf(&b, ", warnings %d", r.Warnings)
	}
	return b.String()
}

func (r Run) duration() time.Duration {
	return max(0, r.Finished.Sub(r.Started))
}
