package restore

import (
	"slices"

	"pritunl-backup/snapshot"
)

// Task is what people have to do after a restore, because no API can.
type Task struct {
	Kind snapshot.Kind `json:"kind"`
	Path string        `json:"path"`
	What []string      `json:"what"`
}

// handOver lists what is left to people, for what is created and for what a change
// gives other keys.
func (b *builder) handOver() []Task {
	tasks := []Task{}
	demands := b.demands()
	for _, a := range b.plan.Actions {
		if what := b.tasksOf(a, demands); len(what) > 0 {
			tasks = append(tasks, Task{Kind: a.Kind, Path: a.Path, What: what})
		}
	}
	return tasks
}

func (b *builder) tasksOf(a *Action, by demands) []string {
	switch {
	case a.Kind == snapshot.Subscription && a.Verb == Cannot:
		return []string{"install the licence key"}
	case a.Verb == Create:
		return tasksOfCreated(a, by)
	case a.want == nil || a.live == nil || a.Kind != a.want.kind || a.Verb != Changing && a.Verb != Leave:
		return nil
	case b.madeBefore(a):
		return tasksOfCreated(a, by)
	}
	return b.tasksOfExisting(a, by)
}

// madeBefore tells whether an interrupted run has created an object that the plan only
// completes, and may have told nobody what is left to do with it.
func (b *builder) madeBefore(a *Action) bool {
	switch a.Kind {
	case snapshot.Users, snapshot.Organizations, LocationHosts:
		return b.opts.Mode == ModeResume && a.want.id != a.live.id && b.plan.Writes() > 0 && !b.followsWhole()
	}
	return false
}

// followsWhole tells whether users follow a run that was not interrupted but left them
// out: a run makes users before servers.
func (b *builder) followsWhole() bool {
	return len(b.live.kinds[snapshot.Servers]) > 0 && slices.ContainsFunc(b.plan.Actions, func(a *Action) bool {
		return a.Kind == snapshot.Users && a.Verb == Create
	})
}

// steps collects what has to be done with one object.
type steps []string

func (s *steps) add(when bool, text string) {
	if when {
		*s = append(*s, text)
	}
}

func tasksOfCreated(a *Action, by demands) []string {
	o := a.want.object
	var what steps
	switch a.Kind {
	case snapshot.Users:
		what.add(true, "import a new profile")
		what.add(by.otp[a.want.owner], "enrol OTP again")
		what.add(o.Bool("pin") && !a.liveBool("pin"), "set a PIN")
		what.add(len(o.Objects("devices")) > 0, "register the device again")
	case snapshot.Administrators:
		what.add(true, "sign in with the new password")
		what.add(o.Bool("otp_auth"), "enrol OTP again")
		what.add(o.Bool("auth_api"), "take the new API token and secret")
	case snapshot.Organizations:
		what.add(o.Bool("auth_api"), "take the new API token and secret")
	case LocationHosts:
		what.add(true, "set up the link client again with the new URI")
	}
	return what
}

func (a *Action) liveBool(field string) bool { return a.live != nil && a.live.object.Bool(field) }

// tasksOfExisting gives what is left to do with an object that stays or is changed:
// what is switched on again gets new keys.
func (b *builder) tasksOfExisting(a *Action, by demands) []string {
	wanted, live := a.want.object, a.live.object
	switchedOn := func(field string) bool {
		return a.Verb == Changing && a.want.sendsField(field) && wanted.Bool(field) && !live.Bool(field)
	}
	var what steps
	switch a.Kind {
	case snapshot.Users:
		asked := by.otp[a.want.owner] && !b.askedForOTP(a.live.owner)
		what.add(by.profile[a.want.owner], "import a new profile")
		what.add(asked && wanted.String("otp_secret") != live.String("otp_secret"), "enrol OTP again")
		what.add(wanted.Bool("pin") && !live.Bool("pin"), "set a PIN")
		what.add(len(wanted.Objects("devices")) > len(live.Objects("devices")), "register the device again")
	case snapshot.Administrators:
		what.add(switchedOn("otp_auth"), "enrol OTP again")
		what.add(switchedOn("auth_api"), "take the new API token and secret")
	case snapshot.Organizations:
		what.add(switchedOn("auth_api"), "take the new API token and secret")
	}
	return what
}

// demands are the organizations whose users have to do something: those of a server
// that asks for an OTP, and those of a server that is created, for which nobody has a
// profile.
type demands struct{ otp, profile map[*node]bool }

func (b *builder) demands() demands {
	by := demands{map[*node]bool{}, map[*node]bool{}}
	for _, n := range b.want.kinds[snapshot.ServerOrganizations] {
		if n.owner.object.Bool("otp_auth") {
			by.otp[n.other] = true
		}
		server, attached := b.actions[n.owner], b.actions[n]
		if server != nil && server.Verb == Create && attached != nil && attached.Verb == Create {
			by.profile[n.other] = true
		}
	}
	return by
}

// askedForOTP tells whether a server of the target asks the users of an organization
// for an OTP already.
func (b *builder) askedForOTP(organization *node) bool {
	return slices.ContainsFunc(b.serversOf(organization), func(server *node) bool { return server.object.Bool("otp_auth") })
}

// findRedacted lists the values that would have to be sent and are not there.
func (b *builder) findRedacted() {
	b.plan.Redacted = []FieldOf{}
	for _, a := range b.plan.Actions {
		if a.want == nil || a.Kind != a.want.kind && a.Kind != ConnectionSettings || !a.Verb.Writes() {
			continue
		}
		for _, f := range a.sends() {
			if v, ok := a.want.sent[f.Path]; ok && len(snapshot.ContainsRedacted(snapshot.Object{"": v})) > 0 {
				b.plan.Redacted = append(b.plan.Redacted, FieldOf{Kind: section(a.Kind), Path: a.want.path(), Field: f.Path})
			}
		}
	}
}

// sends gives the fields that the action sends of its object.
func (a *Action) sends() []snapshot.Field {
	if a.Kind != ConnectionSettings {
		return a.want.sends()
	}
	var fields []snapshot.Field
	for _, f := range fieldsOf(snapshot.Settings) {
		for _, c := range a.Fields {
			if c.Path == f.Path {
				fields = append(fields, f)
			}
		}
	}
	return fields
}
