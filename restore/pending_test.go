package restore_test

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"pritunl-backup/restore"
	"pritunl-backup/simulator"
	"pritunl-backup/snapshot"
)

// TestLostParametersAreCured loses the parameters of servers: after two minutes each
// is given others and then the wanted ones, once, and nothing else about it changes.
func TestLostParametersAreCured(t *testing.T) {
	wanted := rich(t)
	s := slowly(t, nil)
	s.fault(simulator.Fault{Kind: simulator.FaultLoseParams, Method: http.MethodPost, Path: "/server", Times: 2})
	began, waits := s.now(), []string{}
	opts := s.patient()
	opts.Progress = func(e restore.Event) {
		if e.Waiting {
			waits = append(waits, e.Path)
		}
	}
	report, err := restore.Apply(t.Context(), s.client(), s.plan(wanted, starting()), opts)
	if err != nil {
		t.Fatalf("%v\n%s", err, entries(report, restore.Failed))
	}
	s.proved(t, wanted, resuming())
	for _, o := range s.export().Resources[snapshot.Servers] {
		if o.String("status") == "pending" {
			t.Errorf("server %s is pending", o.String("name"))
		}
	}
	if took := s.now().Sub(began); took < 2*time.Minute || took > 6*time.Minute {
		t.Errorf("it took %s", took)
	}
	text := strings.Join(report.Warnings, "\n")
	// Those of field-3072 are only slow.
	if n := strings.Count(text, " for its Diffie-Hellman parameters: it is given others and then the wanted ones again"); n != 3 || !strings.Contains(text, "server contractors has waited 2m") {
		t.Errorf("%d cures are told:\n%s", n, text)
	}
	if len(waits) == 0 || !strings.HasPrefix(waits[0], "waiting for the Diffie-Hellman parameters of server ") || !strings.HasSuffix(waits[0], " s already") {
		t.Errorf("progress: %q", waits)
	}
}

// TestRunGoesOnWithoutAPendingServer loses the parameters whenever the server asks
// for some.
func TestRunGoesOnWithoutAPendingServer(t *testing.T) {
	wanted := demo(t)
	for _, start := range []bool{false, true} {
		s := slowly(t, nil)
		s.fault(simulator.Fault{Kind: simulator.FaultLoseParams, Path: "/server/**", Times: -1})
		began := s.now()
		report, err := restore.Apply(t.Context(), s.client(), s.plan(wanted, restore.PlanOptions{Start: start}), s.patient())
		var failed *restore.FailedError
		if start != errors.As(err, &failed) || start != strings.Contains(entries(report, restore.Failed), "office: failed does not start: it still waits for its Diffie-Hellman parameters") {
			t.Errorf("start %v: %v\n%s", start, err, entries(report, restore.Failed))
		}
		if !strings.Contains(strings.Join(report.Warnings, "\n"), "server office: it still waits for its Diffie-Hellman parameters after 10m") {
			t.Errorf("warnings: %q", report.Warnings)
		}
		cures := 0
		for _, w := range s.wire.writes {
			if strings.HasPrefix(w, "PUT /server/") && strings.Count(w, "/") == 2 {
				cures++
			}
		}
		if took := s.now().Sub(began); took < 10*time.Minute || took > 13*time.Minute || cures != 2*5 {
			t.Errorf("it took %s, %d requests changed 5 servers", took, cures)
		}
		if report.Count(restore.NotReached) > 0 {
			t.Errorf("not reached:\n%s", entries(report, restore.NotReached))
		}
	}
}

// TestResumedRunCuresWhatAnEarlierOneLeft kills a run after it has created servers
// that have lost their parameters.
func TestResumedRunCuresWhatAnEarlierOneLeft(t *testing.T) {
	wanted := demo(t)
	s := slowly(t, nil)
	s.fault(simulator.Fault{Kind: simulator.FaultLoseParams, Method: http.MethodPost, Path: "/server", Times: -1})
	s.wire.before = func(r *http.Request) {
		if r.URL.Path == "/link" && r.Method == http.MethodPost {
			s.wire.dead = true
		}
	}
	if _, err := s.run(wanted, restore.PlanOptions{}); err == nil {
		t.Fatal("the run that died did not fail")
	}
	s.wire = &wire{sim: s.sim}
	if _, err := s.run(wanted, restore.PlanOptions{Mode: restore.ModeResume}); err != nil {
		t.Fatal(err)
	}
	for _, o := range s.export().Resources[snapshot.Servers] {
		if o.String("status") != "offline" {
			t.Errorf("server %s is %s", o.String("name"), o.String("status"))
		}
	}
}

