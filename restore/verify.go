package restore

import (
	"slices"

	"pritunl-backup/snapshot"
)

// Class says why a difference remains after a restore.
type Class string

// The classes. Only Missing and Real ones mean that the restore did not do what it should.
const (
	Missing Class = "missing"    // a wanted object is not there
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
	Equal     bool        `json:"equal"` // nothing is missing, and nothing of class difference remains
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
		of := strangers
		if a.want == nil && !b.want.has(section(a.Kind)) {
			of = Extra // the snapshot does not say that it should not be there
		}
		out.Remaining = append(out.Remaining, b.remaining(a, of)...)
	}
	out.Equal = out.Count(Real)+out.Count(Missing) == 0
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
			if class == Real && reported(a, c) {
				r.Class, r.Why = Altered, whyReported
			}
			out = append(out, r)
		}
	}
	whole := func(class Class) {
		base.Class = class
		out = append(out, base)
	}
	switch a.Verb {
	case Create:
		whole(Missing)
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

const whyReported = "for a host that is not static its link client reports it"

// reported tells whether a link client has reported an address since it was restored.
func reported(a *Action, c Change) bool {
	if a.Kind != LocationHosts || a.want.object.Bool("static") || a.live == nil || a.live.object.Bool("static") {
		return false
	}
	return (c.Path == "public_address" || c.Path == "local_address") && c.Old != nil && c.Old != ""
}

// limits gives the fields that no body carries, and those that the server altered.
func (b *builder) limits(a *Action, base Remaining) []Remaining {
	var out []Remaining
	n, live := a.want, a.want.twin
	for _, f := range fieldsOf(n.kind) {
		want, ok := n.sent[f.Path]
		have := live.object[f.Path]
		if !ok || !comparedBySelf(n, f) || equal(f, want, have) {
			continue
		}
		class, why := n.excuse(f, have)
		if class == Real {
			continue // listed as a change
		}
		c := newChange(f, have, want)
		r := base
		r.Field, r.Wanted, r.Found, r.Class, r.Why = f.Path, c.New, c.Old, class, why
		out = append(out, r)
	}
	return append(out, b.unknownLimits(n, live, base)...)
}

// comparedBySelf tells whether a field is a value of the object alone: what it refers to, its parts and its state are
// planned on their own.
func comparedBySelf(n *node, f snapshot.Field) bool {
	switch {
	case !f.Compared(), f.Ref != "", f.Path == "status":
		return false
	case n.kind == snapshot.Locations:
		return f.Wire != snapshot.Objects
	case n.kind == snapshot.Settings:
		return !slices.Contains(connectionFields(), f.Path)
	}
	return f.Path != "network" || !n.virtual() // of a virtual network it is the server's
}

// excuse says why a field that differs is no difference that the restore has to answer for; Real when there is none.
func (n *node) excuse(f snapshot.Field, have any) (class Class, why string) {
	switch {
	case slices.Contains(n.dropped, f.Path):
		return LeftOut, "a rule leaves it to the target"
	case n.unsent[f.Path] != "":
		return Limit, n.unsent[f.Path]
	case f.Restorable() && equal(f, n.object[f.Path], have):
		if f.Altered != "" {
			return Altered, f.Altered
		}
		return Altered, "the server does not store it together with the other values"
	case f.Restorable() && n.sendsField(f.Path):
		return Real, ""
	}
	return Limit, f.Note
}
