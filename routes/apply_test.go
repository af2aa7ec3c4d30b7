package routes_test

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"pritunl-backup/api"
	"pritunl-backup/routes"
)

const (
	serverID = "aaaaaaaaaaaaaaaaaaaaaaaa"
	linkedID = "bbbbbbbbbbbbbbbbbbbbbbbb"
)

// vpn is as much of a Pritunl server as Apply speaks to: two linked servers, the
// routes of the first, and the rule that routes need both offline.
type vpn struct {
	t      *testing.T
	mu     sync.Mutex
	status map[string]string
	routes map[string]map[string]any
	log    []string
	// before is called ahead of every request and may answer it by itself.
	before func(w http.ResponseWriter, r *http.Request) bool
}

func newVPN(t *testing.T, status, linked string) *vpn {
	return &vpn{t: t, status: map[string]string{serverID: status, linkedID: linked}, routes: map[string]map[string]any{
		"0.0.0.0/0":    {"network": "0.0.0.0/0", "nat": true},
		"10.22.0.0/24": {"network": "10.22.0.0/24", "comment": "aws", "nat": false},
	}}
}

func (v *vpn) client() *api.Client {
	s := httptest.NewServer(v)
	v.t.Cleanup(s.Close)
	c, err := api.New(api.Options{URL: s.URL, Token: "FAKETOKEN", Secret: "FAKESECRET", Retries: -1})
	if err != nil {
		v.t.Fatal(err)
	}
	return c
}

func (v *vpn) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.log = append(v.log, r.Method+" "+strings.NewReplacer(serverID, "A", linkedID, "B").Replace(r.URL.Path))
	if v.before != nil && v.before(w, r) {
		return
	}
	w.Header().Set("Content-Type", "application/json")
	parts := strings.Split(strings.Trim(r.URL.Path, "/"), "/")
	id := parts[1]
	switch {
	case r.Method == http.MethodGet && len(parts) == 2:
		v.answer(w, map[string]any{"id": id, "status": v.status[id]})
	case r.Method == http.MethodGet && parts[2] == "link":
		v.answer(w, []any{map[string]any{"id": linkedID, "status": v.status[linkedID]}})
	case r.Method == http.MethodGet && parts[2] == "route":
		rows := []map[string]any{}
		for _, row := range v.routes {
			rows = append(rows, row)
		}
		v.answer(w, rows)
	case r.Method == http.MethodPut && parts[2] == "operation":
		v.status[id] = map[string]string{"start": "online", "stop": "offline"}[parts[3]]
		v.answer(w, map[string]any{"id": id, "status": v.status[id]})
	case v.status[serverID] == "online" || v.status[linkedID] == "online":
		w.WriteHeader(http.StatusBadRequest)
		v.answer(w, map[string]any{"error": "server_route_online", "error_msg": "Cannot modify routes while server is online."})
	case r.Method == http.MethodPost && parts[2] == "routes":
		v.post(w, r)
	case r.Method == http.MethodDelete:
		network, err := hex.DecodeString(parts[3])
		if err != nil {
			v.t.Errorf("delete of route %q", parts[3])
		}
		delete(v.routes, string(network))
		v.answer(w, nil)
	default:
		v.t.Errorf("unexpected %s %s", r.Method, r.URL.Path)
	}
}

func (v *vpn) post(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil || len(body) > 50_000 || r.Header.Get("Content-Type") != "application/json" {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	var rows []map[string]any
	if err := json.Unmarshal(body, &rows); err != nil || len(rows) == 0 {
		v.t.Errorf("body %s", body)
	}
	for _, row := range rows {
		v.routes[row["network"].(string)] = row
	}
	v.answer(w, rows[len(rows)-1])
}

func (v *vpn) answer(w http.ResponseWriter, body any) {
	if err := json.NewEncoder(w).Encode(body); err != nil {
		v.t.Error(err)
	}
}

func (v *vpn) writes() []string {
	v.mu.Lock()
	defer v.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(v.log), func(s string) bool { return strings.HasPrefix(s, "GET ") })
}

func plan(t *testing.T, c *api.Client, n int) routes.Plan {
	t.Helper()
	have, err := routes.Fetch(t.Context(), c, serverID)
	if err != nil {
		t.Fatal(err)
	}
	var list []routes.Route
	for i := range n {
		a := netip.AddrFrom4([4]byte{10, 60 + byte(i>>7), byte(i<<1) & 0xff, 0})
		list = append(list, routes.Route{Network: netip.PrefixFrom(a, 24)})
	}
	p, err := routes.NewPlan(have, list, routes.Options{Comment: "aws", NAT: true, PruneComment: "aws"})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestApply(t *testing.T) {
	const sent, removed = "POST /server/A/routes", "DELETE /server/A/route/31302e32322e302e302f3234"
	stop := func(s string) string { return "PUT /server/" + s + "/operation/stop" }
	start := func(s string) string { return "PUT /server/" + s + "/operation/start" }
	tests := map[string]struct {
		status, linked string
		want           []string
	}{
		"offline":       {"offline", "offline", []string{sent, removed}},
		"pending":       {"pending", "offline", []string{sent, removed}},
		"online":        {"online", "offline", []string{stop("A"), sent, removed, start("A")}},
		"linked online": {"offline", "online", []string{stop("B"), sent, removed, start("B")}},
		"both online":   {"online", "online", []string{stop("B"), stop("A"), sent, removed, start("A"), start("B")}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			v := newVPN(t, tt.status, tt.linked)
			c := v.client()
			res, err := routes.Apply(t.Context(), c, serverID, plan(t, c, 3), routes.ApplyOptions{Stop: true})
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(tt.want, v.writes()); d != "" {
				t.Error(d)
			}
			if res.Added != 3 || res.Removed != 1 || res.Updated != 0 {
				t.Errorf("result %+v", res)
			}
			if v.status[serverID] != tt.status || v.status[linkedID] != tt.linked {
				t.Errorf("servers were left %v", v.status)
			}
			if _, ok := v.routes["0.0.0.0/0"]; !ok {
				t.Error("the default route is gone")
			}
			if again := plan(t, c, 3); !again.Empty() {
				t.Errorf("second plan %v", lines(again))
			}
		})
	}
}

