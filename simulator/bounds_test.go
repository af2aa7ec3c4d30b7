package simulator

import (
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"
)

// What an instance remembers of its requests stays bounded however long it serves.
func TestMemoryOfRequestsIsBounded(t *testing.T) {
	s, err := New(Options{})
	if err != nil {
		t.Fatal(err)
	}
	now := time.Unix(1_700_000_000, 0)
	for i := range 3 * nonceLimit {
		if key := strconv.Itoa(i); !s.db.useNonce(key, now) || i%1000 == 0 && s.db.useNonce(key, now) {
			t.Fatalf("nonce %d: refused although it is new, or taken twice", i)
		}
	}
	if n := len(s.db.nonces) + len(s.db.nonceOlder); n > nonceLimit {
		t.Errorf("%d nonces are remembered", n)
	}
	if s.db.useNonce(strconv.Itoa(3*nonceLimit-nonceLimit/2), now) {
		t.Error("a nonce is forgotten too early")
	}
	for range csrfLimit + 10 {
		s.db.newCSRF("admin")
	}
	if n := len(s.db.csrf); n > csrfLimit {
		t.Errorf("%d csrf tokens are remembered", n)
	}
	s.arrive(httptest.NewRequest("GET", "/"+strings.Repeat("a", 1<<20)+"?"+strings.Repeat("b", 1<<20), nil))
	if last := s.Requests()[0]; len(last.Path) > logText || len(last.Query) > logText {
		t.Errorf("the log keeps %d bytes of a path, %d of a query", len(last.Path), len(last.Query))
	}
	request := httptest.NewRequest("GET", "/status", nil)
	for range 2 * logLimit {
		s.arrive(request)
	}
	if n := len(s.log); n > logLimit {
		t.Errorf("the log holds %d requests", n)
	}
}
