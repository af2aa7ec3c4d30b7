package simulator_test

import (
	"io"
	"net/http"
	"net/http/httptest"
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
