package simulator_test

import (
	"strings"
	"testing"
	"time"

	"pritunl-backup/simulator"
)

// TestUsersInBackground: 9.12 and 10.10.
func TestUsersInBackground(t *testing.T) {
	in, clock := slow(t, simulator.Options{}, func(r *simulator.Realism) { r.Request = 0 })
	org := in.make("/organization", `{"name":"o"}`)
	path := "/user/" + org + "/multi"
	eleven := strings.Replace(people("u", 11), `"u03"`, `"u03","pin":"x"`, 1) // that one is skipped without a word
	for i := range 2 {
		if status, _ := in.raw("POST", path, eleven); status != 202 {
			t.Fatalf("list %d in immediate succession: %d", i, status)
		}
	}
	clock.Advance(time.Second)
	if got := in.outcome("POST", path, eleven); got != "Too Many Requests users_background_busy" {
		t.Error(got)
	}
	in.must("POST", "/user/"+org, `{"name":"single"}`)
	if n := in.State().Users; n < 2 || n > 4 {
		t.Errorf("%d users after some seconds", n)
	}
	in.settle(clock)
	if n := len(in.list("/user/" + org)); n != 21 {
		t.Errorf("%d users in the end", n)
	}
	if status, _ := in.raw("POST", path, eleven); status != 202 {
		t.Errorf("the next list: %d", status)
	}
}

func TestUsersInBackgroundOfNoOrganization(t *testing.T) {
	for _, realism := range []simulator.Realism{{}, simulator.Realistic()} {
		clock := simulator.NewClock(time.Now())
		in := start(t, simulator.Options{Clock: clock, Realism: realism})
		in.sign.clock = clock
		for range 3 {
			if status, _ := in.raw("POST", "/user/"+strings.Repeat("ab", 12)+"/multi", people("u", 11)); status != 202 {
				t.Errorf("status %d", status)
			}
			clock.Advance(time.Second)
		}
		if st := in.State(); st.Users != 0 || st.Working != 0 {
			t.Errorf("%d users, working %d", st.Users, st.Working)
		}
	}
}

// TestBusyWithoutTime: an instance that takes no time creates many users when it
// is read next, and is busy until then.
func TestBusyWithoutTime(t *testing.T) {
	in := start(t, simulator.Options{})
	org := in.make("/organization", `{"name":"o"}`)
	path := "/user/" + org + "/multi"
	in.raw("POST", path, people("u", 11))
	if got := in.outcome("POST", path, people("v", 11)); got != "Too Many Requests users_background_busy" {
		t.Error(got)
	}
	in.must("POST", "/user/"+org, `{"name":"single"}`)
	if n := in.State().Users; n != 1 {
		t.Errorf("%d users before the first read", n)
	}
	if n := len(in.list("/user/" + org)); n != 12 {
		t.Errorf("%d users", n)
	}
}
