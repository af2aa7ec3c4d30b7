package restore

import (
	"slices"

	"pritunl-backup/mongo"
	"pritunl-backup/snapshot"
)

// Verb is what is going to be done with an object.
type Verb string

// The verbs.
const (
	Create   Verb = "create"
	Changing Verb = "change"
	Leave    Verb = "leave"     // it is as it should be, or stays although the snapshot does not have it
	Delete   Verb = "delete"    // with PlanOptions.Prune, duplicates in ModeResume, and what a new server is born with
	Cannot   Verb = "cannot"    // it cannot be restored, Reason says why
	HeldBack Verb = "held-back" // it could be restored, with the option that Reason names
	Skip     Verb = "skip"      // it was left out by an option
)

// Writes tells whether an action sends requests that write.
func (v Verb) Writes() bool { return v == Create || v == Changing || v == Delete }

// Action is what a plan says of one object.
type Action struct {
	Kind    snapshot.Kind `json:"kind"`
	Path    string        `json:"path"` // natural key path: "Alpha / alice <alice@example.com>"
	Verb    Verb          `json:"verb"`
	OldID   string        `json:"old_id,omitempty"` // in the snapshot
	NewID   string        `json:"new_id,omitempty"` // on the target
	Fields  []Change      `json:"fields,omitempty"`
	Altered []Change      `json:"altered,omitempty"` // Old is in the snapshot, New what the server will store
	Reason  string        `json:"reason,omitempty"`
	Rules   []string      `json:"rules,omitempty"`   // rewrite rules that changed the object
	Rewrote []Change      `json:"rewrote,omitempty"` // what they changed
	Stops   []string      `json:"stops,omitempty"`   // servers that must be offline meanwhile

	// Of a deletion: it is of an object that an interrupted restore has left twice, or of a part that a server was
	// born with and nobody has to confirm.
	Duplicate bool `json:"duplicate,omitempty"`
	Born      bool `json:"born,omitempty"`

	want, live *node
	late       bool // a deletion that comes after the users
}

// Stop is a running server that has to be offline for a while. It is started
// again afterwards, also when something fails.
type Stop struct {
	Server  string   `json:"server"`
	ID      string   `json:"id"`
	Changes int      `json:"changes"` // how many actions wait for it: a measure of how long
	Reasons []string `json:"reasons"`

	node *node
}

// Plan is what would make the target equal to the snapshot. It holds no secret.
type Plan struct {
	Target   string        `json:"target"` // name of the target's host, to be typed as a confirmation
	Source   string        `json:"source"` // name of the snapshot's host
	Mode     Mode          `json:"mode"`
	Actions  []*Action     `json:"actions"` // in the order in which they are carried out
	Stops    []Stop        `json:"stops"`
	Hosts    []HostMapping `json:"hosts"`
	HandOver []Task        `json:"hand_over"`
	Warnings []string      `json:"warnings"`
	Problems []Problem     `json:"problems"`
	Redacted []FieldOf     `json:"redacted"`

	opts       PlanOptions
	want, live *tree
	wanted     *snapshot.Document // as the caller gave it
	caller     string             // id of the administrator in use
	refused    *RefusedError
}

// Writes counts the actions that write. A plan without any is empty.
func (p *Plan) Writes() int {
	n := 0
	for _, a := range p.Actions {
		if a.Verb.Writes() {
			n++
		}
	}
	return n
}

// Deletes gives the deletions that need a confirmation: those of Prune, and duplicates. Parts that a new server is born
// with are none of them.
func (p *Plan) Deletes() []*Action {
	var out []*Action
	for _, a := range p.Actions {
		if a.Verb == Delete && !a.Born {
			out = append(out, a)
		}
	}
	return out
}

// Count gives how many actions have the verb.
func (p *Plan) Count(v Verb) int {
	n := 0
	for _, a := range p.Actions {
		if a.Verb == v {
			n++
		}
	}
	return n
}

// NewPlan compares the live state of a target with a snapshot. Both documents
// stay as they are. With a [*RefusedError], a [*RedactedError] or a [*CheckError]
// it still gives the plan, for a reader; [Apply] refuses it. Other errors are
// [*UsageError], [*RulesError] and [*AmbiguousError].
func NewPlan(live, wanted *snapshot.Document, opts PlanOptions) (*Plan, error) {
	b, err := newBuilder(live, wanted, opts)
	if err != nil {
		return nil, err
	}
	if err := b.checkSelected(); err != nil {
		return nil, err
	}
	b.decide()
	if err := b.checkReached(); err != nil {
		return nil, err
	}
	b.plan.HandOver = b.handOver()
	b.plan.Problems = b.check()
	b.findRedacted()
	b.findStops()
	return b.plan, b.plan.refusal()
}

