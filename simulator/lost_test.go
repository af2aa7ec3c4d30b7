package simulator_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"pritunl-backup/simulator"
)

// TestLostUser: the id is answered twice, and what hung on the first user hangs
// on the second (10.3).
func TestLostUser(t *testing.T) {
	for _, realism := range []simulator.Realism{{}, {Certificate: time.Second, PooledUser: time.Millisecond}} {
		in := start(t, simulator.Options{Seed: "users=1", Realism: realism, Clock: simulator.NewClock(time.Now())})
		if err := in.Fault(simulator.Fault{Kind: simulator.FaultLoseUser, Path: "/user/**", Nth: 2}); err != nil {
			t.Fatal(err)
		}
		org := names(in.list("/organization"), "id")
		made, _ := in.must("POST", "/user/"+org+"/multi",
			`[{"name":"a"},{"name":"b","email":"b@example.com","network_links":["10.9.0.0/24"]}]`).([]any)
		ids := strings.Fields(names(made, "id"))
		if len(ids) != 2 || names(made, "name") != "a b" || names(made, "email") != " b@example.com" {
			t.Fatalf("answered: %v", made)
		}
		if got := names(in.list("/user/"+org), "name"); got != "a user000001" {
			t.Errorf("there are %q", got)
		}
		pooled := in.object("GET", "/user/"+org+"/"+ids[1], "") // no list has it, but its id leads to one made in advance
		if pooled["type"] != "client_pool" || pooled["name"] != "" || pooled["email"] != nil || fmt.Sprint(pooled["network_links"]) != "[10.9.0.0/24]" {
			t.Errorf("the lost user: %v", pooled)
		}
		next, _ := in.must("POST", "/user/"+org, `{"name":"c"}`).([]any)
		if id := names(next, "id"); id != ids[1] {
			t.Errorf("the next user has the id %s, the lost one had %s", id, ids[1])
		}
		c := in.object("GET", "/user/"+org+"/"+ids[1], "")
		if links := fmt.Sprint(c["network_links"]); c["name"] != "c" || links != "[10.9.0.0/24]" {
			t.Errorf("under the id of the lost user: %v, links %s", c["name"], links)
		}
	}
}

// TestUsersLostByChance: only what comes with others from a pool that is being
// filled can be lost, and one seed loses the same users every time (10.3).
func TestUsersLostByChance(t *testing.T) {
	lost := func(random uint64, chance float64, batch int) (missing int) {
		in, clock := slow(t, simulator.Options{Random: random}, func(r *simulator.Realism) { r.LostUsers = chance })
		org := in.make("/organization", `{"name":"o"}`)
		seen := map[string]bool{}
		for i := range 40 / batch {
			clock.Advance(4 * time.Second)
			body := people(fmt.Sprintf("u%02d-", i), batch)
			path := "/user/" + org + "/multi"
			if batch == 1 {
				path, body = "/user/"+org, strings.Trim(body, "[]")
			}
			made, _ := in.must("POST", path, body).([]any)
			for _, id := range strings.Fields(names(made, "id")) {
				seen[id] = true
			}
		}
		in.settle(clock)
		users := len(in.list("/user/" + org))
		if twice := 40 - len(seen); users < 40-twice-1 || users > 40-twice {
			t.Errorf("seed %d: %d ids were answered twice, %d of 40 users exist", random, twice, users)
		}
		return 40 - users
	}
	if n := lost(1, 1, 1); n != 0 {
		t.Errorf("%d single users were lost", n)
	}
	total := 0
	for seed := range uint64(10) {
		n := lost(seed, 0.08, 10)
		if again := lost(seed, 0.08, 10); again != n {
			t.Errorf("seed %d lost %d users, then %d", seed, n, again)
		}
		total += n
	}
	t.Logf("ten seeds lost %d of 400 users", total)
	if total < 4 || total > 40 {
		t.Errorf("%d of 400 users were lost", total)
	}
}

// TestPending: three parameters are ready; whoever finds none waits for its own.
func TestPending(t *testing.T) {
	in, clock := slow(t, simulator.Options{}, nil)
	var last map[string]any
	for i, want := range []string{"offline", "offline", "offline", "pending"} {
		if last = in.object("POST", "/server", serverBody("")); last["status"] != want {
			t.Errorf("server %d is %v, want %s", i, last["status"], want)
		}
	}
	path, _ := last["id"].(string)
	path = "/server/" + path
	org := in.make("/organization", `{"name":"o"}`)
	in.must("PUT", path+"/organization/"+org, "")
	before := clock.Now()
	if v := in.object("PUT", path+"/operation/start", ""); v["status"] != "offline" {
		t.Errorf("start of a pending server answers %v", v["status"])
	}
	if took := clock.Now().Sub(before); took > time.Second {
		t.Errorf("it took %v", took)
	}
	if v := in.object("GET", path, ""); v["status"] != "pending" {
		t.Errorf("after the start it is %v", v["status"])
	}
	clock.Advance(45 * time.Second)
	if v := in.object("GET", path, ""); v["status"] != "offline" {
		t.Errorf("after the time for parameters it is %v", v["status"])
	}
	before = clock.Now()
	if v := in.object("PUT", path+"/operation/start", ""); v["status"] != "online" || !about(clock.Now().Sub(before), 3*time.Second) {
		t.Errorf("start: %v after %v", v["status"], clock.Now().Sub(before))
	}
	big := in.object("POST", "/server", serverBody(`"dh_param_bits":4096`))
	if took := in.settle(clock); big["status"] != "pending" || took < 5*time.Minute {
		t.Errorf("4096 bits: %v for %v", big["status"], took)
	}
}

