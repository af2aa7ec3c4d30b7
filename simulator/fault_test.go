package simulator_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"pritunl-backup/simulator"
)

// try sends a request on a connection of its own: a status, "cut" or "short".
func (in *instance) try(method, path, body string) string {
	in.t.Helper()
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	resp, err := client.Do(in.request(method, path, body))
	if err != nil {
		return "cut"
	}
	defer resp.Body.Close()
	if _, err := io.Copy(io.Discard, resp.Body); errors.Is(err, io.ErrUnexpectedEOF) {
		return "short"
	}
	return http.StatusText(resp.StatusCode)
}

func TestFaults(t *testing.T) {
	const post, body = "POST", `{"name":"x"}`
	get := func(path string) [3]string { return [3]string{"GET", path, ""} }
	write := [3]string{post, "/organization", body}
	tests := []struct {
		name  string
		fault simulator.Fault
		send  [][3]string
		want  string
		orgs  int
	}{
		{"cut the next", simulator.Fault{Kind: "cut"}, [][3]string{write, write}, "cut,OK", 1},
		{"client gone", simulator.Fault{Kind: "gone"}, [][3]string{write, write}, "cut,OK", 2},
		{"lost answer", simulator.Fault{Kind: "lost"}, [][3]string{write, write}, "cut,OK", 2},
		{"second write", simulator.Fault{Kind: "cut", Method: "WRITE", Nth: 2}, [][3]string{write, get("/host"), write, write}, "OK,OK,cut,OK", 2},
		{"three in a row", simulator.Fault{Kind: "status", Status: 503, Times: 3, RetryAfter: "1"}, [][3]string{write, write, write, write}, "Service Unavailable,Service Unavailable,Service Unavailable,OK", 1},
		{"for ever", simulator.Fault{Kind: "status", Status: 502, Times: -1, Path: "/host"}, [][3]string{get("/host"), get("/status"), get("/host")}, "Bad Gateway,OK,Bad Gateway", 0},
		{"by pattern", simulator.Fault{Kind: "cut", Path: "/server/*", Times: -1}, [][3]string{get("/server"), get("/server/zz")}, "OK,cut", 0},
		{"everything below", simulator.Fault{Kind: "cut", Path: "/server/**", Times: -1}, [][3]string{get("/server"), get("/server/zz/route")}, "cut,cut", 0},
		{"short body", simulator.Fault{Kind: "truncate", Keep: 1}, [][3]string{get("/status"), get("/status")}, "short,OK", 0},
		{"delay", simulator.Fault{Kind: "delay", Delay: 1}, [][3]string{get("/status")}, "OK", 0},
		{"kill before", simulator.Fault{Kind: "kill", Method: "WRITE"}, [][3]string{get("/host"), write, write, get("/host")}, "OK,cut,cut,cut", 0},
		{"kill during", simulator.Fault{Kind: "kill-during", Method: "WRITE"}, [][3]string{write, write}, "cut,cut", 1},
		{"kill after", simulator.Fault{Kind: "kill-done", Method: "WRITE"}, [][3]string{write, write}, "cut,cut", 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			in := start(t, simulator.Options{})
			if err := in.Fault(tt.fault); err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, r := range tt.send {
				got = append(got, in.try(r[0], r[1], r[2]))
			}
			if s := strings.Join(got, ","); s != tt.want {
				t.Errorf("got %s, want %s", s, tt.want)
			}
			if n := in.State().Organizations; n != tt.orgs {
				t.Errorf("%d organizations, want %d", n, tt.orgs)
			}
			in.Revive()
			in.ClearFaults()
			if got := in.try("GET", "/status", ""); got != "OK" {
				t.Errorf("afterwards: %s", got)
			}
		})
	}
}

func TestTruncatedStream(t *testing.T) {
	in := start(t, simulator.Options{Seed: "users=600"})
	if err := in.Fault(simulator.Fault{Kind: "truncate", Path: "/user/*", Keep: 1000}); err != nil {
		t.Fatal(err)
	}
	org := in.list("/organization")[0].(map[string]any)["id"].(string)
	if got := in.try("GET", "/user/"+org, ""); got != "short" {
		t.Errorf("got %s", got)
	}
}

func TestBadFaults(t *testing.T) {
	in := start(t, simulator.Options{})
	for _, f := range []simulator.Fault{{}, {Kind: "fire"}, {Kind: "status"}, {Kind: "cut", Path: "["}} {
		if err := in.Fault(f); err == nil {
			t.Errorf("%+v was taken", f)
		}
	}
}

func TestLog(t *testing.T) {
	in := start(t, simulator.Options{})
	in.must("GET", "/organization?page=0", "")
	in.must("POST", "/organization", `{"name":"x"}`)
	in.try("GET", "/nosuch", "")
	want := []simulator.Request{
		{Method: "GET", Path: "/organization", Query: "page=0", Status: 200},
		{Method: "POST", Path: "/organization", Status: 200},
		{Method: "GET", Path: "/nosuch", Status: 404},
	}
	got := in.Requests()
	if len(got) != len(want) {
		t.Fatalf("log: %v", got)
	}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("entry %d: %+v, want %+v", i, got[i], want[i])
		}
	}
	if in.Writes() != 1 {
		t.Errorf("%d writes", in.Writes())
	}
}