// refusal gives the error that keeps a plan from being carried out.
func (p *Plan) refusal() error {
	switch {
	case p.refused != nil:
		return p.refused
	case len(p.Redacted) > 0:
		return &RedactedError{Fields: p.Redacted}
	case len(p.Problems) > 0:
		return &CheckError{Problems: p.Problems}
	}
	return nil
}

// builder makes one plan.
type builder struct {
	plan       *Plan
	opts       PlanOptions
	want, live *tree
	actions    map[*node]*Action                    // of wanted nodes
	duplicates map[*node]bool                       // live nodes that an interrupted run has left twice
	keys       map[snapshot.Kind]map[string][]*node // wanted nodes by natural key, as they are needed
	gone       map[*node]bool                       // live nodes that are deleted
	known      map[snapshot.Kind]map[string]bool    // names of the catalogue, as they are needed
}

func newBuilder(live, wanted *snapshot.Document, opts PlanOptions) (*builder, error) {
	if err := opts.check(); err != nil {
		return nil, err
	}
	if err := checkLive(live, wanted.Header); err != nil {
		return nil, err
	}
	ruled, rewrites, err := opts.Rules.apply(wanted)
	if err != nil {
		return nil, err
	}
	b := &builder{
		opts: opts, want: wantedTree(borrow(ruled, live), live.Header.PritunlVersion), live: liveTree(live),
		actions: map[*node]*Action{}, gone: map[*node]bool{}, duplicates: map[*node]bool{},
		keys: map[snapshot.Kind]map[string][]*node{}, known: map[snapshot.Kind]map[string]bool{},
	}
	b.plan = &Plan{
		Target: live.Header.Host, Source: wanted.Header.Host, Mode: opts.Mode,
		opts: opts, want: b.want, live: b.live, wanted: wanted,
	}
	b.want.note(rewrites)
	b.want.markBorrowed(ruled)
	b.want.bindSSO()
	b.live.bindSSO()
	b.leaveOutSSO()
	newer := b.leaveOutNewer()
	for _, s := range b.live.kinds[snapshot.Settings] {
		b.plan.caller = s.id
	}
	pairs, err := mapHosts(b.want.kinds[snapshot.Hosts], b.live.kinds[snapshot.Hosts], usedHosts(b.want, opts), opts.MapHosts, b.begun())
	if err != nil {
		return nil, err
	}
	m := &matcher{want: b.want, live: b.live, hosts: pairs, mode: opts.Mode}
	if err := m.match(); err != nil {
		return nil, err
	}
	b.plan.Hosts = hostMappings(b.want.kinds[snapshot.Hosts])
	b.plan.Warnings = append(b.warnings(), newer...)
	return b, nil
}

// begun tells whether a restore into the target may have begun before.
func (b *builder) begun() bool {
	return b.opts.Mode == ModeResume || len(b.live.kinds[snapshot.Organizations])+len(b.live.kinds[snapshot.Servers]) > 0
}

// note tells the nodes what the rules did to them.
func (t *tree) note(rewrites map[string]*rewrite) {
	for _, nodes := range t.kinds {
		for _, n := range nodes {
			if rw := rewrites[objectKey(section(n.kind), n.sent)]; rw != nil && n.sent != nil {
				n.rules, n.changed, n.dropped = rw.rules, rw.changes, rw.dropped
			}
		}
	}
}

// bindSSO finds the organization that the settings refer to.
func (t *tree) bindSSO() {
	for _, n := range t.kinds[snapshot.Settings] {
		n.other = t.byID[n.object.String("sso_org")]
	}
}

func (b *builder) warnings() []string {
	warnings := slices.Clone(b.want.header.Warnings)
	was, is := b.want.header.PritunlVersion, b.live.header.PritunlVersion
	if order, ok := mongo.CompareVersions(was, is); ok && order > 0 {
		warnings = append(warnings, "the snapshot is of Pritunl "+was+", the target is older: "+is)
	}
	if !b.want.header.Complete {
		warnings = append(warnings, "the snapshot is not complete: what it lacks is left as it is")
	}
	return append(warnings, b.want.warnUnknown()...)
}
