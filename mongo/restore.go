package mongo

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"go.mongodb.org/mongo-driver/v2/bson"

	"pritunl-backup/mongo/internal/lenient"
)

// HostMode says what becomes of the hosts, that is of the machines the servers run on.
type HostMode int

// The host modes.
const (
	HostsTakeOver HostMode = iota // the new machine takes the id of the old one: everything stays as it was
	HostsNew                      // ids are replaced as HostMap says; addresses of the old machine are left out
)

// RestoreOptions say how documents are put back.
type RestoreOptions struct {
	Replace       bool              // the database may hold data: what the snapshot lacks is deleted from configuration collections
	Hosts         HostMode          // see there
	HostMap       map[string]string // with HostsNew: old host id -> new one; the key "" stands for all that are not named
	Clone         bool              // a copy beside a living production: see Quarantine
	KeepLicence   bool              // with Clone: the licence travels all the same
	KeepOnline    bool              // servers that were online start by themselves; not with Clone
	Fingerprint   string            // names the snapshot; an unfinished restore of another one is not continued
	TargetVersion string            // version of the server that will start on it; "" means the one that used the database last

	// Progress is told after each batch how many documents of a collection have been looked at; may be nil.
	Progress func(collection string, done int)
}

// CollectionPlan counts what happens to the documents of one collection.
type CollectionPlan struct {
	Name      string
	Insert    int
	Update    int
	Unchanged int
	Delete    int
	Reset     int // of the documents written or unchanged, those that differ from the snapshot by Resets
}

// Writes is the number of documents that change.
func (c CollectionPlan) Writes() int { return c.Insert + c.Update + c.Delete }

// RestorePlan is what a restore would do to the database as it is now. Making it writes nothing.
type RestorePlan struct {
	Collections []CollectionPlan // in the order of writing
	Blanked     []Blanked        // values that are left out on purpose
	Warnings    []string
	Version     string // of the server that wrote the snapshot
	Target      Target // the server that will start on it
	Continues   bool   // an unfinished restore of the same snapshot is gone on with

	options RestoreOptions
}

// Writes is the number of documents that would change.
func (p *RestorePlan) Writes() int {
	n := 0
	for _, c := range p.Collections {
		n += c.Writes()
	}
	return n
}

// Empty tells that the database already is as the snapshot would make it.
func (p *RestorePlan) Empty() bool { return p.Writes() == 0 && !p.Continues }

// PlanRestore compares the snapshot with the database. It refuses, with CauseZero or CauseRefusedTarget, a database
// that must not be written to: one of Pritunl Zero, one with running hosts, one with data of its own unless Replace
// says so. A snapshot with redacted or sealed values is refused with CauseDocument or CauseVault.
func (db *DB) PlanRestore(ctx context.Context, src *Source, o RestoreOptions) (*RestorePlan, error) {
	if err := o.check(); err != nil {
		return nil, err
	}
	state, err := db.guard(ctx)
	if err != nil {
		return nil, err
	}
	if err := state.admits(&o); err != nil {
		return nil, err
	}
	p := &RestorePlan{options: o, Continues: state.marker != nil}
	w := &walker{db: db, src: src, options: o, change: newTransform(o, state)}
	if err := w.all(ctx); err != nil {
		return nil, err
	}
	p.Collections, p.Blanked = w.counts, w.change.blanked
	if err := p.refuseData(); err != nil {
		return nil, err
	}
	return p, p.advise(ctx, src, state, w.change)
}

// check refuses options that contradict each other.
func (o RestoreOptions) check() error {
	const op = "restore into the database"
	if o.Clone && o.KeepOnline {
		return newError(op, CauseRefusedTarget, "a clone must not start its servers by itself").withHint("leave one of the two options out")
	}
	if o.Hosts == HostsNew && len(o.HostMap) == 0 {
		return newError(op, CauseRefusedTarget, "no new host id is given").withHint("the id is in /var/lib/pritunl/pritunl.uuid of the new machine")
	}
	for old, id := range o.HostMap {
		if strings.TrimSpace(id) == "" {
			return newError(op, CauseRefusedTarget, fmt.Sprintf("the new id for host %q is empty", old)).withHint("the id is in /var/lib/pritunl/pritunl.uuid of the new machine")
		}
	}
	return nil
}

// refuseData refuses a database that holds something else, unless it may be replaced.
func (p *RestorePlan) refuseData() error {
	if p.options.Replace {
		return nil
	}
	var others []string
	for _, c := range p.Collections {
		known, _ := LookupCollection(c.Name)
		if n := c.Delete; n > 0 && known.Class == Configuration {
			others = append(others, fmt.Sprintf("%d in %s", n, c.Name))
		}
		if n := c.Update; n > 0 && !p.Continues {
			others = append(others, fmt.Sprintf("%d that differ in %s", n, c.Name))
		}
	}
	if len(others) == 0 {
		return nil
	}
	return newError("restore into the database", CauseRefusedTarget, "it has documents of its own: "+strings.Join(others, ", ")).
		withHint("restore into an empty database, or allow replacing: documents that the snapshot lacks are deleted then")
}

// advise collects what a person should know before and after.
func (p *RestorePlan) advise(ctx context.Context, src *Source, state *targetState, t *transform) error {
	settings, err := collect(src.Documents(ctx, "settings"))
	if err != nil {
		return err
	}
	var app, version bson.Raw
	for _, raw := range settings {
		switch idText(lenient.Value(raw, "_id")) {
		case "app":
			app = raw
		case "version":
			version = raw
		}
	}
	if version == nil {
		return newError("restore into the database", CauseDocument, "the snapshot has no settings document named version").
			withHint("it is not a complete database snapshot")
	}
	p.Version = lenient.Text(version, "version")
	p.Target = state.target(p.options.TargetVersion)
	p.Warnings = append(p.Warnings, versionWarnings(p.Version, lenient.Text(version, "version_min"), p.Target.Version)...)
	p.Warnings = append(p.Warnings, t.warnings...)
	p.Warnings = append(p.Warnings, t.firstBootWarnings(app)...)
	p.Warnings = append(p.Warnings, state.warnings...)
	return nil
}

// collect reads a small collection into memory.
func collect(seq func(yield func(bson.Raw, error) bool)) ([]bson.Raw, error) {
	var out []bson.Raw
	for raw, err := range seq {
		if err != nil {
			return nil, err
		}
		out = append(out, raw)
	}
	return out, nil
}

// holds tells whether the source knows a collection.
func (s *Source) holds(name string) bool { return slices.Contains(s.Collections, name) }
