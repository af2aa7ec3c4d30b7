package restore_test

import (
	"errors"
	"net/http"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"pritunl-backup/restore"
	"pritunl-backup/simulator"
	"pritunl-backup/snapshot"
)

// TestAnyConfigurationIsRestored builds a random configuration in one instance,
// restores its snapshot into a fresh one, and compares the two.
func TestAnyConfigurationIsRestored(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		a := newTarget(t, simulator.Options{Hosts: 2, Random: 1, Clock: clock()})
		(&builder{t: rt, s: a, client: a.client()}).build()
		wanted := a.export()
		b := newTarget(t, simulator.Options{Hosts: 2, Random: 7, Clock: clock()})
		opts := restore.PlanOptions{Start: true}
		plan, err := restore.NewPlan(b.export(), wanted, opts)
		if err != nil {
			rt.Fatalf("plan: %v", err)
		}
		report, err := restore.Apply(t.Context(), b.client(), plan, quiet())
		if err != nil {
			rt.Fatalf("apply: %v\n%s", err, entries(report, restore.Failed))
		}
		after := b.export()
		assertProved(rt, plan, after)
		assertSame(rt, wanted, after, "users.pin", "settings.server_cert", "settings.sso_okta_mode", "settings.sso_onelogin_mode")
		second, err := restore.NewPlan(after, wanted, opts)
		if err != nil {
			rt.Fatalf("second plan: %v", err)
		}
		assertEmpty(rt, second)
	})
}

// TestAnyChangeIsRolledBack builds a random configuration, takes a snapshot, changes the instance at random (new
// objects, other names, users in other organizations), and rolls it back: everything of the snapshot is as it was,
// under the id that it had.
func TestAnyChangeIsRolledBack(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		s := newTarget(t, simulator.Options{Hosts: 2, Random: 1})
		b := &builder{t: rt, s: s, client: s.client()}
		b.build()
		wanted := s.export()
		b.rename(wanted)
		b.orgs = nil // of those the second round is not to attach servers, whose links it would break
		b.build()
		plan, err := restore.NewPlan(s.export(), wanted, pruning())
		var check *restore.CheckError
		if errors.As(err, &check) {
			rt.Skip("the server would refuse it: ", err) // two administrators that swapped names, a bridge whose users have network links
		}
		if err != nil {
			rt.Fatalf("plan: %v", err)
		}
		report, err := restore.Apply(t.Context(), s.client(), plan, quiet())
		if err != nil {
			rt.Fatalf("apply: %v\n%s", err, entries(report, restore.Failed))
		}
		after := s.export()
		assertProved(rt, plan, after)
		if want, have := ids(wanted), ids(after); !slices.Equal(want, have) {
			rt.Errorf("other ids: %v and %v", want, have)
		}
	})
}

// rename gives objects other names at random.
func (b *builder) rename(doc *snapshot.Document) {
	for _, kind := range []snapshot.Kind{snapshot.Organizations, snapshot.Servers, snapshot.Users, snapshot.Links} {
		for _, o := range doc.Resources[kind] {
			if o.String("type") == "server" || !b.flag("rename") {
				continue
			}
			body := o.Clone()
			body["name"] = "new " + b.name()
			path := map[snapshot.Kind]string{
				snapshot.Organizations: "/organization/", snapshot.Servers: "/server/", snapshot.Links: "/link/",
				snapshot.Users: "/user/" + o.String("organization") + "/",
			}[kind]
			for _, name := range []string{"auth_token", "auth_secret", "otp_secret", "devices", "servers", "last_active", "auth_modes"} {
				delete(body, name)
			}
			b.send(http.MethodPut, path+o.String("id"), body)
		}
	}
}
