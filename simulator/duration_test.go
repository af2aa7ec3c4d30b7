package simulator_test

import (
	"net/http"
	"slices"
	"testing"
	"time"

	"pritunl-backup/simulator"
)

// TestStartWithoutHost: a server whose hosts do not answer is online for 29 s, then
// the start fails and it is offline.
func TestStartWithoutHost(t *testing.T) {
	in, clock := slow(t, simulator.Options{Hosts: 2}, nil)
	org, id := in.make("/organization", `{"name":"o"}`), "/server/"+in.server("")
	hosts := in.list("/host")
	in.must("PUT", id+"/organization/"+org, "")
	in.must("PUT", id+"/host/"+hosts[1].(map[string]any)["id"].(string), "")
	in.must("DELETE", id+"/host/"+hosts[0].(map[string]any)["id"].(string), "")
	before := clock.Now()
	if got := in.outcome("PUT", id+"/operation/start", ""); got != http.StatusText(http.StatusInternalServerError) {
		t.Errorf("start: %s", got)
	}
	if took := clock.Now().Sub(before); !about(took, 29*time.Second) {
		t.Errorf("it took %v", took)
	}
	if got := in.object("GET", id, "")["status"]; got != "offline" {
		t.Errorf("the server is %v", got)
	}
}

// TestCertificatesTakeDifferentTimes: each from 3 to 10 s, and the same again for
// the same random seed.
func TestCertificatesTakeDifferentTimes(t *testing.T) {
	measure := func() (took []time.Duration) {
		in, clock := slow(t, simulator.Options{Random: 7}, func(r *simulator.Realism) {
			*r = simulator.Realism{Certificate: 3 * time.Second, CertificateSpread: 7 * time.Second}
		})
		org := in.make("/organization", `{"name":"o"}`)
		for len(took) < 20 {
			before := clock.Now()
			in.must("POST", "/user/"+org, `{"name":"u"}`)
			if d := clock.Now().Sub(before); d > time.Second { // it was not made in advance
				took = append(took, d)
			}
		}
		return took
	}
	took := measure()
	if low, high := slices.Min(took), slices.Max(took); low < 3*time.Second || high > 10*time.Second || high-low < 3*time.Second {
		t.Errorf("from %v to %v", low, high)
	}
	if again := measure(); !slices.Equal(again, took) {
		t.Errorf("%v, then %v", took, again)
	}
}
