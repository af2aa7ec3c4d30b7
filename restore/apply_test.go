package restore_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"pritunl-backup/api"
	"pritunl-backup/restore"
	"pritunl-backup/simulator"
	"pritunl-backup/snapshot"
)

// TestAlteredValuesAreShown restores values that no server of today would store as
// they are, as an old database has them.
func TestAlteredValuesAreShown(t *testing.T) {
	wanted := demo(t)
	edit(t, wanted, snapshot.Organizations, "Example-Staff", map[string]any{"name": "Example, Staff (EU)"})
	edit(t, wanted, snapshot.Users, "alice", map[string]any{"name": "Alice A.", "groups": []any{"two words", "dev"}})
	edit(t, wanted, snapshot.Users, "bob", map[string]any{"email": nil})
	edit(t, wanted, snapshot.Servers, "office", map[string]any{"name": "head office", "groups": []any{"a b"}})
	edit(t, wanted, snapshot.Links, "branch-offices", map[string]any{"name": "branch offices"})
	edit(t, wanted, snapshot.Settings, "", map[string]any{"sso_saml_url": "https://idp.example.com/a%20b", "email_from": " vpn@example.com"})
	s := newTarget(t, simulator.Options{Hosts: 2})
	plan, report := s.restore(wanted, restore.PlanOptions{})
	altered := map[string]int{}
	for _, e := range report.Entries {
		for _, c := range e.Altered {
			altered[fmt.Sprintf("%s %v -> %v", c.Path, c.Old, c.New)]++
		}
	}
	for _, want := range []string{
		"name Example, Staff (EU) -> ExampleStaffEU", "name Alice A. -> AliceA.", "groups [two words dev] -> [twowords dev]",
		"name head office -> headoffice", "name branch offices -> branchoffices",
		"sso_saml_url https://idp.example.com/a%20b -> https://idp.example.com/a20b", "email_from  vpn@example.com -> vpn@example.com",
	} {
		if altered[want] == 0 {
			t.Errorf("the report does not say %q: %v", want, altered)
		}
	}
	var shown strings.Builder
	if err := plan.WriteText(&shown); err != nil || !strings.Contains(shown.String(), `will be altered: name: "head office" is stored as "headoffice"`) {
		t.Errorf("the plan does not say what will be altered: %v\n%s", err, shown.String())
	}
	outcome, err := restore.Verify(plan, s.export())
	if err != nil || !outcome.Equal || outcome.Count(restore.Altered) < 7 {
		t.Errorf("verify: %v, %d altered: %+v", err, outcome.Count(restore.Altered), outcome.Remaining)
	}
	assertEmpty(t, s.plan(wanted, restore.PlanOptions{}))
}

func TestRefusedObjectsAreReportedAndTheRestIsRestored(t *testing.T) {
	wanted := demo(t)
	s := newTarget(t, simulator.Options{Hosts: 2})
	plan := s.plan(wanted, restore.PlanOptions{})
	// The instance refuses one server; what belongs to it cannot follow.
	s.wire.before = nil
	client := s.clientOver(func(rt http.RoundTripper) http.RoundTripper { return refuser{rt, "datacentre-east"} })
	report, err := restore.Apply(t.Context(), client, plan, quiet())
	var failed *restore.FailedError
	if !errors.As(err, &failed) || !strings.Contains(hint(err), "--resume") {
		t.Fatalf("got %v", err)
	}
	for _, e := range report.Entries {
		about := strings.Contains(e.Path, "datacentre-east")
		if about != (e.Result == restore.Failed) {
			t.Errorf("%s %s: %s %s", e.Kind, e.Path, e.Result, e.Error)
		}
	}
	s.restore(wanted, restore.PlanOptions{Mode: restore.ModeResume})
	assertSame(t, wanted, s.export(), "users.pin", "settings.server_cert")
}

// refuser answers 400 to a body that names something.
type refuser struct {
	next http.RoundTripper
	name string
}

func (f refuser) RoundTrip(r *http.Request) (*http.Response, error) {
	body, err := readBody(r)
	if err != nil {
		return nil, err
	}
	if r.Method == http.MethodPost && strings.Contains(body, f.name) {
		answer := `{"error":"network_in_use","error_msg":"Network address is already in use."}`
		return respond(r, http.StatusBadRequest, answer), nil
	}
	return f.next.RoundTrip(r)
}

