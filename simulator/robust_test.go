package simulator_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"pgregory.net/rapid"

	"pritunl-backup/simulator"
)

// FuzzAnswer sends anything to a small company: no request may make a handler
// panic, and every answer is one the server could give.
func FuzzAnswer(f *testing.F) {
	for _, seed := range [][3]string{
		{"GET", "/user/%s?search=id:x", ""},
		{"PUT", "/server/%s", `{"protocol":"udp","cipher":"aes256","hash":"sha1","mss_fix":1e999,"network":"10.0.0.0/0"}`},
		{"POST", "/server", `{"protocol":"udp","cipher":"none","hash":"none","network_mode":"bridge","network":"10.0.0.0/31","network_start":"::","network_end":"::1"}`},
		{"POST", "/server/%s/route", `{"network":"::ffff:1.2.3.4/96","nat":true}`},
		{"PUT", "/server/%s/route/666431323a3a2f3634", `{"metric":-1}`},
		{"PUT", "/settings", `{"sso":"saml","sso_org":"","routed_subnet6":"::/0","public_address":"[::1]:x"}`},
		{"PUT", "/host/%s", `{"routed_subnet6":"2001:db8:1:2:3::/40","priority":-9223372036854775808}`},
		{"POST", "/link/%s/location", `{"name":null}`},
		{"POST", "/link/%s/location/x/transit", `{"transit_id":"x"}`},
		{"GET", "/organization?page=72057594037927936", ""},
		{"GET", "/organization/", ""},
		{"PUT", "/user/%s/%s", `{"pin":{"a":[1]}}`},
		{"GET", "//%%2F", ""},
	} {
		f.Add(seed[0], seed[1], seed[2])
	}
	f.Fuzz(func(t *testing.T, method, path, body string) {
		sim, err := simulator.New(simulator.Options{Seed: "demo"})
		if err != nil {
			t.Fatal(err)
		}
		token, secret := sim.Credentials()
		sign := &signer{}
		send := func(method, path, body string) (int, string) {
			req, err := http.NewRequest(method, "http://localhost"+path, strings.NewReader(body))
			if err != nil {
				t.Skip()
			}
			req.RequestURI = path
			req.Header.Set("Content-Type", "application/json")
			sign.parts(credentials{token, secret}, req).put(req.Header)
			w := httptest.NewRecorder()
			sim.ServeHTTP(w, req)
			return w.Code, w.Body.String()
		}
		_, list := send("GET", "/server", "")
		id := idPattern.FindString(list)
		path = strings.ReplaceAll(path, "%s", id)
		if !strings.HasPrefix(path, "/") {
			t.Skip()
		}
		for range 2 {
			if code, text := send(method, path, body); code < 200 || code > 599 {
				t.Errorf("status %d: %s", code, text)
			}
		}
		if code, text := send("GET", "/server/"+id+"/route", ""); code != 200 && code != 500 {
			t.Errorf("routes afterwards: %d %s", code, text)
		}
	})
}

// Requests from all sides: nothing is lost and the race detector is content.
func TestConcurrent(t *testing.T) {
	in := start(t, simulator.Options{Seed: "demo"})
	org := in.list("/organization")[0].(map[string]any)["id"].(string)
	before := in.State().Users
	link := in.object("GET", "/link", "")["links"].([]any)[0].(map[string]any)["id"].(string)
	var wg sync.WaitGroup
	for n := range 4 {
		wg.Go(func() {
			sign := &signer{count: (n + 1) << 20}
			for i := range 25 {
				for _, r := range [][3]string{
					{"POST", "/user/" + org, fmt.Sprintf(`{"name":"c%d-%d"}`, n, i)},
					{"GET", "/user/" + org, ""},
					{"GET", "/link/" + link + "/location", ""},
					{"POST", "/link/" + link + "/location", `{"name":"x"}`},
					{"PUT", "/settings", `{"server_port":443}`},
					{"GET", "/settings", ""},
					{"GET", "/server", ""},
				} {
					req, err := http.NewRequest(r[0], in.url+r[1], strings.NewReader(r[2]))
					if err != nil {
						t.Error(err)
						return
					}
					req.Header.Set("Content-Type", "application/json")
					sign.parts(in.who, req).put(req.Header)
					resp, err := http.DefaultClient.Do(req)
					if err != nil {
						t.Error(err)
						return
					}
					resp.Body.Close()
				}
				in.Requests()
				in.State()
			}
		})
	}
	wg.Wait()
	if got := in.State().Users - before; got != 100 {
		t.Errorf("%d users were added, want 100", got)
	}
}

// The pages of a list are the list.
func TestPagesAreTheList(t *testing.T) {
	in := start(t, simulator.Options{})
	org := in.make("/organization", `{"name":"o"}`)
	total := 0
	rapid.Check(t, func(rt *rapid.T) {
		for range rapid.IntRange(0, 3).Draw(rt, "more") {
			in.must("POST", "/user/"+org, fmt.Sprintf(`{"name":%q}`, rapid.StringMatching(`[a-cA-C]{0,3}`).Draw(rt, "name")))
			total++
		}
		whole := names(in.list("/user/"+org), "id")
		var parts []string
		last := 0
		for page := 0; page <= last; page++ {
			got := in.object("GET", fmt.Sprintf("/user/%s?page=%d", org, page), "")
			n, _ := got["page_total"].(float64)
			last = int(n)
			if users, _ := got["users"].([]any); len(users) > 0 {
				parts = append(parts, names(users, "id"))
			}
		}
		if joined := strings.Join(parts, " "); joined != whole {
			rt.Fatalf("pages give %s, list gives %s", joined, whole)
		}
		if total > 0 && last != (total-1)/10 {
			rt.Fatalf("%d users, last page %d", total, last)
		}
	})
}

// However servers are made and changed, no two of them overlap.
func TestServersNeverOverlap(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		in := start(t, simulator.Options{})
		var ids []string
		for range rapid.IntRange(1, 12).Draw(rt, "steps") {
			own := fmt.Sprintf(`"network":"10.%d.%d.0/%d","port":%d`,
				rapid.IntRange(0, 1).Draw(rt, "a"), rapid.IntRange(0, 3).Draw(rt, "b")*64, rapid.SampledFrom([]int{18, 20, 24}).Draw(rt, "length"),
				rapid.IntRange(1, 4).Draw(rt, "port"))
			if len(ids) > 0 && rapid.Bool().Draw(rt, "change") {
				in.raw("PUT", "/server/"+rapid.SampledFrom(ids).Draw(rt, "which"), serverBody(own))
				continue
			}
			if status, _ := in.raw("POST", "/server", serverBody(own)); status == 200 {
				ids = nil
				for _, v := range in.list("/server") {
					ids = append(ids, v.(map[string]any)["id"].(string))
				}
			}
		}
		ports := map[any]bool{}
		var nets []string
		for _, v := range in.list("/server") {
			s := v.(map[string]any)
			if ports[s["port"]] {
				rt.Fatalf("two servers on port %v", s["port"])
			}
			ports[s["port"]] = true
			nets = append(nets, s["network"].(string))
		}
		for i, a := range nets {
			for _, b := range nets[i+1:] {
				if overlap(a, b) {
					rt.Fatalf("%s and %s overlap", a, b)
				}
			}
		}
	})
}
