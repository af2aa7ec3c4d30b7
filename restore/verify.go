package restore

import (
	"slices"

	"pritunl-backup/snapshot"
)

// Class says why a difference remains after a restore.
type Class string

// The classes. Only Real ones mean that the restore did not do what it should.
const (
	Limit   Class = "limit"      // no API can restore it
	Held    Class = "held-back"  // an option would restore it
	LeftOut Class = "left-out"   // an option or a rule left it out
	Altered Class = "altered"    // the server stores another value than it is sent
	Extra   Class = "extra"      // the target has it, the snapshot does not, and deleting was not asked for
	Real    Class = "difference" // it should be otherwise: it failed, or somebody changed the target meanwhile
)

// Remaining is one difference between a snapshot and the target after a restore.
// Secrets are masked.
type Remaining struct {
	Kind   snapshot.Kind `json:"kind"`
	Path   string        `json:"path"`
	Field  string        `json:"field,omitempty"` // "" for a whole object
	Class  Class         `json:"class"`
	Wanted any           `json:"wanted,omitempty"`
	Found  any           `json:"found,omitempty"`
	Why    string        `json:"why,omitempty"`
}

// Outcome is what a restore came to.
type Outcome struct {
	Equal     bool        `json:"equal"` // nothing of class difference remains
	Remaining []Remaining `json:"remaining"`
}

// Count gives how many differences are of the class.
func (o *Outcome) Count(c Class) int {
	n := 0
	for _, r := range o.Remaining {
		if r.Class == c {
			n++
		}
	}
	return n
}

// Verify compares the target after a restore, exported again, with what the plan
// wanted, and says of every difference why it remains. It plans anew: what a
// second run would still have to write is a real difference.
func Verify(plan *Plan, after *snapshot.Document) (*Outcome, error) {
	opts := plan.opts
	strangers := Extra
	if opts.Mode == ModeFresh {
		opts.Mode = ModeResume // the target is not empty any more
	}
	if opts.Mode == ModeResume || opts.Prune {
		strangers = Real
	}
	opts.MapHosts = map[string]string{}
	for _, m := range plan.Hosts {
		opts.MapHosts[m.OldID] = m.NewID
	}
	b, err := newBuilder(after, plan.wanted, opts)
	if err != nil {
		return nil, err
	}
	b.decide()
	out := &Outcome{Equal: true, Remaining: []Remaining{}}
	for _, a := range b.plan.Actions {
		out.Remaining = append(out.Remaining, b.remaining(a, strangers)...)
	}
	out.Equal = out.Count(Real) == 0
	return out, nil
}

// remaining gives the differences of one object.
func (b *builder) remaining(a *Action, strangers Class) []Remaining {
	base := Remaining{Kind: a.Kind, Path: a.Path, Why: a.Reason}
	if a.want == nil {
		return extraOf(a, base, strangers)
	}
	var out []Remaining
	fields := func(class Class, changes []Change) {
		for _, c := range changes {
			r := base
			r.Class, r.Field, r.Wanted, r.Found = class, c.Path, c.New, c.Old
			out = append(out, r)
		}
	}
	whole := func(class Class) {
		base.Class = class
		out = append(out, base)
	}
	switch a.Verb {
	case Create:
		whole(Real)
	case Changing:
		fields(Real, a.Fields)
	case Cannot:
		whole(Limit)
	case HeldBack:
		if len(a.Fields) > 0 {
			fields(Held, a.Fields)
		} else {
			whole(Held)
		}
	case Skip:
		whole(LeftOut)
	}
	if a.Kind == a.want.kind && a.want.twin != nil && (a.Verb == Leave || a.Verb == Changing) {
		out = append(out, b.limits(a, base)...)
	}
	return out
}

func extraOf(a *Action, base Remaining, strangers Class) []Remaining {
	switch {
	case a.Verb == Delete:
		base.Class = Real
	case a.Verb == Skip:
		base.Class = LeftOut
	case a.Kind == snapshot.Administrators:
		base.Class = Extra // the administrator in use and the built-in one are always there
	case a.Kind == snapshot.ServerHosts:
		base.Class = Limit
	default:
		base.Class = strangers
	}
	return []Remaining{base}
}

// limits gives the fields that no body carries, and those that the server altered.
func (b *builder) limits(a *Action, base Remaining) []Remaining {
	var out []Remaining
	n, live := a.want, a.want.twin
	sent := n.sends()
	for _, f := range fieldsOf(n.kind) {
		want, ok := n.sent[f.Path]
		if f.Path == "status" || f.Path == "network" && n.virtual() {
			continue // planned as a state; the server's
		}
		if !ok || !f.Compared() || f.Wire == snapshot.Objects && n.kind == snapshot.Locations || f.Ref != "" {
			continue
		}
		have := live.object[f.Path]
		if equal(f, want, have) || isConnectionField(f.Path) && n.kind == snapshot.Settings {
			continue
		}
		c := newChange(f, have, want)
		r := base
		r.Field, r.Wanted, r.Found = f.Path, c.New, c.Old
		switch {
		case slices.Contains(n.dropped, f.Path):
			r.Class, r.Why = LeftOut, "a rule leaves it to the target"
		case f.Restorable() && equal(f, n.object[f.Path], have):
			r.Class, r.Why = Altered, f.Altered
			if r.Why == "" {
				r.Why = "the server does not store it together with the other values"
			}
		case f.Restorable() && slices.ContainsFunc(sent, func(s snapshot.Field) bool { return s.Path == f.Path }):
			continue // a real difference, and listed as one
		default:
			r.Class, r.Why = Limit, f.Note
		}
		out = append(out, r)
	}
	return append(out, b.unknownLimits(n, live, base)...)
}