func TestOneRefusedUserKeepsNoOtherOut(t *testing.T) {
	wanted := demo(t)
	s := newTarget(t, simulator.Options{Hosts: 2})
	plan := s.plan(wanted, restore.PlanOptions{})
	client := s.clientOver(func(rt http.RoundTripper) http.RoundTripper { return refuser{rt, `"carol"`} })
	opts := quiet()
	opts.Progress = func(e restore.Event) {
		if e.Waiting {
			t.Errorf("a refusal is waited for: %s", e.Path)
		}
	}
	report, err := restore.Apply(t.Context(), client, plan, opts)
	if err == nil || report.Count(restore.Failed) != 1 {
		t.Errorf("got %v\n%s", err, entries(report, restore.Failed))
	}
	if st := s.sim.State(); st.Users != 24 {
		t.Errorf("%d users, want 24", st.Users)
	}
	for _, e := range report.Entries {
		if e.Kind == snapshot.Users && e.Result == restore.Created && e.NewID == "" {
			t.Errorf("%s has no new id", e.Path)
		}
	}
}

func TestSettingsAreAsBeforeAfterARefusal(t *testing.T) {
	wanted := demo(t)
	s := newTarget(t, simulator.Options{Hosts: 2})
	before := s.export()
	// Not foreseen by the plan: the target is told to be of a version without the check.
	edit(t, wanted, snapshot.Settings, "", map[string]any{"server_sso_url": nil})
	live := s.export()
	live.Header.PritunlVersion = "1.32.3697"
	plan, err := restore.NewPlan(live, wanted, restore.PlanOptions{})
	if err != nil {
		t.Fatal(err)
	}
	report, err := restore.Apply(t.Context(), s.client(), plan, quiet())
	if err == nil || !errors.Is(err, api.ErrInvalid) || report.Count(restore.Failed) != 1 {
		t.Fatalf("got %v\n%s", err, entries(report, restore.Failed))
	}
	after := s.export()
	diff := snapshot.Diff(before, after, snapshot.DiffOptions{})
	for _, c := range diff.Changes {
		if c.Kind == snapshot.Settings {
			t.Errorf("settings: %+v", c.Fields)
		}
	}
}

func TestConnectionSettingsComeLastOneByOne(t *testing.T) {
	wanted := demo(t)
	edit(t, wanted, snapshot.Settings, "", map[string]any{"server_port": json.Number("8443"), "reverse_proxy": true, "auditing": "all"})
	s := newTarget(t, simulator.Options{Hosts: 2})
	held := s.plan(wanted, restore.PlanOptions{})
	if n := held.Count(restore.HeldBack); n != 4 { // and the server that is not started
		t.Errorf("%d held back, want 4", n)
	}
	report, err := restore.Apply(t.Context(), s.client(), held, quiet())
	if err != nil {
		t.Fatal(err)
	}
	if o := edit(t, s.export(), snapshot.Settings, "", nil); o.Bool("reverse_proxy") || o.String("auditing") != "" {
		t.Errorf("held-back settings were written: %v", report.Entries)
	}
	outcome, err := restore.Verify(held, s.export())
	if err != nil || !outcome.Equal || outcome.Count(restore.Held) != 4 {
		t.Errorf("verify: %v, %+v", err, outcome)
	}
	plan := s.plan(wanted, restore.PlanOptions{Mode: restore.ModeResume, WithConnectionSettings: true})
	opts := quiet()
	asked := int64(0)
	opts.Reconnect = func(port int64) (*api.Client, error) { asked = port; return s.client(), nil }
	before := s.sim.Writes()
	report, err = restore.Apply(t.Context(), s.client(), plan, opts)
	if err != nil || s.sim.Writes()-before != 3 || asked != 8443 || report.Port != 8443 {
		t.Errorf("got %v, %d writes, port %d", err, s.sim.Writes()-before, asked)
	}
	assertSame(t, wanted, s.export(), "users.pin", "settings.server_cert")
	// Auditing cannot be taken back.
	edit(t, wanted, snapshot.Settings, "", map[string]any{"auditing": nil})
	plan = s.plan(wanted, restore.PlanOptions{Mode: restore.ModeResume, WithConnectionSettings: true})
	if plan.Writes() != 0 || plan.Count(restore.Cannot) != 1 {
		t.Errorf("taking auditing back: %s", plan.Summary())
	}
}

