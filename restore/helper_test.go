package restore_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"pritunl-backup/api"
	"pritunl-backup/export"
	"pritunl-backup/restore"
	"pritunl-backup/simulator"
	"pritunl-backup/snapshot"
)

// target is a simulated instance and the way to it.
type target struct {
	t     testing.TB
	sim   *simulator.Simulator
	wire  *wire
	clock *simulator.TurnedClock // nil for an instance that takes no time
}

// wire carries requests to a simulated instance without a network. It can die.
type wire struct {
	mu     sync.Mutex
	sim    *simulator.Simulator
	writes []string
	dieAt  int    // the number of the writing request that is the last; 0 never
	how    string // what becomes of it
	dead   bool
	before func(r *http.Request) // called before each request
}

// What becomes of the request at which a connection dies.
const (
	unsent   = "before" // it is never sent
	received = "during" // it is carried out, in the time that takes
	done     = "after"  // it has been carried out
)

var errDead = errors.New("connection reset")

func (w *wire) RoundTrip(r *http.Request) (*http.Response, error) {
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.before != nil {
		w.before(r)
	}
	if w.dead {
		return nil, errDead
	}
	if r.Method != http.MethodGet {
		w.writes = append(w.writes, r.Method+" "+r.URL.Path)
		if len(w.writes) == w.dieAt {
			w.dead = true
			switch w.how {
			case unsent:
				return nil, errDead
			case received:
				if err := w.sim.Fault(simulator.Fault{Kind: simulator.FaultGone}); err != nil {
					return nil, err
				}
			}
		}
	}
	response, err := w.carry(r)
	if w.dead {
		return nil, errDead
	}
	return response, err
}

// carry answers a request; a connection that the instance cuts is an error.
func (w *wire) carry(r *http.Request) (response *http.Response, err error) {
	recorder := httptest.NewRecorder()
	recorder.Body = &bytes.Buffer{}
	defer func() {
		if recover() != nil {
			response, err = nil, errDead
		}
	}()
	in := r.Clone(r.Context())
	if r.Body == nil {
		in.Body = http.NoBody
	}
	in.Host = r.URL.Host
	in.RequestURI = r.URL.RequestURI()
	in.RemoteAddr = "192.0.2.1:1"
	w.sim.ServeHTTP(recorder, in)
	return recorder.Result(), nil
}

func newTarget(t testing.TB, opts simulator.Options) *target {
	t.Helper()
	if opts.Random == 0 && opts.Seed == "" {
		opts.Random = 7 // other ids than those of an instance that a snapshot is of
	}
	sim, err := simulator.New(opts)
	if err != nil {
		t.Fatal(err)
	}
	clock, _ := opts.Clock.(*simulator.TurnedClock)
	return &target{t: t, sim: sim, wire: &wire{sim: sim}, clock: clock}
}

func (s *target) client() *api.Client {
	return s.clientOver(func(rt http.RoundTripper) http.RoundTripper { return rt })
}

func (s *target) clientOver(wrap func(http.RoundTripper) http.RoundTripper) *api.Client {
	s.t.Helper()
	token, secret := s.sim.Credentials()
	client, err := api.New(api.Options{
		URL: "https://vpn.example.com", Token: api.Secret(token), Secret: api.Secret(secret),
		Transport: s.wire, Wrap: wrap, Sleep: s.sleep, Now: s.now, Parallel: 1,
	})
	if err != nil {
		s.t.Fatal(err)
	}
	return client
}

// now is the time of the instance.
func (s *target) now() time.Time {
	if s.clock == nil {
		return time.Now()
	}
	return s.clock.Now()
}

// sleep lets the instance work. The time of a client that has died does not pass.
func (s *target) sleep(ctx context.Context, d time.Duration) error {
	if s.clock == nil {
		return ctx.Err()
	}
	if s.wire.dead {
		return errDead
	}
	return s.clock.Sleep(ctx, d)
}

// export reads the instance, over a wire of its own that never dies.
func (s *target) export() *snapshot.Document {
	s.t.Helper()
	doc, err := s.tryExport(snapshot.SecretsKeep)
	if err != nil {
		s.t.Fatal(err)
	}
	return doc
}

