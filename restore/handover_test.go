package restore_test

import (
	"slices"
	"strings"
	"testing"

	"pritunl-backup/restore"
	"pritunl-backup/simulator"
	"pritunl-backup/snapshot"
)

// stepsOf gives the next steps as "kind path: what".
func stepsOf(tasks []restore.Task) []string {
	var out []string
	for _, t := range tasks {
		for _, what := range t.What {
			out = append(out, string(t.Kind)+" "+t.Path+": "+what)
		}
	}
	return out
}

// TestChangesThatMakeNewKeysAreNextSteps switches things on again that get other keys
// by that.
func TestChangesThatMakeNewKeysAreNextSteps(t *testing.T) {
	s := newTarget(t, simulator.Options{Seed: "demo", Random: 1})
	wanted := s.export()
	edit(t, wanted, snapshot.Organizations, "Example-Staff", map[string]any{"auth_api": true})
	edit(t, wanted, snapshot.Administrators, "auditor", map[string]any{"auth_api": true, "otp_auth": true})
	_, report := s.restore(wanted, update())
	want := []string{
		"administrators auditor: enrol OTP again", "administrators auditor: take the new API token and secret",
		"organizations Example-Staff: take the new API token and secret",
	}
	got := stepsOf(report.HandOver)
	slices.Sort(got)
	if !slices.Equal(got, want) {
		t.Errorf("next steps: %q", got)
	}
	// What is on already keeps its keys.
	edit(t, wanted, snapshot.Organizations, "Example-Staff", map[string]any{"name": "Crew"})
	if _, report = s.restore(wanted, update()); len(report.HandOver) > 0 {
		t.Errorf("next steps: %q", stepsOf(report.HandOver))
	}
}

// TestUsersNeedAProfileOfAServerThatIsMadeAgain deletes a server and restores it: its
// users have profiles of the one that is gone.
func TestUsersNeedAProfileOfAServerThatIsMadeAgain(t *testing.T) {
	s := newTarget(t, simulator.Options{Seed: "demo", Random: 1})
	wanted := s.export()
	office := edit(t, wanted, snapshot.Servers, "office", nil).String("id")
	client := s.client()
	for _, o := range wanted.Resources[snapshot.Servers] {
		if o.String("status") != "online" {
			continue
		}
		if _, err := client.OperateServer(t.Context(), o.String("id"), "stop"); err != nil {
			t.Fatal(err)
		}
	}
	if err := client.DeleteServer(t.Context(), office); err != nil {
		t.Fatal(err)
	}
	_, report := s.restore(wanted, update())
	attached := map[string]bool{}
	for _, o := range wanted.Resources[snapshot.ServerOrganizations] {
		attached[o.String("id")] = attached[o.String("id")] || o.String("server") == office
	}
	count := 0
	for _, o := range wanted.Resources[snapshot.Users] {
		if attached[o.String("organization")] && o.String("type") == "client" {
			count++
		}
	}
	steps := stepsOf(report.HandOver)
	if count == 0 || len(steps) != count || !strings.HasSuffix(steps[0], ": import a new profile") {
		t.Errorf("%d next steps for %d users: %q", len(steps), count, steps)
	}
}

// TestUsersEnrolOTPWhereItIsNewToThem has a server ask for an OTP: those whose secret
// is that of the snapshot have enrolled.
func TestUsersEnrolOTPWhereItIsNewToThem(t *testing.T) {
	s := newTarget(t, simulator.Options{Seed: "demo", Random: 1})
	wanted := s.export()
	for _, o := range wanted.Resources[snapshot.Servers] {
		o["otp_auth"] = true
	}
	enrols := func(doc *snapshot.Document) (names []string) {
		for _, step := range stepsOf(s.plan(doc, update()).HandOver) {
			if name, ok := strings.CutSuffix(step, ": enrol OTP again"); ok {
				names = append(names, name)
			}
		}
		return names
	}
	before := enrols(wanted)
	changed := edit(t, wanted, snapshot.Users, "helpdesk", map[string]any{"otp_secret": "ABCDEFGHIJKLMNOP"})
	if after := enrols(wanted); len(before) != 0 || len(after) != 1 || !strings.Contains(after[0], changed.String("email")) {
		t.Errorf("who must enrol OTP: %q, then %q", before, after)
	}
}

// TestResumedRunNamesAllNextSteps kills a run: the next one says what is left to do
// with what the first has created, too.
func TestResumedRunNamesAllNextSteps(t *testing.T) {
	wanted := demo(t)
	whole := newTarget(t, simulator.Options{Hosts: 2})
	_, report := whole.restore(wanted, restore.PlanOptions{})
	want := stepsOf(report.HandOver)
	for _, at := range []int{8, 20, 40} {
		s := newTarget(t, simulator.Options{Hosts: 2})
		s.wire.dieAt, s.wire.how = at, done
		if _, err := restore.Apply(t.Context(), s.client(), s.plan(wanted, restore.PlanOptions{}), quiet()); err == nil {
			t.Fatal("the run that died did not fail")
		}
		s.wire = &wire{sim: s.sim}
		_, report := s.restore(wanted, restore.PlanOptions{Mode: restore.ModeResume})
		if got := stepsOf(report.HandOver); !slices.Equal(got, want) {
			t.Errorf("killed at write %d: %d next steps, not %d: %q", at, len(got), len(want), got)
		}
	}
	for _, step := range stepsOf(whole.plan(wanted, restore.PlanOptions{Mode: restore.ModeResume}).HandOver) {
		if !strings.HasSuffix(step, ": set a PIN") && !strings.HasSuffix(step, ": register the device again") { // these are seen to be missing
			t.Errorf("next step when there is nothing to do: %s", step)
		}
	}
}

// TestUsersThatFollowAreTheNextStepsOfTheirRun restores everything but users first: the
// second run does not say again what the first one has said.
func TestUsersThatFollowAreTheNextStepsOfTheirRun(t *testing.T) {
	wanted := demo(t)
	s := newTarget(t, simulator.Options{Hosts: 2})
	s.restore(wanted, restore.PlanOptions{Skip: []restore.Filter{{Kind: snapshot.Users}}})
	_, report := s.restore(wanted, restore.PlanOptions{Mode: restore.ModeResume})
	for _, task := range report.HandOver {
		if task.Kind != snapshot.Users {
			t.Errorf("a next step of the first run: %+v", task)
		}
	}
	if len(report.HandOver) != 25 {
		t.Errorf("%d users have something to do", len(report.HandOver))
	}
}
