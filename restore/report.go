package restore

import "pritunl-backup/snapshot"

// Result is what became of an action.
type Result string

// The results.
const (
	Created    Result = "created"
	Changed    Result = "changed"
	Unchanged  Result = "unchanged"
	Deleted    Result = "deleted"
	Skipped    Result = "skipped"     // left out, held back, or impossible: Reason says why
	Failed     Result = "failed"      // refused by the server, or its outcome is not known: Error says why
	Lost       Result = "missing"     // the server answered that it was created, and does not have it
	NotReached Result = "not-reached" // the run ended before
)

// Entry is what a report says of one object.
type Entry struct {
	Kind    snapshot.Kind `json:"kind"`
	Path    string        `json:"path"`
	Result  Result        `json:"result"`
	OldID   string        `json:"old_id,omitempty"`
	NewID   string        `json:"new_id,omitempty"`
	Fields  []Change      `json:"fields,omitempty"`
	Altered []Change      `json:"altered,omitempty"` // Old was sent, New is what the server stored
	Reason  string        `json:"reason,omitempty"`
	Rules   []string      `json:"rules,omitempty"`
	Error   string        `json:"error,omitempty"`
}

// ServerState is what became of a server that was stopped for the restore.
type ServerState struct {
	Server string `json:"server"`
	ID     string `json:"id"`
	Former string `json:"former"`
	Now    string `json:"now"` // "online", "offline" or "unknown"
	Error  string `json:"error,omitempty"`
}

// Report is what was done, also when the run failed half-way. It holds no secret.
type Report struct {
	Target   string        `json:"target"`
	Source   string        `json:"source"`
	Entries  []*Entry      `json:"entries"`
	Stopped  []ServerState `json:"stopped"`
	HandOver []Task        `json:"hand_over"`
	Hosts    []HostMapping `json:"hosts"`
	Warnings []string      `json:"warnings"`
	Error    string        `json:"error,omitempty"` // what ended the run
	Port     int64         `json:"port,omitempty"`  // the port the server has moved to, 0 when it has not
}

// Count gives how many entries have the result.
func (r *Report) Count(result Result) int {
	n := 0
	for _, e := range r.Entries {
		if e.Result == result {
			n++
		}
	}
	return n
}

// ReportNothing gives the report of a plan that has nothing to write.
func ReportNothing(p *Plan) *Report {
	r, _ := newReport(p)
	r.keepTasks(p.HandOver)
	return r
}

func newReport(p *Plan) (*Report, map[*Action]*Entry) {
	r := &Report{Target: p.Target, Source: p.Source, Entries: []*Entry{}, Stopped: []ServerState{}, HandOver: []Task{}, Hosts: p.Hosts, Warnings: append([]string{}, p.Warnings...)}
	byAction := map[*Action]*Entry{}
	for _, a := range p.Actions {
		e := &Entry{Kind: a.Kind, Path: a.Path, OldID: a.OldID, NewID: a.NewID, Fields: a.Fields, Reason: a.Reason, Rules: a.Rules, Result: NotReached}
		switch a.Verb {
		case Leave:
			e.Result = Unchanged
		case Cannot, HeldBack, Skip:
			e.Result = Skipped
		}
		r.Entries = append(r.Entries, e)
		byAction[a] = e
	}
	return r, byAction
}

// keepTasks keeps what people have to do for what was really done.
func (r *Report) keepTasks(tasks []Task) {
	done := map[string]Result{}
	for _, e := range r.Entries {
		done[string(e.Kind)+" "+e.Path] = e.Result
	}
	for _, t := range tasks {
		switch done[string(t.Kind)+" "+t.Path] {
		case Created, Changed, Unchanged, Skipped:
			r.HandOver = append(r.HandOver, t)
		}
	}
}
