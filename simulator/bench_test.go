package simulator_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"

	"pritunl-backup/simulator"
)

func BenchmarkSeed(b *testing.B) {
	for b.Loop() {
		if _, err := simulator.New(simulator.Options{Seed: "users=10000,orgs=100,servers=50"}); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportAllocs()
}

func BenchmarkUserList(b *testing.B) {
	sim, err := simulator.New(simulator.Options{Seed: "users=10000,orgs=1,servers=2"})
	if err != nil {
		b.Fatal(err)
	}
	server := httptest.NewServer(sim)
	defer server.Close()
	token, secret := sim.Credentials()
	sign := &signer{}
	get := func(path string) int64 {
		req, err := http.NewRequest(http.MethodGet, server.URL+path, nil)
		if err != nil {
			b.Fatal(err)
		}
		sign.parts(credentials{token, secret}, req).put(req.Header)
		resp, err := server.Client().Do(req)
		if err != nil {
			b.Fatal(err)
		}
		defer resp.Body.Close()
		n, err := io.Copy(io.Discard, resp.Body)
		if err != nil || resp.StatusCode != http.StatusOK {
			b.Fatal(resp.Status, err)
		}
		return n
	}
	org := firstID(b, server, credentials{token, secret}, sign)
	for b.Loop() {
		b.SetBytes(get("/user/" + org))
	}
}

// BenchmarkCreate makes servers with an organization, users, a host and a route
// each. The time for one has to stay the same however many there are.
func BenchmarkCreate(b *testing.B) {
	for _, n := range []int{500, 1000, 2000} {
		b.Run(strconv.Itoa(n), func(b *testing.B) {
			for b.Loop() {
				createMany(b, n)
			}
			b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(n*b.N), "µs/server")
		})
	}
}

func createMany(tb testing.TB, n int) {
	tb.Helper()
	sim, err := simulator.New(simulator.Options{})
	if err != nil {
		tb.Fatal(err)
	}
	token, secret := sim.Credentials()
	sign := &signer{}
	do := func(method, path, body string) string {
		r := httptest.NewRequest(method, path, strings.NewReader(body))
		r.Header.Set("Content-Type", "application/json")
		sign.parts(credentials{token, secret}, r).put(r.Header)
		w := httptest.NewRecorder()
		sim.ServeHTTP(w, r)
		var made struct{ ID string }
		if w.Code != http.StatusOK {
			tb.Fatal(method, path, w.Code, w.Body)
		}
		_ = json.Unmarshal(w.Body.Bytes(), &made)
		return made.ID
	}
	for i := range n {
		org := do("POST", "/organization", fmt.Sprintf(`{"name":"o%04d"}`, i))
		do("POST", "/user/"+org+"/multi", people("u", 3))
		id := "/server/" + do("POST", "/server", serverBody(fmt.Sprintf(`"name":"s%04d","network":"10.%d.%d.0/24","port":%d`, i, i/256, i%256, 10000+i)))
		do("PUT", id+"/organization/"+org, "")
		do("POST", id+"/route", `{"network":"172.16.0.0/16","nat":true}`)
		do("GET", id, "")
		do("GET", id+"/route", "")
		do("GET", id+"/organization", "")
		do("GET", "/user/"+org, "")
		do("PUT", id+"/operation/start", "")
	}
}
