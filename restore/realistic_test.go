package restore_test

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"pritunl-backup/restore"
	"pritunl-backup/simulator"
	"pritunl-backup/snapshot"
)

// rich is the snapshot of an instance with what makes a restore slow and an
// interruption dangerous: the demo, an organization with 24 users, some of them with
// networks behind them, and servers whose parameters are made on demand.
func rich(t testing.TB) *snapshot.Document {
	t.Helper()
	s := newTarget(t, simulator.Options{Seed: "demo", Random: 1})
	s.enrich()
	return s.export()
}

func (s *target) enrich() {
	s.t.Helper()
	client, ctx := s.client(), s.t.Context()
	must := func(raw json.RawMessage, err error) string {
		s.t.Helper()
		if err != nil {
			s.t.Fatal(err)
		}
		var o struct{ ID string }
		_ = json.Unmarshal(raw, &o) // a list has none
		return o.ID
	}
	field := must(client.CreateOrganization(ctx, map[string]any{"name": "Field"}))
	for batch := range 3 {
		var users []json.RawMessage
		for i := range 8 {
			n := batch*8 + i
			user := fmt.Sprintf(`{"name":"field%02d","email":"field%02d@example.com"`, n, n)
			if n%3 == 1 {
				user += fmt.Sprintf(`,"network_links":["10.77.%d.0/24"]`, n)
			}
			users = append(users, json.RawMessage(user+"}"))
		}
		if _, err := client.CreateUsers(ctx, field, users); err != nil {
			s.t.Fatal(err)
		}
	}
	for i, bits := range []int{1536, 3072, 2048} {
		server := must(client.CreateServer(ctx, map[string]any{
			"name": fmt.Sprintf("field-%d", bits), "network": fmt.Sprintf("10.66.%d.0/24", i), "port": 15000 + i, "protocol": "udp",
			"dh_param_bits": bits, "cipher": "aes256", "hash": "sha256",
		}))
		must(client.AttachOrganization(ctx, server, field))
		if bits != 3072 {
			for range 3 { // an instance that takes no time makes the parameters while it is read
				must(client.Server(ctx, server))
			}
			must(client.OperateServer(ctx, server, "start"))
		}
	}
}

// slowly gives a fresh instance that takes its time.
func slowly(t testing.TB, change func(*simulator.Realism)) *target {
	t.Helper()
	opts := simulator.Options{Hosts: 2, Random: 7, Clock: simulator.NewClock(time.Now()), Realism: simulator.Realistic()}
	opts.Realism.LostUsers, opts.Realism.LostParams = 0, 0
	if change != nil {
		change(&opts.Realism)
	}
	return newTarget(t, opts)
}

// patient gives options whose time is that of the instance.
func (s *target) patient() restore.ApplyOptions {
	return restore.ApplyOptions{Passwords: passwords{}.keep, Now: s.now, Sleep: s.sleep}
}

// run does what the command does: read, plan, wait for what an earlier run may have
// asked for, read and plan again, and write.
func (s *target) run(wanted *snapshot.Document, opts restore.PlanOptions) (*restore.Report, error) {
	s.t.Helper()
	plan, err := restore.NewPlan(s.export(), wanted, opts)
	if err != nil {
		return nil, err
	}
	grown, err := restore.WaitQuiet(s.t.Context(), s.client(), plan, s.patient())
	if err != nil {
		return nil, err
	}
	if grown {
		if plan, err = restore.NewPlan(s.export(), wanted, opts); err != nil {
			return nil, err
		}
	}
	return restore.Apply(s.t.Context(), s.client(), plan, s.patient())
}

// proved wants the instance to be what the snapshot says, with nothing left to do.
func (s *target) proved(t failer, wanted *snapshot.Document, opts restore.PlanOptions) {
	t.Helper()
	assertSame(t, wanted, s.export(), "users.pin", "settings.server_cert", "settings.server_key")
	if plan, err := restore.NewPlan(s.export(), wanted, opts); err != nil {
		t.Errorf("plan once more: %v", err)
	} else {
		assertEmpty(t, plan)
	}
	states := map[string]string{}
	for _, o := range s.export().Resources[snapshot.Servers] {
		states[o.String("name")] = o.String("status")
	}
	for _, o := range wanted.Resources[snapshot.Servers] {
		if was, is := o.String("status"), states[o.String("name")]; was != is && (was != "offline" || is != "pending") {
			t.Errorf("server %s was %s and is %s", o.String("name"), was, is)
		}
	}
}

// converge runs until nothing fails any more: of servers that lose their parameters,
// each run frees some.
func (s *target) converge(t fataler, wanted *snapshot.Document, opts restore.PlanOptions) {
	t.Helper()
	for round := 1; ; round++ {
		report, err := s.run(wanted, opts)
		if err == nil {
			break
		}
		pending := report != nil && report.Count(restore.Failed) > 0
		for _, e := range entriesOf(report, restore.Failed) {
			pending = pending && e.Kind == restore.ServerStates && strings.Contains(e.Error, "it still waits for its Diffie-Hellman parameters")
		}
		if !pending || round == 8 {
			t.Fatalf("round %d: %v\n%s%s", round, err, entries(report, restore.Failed), entries(report, restore.Lost))
		}
		opts.Mode = restore.ModeResume
	}
	s.proved(t, wanted, resuming())
}

func entriesOf(r *restore.Report, result restore.Result) (list []*restore.Entry) {
	if r == nil {
		return nil
	}
	for _, e := range r.Entries {
		if e.Result == result {
			list = append(list, e)
		}
	}
	return list
}

