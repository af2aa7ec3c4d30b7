package restore_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"pritunl-backup/restore"
	"pritunl-backup/snapshot"
)

func planText(t *testing.T, plan *restore.Plan, verbose bool) string {
	t.Helper()
	var out bytes.Buffer
	write := plan.WriteText
	if verbose {
		write = plan.WriteVerbose
	}
	if err := write(&out); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func TestPlanTextIsWhatAnAdministratorReads(t *testing.T) {
	plan := &restore.Plan{
		Hosts: []restore.HostMapping{{Old: "vpn-1", New: "new-a"}, {Old: "vpn-2"}, {Old: "same", New: "same"}},
		Actions: []*restore.Action{
			{Kind: snapshot.Users, Path: "Alpha / zed", Verb: restore.Delete},
			{Kind: snapshot.Organizations, Path: "Alpha", Verb: restore.Leave},
			{Kind: snapshot.Users, Path: "Alpha / alice", Verb: restore.Create},
			{Kind: snapshot.Users, Path: "Alpha / bob", Verb: restore.Changing, Fields: []restore.Change{
				{Path: "organization", Old: "Beta", New: "Alpha"}, {Path: "name", Old: "rob", New: "bob"},
			}},
			{Kind: snapshot.Servers, Path: "main", Verb: restore.Changing, Fields: []restore.Change{{Path: "name", Old: "old\x1b", New: "main"}}, Stops: []string{"main", "spare"}},
			{Kind: restore.ServerStates, Path: "main", Verb: restore.HeldBack, Reason: "it was online in the snapshot; --start starts it"},
			{Kind: restore.RouteOverrides, Path: "main / 10.0.0.0/8", Verb: restore.Cannot, Reason: "the network is not there"},
			{Kind: snapshot.Links, Path: "site", Verb: restore.Skip, Reason: "--skip links"},
			{Kind: snapshot.Administrators, Path: "root", Verb: restore.Leave, Reason: "it is the one in use"},
		},
		Stops: []restore.Stop{{Server: "main", Changes: 1, Reasons: []string{"the server is changed"}}},
		HandOver: []restore.Task{
			{Kind: snapshot.Users, Path: "Alpha / alice", What: []string{"import a new profile", "set a PIN"}},
			{Kind: snapshot.Users, Path: "Alpha / carol", What: []string{"import a new profile"}},
			{Kind: snapshot.Administrators, Path: "deputy", What: []string{"sign in with the new password", "enrol OTP again"}},
		},
		Warnings: []string{"the target is older"},
	}
	want := `host vpn-1 of the snapshot is new-a on the target
host vpn-2 of the snapshot is nothing, it is left out on the target
users
  - Alpha / zed
  + Alpha / alice
  ~ Alpha / bob (now in "Beta", now called "rob")
      organization: "Beta" -> "Alpha"
      name: "rob" -> "bob"
servers
  ~ main (now called "old\x1b")
      name: "old\x1b" -> "main"
      stopped meanwhile: main, spare
server states
  . main
      left for later: it was online in the snapshot; --start starts it
server route overrides
  ! main / 10.0.0.0/8
      cannot be restored: the network is not there
links
  . site
      left out: --skip links
administrators
  . root
      stays as it is: it is the one in use
server main is stopped for 1 change and started again: the server is changed
next steps after the restore, which no API can do:
  2 users must import a new profile
  1 user must set a PIN
  administrator deputy: sign in with the new password; enrol OTP again
warning: the target is older
plan: 1 to create, 2 to change, 1 to delete, 2 stay as they are, 1 left for later, 1 cannot be restored, 1 left out
`
	if got := planText(t, plan, false); got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
	if got := planText(t, plan, true); got != want {
		t.Errorf("verbose\n%s", got)
	}
}

// A plan of thousands of users is a page; --verbose and JSON have it all.
func TestLargePlansAreShort(t *testing.T) {
	const users = 8000
	plan := &restore.Plan{}
	for i := range users {
		plan.Actions = append(plan.Actions,
			&restore.Action{Kind: snapshot.Users, Path: fmt.Sprintf("Alpha / new%04d", i), Verb: restore.Create},
			&restore.Action{Kind: snapshot.Users, Path: fmt.Sprintf("Alpha / old%04d", i), Verb: restore.Changing, Fields: []restore.Change{{Path: "disabled", Old: true, New: nil}}})
		plan.HandOver = append(plan.HandOver,
			restore.Task{Kind: snapshot.Users, Path: "u", What: []string{"import a new profile"}},
			restore.Task{Kind: restore.LocationHosts, Path: "h", What: []string{"set up the link client again with the new URI"}})
		plan.Stops = append(plan.Stops, restore.Stop{Server: "s", Changes: 2, Reasons: []string{"routes"}})
	}
	text := planText(t, plan, false)
	if lines := strings.Count(text, "\n"); lines > 120 {
		t.Errorf("%d lines", lines)
	}
	for _, want := range []string{
		"  + Alpha / new0019\n", "  + … and 7,980 more to create; --verbose lists all\n", "  ~ … and 7,980 more to change; --verbose lists all\n",
		"… and 7,980 more servers are stopped for a while", "  … and 7,980 more; --verbose lists all\n", "  8,000 users must import a new profile\n", "plan: 8,000 to create, 8,000 to change\n",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("lacks %q:\n%s", want, text)
		}
	}
	if strings.Contains(text, "new0020") {
		t.Error("the twenty-first is listed")
	}
	var machine bytes.Buffer
	if err := plan.WriteJSON(&machine); err != nil {
		t.Fatal(err)
	}
	for name, all := range map[string]string{"verbose": planText(t, plan, true), "json": machine.String()} {
		if !strings.Contains(all, "new7999") || !strings.Contains(all, "old7999") || strings.Contains(all, "…") {
			t.Errorf("%s is not whole", name)
		}
	}
}

func TestOutcomeText(t *testing.T) {
	outcome := &restore.Outcome{}
	for i := range 21 {
		outcome.Remaining = append(outcome.Remaining, restore.Remaining{
			Kind: snapshot.Users, Path: fmt.Sprintf("Alpha / u%02d", i), Field: "pin", Class: restore.Limit, Wanted: true, Why: "hashed",
		})
	}
	for _, class := range []restore.Class{restore.Held, restore.LeftOut, restore.Altered, restore.Extra, restore.Real} {
		outcome.Remaining = append(outcome.Remaining, restore.Remaining{Kind: snapshot.Servers, Path: "main", Class: class})
	}
	var brief, whole bytes.Buffer
	if err := outcome.WriteText(&brief); err != nil {
		t.Fatal(err)
	}
	if err := outcome.WriteVerbose(&whole); err != nil {
		t.Fatal(err)
	}
	want := `cannot be restored: user Alpha / u19: pin: wanted true, found none (hashed)
cannot be restored: … and 1 more of the kind user: pin; --verbose lists all
left for later: server main
left out: server main
stored differently: server main
not in the snapshot: server main
difference: server main
`
	if !strings.HasSuffix(brief.String(), want) || strings.Contains(brief.String(), "u20") {
		t.Errorf("%s\nwant\n%s", brief.String(), want)
	}
	if strings.Count(whole.String(), "\n") != 26 || strings.Contains(whole.String(), "…") {
		t.Error(whole.String())
	}
}