func (s *target) tryExport(secrets string) (*snapshot.Document, error) {
	fresh := &target{t: s.t, sim: s.sim, wire: &wire{sim: s.sim}, clock: s.clock}
	var out bytes.Buffer
	header := snapshot.Header{
		CreatedAt: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC), Tool: "test", Secrets: secrets,
		Source: snapshot.Source{Kind: snapshot.SourceAPI, Address: "https://vpn.example.com"},
	}
	_, err := export.FromAPI(s.t.Context(), fresh.client(), func() (io.Writer, error) { out.Reset(); return &out, nil },
		export.Options{Header: header, Parallel: 1})
	if err != nil {
		return nil, err
	}
	return snapshot.Load(&out)
}

// passwords collects what a run gives to administrators.
type passwords map[string]api.Secret

func (p passwords) keep(username string, password api.Secret) error {
	p[username] = password
	return nil
}

func quiet() restore.ApplyOptions {
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	return restore.ApplyOptions{
		Passwords: passwords{}.keep,
		Now:       func() time.Time { return now },
		Sleep:     func(ctx context.Context, d time.Duration) error { now = now.Add(d); return ctx.Err() },
	}
}

func (s *target) plan(wanted *snapshot.Document, opts restore.PlanOptions) *restore.Plan {
	s.t.Helper()
	plan, err := restore.NewPlan(s.export(), wanted, opts)
	if err != nil {
		s.t.Fatalf("plan: %v", err)
	}
	return plan
}

// restore brings a snapshot onto the instance and fails the test on any error.
func (s *target) restore(wanted *snapshot.Document, opts restore.PlanOptions) (*restore.Plan, *restore.Report) {
	s.t.Helper()
	plan := s.plan(wanted, opts)
	report, err := restore.Apply(s.t.Context(), s.client(), plan, quiet())
	if err != nil {
		s.t.Fatalf("apply: %v\n%s", err, entries(report, restore.Failed))
	}
	return plan, report
}

func entries(r *restore.Report, result restore.Result) string {
	if r == nil {
		return ""
	}
	var b strings.Builder
	for _, e := range r.Entries {
		if e.Result == result {
			fmt.Fprintf(&b, "%s %s: %s %s\n", e.Kind, e.Path, e.Result, e.Error)
		}
	}
	return b.String()
}

// assertSame wants no difference between two documents but the ones allowed, given
// as "kind.field" or as a kind.
func assertSame(t failer, want, got *snapshot.Document, allowed ...string) {
	t.Helper()
	var ignored []string
	var kinds []snapshot.Kind
	for _, a := range allowed {
		if strings.Contains(a, ".") {
			ignored = append(ignored, a)
		} else {
			kinds = append(kinds, snapshot.Kind(a))
		}
	}
	diff := snapshot.Diff(want, got, snapshot.DiffOptions{IgnoreFields: ignored, IgnoreKinds: kinds})
	for _, c := range diff.Changes {
		t.Errorf("%s %s %q", c.Action, c.Kind, c.Key)
		for _, f := range c.Fields {
			t.Errorf("    %s: %v -> %v", f.Path, f.Old, f.New)
		}
	}
}

// assertProved wants nothing to remain different but what no API can restore.
func assertProved(t fataler, plan *restore.Plan, after *snapshot.Document) {
	t.Helper()
	outcome, err := restore.Verify(plan, after)
	if err != nil {
		t.Fatalf("verify: %v", err)
	}
	for _, r := range outcome.Remaining {
		if r.Class == restore.Real || r.Class == restore.Missing {
			t.Errorf("remains: %+v", r)
		}
	}
}

// assertEmpty wants a plan that writes nothing, and says what it would write.
func assertEmpty(t failer, plan *restore.Plan) {
	t.Helper()
	for _, a := range plan.Actions {
		if a.Verb.Writes() {
			t.Errorf("a second run would %s %s %s %v", a.Verb, a.Kind, a.Path, a.Fields)
		}
	}
}

// failer is what testing.T and rapid.T have in common.
type failer interface {
	Helper()
	Errorf(format string, args ...any)
}

// fataler is a failer that can end a test.
type fataler interface {
	failer
	Fatalf(format string, args ...any)
}

// clock gives every instance the same times.
func clock() simulator.Clock { return simulator.NewClock(time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)) }

// readBody reads the body of a request and leaves it to be read again.
func readBody(r *http.Request) (string, error) {
	if r.Body == nil {
		return "", nil
	}
	body, err := io.ReadAll(r.Body)
	r.Body = io.NopCloser(bytes.NewReader(body))
	return string(body), err
}

func respond(r *http.Request, status int, body string) *http.Response {
	return &http.Response{
		StatusCode: status, Request: r, Body: io.NopCloser(strings.NewReader(body)),
		Header: http.Header{"Content-Type": {"application/json"}},
	}
}