// TestLostParams: a server that is pending for ever, and the cure (10.4).
func TestLostParams(t *testing.T) {
	for _, cured := range []bool{true, false} {
		in, clock := slow(t, simulator.Options{}, nil)
		if err := in.Fault(simulator.Fault{Kind: simulator.FaultLoseParams, Nth: 2}); err != nil {
			t.Fatal(err)
		}
		const body = `"name":"s","network":"10.1.0.0/24","port":1194`
		in.server("")
		id := "/server/" + in.server(body)
		clock.Advance(24 * time.Hour)
		if v := in.object("PUT", id+"/operation/start", ""); v["status"] != "offline" {
			t.Errorf("start answers %v", v["status"])
		}
		if v := in.object("GET", id, ""); v["status"] != "pending" {
			t.Fatalf("after a day it is %v", v["status"])
		}
		if !cured { // by two more, the pool is empty when the cure comes
			for range 3 {
				in.server("")
			}
		}
		if v := in.object("PUT", id, serverBody(body+`,"dh_param_bits":1536`)); v["status"] != "pending" {
			t.Errorf("with 1536 bits it is %v", v["status"])
		}
		v := in.object("PUT", id, serverBody(body+`,"dh_param_bits":2048`))
		if (v["status"] == "offline") != cured {
			t.Errorf("cured at once is %v, the status %v", cured, v["status"])
		}
		clock.Advance(20 * time.Second) // those of 1536 bits are ready, and of no use
		if v := in.object("GET", id, ""); (v["status"] == "offline") != cured {
			t.Errorf("cured at once is %v, the status after 20 seconds %v", cured, v["status"])
		}
		clock.Advance(time.Minute)
		if v := in.object("GET", id, ""); v["status"] != "offline" {
			t.Errorf("in the end it is %v", v["status"])
		}
	}
}

// TestParamsLostByChance: not the first of a full pool, which nobody fills.
func TestParamsLostByChance(t *testing.T) {
	in, clock := slow(t, simulator.Options{}, func(r *simulator.Realism) { r.LostParams = 1 })
	for _, want := range []string{"offline", "pending", "pending"} {
		if v := in.object("POST", "/server", serverBody("")); v["status"] != want {
			t.Errorf("%v, want %s", v["status"], want)
		}
	}
	clock.Advance(time.Hour)
	if v := in.object("POST", "/server", serverBody("")); v["status"] != "offline" {
		t.Errorf("with a full pool: %v", v["status"])
	}
}

// TestParallelClients: each id that was answered is one user in the end, or none
// when it was lost and not given away again.
func TestParallelClients(t *testing.T) {
	in, clock := slow(t, simulator.Options{}, func(r *simulator.Realism) { r.LostUsers = 0.3 })
	org := in.make("/organization", `{"name":"o"}`)
	clock.Advance(time.Minute)
	var requests []*http.Request // signing is not for several at a time
	for i := range 8 {
		requests = append(requests, in.request("POST", "/user/"+org+"/multi", people(strconv.Itoa(i)+"-", 5)))
	}
	answered := make(chan string, 40)
	var clients sync.WaitGroup
	for _, r := range requests {
		clients.Go(func() {
			w := httptest.NewRecorder()
			in.ServeHTTP(w, r)
			var made []struct{ ID string }
			if err := json.Unmarshal(w.Body.Bytes(), &made); err != nil || len(made) != 5 {
				t.Errorf("%d %s", w.Code, w.Body)
			}
			for _, u := range made {
				answered <- u.ID
			}
		})
	}
	clients.Wait()
	close(answered)
	ids := map[string]int{}
	for id := range answered {
		ids[id]++
	}
	exist := strings.Fields(names(in.list("/user/"+org), "id"))
	for _, id := range exist {
		if ids[id] == 0 {
			t.Errorf("%s exists, and nobody was told", id)
		}
	}
	if len(exist) > len(ids) || len(exist) < len(ids)-len(requests) || len(ids) == 40 {
		t.Errorf("40 answers, %d ids, %d users", len(ids), len(exist))
	}
}
