package restore_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"pritunl-backup/api"
	"pritunl-backup/restore"
	"pritunl-backup/simulator"
	"pritunl-backup/snapshot"
)

func demo(t *testing.T) *snapshot.Document {
	t.Helper()
	return newTarget(t, simulator.Options{Seed: "demo"}).export()
}

// edit changes an object of a document: the one of that name.
func edit(t *testing.T, doc *snapshot.Document, kind snapshot.Kind, name string, values map[string]any) snapshot.Object {
	t.Helper()
	for _, o := range doc.Resources[kind] {
		if kind == snapshot.Settings || o.String("name") == name || o.String("username") == name && name != "" {
			for k, v := range values {
				o[k] = v
			}
			return o
		}
	}
	t.Fatalf("no %s %q", kind, name)
	return nil
}

func hint(err error) string {
	var h interface{ Hint() string }
	if errors.As(err, &h) {
		return h.Hint()
	}
	return ""
}

func TestSecondRunWritesNothing(t *testing.T) {
	wanted := demo(t)
	s := newTarget(t, simulator.Options{Hosts: 2, Random: 7})
	s.restore(wanted, restore.PlanOptions{})
	before := s.sim.Writes()
	_, report := s.restore(wanted, restore.PlanOptions{})
	if n := s.sim.Writes() - before; n != 0 {
		t.Errorf("the second run wrote %d times", n)
	}
	if n := report.Count(restore.Created) + report.Count(restore.Changed); n != 0 {
		t.Errorf("the second run reports %d changes", n)
	}
}

func TestDryRunWritesNothing(t *testing.T) {
	wanted := demo(t)
	s := newTarget(t, simulator.Options{Hosts: 2})
	plan := s.plan(wanted, restore.PlanOptions{})
	if err := plan.WriteText(&bytes.Buffer{}); err != nil {
		t.Fatal(err)
	}
	if _, err := restore.Apply(t.Context(), s.clientOver(api.ReadOnlyTransport), plan, quiet()); !errors.Is(err, api.ErrReadOnly) {
		t.Errorf("over a transport that refuses to write: %v", err)
	}
	if n := s.sim.Writes(); n != 0 {
		t.Errorf("%d writes", n)
	}
}

func TestPlanIsPureAndDeterministic(t *testing.T) {
	wanted := demo(t)
	live := newTarget(t, simulator.Options{Hosts: 2}).export()
	render := func() string {
		plan, err := restore.NewPlan(live, wanted, restore.PlanOptions{})
		if err != nil {
			t.Fatal(err)
		}
		var b bytes.Buffer
		if err := errors.Join(plan.WriteJSON(&b), plan.WriteText(&b)); err != nil {
			t.Fatal(err)
		}
		return b.String()
	}
	first := render()
	for range 5 {
		if render() != first {
			t.Fatal("the same plan is rendered in two ways")
		}
	}
}

// TestNoSecretIsShown looks for every secret of a snapshot in everything that is
// shown to people and machines.
func TestNoSecretIsShown(t *testing.T) {
	wanted := demo(t)
	edit(t, wanted, snapshot.Settings, "", map[string]any{"cloud_provider": "aws", "us_east_1_secret_key": "FAKEAWSSECRET", "email_password": "FAKE-mail-password"})
	s := newTarget(t, simulator.Options{Hosts: 2})
	given := passwords{}
	plan := s.plan(wanted, restore.PlanOptions{})
	report, err := restore.Apply(t.Context(), s.client(), plan, restore.ApplyOptions{Passwords: given.keep})
	if err != nil {
		t.Fatal(err)
	}
	edit(t, wanted, snapshot.Settings, "", map[string]any{"email_password": "FAKE-other-password"})
	after := s.export()
	second, err := restore.NewPlan(after, wanted, restore.PlanOptions{Mode: restore.ModeUpdate})
	if err != nil {
		t.Fatal(err)
	}
	outcome, err := restore.Verify(second, after)
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := errors.Join(plan.WriteJSON(&b), plan.WriteText(&b), report.WriteJSON(&b), second.WriteJSON(&b), second.WriteText(&b), outcome.WriteJSON(&b), outcome.WriteText(&b)); err != nil {
		t.Fatal(err)
	}
	shown := b.String()
	if len(given) != 1 {
		t.Errorf("%d passwords were given out, want 1", len(given))
	}
	for _, p := range given {
		if strings.Contains(shown, p.Reveal()) {
			t.Error("shows the password of an administrator")
		}
	}
	for kind, objects := range wanted.Resources {
		for _, o := range objects {
			for _, f := range snapshot.Fields(kind) {
				if v, ok := o[f.Path].(string); ok && f.Secret && v != "" && strings.Contains(shown, v) {
					t.Errorf("shows %s.%s", kind, f.Path)
				}
			}
		}
	}
	if !strings.Contains(shown, "********") {
		t.Error("no masked value is shown: the test looks at nothing")
	}
}

