package api_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"pritunl-backup/api"
)

// userList writes n users as an array.
func userList(w http.ResponseWriter, n int) {
	_, _ = fmt.Fprint(w, "[")
	for i := range n {
		if i > 0 {
			_, _ = fmt.Fprint(w, ",")
		}
		_, _ = fmt.Fprint(w, user(i))
	}
	_, _ = fmt.Fprint(w, "]")
}

func user(i int) string {
	return fmt.Sprintf(`{"id":"%024x","name":"user-%d","type":"client","n":9007199254740993}`, i, i)
}

// collect reads all users.
func collect(c *api.Client) (users []string, err error) {
	for raw, e := range c.Users(context.Background(), orgID) {
		if e != nil {
			err = e
			continue
		}
		users = append(users, string(raw))
	}
	return users, err
}

func TestUsers(t *testing.T) {
	for _, n := range []int{0, 1, 2, 5000} {
		c := newClient(t, serve(t, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			userList(w, n)
		}))
		users, err := collect(c)
		if err != nil || len(users) != n {
			t.Fatalf("%d users, %v; want %d", len(users), err, n)
		}
		for i, got := range users {
			if got != user(i) {
				t.Fatalf("user %d = %s", i, got)
			}
		}
		if c.Requests() != 1 {
			t.Errorf("requests = %d, want 1", c.Requests())
		}
	}
}

// A user is given before the next has been sent.
func TestUsersArriveOneByOne(t *testing.T) {
	next := make(chan struct{})
	c := newClient(t, serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		for i := range 3 {
			_, _ = fmt.Fprint(w, []string{"[", ",", ","}[i], user(i))
			_ = http.NewResponseController(w).Flush()
			<-next
		}
		_, _ = fmt.Fprint(w, "]")
	}))
	count := 0
	for _, err := range c.Users(context.Background(), orgID) {
		if err != nil {
			t.Fatal(err)
		}
		count++
		next <- struct{}{}
	}
	if count != 3 {
		t.Errorf("%d users, want 3", count)
	}
}

// Whoever reads users may send other requests meanwhile, and may stop reading.
func TestUsersDoNotBlockOthers(t *testing.T) {
	stop := make(chan struct{})
	defer close(stop)
	c := newClient(t, serve(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		if !strings.HasPrefix(r.URL.Path, "/user") {
			_, _ = fmt.Fprint(w, "{}")
			return
		}
		_, _ = fmt.Fprint(w, "["+user(1)+",")
		_ = http.NewResponseController(w).Flush()
		select { // an answer without an end
		case <-stop:
		case <-r.Context().Done():
		}
	}), func(o *api.Options) { o.Parallel = 1 })
	for _, err := range c.Users(context.Background(), orgID) {
		if err != nil {
			t.Fatal(err)
		}
		if _, err := c.Get(context.Background(), "/status"); err != nil {
			t.Fatal(err)
		}
		break
	}
}

func TestUsersErrors(t *testing.T) {
	big := `{"id":"` + strings.Repeat("x", 3000) + `"}`
	list := func(body string) http.HandlerFunc { return answerJSON(200, body) }
	for name, tc := range map[string]struct {
		answer http.HandlerFunc
		kinds  string
		text   string
		users  int
	}{
		"refused":         {answerWith(404, "text/html", "404: Not Found"), "found", "no such object", 0},
		"html":            {answerWith(200, "text/html", "<title>x</title>"), "foreign", "text/html", 0},
		"object":          {list(`{"users":[]}`), "foreign", "not a valid JSON list", 0},
		"text":            {list(`"x"`), "foreign", "list", 0},
		"null":            {list(`null`), "foreign", "list", 0},
		"nothing":         {list(``), "truncated", "cut short", 0},
		"only a bracket":  {list(`[`), "truncated", "cut short", 0},
		"half an element": {list(`[{"id":`), "truncated", "cut short", 0},
		"half a list":     {list("[" + user(1) + "," + user(2)), "truncated", "after 2 objects", 2},
		"comma at end":    {list("[" + user(1) + ",]"), "foreign", "after 1 objects", 1},
		"no comma":        {list("[" + user(1) + user(2) + "]"), "foreign", "after 1 objects", 1},
		"wrong bracket":   {list("[" + user(1) + "}"), "foreign", "after 1 objects", 1},
		"more behind":     {list("[" + user(1) + "] x"), "foreign", "after 1 objects", 1},
		"list behind":     {list("[" + user(1) + "][]"), "foreign", "after 1 objects", 1},
		"numbers":         {list("[1]"), "foreign", "a list of objects", 0},
		"null inside":     {list("[" + user(1) + ",null]"), "foreign", "a list of objects", 1},
		"not utf-8":       {list("[{\"a\":\"\xff\"}]"), "foreign", "list", 0},
		"first too large": {list("[" + big + "]"), "large", "1000 bytes", 0},
		"next too large":  {list("[" + user(1) + "," + big + "]"), "large", "1000 bytes after 1 objects", 1},
		"white space":     {list("[" + user(1) + strings.Repeat(" ", 5000) + "]"), "large", "1000 bytes", 1},
		"cut": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			_, _ = fmt.Fprint(w, "["+user(1)+","+user(2)+`,{"id`)
			_ = http.NewResponseController(w).Flush()
			reset(w, nil)
		}, "truncated", "after 2 objects", 2},
	} {
		t.Run(name, func(t *testing.T) {
			c := newClient(t, serve(t, tc.answer), func(o *api.Options) { o.Retries, o.MaxElement = -1, 1000 })
			users, err := collect(c)
			if kindsOf(err) != tc.kinds || !strings.Contains(err.Error(), tc.text) || !strings.Contains(err.Error(), "GET /user/"+orgID) {
				t.Errorf("error = %v (%s), want %q (%s)", err, kindsOf(err), tc.text, tc.kinds)
			}
			if len(users) != tc.users {
				t.Errorf("%d users before the error, want %d", len(users), tc.users)
			}
		})
	}
}

