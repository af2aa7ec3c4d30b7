package restore_test

import (
	"net/http"
	"testing"

	"pritunl-backup/restore"
	"pritunl-backup/simulator"
)

// forgetful answers the first changes of the settings and does not make them, as a server that goes back to what it had
// when it learns of an earlier change late.
type forgetful struct {
	next   http.RoundTripper
	forget int
	puts   int
}

func (f *forgetful) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Method != http.MethodPut || r.URL.Path != "/settings" {
		return f.next.RoundTrip(r)
	}
	if f.puts++; f.puts > f.forget {
		return f.next.RoundTrip(r)
	}
	body, err := readBody(r)
	if err != nil {
		return nil, err
	}
	return respond(r, http.StatusOK, body), nil
}

func TestSettingsThatAreNotKeptArePutAgain(t *testing.T) {
	wanted := newTarget(t, simulator.Options{Seed: "demo"}).export()
	for forget, puts := range []int{1, 2, 3, 3} {
		s := newTarget(t, simulator.Options{Hosts: 2})
		f := &forgetful{forget: forget}
		client := s.clientOver(func(rt http.RoundTripper) http.RoundTripper { f.next = rt; return f })
		plan := s.plan(wanted, restore.PlanOptions{})
		report, err := restore.Apply(t.Context(), client, plan, quiet())
		if err != nil {
			t.Fatal(err)
		}
		outcome, err := restore.Verify(plan, s.export())
		if err != nil {
			t.Fatal(err)
		}
		if f.puts != puts || outcome.Equal != (forget < puts) {
			t.Errorf("forgotten %d times: put %d times, equal %v", forget, f.puts, outcome.Equal)
		}
		for _, e := range report.Entries {
			if e.Kind == "settings" && e.Result != restore.Changed {
				t.Errorf("forgotten %d times: %s", forget, e.Result)
			}
		}
	}
}
