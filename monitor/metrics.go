package monitor

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Labels are put on every sample, for example the name of the job when one
// machine runs several.
type Labels map[string]string

// CheckLabel refuses a label that a Prometheus server would not take, or that
// this package uses itself.
func CheckLabel(name, value string) error {
	switch {
	case !validName(name, false) || strings.HasPrefix(name, "__"):
		return fmt.Errorf("label %q is not a name of letters, digits and _", name)
	case name == "kind" || name == "version" || name == "host":
		return fmt.Errorf("label %q is used already", name)
	case !isText(value):
		return fmt.Errorf("label %s has a value that is not UTF-8 text", name)
	}
	return nil
}

func isText(s string) bool { return strings.ToValidUTF8(s, "") == s }

func validName(s string, colon bool) bool {
	for i, c := range s {
		letter := c == '_' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || colon && c == ':'
		if !letter && (i == 0 || c < '0' || c > '9') {
			return false
		}
	}
	return s != ""
}

// Names of the metrics. All are gauges: each run is a process of its own, so
// nothing counts up.
const (
	lastRun     = "pritunl_backup_last_run_timestamp_seconds"
	lastCode    = "pritunl_backup_last_run_exit_code"
	lastTook    = "pritunl_backup_last_run_duration_seconds"
	lastSuccess = "pritunl_backup_last_success_timestamp_seconds"
	lastBytes   = "pritunl_backup_snapshot_bytes"
	lastObjects = "pritunl_backup_snapshot_objects"
	lastWhole   = "pritunl_backup_snapshot_complete"
	lastSame    = "pritunl_backup_snapshot_unchanged"
	lastWarn    = "pritunl_backup_snapshot_warnings"
	info        = "pritunl_backup_build_info"
)

// help is in the order of the text.
var help = [...]struct{ name, text string }{
	{info, "Version of pritunl-backup that ran last, and the host name of the instance."},
	{lastRun, "When the last run ended, in seconds since 1970."},
	{lastCode, "Exit code of the last run."},
	{lastTook, "How long the last run took, in seconds."},
	{lastSuccess, "When the last run that succeeded ended, in seconds since 1970."},
	{lastBytes, "Size of the last snapshot as it is stored, in bytes."},
	{lastObjects, "Objects in the last snapshot, by kind."},
	{lastWhole, "1 when nothing was unreadable in the last snapshot."},
	{lastSame, "1 when the instance was unchanged and no new snapshot was stored."},
	{lastWarn, "Warnings of the last run that succeeded."},
}

// ofSnapshot tells the metrics that stay as they were when a run fails.
func ofSnapshot(name string) bool {
	return name == lastSuccess || strings.HasPrefix(name, "pritunl_backup_snapshot_")
}

// sample is one line: a metric's name, its labels as they are written, its value.
type sample struct{ name, labels, value string }

func samples(r Run, labels Labels) []sample {
	base := labels.with()
	out := []sample{
		{info, labels.with("version", r.Version, "host", r.Host), "1"},
		{lastRun, base, seconds(r.Finished)},
		{lastCode, base, strconv.Itoa(r.ExitCode)},
		{lastTook, base, strconv.FormatFloat(r.duration().Seconds(), 'f', -1, 64)},
	}
	if !r.Succeeded {
		return out
	}
	out = append(out,
		sample{lastSuccess, base, seconds(r.Finished)},
		sample{lastWhole, base, flag(r.Complete)},
		sample{lastSame, base, flag(r.Unchanged)},
		sample{lastWarn, base, strconv.Itoa(r.Warnings)},
	)
	if !r.Unchanged {
		out = append(out, sample{lastBytes, base, strconv.FormatInt(r.Bytes, 10)})
	}
	for _, kind := range slices.Sorted(maps.Keys(r.Counts)) {
		out = append(out, sample{lastObjects, labels.with("kind", kind), strconv.Itoa(r.Counts[kind])})
	}
	return out
}

func flag(b bool) string {
	if b {
		return "1"
	}
	return "0"
}

func seconds(t time.Time) string {
	return strconv.FormatFloat(float64(t.UnixMilli())/1000, 'f', -1, 64)
}

// with writes the labels and the given pairs, sorted by name.
func (l Labels) with(pairs ...string) string {
	all := maps.Clone(l)
	if all == nil {
		all = make(Labels)
	}
	for i := 0; i+1 < len(pairs); i += 2 {
		all[pairs[i]] = pairs[i+1]
	}
	var b strings.Builder
	for _, name := range slices.Sorted(maps.Keys(all)) {
		if b.Len() > 0 {
			b.WriteByte(',')
		}
		escaped := strings.NewReplacer(`\`, `\\`, "\n", `\n`, `"`, `\"`).Replace(strings.ToValidUTF8(all[name], "?"))
		b.WriteString(name + `="` + escaped + `"`)
	}
	if b.Len() == 0 {
		return ""
	}
	return "{" + b.String() + "}"
}

// Render writes the metrics of a run as text that both the Prometheus text
// format and OpenMetrics take. For a run that did not succeed, the snapshot's
// metrics are those of the previous text, so that an alert on the age of the last
// success goes on counting; previous may be nil.
func Render(r Run, labels Labels, previous []byte) []byte {
	all := samples(r, labels)
	have := make(map[string]bool)
	for _, s := range all {
		have[s.name] = true
	}
	seen := make(map[string]bool)
	for _, s := range parse(previous) {
		if seen[s.name+s.labels] {
			continue
		}
		seen[s.name+s.labels] = true
		keep := ofSnapshot(s.name) && !r.Succeeded
		// An unchanged run stored nothing: the size is that of the last one stored.
		keep = keep || s.name == lastBytes && r.Unchanged
		if keep && !have[s.name] {
			all = append(all, s)
		}
	}
	var b strings.Builder
	for _, h := range help {
		first := true
		for _, s := range all {
			if s.name != h.name {
				continue
			}
			if first {
				fmt.Fprintf(&b, "# HELP %s %s\n# TYPE %s gauge\n", h.name, h.text, h.name)
				if strings.HasSuffix(h.name, "_seconds") {
					fmt.Fprintf(&b, "# UNIT %s seconds\n", h.name)
				}
				if strings.HasSuffix(h.name, "_bytes") {
					fmt.Fprintf(&b, "# UNIT %s bytes\n", h.name)
				}
				first = false
			}
			b.WriteString(s.name + s.labels + " " + s.value + "\n")
		}
	}
	b.WriteString("# EOF\n")
	return []byte(b.String())
}