// Before the first user an attempt may fail; afterwards nothing is given twice.
func TestUsersAreRepeatedBeforeTheFirst(t *testing.T) {
	whole := func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		userList(w, 3)
	}
	var count atomic.Int64
	c := newClient(t, serve(t, func(w http.ResponseWriter, r *http.Request) {
		switch count.Add(1) {
		case 1:
			reset(w, r)
		case 2:
			answerJSON(200, `[{"id":`)(w, r)
		default:
			whole(w, r)
		}
	}))
	if users, err := collect(c); err != nil || len(users) != 3 || c.Requests() != 3 {
		t.Errorf("%d users, %v, %d requests; want 3, none, 3", len(users), err, c.Requests())
	}
	c = newClient(t, serve(t, answerJSON(200, "["+user(1)+",")))
	if users, err := collect(c); !errors.Is(err, api.ErrTruncated) || len(users) != 1 || c.Requests() != 1 {
		t.Errorf("%d users, %v, %d requests; want 1, truncated, 1", len(users), err, c.Requests())
	}
}

func TestUsersTimeoutInTheMiddle(t *testing.T) {
	stop := make(chan struct{})
	defer close(stop)
	c := newClient(t, serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = fmt.Fprint(w, "["+user(1)+",")
		_ = http.NewResponseController(w).Flush()
		<-stop
	}), func(o *api.Options) { o.Timeout = 50 * time.Millisecond })
	users, err := collect(c)
	if kindsOf(err) != "timeout" || len(users) != 1 {
		t.Errorf("%d users, error = %v (%s)", len(users), err, kindsOf(err))
	}
}

func TestCreateUsers(t *testing.T) {
	one := json.RawMessage(`{"name":"a"}`)
	many := func(n int) (list []json.RawMessage) {
		for range n {
			list = append(list, one)
		}
		return list
	}
	for name, tc := range map[string]struct {
		send   int
		answer string
		kinds  string
		sent   int64
	}{
		"none":          {0, `[]`, "", 0},
		"two":           {2, `[` + user(1) + `,` + user(2) + `]`, "", 1},
		"eleven":        {11, ``, "config", 0},
		"too few":       {2, `[` + user(1) + `]`, "foreign", 1},
		"no ids":        {1, `[{"id":null}]`, "foreign", 1},
		"odd id":        {1, `[{"id":"../x/y/zzzzzz"}]`, "foreign", 1},
		"in background": {2, `{"status":"users_background"}`, "foreign", 1},
	} {
		var rec recorder
		c := newClient(t, serve(t, rec.wrap(answerJSON(200, tc.answer))))
		got, err := c.CreateUsers(context.Background(), orgID, many(tc.send))
		if kindsOf(err) != tc.kinds || c.Requests() != tc.sent || err == nil && len(got) != tc.send {
			t.Errorf("%s: %d users, %v (%s) after %d requests", name, len(got), err, kindsOf(err), c.Requests())
		}
		if tc.sent == 1 && rec.all()[0].path != "/user/"+orgID+"/multi" {
			t.Errorf("%s: path = %s", name, rec.all()[0].path)
		}
	}
}