func TestAdministratorsNeedAPlaceForPasswords(t *testing.T) {
	wanted := demo(t)
	s := newTarget(t, simulator.Options{Hosts: 2})
	plan := s.plan(wanted, restore.PlanOptions{})
	var usage *restore.UsageError
	if _, err := restore.Apply(t.Context(), s.client(), plan, restore.ApplyOptions{}); !errors.As(err, &usage) || s.sim.Writes() != 0 {
		t.Errorf("got %v, %d writes", err, s.sim.Writes())
	}
	before := s.sim.State().Administrators
	full := errors.New("disk full")
	opts := restore.ApplyOptions{Passwords: func(string, api.Secret) error { return full }}
	if _, err := restore.Apply(t.Context(), s.client(), plan, opts); !errors.Is(err, full) {
		t.Errorf("got %v", err)
	}
	if st := s.sim.State(); st.Administrators != before {
		t.Error("an administrator was created whose password nobody knows")
	}
}

func TestTheAdministratorInUseIsNotTouched(t *testing.T) {
	wanted := demo(t)
	s := newTarget(t, simulator.Options{Hosts: 2})
	own := s.export().Resources[snapshot.Settings][0].String("username")
	edit(t, wanted, snapshot.Administrators, own, map[string]any{"auth_api": false, "super_user": false, "disabled": true})
	token, _ := s.sim.Credentials()
	plan, _ := s.restore(wanted, restore.PlanOptions{})
	if plan.Count(restore.HeldBack) == 0 {
		t.Error("nothing is said about it")
	}
	if again, _ := s.sim.Credentials(); again != token {
		t.Error("the credentials in use have changed")
	}
	for _, w := range s.wire.writes {
		if strings.HasPrefix(w, "PUT /admin/") {
			t.Errorf("sent %s", w)
		}
	}
}

func TestManyAndLargeUsersGoInSmallRequests(t *testing.T) {
	a := newTarget(t, simulator.Options{Seed: "users=73,orgs=3,servers=1"})
	wanted := a.export()
	for i, u := range wanted.Resources[snapshot.Users] {
		if i%2 == 0 {
			u["dns_suffix"] = strings.Repeat("x", 12_000)
		}
	}
	s := newTarget(t, simulator.Options{})
	largest := 0
	client := s.clientOver(func(rt http.RoundTripper) http.RoundTripper { return &measure{rt, &largest} })
	plan := s.plan(wanted, restore.PlanOptions{})
	if _, err := restore.Apply(t.Context(), client, plan, quiet()); err != nil {
		t.Fatal(err)
	}
	if largest > 50_000 || largest < 20_000 {
		t.Errorf("the largest body has %d bytes", largest)
	}
	assertSame(t, wanted, s.export(), "users.pin", "settings.server_cert")
}

type measure struct {
	next    http.RoundTripper
	largest *int
}

func (m *measure) RoundTrip(r *http.Request) (*http.Response, error) {
	body, err := readBody(r)
	if err != nil {
		return nil, err
	}
	*m.largest = max(*m.largest, len(body))
	return m.next.RoundTrip(r)
}

func TestPendingServersAreWaitedFor(t *testing.T) {
	wanted := demo(t)
	clock := simulator.NewClock(time.Now())
	s := newTarget(t, simulator.Options{Hosts: 2, Clock: clock, Realism: simulator.Realism{Params: 20 * time.Second}})
	plan := s.plan(wanted, restore.PlanOptions{Start: true})
	waited := 0
	opts := quiet()
	opts.Sleep = clock.Sleep
	opts.Progress = func(e restore.Event) {
		if strings.HasPrefix(e.Path, "waiting for the Diffie-Hellman parameters of server ") {
			waited++
		}
	}
	if _, err := restore.Apply(t.Context(), s.client(), plan, opts); err != nil {
		t.Fatal(err)
	}
	if waited == 0 || status(t, s, "office") != "online" {
		t.Errorf("waited %d times, office is %s", waited, status(t, s, "office"))
	}
}

func TestHandOverNamesWhatPeopleHaveToDo(t *testing.T) {
	wanted := demo(t)
	s := newTarget(t, simulator.Options{Hosts: 2})
	_, report := s.restore(wanted, restore.PlanOptions{})
	tasks := map[string]string{}
	for _, task := range report.HandOver {
		tasks[string(task.Kind)+" "+task.Path] = strings.Join(task.What, ", ")
	}
	for path, want := range map[string]string{
		"users Example-Staff / alice <alice@example.com>":             "import a new profile, enrol OTP again, register the device again",
		"users Example-Staff / bob <bob@example.com>":                 "import a new profile, enrol OTP again, set a PIN",
		"users Example-Contractors / helpdesk <help@partner.example>": "import a new profile, set a PIN",
		"administrators auditor":                                      "sign in with the new password",
		"organizations Example-Contractors":                           "take the new API token and secret",
	} {
		if tasks[path] != want {
			t.Errorf("%s: %q, want %q", path, tasks[path], want)
		}
	}
}