func TestTargetThatIsNotFresh(t *testing.T) {
	wanted := demo(t)
	s := newTarget(t, simulator.Options{Hosts: 2, Random: 7})
	opts := restore.ApplyOptions{Passwords: passwords{}.keep}
	s.wire.dieAt = 20
	if _, err := restore.Apply(t.Context(), s.client(), s.plan(wanted, restore.PlanOptions{}), opts); err == nil {
		t.Fatal("the run did not die")
	}
	s.wire = &wire{sim: s.sim}
	plan, err := restore.NewPlan(s.export(), wanted, restore.PlanOptions{})
	var refused *restore.RefusedError
	if !errors.As(err, &refused) || !strings.Contains(hint(err), "--resume") {
		t.Fatalf("a half-filled target: %v, hint %q", err, hint(err))
	}
	before := s.sim.Writes()
	if _, err := restore.Apply(t.Context(), s.client(), plan, opts); !errors.As(err, &refused) || s.sim.Writes() != before {
		t.Errorf("a refused plan was applied: %v", err)
	}
	if _, err := s.client().CreateOrganization(t.Context(), map[string]any{"name": "stranger"}); err != nil {
		t.Fatal(err)
	}
	_, err = restore.NewPlan(s.export(), wanted, restore.PlanOptions{})
	if !errors.As(err, &refused) || strings.Contains(hint(err), "--resume goes on") {
		t.Errorf("a target with a stranger: %v, hint %q", err, hint(err))
	}
	_, err = restore.NewPlan(s.export(), wanted, restore.PlanOptions{Mode: restore.ModeResume})
	if !errors.As(err, &refused) || !strings.Contains(err.Error(), "stranger") {
		t.Errorf("resuming onto a stranger: %v", err)
	}
}

func TestRedactedValuesAreRefusedOneByOne(t *testing.T) {
	a := newTarget(t, simulator.Options{Seed: "demo"})
	wanted, err := a.tryExport(snapshot.SecretsRedact)
	if err != nil {
		t.Fatal(err)
	}
	s := newTarget(t, simulator.Options{Hosts: 2})
	_, err = restore.NewPlan(s.export(), wanted, restore.PlanOptions{})
	var redacted *restore.RedactedError
	if !errors.As(err, &redacted) || len(redacted.Fields) != 1 || redacted.Fields[0].Field != "email_password" {
		t.Fatalf("got %v", err)
	}
	rules := readRules(t, `{"kind":"settings","drop":["email_password"]}`)
	_, report := s.restore(wanted, restore.PlanOptions{Rules: rules})
	if n := report.Count(restore.Failed); n > 0 {
		t.Errorf("%d failed", n)
	}
	for _, o := range s.export().Resources[snapshot.Settings] {
		raw, err := o.Encode()
		if err != nil || bytes.Contains(raw, []byte("redacted")) {
			t.Errorf("a redacted value was written: %v", err)
		}
	}
}

func readRules(t *testing.T, rules ...string) *restore.Rules {
	t.Helper()
	r, err := restore.ReadRules([]byte(`{"format":"pritunl-backup-rules","version":1,"rules":[` + strings.Join(rules, ",") + `]}`))
	if err != nil {
		t.Fatalf("%v (%s)", err, hint(err))
	}
	return r
}

func TestWithoutLicenceTheRestIsRestored(t *testing.T) {
	wanted := demo(t)
	s := newTarget(t, simulator.Options{Hosts: 2, Plan: simulator.PlanNone})
	plan, report := s.restore(wanted, restore.PlanOptions{})
	cannot := 0
	for _, a := range plan.Actions {
		if a.Verb == restore.Cannot && strings.Contains(a.Reason, "licence") {
			cannot++
		}
	}
	if cannot < 10 {
		t.Errorf("%d actions cannot be done for want of a licence, want those of all links", cannot)
	}
	assertSame(t, wanted, s.export(), "users.pin", "settings.server_cert", "links", "locations")
	outcome, err := restore.Verify(plan, s.export())
	if err != nil || !outcome.Equal || outcome.Count(restore.Limit) < cannot {
		t.Errorf("verify: %v %+v", err, outcome)
	}
	if report.Count(restore.Failed) != 0 {
		t.Error(entries(report, restore.Failed))
	}
}

func TestWithoutSuperUserAdministratorsAreSkipped(t *testing.T) {
	wanted := demo(t)
	s := newTarget(t, simulator.Options{Hosts: 2})
	live := s.export()
	delete(live.Resources, snapshot.Administrators)
	live.Header.Complete = false
	live.Header.Unreadable = []snapshot.Unreadable{{Kind: snapshot.Administrators, Reason: "needs a super user"}}
	plan, err := restore.NewPlan(live, wanted, restore.PlanOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := restore.Apply(t.Context(), s.client(), plan, restore.ApplyOptions{}); err != nil {
		t.Fatal(err)
	}
	for _, request := range s.wire.writes {
		if strings.Contains(request, "/admin") {
			t.Errorf("sent %s", request)
		}
	}
}