func TestApplyNothingSendsNothing(t *testing.T) {
	v := newVPN(t, "online", "online")
	c := v.client()
	if _, err := routes.Apply(t.Context(), c, serverID, routes.Plan{}, routes.ApplyOptions{Stop: true}); err != nil || len(v.log) > 0 {
		t.Errorf("requests %v, error %v", v.log, err)
	}
}

func TestApplyWithoutLeaveToStop(t *testing.T) {
	v := newVPN(t, "online", "offline")
	c := v.client()
	_, err := routes.Apply(t.Context(), c, serverID, plan(t, c, 1), routes.ApplyOptions{})
	if !errors.Is(err, routes.ErrOnline) || len(v.writes()) > 0 {
		t.Errorf("requests %v, error %v", v.writes(), err)
	}
}

func TestApplyManyRoutesInFewRequests(t *testing.T) {
	v := newVPN(t, "offline", "offline")
	c := v.client()
	p := plan(t, c, 1500)
	res, err := routes.Apply(t.Context(), c, serverID, p, routes.ApplyOptions{})
	if err != nil || res.Added != 1500 {
		t.Fatalf("result %+v, error %v", res, err)
	}
	posts := 0
	for _, w := range v.writes() {
		if strings.HasPrefix(w, "POST") {
			posts++
		}
	}
	if posts < 2 || posts > 3 {
		t.Errorf("%d requests for 1500 routes", posts)
	}
}

func TestServersAreStartedAgain(t *testing.T) {
	refuse := func(method string) func(*vpn, context.CancelFunc) {
		return func(v *vpn, _ context.CancelFunc) {
			v.before = func(w http.ResponseWriter, r *http.Request) bool {
				if r.Method == method {
					w.WriteHeader(http.StatusInternalServerError)
				}
				return r.Method == method
			}
		}
	}
	tests := map[string]func(*vpn, context.CancelFunc){
		"after a refused list":   refuse(http.MethodPost),
		"after a refused delete": refuse(http.MethodDelete),
		"after an interrupt": func(v *vpn, cancel context.CancelFunc) {
			v.before = func(_ http.ResponseWriter, r *http.Request) bool {
				if r.Method == http.MethodPost {
					cancel()
				}
				return false
			}
		},
		"after the second stop failed": func(v *vpn, _ context.CancelFunc) {
			v.before = func(w http.ResponseWriter, r *http.Request) bool {
				bad := strings.HasSuffix(r.URL.Path, serverID+"/operation/stop")
				if bad {
					w.WriteHeader(http.StatusInternalServerError)
				}
				return bad
			}
		},
		"after routes that do not stay": func(v *vpn, _ context.CancelFunc) {
			v.before = func(w http.ResponseWriter, r *http.Request) bool {
				if r.Method != http.MethodPost {
					return false
				}
				w.Header().Set("Content-Type", "application/json")
				v.answer(w, map[string]any{})
				return true
			}
		},
	}
	for name, arrange := range tests {
		t.Run(name, func(t *testing.T) {
			v := newVPN(t, "online", "online")
			c := v.client()
			p := plan(t, c, 3)
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			arrange(v, cancel)
			res, err := routes.Apply(ctx, c, serverID, p, routes.ApplyOptions{Stop: true})
			if err == nil {
				t.Fatal("no error")
			}
			if name == "after routes that do not stay" && !errors.Is(err, routes.ErrNotApplied) {
				t.Errorf("error %v", err)
			}
			if v.status[serverID] != "online" || v.status[linkedID] != "online" {
				t.Errorf("servers were left %v after %v", v.status, err)
			}
			if d := cmp.Diff(res.Stopped, []string{linkedID, serverID}); d != "" {
				t.Error(d)
			}
			if d := cmp.Diff(res.Started, []string{serverID, linkedID}); d != "" {
				t.Error(d)
			}
		})
	}
}

func TestServerThatDoesNotStartIsReported(t *testing.T) {
	v := newVPN(t, "online", "offline")
	c := v.client()
	p := plan(t, c, 1)
	v.before = func(w http.ResponseWriter, r *http.Request) bool {
		if !strings.HasSuffix(r.URL.Path, "/start") {
			return false
		}
		w.Header().Set("Content-Type", "application/json")
		v.answer(w, map[string]any{"status": "offline"}) // answered well, not done
		return true
	}
	res, err := routes.Apply(t.Context(), c, serverID, p, routes.ApplyOptions{Stop: true})
	if err == nil || !strings.Contains(err.Error(), "start server "+serverID) {
		t.Errorf("error %v", err)
	}
	if res.Added != 1 || len(res.Started) != 0 {
		t.Errorf("result %+v", res)
	}
}