func starting() restore.PlanOptions { return restore.PlanOptions{Start: true} }

func resuming() restore.PlanOptions {
	return restore.PlanOptions{Mode: restore.ModeResume, Start: true}
}

func TestRestoreToASlowServer(t *testing.T) {
	wanted := rich(t)
	s := slowly(t, nil)
	report, err := s.run(wanted, starting())
	if err != nil {
		t.Fatalf("%v\n%s", err, entries(report, restore.Failed))
	}
	s.proved(t, wanted, resuming())
}

// everything tells whether a test shall try all cases instead of a part of them.
func everything() bool { return os.Getenv("RESTORE_KILLS") == "all" }

// tried tells whether the n-th case is among those that are tried: all where the
// server is still at work when the next run begins, and some of the others.
func tried(n int, how string, later time.Duration) bool {
	switch {
	case everything():
		return true
	case testing.Short():
		return n%41 == 0
	}
	return how == received && later == 0 || n%7 == 0
}

// killed kills the client before, during and after each of the writing requests of a
// run, and runs again at once and after a minute of the server's time.
func killed(t *testing.T, writes int, start func(t *testing.T) (*target, *snapshot.Document), first, again restore.PlanOptions) {
	number, kills := 0, count(t, "kills")
	for n := 1; n <= writes; n++ {
		for _, how := range []string{received, done, unsent} {
			for _, later := range []time.Duration{0, time.Minute} {
				if number++; !tried(number, how, later) {
					continue
				}
				t.Run(fmt.Sprintf("%s write %d, again after %s", how, n, later), func(t *testing.T) {
					t.Parallel()
					kills.add(t)
					s, wanted := start(t)
					s.wire.dieAt, s.wire.how = n, how
					if _, err := s.run(wanted, first); err == nil {
						t.Fatal("the run that died did not fail")
					}
					last := s.wire.writes[n-1]
					s.wire = &wire{sim: s.sim}
					s.clock.Advance(later)
					report, err := s.run(wanted, again)
					if err != nil {
						t.Fatalf("killed at %s: %v\n%s%s", last, err, entries(report, restore.Failed), entries(report, restore.Lost))
					}
					s.proved(t, wanted, again)
				})
			}
		}
	}
}

// TestKilledAtAnyWrite kills a restore to a fresh instance.
func TestKilledAtAnyWrite(t *testing.T) {
	wanted := rich(t)
	whole := slowly(t, nil)
	if report, err := whole.run(wanted, starting()); err != nil {
		t.Fatalf("%v\n%s", err, entries(report, restore.Failed))
	}
	writes := len(whole.wire.writes)
	if writes < 60 {
		t.Fatalf("an undisturbed run writes only %d times", writes)
	}
	start := func(t *testing.T) (*target, *snapshot.Document) { return slowly(t, nil), wanted }
	killed(t, writes, start, starting(), resuming())
}

// altered gives a slow instance, and what an update shall make of it.
func altered(t *testing.T) (*target, *snapshot.Document) {
	t.Helper()
	s := newTarget(t, simulator.Options{Seed: "demo", Random: 1, Clock: simulator.NewClock(time.Now())})
	s.enrich()
	wanted := s.export()
	edit(t, wanted, snapshot.Servers, "office", map[string]any{"port": json.Number("2194")})
	edit(t, wanted, snapshot.Servers, "field-2048", map[string]any{"dh_param_bits": json.Number("1536")})
	edit(t, wanted, snapshot.Users, "alice", map[string]any{"network_links": []any{"10.88.0.0/24"}})
	edit(t, wanted, snapshot.Users, "field02", map[string]any{"groups": []any{"engineering"}})
	field := edit(t, wanted, snapshot.Organizations, "Field", nil).String("id")
	for n := range 13 {
		name := fmt.Sprintf("new%02d", n)
		user := edit(t, wanted, snapshot.Users, "field01", nil).Clone()
		user["id"], user["name"], user["email"] = fmt.Sprintf("0000000000000000000000%02x", n), name, name+"@example.com"
		user["network_links"] = []any{fmt.Sprintf("10.89.%d.0/24", n)}
		if user.String("organization") != field {
			t.Fatal("field01 is in another organization")
		}
		wanted.Resources[snapshot.Users] = append(wanted.Resources[snapshot.Users], user)
	}
	wanted.Resources[snapshot.Organizations] = append(wanted.Resources[snapshot.Organizations],
		snapshot.Object{"id": "00000000000000000000ffff", "name": "Another", "auth_api": false})
	if _, err := s.client().CreateOrganization(t.Context(), map[string]any{"name": "Leftover"}); err != nil {
		t.Fatal(err)
	}
	real := simulator.Realistic()
	real.LostUsers, real.LostParams = 0, 0
	if err := s.sim.SetRealism(real); err != nil {
		t.Fatal(err)
	}
	s.wire = &wire{sim: s.sim}
	return s, wanted
}

// TestKilledUpdateOfALivingTarget kills an update that creates, changes and deletes,
// and has to stop running servers for it.
func TestKilledUpdateOfALivingTarget(t *testing.T) {
	opts := restore.PlanOptions{Mode: restore.ModeUpdate, Prune: true, Start: true}
	whole, wanted := altered(t)
	if report, err := whole.run(wanted, opts); err != nil {
		t.Fatalf("%v\n%s", err, entries(report, restore.Failed))
	}
	whole.proved(t, wanted, opts)
	killed(t, len(whole.wire.writes), altered, opts, opts)
}