func TestControl(t *testing.T) {
	in := start(t, simulator.Options{Control: true})
	open := func(method, path, body string) (int, map[string]any) {
		req, err := http.NewRequest(method, in.url+"/_simulator/"+path, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		var v map[string]any
		raw, _ := io.ReadAll(resp.Body)
		_ = json.NewDecoder(bytes.NewReader(raw)).Decode(&v)
		return resp.StatusCode, v
	}
	host := `{"_id":"` + strings.Repeat("ab", 16) + `","name":"second","status":"offline","local_networks":["10.0.0.0/8"],
		"priority":{"$numberInt":"4"},"proxy_ndp":true,"auto_public_address":"192.0.2.9","availability_group":"default"}`
	if status, _ := open("POST", "host", host); status != 200 {
		t.Fatalf("host: %d", status)
	}
	h := in.object("GET", "/host/"+strings.Repeat("ab", 16), "")
	if h["name"] != "second" || h["priority"] != 4.0 || h["proxy_ndp"] != true || h["public_addr"] != "192.0.2.9" {
		t.Errorf("host: %v", h)
	}
	for _, bad := range []string{host, `[]`, `{`} {
		if status, v := open("POST", "host", bad); status != 400 || v["error"] == nil {
			t.Errorf("host %.20s: %d %v", bad, status, v)
		}
	}
	if status, _ := open("POST", "fault", `{"kind":"status","status":503,"path":"/status"}`); status != 200 {
		t.Errorf("fault: %d", status)
	}
	if got := in.try("GET", "/status", ""); got != "Service Unavailable" {
		t.Errorf("fault had no effect: %s", got)
	}
	if status, _ := open("GET", "requests", ""); status != 200 {
		t.Errorf("requests: %d", status)
	}
	if _, v := open("GET", "state", ""); v["hosts"] != 2.0 {
		t.Errorf("state: %v", v)
	}
	if status, _ := open("POST", "reset", ""); status != 200 || in.State().Hosts != 1 {
		t.Errorf("reset: %d, %+v", status, in.State())
	}
	if status, _ := open("GET", "nosuch", ""); status != 404 {
		t.Errorf("unknown: %d", status)
	}
	closed := start(t, simulator.Options{})
	if got := closed.try("POST", "/_simulator/host", host); got != "Not Found" {
		t.Errorf("without control: %s", got)
	}
}

func TestRealismOnDemand(t *testing.T) {
	clock := simulator.NewClock(time.Now())
	in := start(t, simulator.Options{Control: true, Seed: "users=2", Clock: clock})
	post := func(what, body string) int {
		resp, err := http.Post(in.url+"/_simulator/"+what, "application/json", strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		return resp.StatusCode
	}
	for body, want := range map[string]int{
		`{"server_ms":-1}`: 400, `{"lost_users":2}`: 400, `{"nonsense":1}`: 400, `[]`: 400, `{"server_ms":1500,"lost_users":1}`: 200,
	} {
		if got := post("realism", body); got != want {
			t.Errorf("realism %s: %d", body, got)
		}
	}
	before := clock.Now()
	in.server("")
	if took := clock.Now().Sub(before); took != 1500*time.Millisecond {
		t.Errorf("a server took %v", took)
	}
	if got := post("fault", `{"kind":"lose-user","times":2}`); got != 200 {
		t.Errorf("fault: %d", got)
	}
	org := names(in.list("/organization"), "id")
	in.must("POST", "/user/"+org+"/multi", people("u", 3))
	if got := names(in.list("/user/"+org), "name"); got != "u02 user000001 user000002" {
		t.Errorf("users: %s", got)
	}
	if got := post("reset", ""); got != 200 {
		t.Errorf("reset: %d", got)
	}
	before = clock.Now()
	in.server("")
	if took := clock.Now().Sub(before); took != 1500*time.Millisecond {
		t.Errorf("after a reset a server took %v", took)
	}
	if _, err := simulator.New(simulator.Options{Realism: simulator.Realism{Start: -1}}); err == nil {
		t.Error("a negative duration was taken")
	}
}

// TestResetWhileWorking: work of before a reset does not reach into the time after.
func TestResetWhileWorking(t *testing.T) {
	in, clock := slow(t, simulator.Options{}, nil)
	org := in.make("/organization", `{"name":"o"}`)
	in.abandon("/user/"+org+"/multi", people("u", 11))
	in.abandon("/user/"+org+"/multi", people("v", 9))
	in.must("GET", "/status", "")
	if err := in.Reset(); err != nil {
		t.Fatal(err)
	}
	clock.Advance(time.Hour)
	if st := in.State(); st.Working != 0 || st.Users != 0 || st.Organizations != 0 {
		t.Errorf("%+v", st)
	}
}

func TestServe(t *testing.T) {
	sim, err := simulator.New(simulator.Options{})
	if err != nil {
		t.Fatal(err)
	}
	url, stop, err := simulator.Serve(t.Context(), sim, "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	client := &http.Client{Timeout: 10 * time.Second}
	resp, err := client.Get(url + "/ping")
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		t.Errorf("status %d", resp.StatusCode)
	}
	if err := stop(); err != nil {
		t.Error(err)
	}
	if _, err := client.Get(url + "/ping"); err == nil {
		t.Error("it still answers")
	}
}
