package api_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"pritunl-backup/api"
)

// paged answers pages of two users out of n and counts in organization; the list
// without pages is answered by whole.
func paged(n int, whole http.HandlerFunc, page func(page int, w http.ResponseWriter) bool) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, "/organization/") {
			answerJSON(200, fmt.Sprintf(`{"id":%q,"user_count":%d}`, orgID, n))(w, r)
			return
		}
		number, err := strconv.Atoi(r.URL.Query().Get("page"))
		if err != nil {
			whole(w, r)
			return
		}
		if page != nil && page(number, w) {
			return
		}
		var users []json.RawMessage
		for i := number * 2; i < min(n, number*2+2); i++ {
			users = append(users, json.RawMessage(user(i)))
		}
		writePage(w, number, max(n-1, 0)/2, users)
	}
}

func writePage(w http.ResponseWriter, page, last int, users []json.RawMessage) {
	if users == nil {
		users = []json.RawMessage{}
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(map[string]any{"page": page, "page_total": last, "server_count": 1, "users": users})
}

func TestUsersFallBackToPages(t *testing.T) {
	stop := make(chan struct{})
	defer close(stop)
	for name, whole := range map[string]http.HandlerFunc{
		"502":       status(502),
		"504":       status(504),
		"no answer": func(http.ResponseWriter, *http.Request) { <-stop },
	} {
		for _, n := range []int{0, 1, 2, 5} {
			c := newClient(t, serve(t, paged(n, whole, nil)), func(o *api.Options) {
				if name == "no answer" {
					o.Timeout = 50 * time.Millisecond
				}
			})
			users, err := collect(c)
			if err != nil || len(users) != n {
				t.Errorf("%s: %d users, %v; want %d", name, len(users), err, n)
			}
			want := int64(1 + max(n-1, 0)/2 + 1 + 1) // the list, its pages, the organization
			if name == "502" {
				want++ // it might have been a restart
			}
			if c.Requests() != want {
				t.Errorf("%s: %d requests for %d users, want %d", name, c.Requests(), n, want)
			}
		}
	}
}

// Other failures do not lead to pages.
func TestUsersDoNotFallBack(t *testing.T) {
	for name, whole := range map[string]http.HandlerFunc{"500": status(500), "503": status(503), "401": status(401), "reset": reset} {
		c := newClient(t, serve(t, paged(3, whole, func(int, http.ResponseWriter) bool { t.Errorf("%s: a page was read", name); return false })))
		if users, err := collect(c); err == nil || len(users) != 0 {
			t.Errorf("%s: %d users, %v", name, len(users), err)
		}
	}
}

// Users of equal names change places between pages: none is given twice, and none
// is lost.
func TestPagesAreReadAgainWhenUsersAreMissing(t *testing.T) {
	visits := 0
	shuffled := func(page int, w http.ResponseWriter) bool {
		if page != 1 {
			return false
		}
		if visits++; visits == 1 { // 1 came before; 2 went to a page that was read
			writePage(w, 1, 2, []json.RawMessage{json.RawMessage(user(1)), json.RawMessage(user(3))})
			return true
		}
		return false
	}
	c := newClient(t, serve(t, paged(5, status(502), shuffled)))
	users, err := collect(c)
	if err != nil || len(users) != 5 || visits != 2 {
		t.Errorf("%d users, %v after %d visits; want 5 after 2", len(users), err, visits)
	}
	seen := map[string]bool{}
	for _, u := range users {
		if seen[u] {
			t.Errorf("%s was given twice", u)
		}
		seen[u] = true
	}
	// A user that never shows up is an error, not a silent loss.
	lost := func(page int, w http.ResponseWriter) bool {
		if page == 1 {
			writePage(w, 1, 2, []json.RawMessage{json.RawMessage(user(3))})
		}
		return page == 1
	}
	c = newClient(t, serve(t, paged(5, status(502), lost)))
	users, err = collect(c)
	if !errors.Is(err, api.ErrTruncated) || len(users) != 4 || !strings.Contains(err.Error(), "1 users are missing") {
		t.Errorf("%d users, %v; want 4 and an error", len(users), err)
	}
}

func TestPagesErrors(t *testing.T) {
	for name, body := range map[string]string{
		"list":         `[]`,
		"no number":    `{"users":[]}`,
		"no users":     `{"page_total":0}`,
		"users null":   `{"page_total":0,"users":null}`,
		"without id":   `{"page_total":0,"users":[{}]}`,
		"not a number": `{"page_total":"0","users":[]}`,
	} {
		c := newClient(t, serve(t, paged(1, status(502), func(_ int, w http.ResponseWriter) bool {
			answerJSON(200, body)(w, nil)
			return true
		})))
		if _, err := collect(c); !errors.Is(err, api.ErrNotPritunl) {
			t.Errorf("%s: error = %v, want ErrNotPritunl", name, err)
		}
	}
}

// Pritunl gives up after two minutes, with a 502 or without a word; asking for the
// same again would take another two.
func TestUsersFallBackAtOnceAfterTwoMinutes(t *testing.T) {
	for name, whole := range map[string]http.HandlerFunc{"502": status(502), "reset": reset} {
		var skip atomic.Int64
		c := newClient(t, serve(t, paged(3, func(w http.ResponseWriter, r *http.Request) {
			skip.Add(120)
			whole(w, r)
		}, nil)), func(o *api.Options) {
			o.Now = func() time.Time { return time.Unix(1700000000+skip.Load(), 0) }
		})
		users, err := collect(c)
		if err != nil || len(users) != 3 || c.Requests() != 4 {
			t.Errorf("%s: %d users, %v after %d requests; want 3 after 4", name, len(users), err, c.Requests())
		}
	}
}
