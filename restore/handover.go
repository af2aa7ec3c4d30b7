package restore

import (
	"pritunl-backup/snapshot"
)

// Task is what people have to do after a restore, because no API can.
type Task struct {
	Kind snapshot.Kind `json:"kind"`
	Path string        `json:"path"`
	What []string      `json:"what"`
}

// handOver lists what is left to people for the objects that are created.
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

func (b *builder) tasksOf(a *Action, otp map[*node]bool) []string {
	if a.Kind == snapshot.Subscription && a.Verb == Cannot {
		return []string{"install the licence key"}
	}
	if a.Verb != Create {
		return b.tasksOfChanged(a)
	}
	o := a.want.object
	var what []string
	add := func(when bool, text string) {
		if when {
			what = append(what, text)
		}
	}
	switch a.Kind {
	case snapshot.Users:
		add(true, "import a new profile")
		add(otp[a.want.owner], "enrol OTP again")
		add(o.Bool("pin"), "set a PIN")
		add(len(o.Objects("devices")) > 0, "register the device again")
	case snapshot.Administrators:
		add(true, "sign in with the new password")
		add(o.Bool("otp_auth"), "enrol OTP again")
		add(o.Bool("auth_api"), "take the new API token and secret")
	case snapshot.Organizations:
		add(o.Bool("auth_api"), "take the new API token and secret")
	case LocationHosts:
		add(true, "set up the link client again with the new URI")
	}
	return what
}

func (b *builder) tasksOfChanged(a *Action) []string {
	if a.Kind != snapshot.Users || a.want == nil || a.live == nil || a.Verb != Changing && a.Verb != Leave {
		return nil
	}
	if a.want.object.Bool("pin") && !a.live.object.Bool("pin") {
		return []string{"set a PIN"}
	}
	return nil
}

// demands gives the organizations one of whose servers asks for an OTP.
func (b *builder) demands() map[*node]bool {
	otp := map[*node]bool{}
	for _, n := range b.want.kinds[snapshot.ServerOrganizations] {
		if n.owner.object.Bool("otp_auth") {
			otp[n.other] = true
		}
	}
	return otp
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
