package simulator_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"time"

	"pritunl-backup/simulator"
)

// The client is gone as soon as its request has been received. The instance
// carries it out all the same, in the time that takes.
func Example() {
	clock := simulator.NewClock(time.Now())
	sim, err := simulator.New(simulator.Options{Clock: clock, Realism: simulator.Realistic()})
	if err != nil {
		fmt.Println(err)
		return
	}
	if err := sim.Fault(simulator.Fault{Kind: simulator.FaultGone, Method: http.MethodPost}); err != nil {
		fmt.Println(err)
		return
	}
	token, secret := sim.Credentials()
	request := httptest.NewRequest(http.MethodPost, "/organization", strings.NewReader(`{"name":"office"}`))
	request.Header.Set("Content-Type", "application/json")
	(&signer{clock: clock}).parts(credentials{token, secret}, request).put(request.Header)
	sim.ServeHTTP(httptest.NewRecorder(), request)

	for sim.State().Working > 0 {
		fmt.Println(sim.State().Organizations, "organizations")
		clock.Advance(2 * time.Second)
	}
	fmt.Println(sim.State().Organizations, "organizations")
	// Output:
	// 0 organizations
	// 0 organizations
	// 1 organizations
}