// TestPatienceCanBeSet makes both waits short.
func TestPatienceCanBeSet(t *testing.T) {
	wanted := demo(t)
	s := slowly(t, nil)
	s.fault(simulator.Fault{Kind: simulator.FaultLoseParams, Path: "/server/**", Times: -1})
	opts := s.patient()
	opts.Cure, opts.Patience = 20*time.Second, time.Minute
	began := s.now()
	if _, err := restore.Apply(t.Context(), s.client(), s.plan(wanted, restore.PlanOptions{}), opts); err != nil {
		t.Fatal(err)
	}
	if took := s.now().Sub(began); took > 3*time.Minute {
		t.Errorf("it took %s", took)
	}
}

// TestCureKeepsRoutesWhereTheyAre cures a server whose dns route is not that of its
// dns server: every change of the server moves it.
func TestCureKeepsRoutesWhereTheyAre(t *testing.T) {
	wanted := demo(t)
	office := edit(t, wanted, snapshot.Servers, "office", nil).String("id")
	for _, o := range wanted.Resources[snapshot.ServerRoutes] {
		if o.String("server") == office && o.String("network") == "10.1.0.0/16" {
			o["comment"] = "DNS Server"
		}
	}
	s := slowly(t, nil)
	s.fault(simulator.Fault{Kind: simulator.FaultLoseParams, Method: http.MethodPost, Path: "/server", Times: -1})
	report, err := s.run(wanted, starting())
	if err != nil {
		t.Fatalf("%v\n%s", err, entries(report, restore.Failed))
	}
	s.proved(t, wanted, resuming())
}

// TestStoppedServerThatGetsOtherParametersIsStartedAgain changes the parameters of
// a running server: it waits for the new ones before it starts.
func TestStoppedServerThatGetsOtherParametersIsStartedAgain(t *testing.T) {
	s := newTarget(t, simulator.Options{Seed: "demo", Clock: simulator.NewClock(time.Now())})
	wanted := s.export()
	real := simulator.Realistic()
	real.LostParams = 0
	if err := s.sim.SetRealism(real); err != nil {
		t.Fatal(err)
	}
	edit(t, wanted, snapshot.Servers, "office", map[string]any{"dh_param_bits": 3072})
	report, err := s.run(wanted, update())
	if err != nil || len(report.Stopped) != 1 || report.Stopped[0].Now != "online" {
		t.Fatalf("%v, %+v", err, report)
	}
	if got := status(t, s, "office"); got != "online" {
		t.Errorf("the server is %s", got)
	}
}

// TestStartThatIsAnsweredOfflineIsTriedAgain has a server whose status is "pending"
// although it was "offline" a moment ago: the start is answered with "offline".
func TestStartThatIsAnsweredOfflineIsTriedAgain(t *testing.T) {
	wanted := demo(t)
	s := slowly(t, nil)
	p := &pretender{}
	client := s.clientOver(func(rt http.RoundTripper) http.RoundTripper { p.next = rt; return p })
	report, err := restore.Apply(t.Context(), client, s.plan(wanted, starting()), s.patient())
	if err != nil {
		t.Fatalf("%v\n%s", err, entries(report, restore.Failed))
	}
	if got := status(t, s, "office"); got != "online" || p.starts != 2 {
		t.Errorf("the server is %s after %d starts", got, p.starts)
	}
}

// pretender answers the first start and the look after it as for a server without
// parameters.
type pretender struct {
	next   http.RoundTripper
	starts int
	id     string
}

func (p *pretender) RoundTrip(r *http.Request) (*http.Response, error) {
	if strings.HasSuffix(r.URL.Path, "/operation/start") {
		if p.starts++; p.starts == 1 {
			p.id = strings.Split(r.URL.Path, "/")[2]
			return respond(r, http.StatusOK, `{"id":"`+p.id+`","status":"offline"}`), nil
		}
	}
	response, err := p.next.RoundTrip(r)
	if err != nil || r.Method != http.MethodGet || p.id == "" || r.URL.Path != "/server/"+p.id {
		return response, err
	}
	p.id = ""
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return nil, err
	}
	return respond(r, http.StatusOK, strings.Replace(string(body), `"status":"offline"`, `"status":"pending"`, 1)), nil
}
