package api_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"os"
	"strings"
	"testing"

	"pritunl-backup/api"
)

// recording is one line of testdata: what a real server answered.
type recording struct {
	Method      string          `json:"method"`
	Path        string          `json:"path"`
	Query       string          `json:"query"`
	Status      int             `json:"status"`
	ContentType *string         `json:"response_content_type"`
	Location    string          `json:"response_location"`
	Response    json.RawMessage `json:"response"`
}

func recordings(t testing.TB, file string) []recording {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var all []recording
	scanner := bufio.NewScanner(bytes.NewReader(data))
	scanner.Buffer(nil, 1<<20)
	for scanner.Scan() {
		var r recording
		if err := json.Unmarshal(scanner.Bytes(), &r); err != nil {
			t.Fatal(err)
		}
		all = append(all, r)
	}
	return all
}

// play answers as recorded.
func (r recording) play(w http.ResponseWriter) {
	w.Header()["Content-Type"] = nil
	if r.ContentType != nil {
		w.Header().Set("Content-Type", *r.ContentType)
	}
	if r.Location != "" {
		w.Header().Set("Location", r.Location)
	}
	w.WriteHeader(r.Status)
	var text string
	if json.Unmarshal(r.Response, &text) == nil && r.Status != 200 {
		_, _ = w.Write([]byte(text))
		return
	}
	_, _ = w.Write(r.Response)
}

// Every refusal that a real server was seen to give has its kind.
func TestRecordedRefusals(t *testing.T) {
	all := recordings(t, "testdata/refusals.jsonl")
	if len(all) < 80 {
		t.Fatalf("%d recordings, want all of them", len(all))
	}
	for _, r := range all {
		c := newClient(t, serve(t, func(w http.ResponseWriter, _ *http.Request) { r.play(w) }), func(o *api.Options) { o.Retries = -1 })
		_, err := c.Do(context.Background(), r.Method, r.Path, nil, nil)
		name := r.Method + " " + r.Path + " " + string(r.Response)
		if r.Status == 202 {
			if err != nil {
				t.Errorf("%s: %v", name, err)
			}
			continue
		}
		e := asError(t, err)
		if e.Status != r.Status || e.Method != r.Method || e.Path != r.Path {
			t.Errorf("%s: error is about %s %s %d", name, e.Method, e.Path, e.Status)
		}
		if want := kindOf(r); !errors.Is(err, want) {
			t.Errorf("%s: error %q is not %q", name, err, want)
		}
		if errors.Is(err, api.ErrNotPritunl) {
			t.Errorf("%s: error %q says that it is no Pritunl", name, err)
		}
		var body struct{ Error, ErrorMsg string }
		if json.Unmarshal(r.Response, &body) == nil && body.Error != e.Code {
			t.Errorf("%s: code %q, want %q", name, e.Code, body.Error)
		}
		if strings.ToLower(err.Error()[:1]) != err.Error()[:1] && !strings.HasPrefix(err.Error(), r.Method) {
			t.Errorf("%s: error %q begins with a capital", name, err)
		}
	}
}

// kindOf says, independently of the code, what a recorded refusal is.
func kindOf(r recording) error {
	body := string(r.Response)
	switch {
	case r.Status == 401:
		return api.ErrUnauthorized
	case r.Status == 301 || r.Status == 307:
		return api.ErrRedirect
	case r.Status == 404 && r.Path == "/link" && strings.Contains(body, "404: Not Found"):
		return api.ErrNotLicensed
	case r.Status == 404 || r.Status == 405:
		return api.ErrNotFound
	case r.Status == 429:
		return api.ErrBusy
	case r.Status == 500:
		return api.ErrServer
	case r.Status == 520 || r.Status == 400 && body == `""`:
		return api.ErrMalformed
	case strings.Contains(body, "requires_super_user"):
		return api.ErrNotSuperUser
	case strings.Contains(body, "_in_use"), strings.Contains(body, "_not_offline"), strings.Contains(body, "_common_"), strings.Contains(body, "_exists"):
		return api.ErrConflict
	}
	return api.ErrInvalid
}

// replay answers GETs from the recording of a complete instance.
func replay(t testing.TB) *api.Client {
	answers := map[string]recording{}
	for _, r := range recordings(t, "testdata/gets.jsonl") {
		r.Status = 200
		json := "application/json"
		r.ContentType = &json
		answers[r.Path+"?"+r.Query] = r
	}
	return newClient(t, serve(t, func(w http.ResponseWriter, req *http.Request) {
		r, ok := answers[req.URL.Path+"?"+req.URL.RawQuery]
		if !ok {
			t.Errorf("request for %s, which was not recorded", req.RequestURI)
		}
		r.play(w)
	}), func(o *api.Options) { o.Retries = -1 })
}

// Reading a whole recorded instance gives every list that it has.
func TestReadRecordedInstance(t *testing.T) {
	c, ctx := replay(t), context.Background()
	if _, err := c.Status(ctx); err != nil {
		t.Error(err)
	}
	if _, err := c.Settings(ctx); err != nil {
		t.Error(err)
	}
	if _, err := c.Subscription(ctx); err != nil {
		t.Error(err)
	}
	count := func(name string, list []json.RawMessage, err error) []string {
		if err != nil || len(list) == 0 {
			t.Errorf("%s: %d objects, %v", name, len(list), err)
		}
		var ids []string
		for _, raw := range list {
			var o struct{ ID string }
			if err := json.Unmarshal(raw, &o); err != nil {
				t.Errorf("%s: %v", name, err)
			}
			ids = append(ids, o.ID)
		}
		return ids
	}
	list := func(name string, f func(context.Context) ([]json.RawMessage, error)) []string {
		objects, err := f(ctx)
		return count(name, objects, err)
	}
	list("administrators", c.Administrators)
	list("hosts", c.Hosts)
	users := 0
	for _, org := range list("organizations", c.Organizations) {
		var unpaged, paged []string
		for user, err := range c.Users(ctx, org) {
			if err != nil {
				t.Fatal(err)
			}
			unpaged = append(unpaged, string(user))
		}
		for user, err := range c.UsersPaged(ctx, org) {
			if err != nil {
				t.Fatal(err)
			}
			paged = append(paged, string(user))
		}
		if len(paged) != len(unpaged) {
			t.Errorf("organization %s: %d users from pages, %d without", org, len(paged), len(unpaged))
		}
		users += len(unpaged)
	}
	if users != 14 {
		t.Errorf("%d users, want 14", users)
	}
	routes := 0
	for _, server := range list("servers", c.Servers) {
		for _, f := range []func(context.Context, string) ([]json.RawMessage, error){c.ServerOrganizations, c.ServerHosts, c.ServerLinks, c.ServerRoutes} {
			objects, err := f(ctx, server)
			if err != nil {
				t.Error(err)
			}
			routes += len(objects)
		}
	}
	if routes == 0 {
		t.Error("servers have no parts")
	}
	locations := 0
	for _, link := range list("links", c.Links) {
		objects, err := c.Locations(ctx, link)
		if err != nil {
			t.Error(err)
		}
		locations += len(objects)
	}
	if locations == 0 {
		t.Error("links have no locations")
	}
}
