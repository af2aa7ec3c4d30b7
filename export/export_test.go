package export_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"pritunl-backup/api"
	"pritunl-backup/export"
	"pritunl-backup/snapshot"
)

var update = flag.Bool("update", false, "write the golden files anew")

const (
	orgAlpha   = "6b024c29b15b3f637f408c33"
	serverMain = "6b024c3ab15b3f637f408de0"
)

func TestRecordedInstanceGivesTheGoldenSnapshot(t *testing.T) {
	got, _, err := take(t.Context(), newReplay(t).client(), export.Options{})
	if err != nil {
		t.Fatal(err)
	}
	const golden = "testdata/seeded.golden.json"
	if *update {
		if err := os.WriteFile(golden, got, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("snapshot differs from %s (-want +got):\n%s", golden, diff)
	}
}

func TestFewestRequests(t *testing.T) {
	r := newReplay(t)
	if _, _, err := take(t.Context(), r.client(), export.Options{}); err != nil {
		t.Fatal(err)
	}
	const organizations, servers, links, relisting = 3, 5, 3, 3
	if got, want := len(r.requests()), 8+organizations+4*servers+links+relisting; got != want {
		t.Errorf("sent %d requests, want %d: %q", got, want, r.requests())
	}
	for _, request := range r.requests() {
		if !strings.HasPrefix(request, "GET ") {
			t.Errorf("an export sent %s", request)
		}
	}
}

func TestOnlyTheHeaderDiffersBetweenTwoExports(t *testing.T) {
	r := newReplay(t)
	client := r.client()
	first, _, err := take(t.Context(), client, export.Options{})
	if err != nil {
		t.Fatal(err)
	}
	later := header()
	later.CreatedAt = later.CreatedAt.AddDate(0, 0, 1)
	second, _, err := take(t.Context(), client, export.Options{Header: later, Parallel: 1})
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Equal(first, second) {
		t.Error("the headers should differ")
	}
	if diff := cmp.Diff(withoutHeader(t, first), withoutHeader(t, second)); diff != "" {
		t.Errorf("more than the header differs:\n%s", diff)
	}
}

func withoutHeader(t *testing.T, document []byte) string {
	t.Helper()
	start := bytes.Index(document, []byte(`  "header": {`))
	end := bytes.Index(document, []byte("\n  },\n"))
	if start < 0 || end < start {
		t.Fatal("no header in the document")
	}
	return string(document[:start]) + string(document[end:])
}

// TestNothingIsLost walks every field of every answer that an export reads: it stands in the snapshot with the same
// value, or the catalogue calls it volatile.
func TestNothingIsLost(t *testing.T) {
	r := newReplay(t)
	document, _, err := take(t.Context(), r.client(), export.Options{})
	if err != nil {
		t.Fatal(err)
	}
	stored := storedByKey(load(t, document))
	fields := 0
	for _, request := range r.requests() {
		path := strings.TrimPrefix(request, "GET ")
		kind, found := kindOf(path)
		if !found {
			continue
		}
		for _, o := range objectsOf(t, r.answers[path].Response) {
			kept, ok := stored[keyOf(kind, o)]
			if !ok {
				t.Errorf("%s: object %s is not in the snapshot", path, o.String("id"))
				continue
			}
			fields += compareFields(t, kind, "", map[string]any(o), map[string]any(kept))
		}
	}
	if fields < 1000 {
		t.Errorf("compared only %d fields", fields)
	}
}

func storedByKey(d *snapshot.Document) map[string]snapshot.Object {
	stored := map[string]snapshot.Object{}
	for kind, objects := range d.Resources {
		for _, o := range objects {
			stored[keyOf(kind, o)] = o
		}
	}
	return stored
}

func keyOf(kind snapshot.Kind, o snapshot.Object) string {
	return fmt.Sprintf("%s/%s/%s", kind, o.String("server"), o.String("id"))
}

func kindOf(path string) (snapshot.Kind, bool) {
	kinds := map[string]snapshot.Kind{
		"settings": snapshot.Settings, "admin": snapshot.Administrators, "organization": snapshot.Organizations,
		"host": snapshot.Hosts, "server": snapshot.Servers, "link": snapshot.Links, "subscription": snapshot.Subscription,
		"user": snapshot.Users, "server/organization": snapshot.ServerOrganizations, "server/route": snapshot.ServerRoutes,
		"server/host": snapshot.ServerHosts, "server/link": snapshot.ServerLinks, "link/location": snapshot.Locations,
	}
	parts := strings.Split(strings.TrimPrefix(path, "/"), "/")
	name := parts[0]
	if len(parts) == 3 {
		name += "/" + parts[2]
	}
	kind, ok := kinds[name]
	return kind, ok
}

func objectsOf(t testing.TB, raw json.RawMessage) []snapshot.Object {
	t.Helper()
	o, err := snapshot.DecodeObject(append(append([]byte(`{"list":`), raw...), '}'))
	if err != nil {
		t.Fatal(err)
	}
	list, _ := o["list"].([]any)
	if object, ok := o["list"].(map[string]any); ok {
		links, isList := object["links"].([]any)
		if list = links; !isList {
			list = []any{object}
		}
	}
	var objects []snapshot.Object
	for _, element := range list {
		objects = append(objects, snapshot.Object(element.(map[string]any)))
	}
	return objects
}

// compareFields counts the leaves it compared. Lists are compared as sets, because the snapshot sorts those without
// an order.
func compareFields(t *testing.T, kind snapshot.Kind, prefix string, recorded, kept map[string]any) int {
	t.Helper()
	count := 0
	for name, value := range recorded {
		path := prefix + name
		got, ok := kept[name]
		if !ok {
			if field, known := snapshot.Lookup(kind, path); !known || field.Class != snapshot.Volatile {
				t.Errorf("%s: %s is neither in the snapshot nor telemetry by the catalogue", kind, path)
			}
			continue
		}
		count += compareValue(t, kind, path, value, got)
	}
	return count
}

func compareValue(t *testing.T, kind snapshot.Kind, path string, value, got any) int {
	t.Helper()
	switch value := value.(type) {
	case map[string]any:
		inner, _ := got.(map[string]any)
		return compareFields(t, kind, path+".", value, inner)
	case []any:
		inner, _ := got.([]any)
		if len(inner) != len(value) {
			t.Errorf("%s: %s has %d elements, recorded %d", kind, path, len(inner), len(value))
			return 0
		}
		return compareLists(t, kind, path, value, inner)
	default:
		if got != value {
			t.Errorf("%s: %s is %v, recorded %v", kind, path, got, value)
		}
		return 1
	}
}

func compareLists(t *testing.T, kind snapshot.Kind, path string, recorded, kept []any) int {
	t.Helper()
	count := 0
	for _, element := range recorded {
		object, isObject := element.(map[string]any)
		at := slices.IndexFunc(kept, func(k any) bool {
			o, ok := k.(map[string]any)
			return ok && isObject && agree(o, object) || !isObject && k == element
		})
		switch {
		case at < 0:
			t.Errorf("%s: %s lost the element %v", kind, path, element)
		case isObject:
			count += compareFields(t, kind, path+"[].", object, kept[at].(map[string]any))
		default:
			count++
		}
	}
	return count
}

// agree tells whether what was kept of an element can be the recorded one.
func agree(kept, recorded map[string]any) bool {
	for name, value := range kept {
		switch value.(type) {
		case map[string]any, []any:
		default:
			if recorded[name] != value {
				return false
			}
		}
	}
	return len(kept) > 0
}

func TestWhatTheAccountMayNotSeeIsRecorded(t *testing.T) {
	r := newReplay(t)
	r.set("/admin", answerStatus(400, "application/json", `{"error":"requires_super_user","error_msg":"This administrator action can only be performed by a super user."}`))
	r.set("/link", answerStatus(404, "text/html; charset=utf-8", "404: Not Found"))
	document, result, err := take(t.Context(), r.client(), export.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if len(result.Failures) > 0 {
		t.Errorf("failures %v: a missing licence or privilege is none", result.Failures)
	}
	var kinds []snapshot.Kind
	for _, u := range load(t, document).Header.Unreadable {
		kinds = append(kinds, u.Kind)
		if u.Reason == "" {
			t.Errorf("%s: no reason", u.Kind)
		}
	}
	slices.Sort(kinds)
	if diff := cmp.Diff([]snapshot.Kind{snapshot.Administrators, snapshot.Links, snapshot.Locations}, kinds); diff != "" {
		t.Errorf("unreadable kinds (-want +got):\n%s", diff)
	}
}

func TestAVendorOutOfReachIsNoFailure(t *testing.T) {
	r := newReplay(t)
	r.set("/subscription", answerStatus(500, "application/json", `{"error":"subscription_server_error","error_msg":"Unable to connect to subscription server, please try again later."}`))
	document, result, err := take(t.Context(), r.client(), export.Options{})
	if err != nil || len(result.Failures) > 0 {
		t.Fatalf("error %v, failures %v", err, result.Failures)
	}
	if h := load(t, document).Header; !h.Complete || h.Has(snapshot.Subscription) {
		t.Errorf("header %+v: want a complete snapshot without the subscription", h)
	}
}

func TestFailuresAreListedAndOnlyKeptWhenAskedFor(t *testing.T) {
	routes := "/server/" + serverMain + "/route"
	cases := map[string]struct {
		path   string
		answer http.HandlerFunc
		kind   snapshot.Kind
	}{
		"500 for one route list":    {routes, answerStatus(500, "text/html", "500: Internal Server Error"), snapshot.ServerRoutes},
		"a list cut short":          {routes, cut(`[{"id":"302e302e302e302f30","netw`), snapshot.ServerRoutes},
		"html where json should be": {routes, answerStatus(200, "text/html", "<html>proxy</html>"), snapshot.ServerRoutes},
		"500 for all settings":      {"/settings", answerStatus(500, "text/html", "500: Internal Server Error"), snapshot.Settings},
		"users cut short":           {"/user/" + orgAlpha, cut(`[{"id":"6b024c2ab15b3f637f408c62","name":"`), snapshot.Users},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			r := newReplay(t)
			r.set(c.path, c.answer)
			client := r.client()
			_, _, err := take(t.Context(), client, export.Options{})
			var partial *export.PartialError
			if !errors.As(err, &partial) || len(partial.Failures) != 1 || partial.Failures[0].Kind != c.kind {
				t.Fatalf("error %v, want one failure of %s", err, c.kind)
			}
			document, result, err := take(t.Context(), client, export.Options{AllowPartial: true})
			if err != nil {
				t.Fatal(err)
			}
			h := load(t, document).Header
			if h.Complete || len(h.Unreadable) != 1 || h.Unreadable[0].Kind != c.kind || len(result.Failures) != 1 {
				t.Errorf("header %+v, failures %v: want the one failure on record", h, result.Failures)
			}
		})
	}
}

// cut sends the beginning of an answer and drops the connection.
func cut(body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Content-Length", "100000")
		_, _ = w.Write([]byte(body))
		if f, ok := w.(http.Flusher); ok {
			f.Flush()
		}
		panic(http.ErrAbortHandler)
	}
}

func TestRefusedCredentialsEndTheExportAtOnce(t *testing.T) {
	r := newReplay(t)
	r.set("/status", answerStatus(401, "text/html; charset=utf-8", "401: Unauthorized"))
	_, _, err := take(t.Context(), r.client(), export.Options{AllowPartial: true})
	if !errors.Is(err, api.ErrUnauthorized) {
		t.Fatalf("error %v", err)
	}
	if got := r.requests(); len(got) != 1 {
		t.Errorf("sent %q after the first refusal", got)
	}
}

func TestAServerInRuinsEndsTheExportEarly(t *testing.T) {
	r := newReplay(t)
	var many strings.Builder
	for i := range 2000 {
		fmt.Fprintf(&many, `,{"id":"%024x","name":"s%d","status":"offline"}`, i, i)
	}
	r.set("/server", answerJSON("["+many.String()[1:]+"]"))
	for i := range 2000 {
		for _, part := range []string{"organization", "route", "host", "link"} {
			r.set(fmt.Sprintf("/server/%024x/%s", i, part), answerStatus(500, "text/html", "500: Internal Server Error"))
		}
	}
	_, _, err := take(t.Context(), r.client(), export.Options{})
	var partial *export.PartialError
	if !errors.As(err, &partial) {
		t.Fatalf("error %v", err)
	}
	if got := len(r.requests()); got > 300 {
		t.Errorf("sent %d requests to a server that fails at everything", got)
	}
}

func TestInterruptionIsNoFailure(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	r := newReplay(t)
	r.set("/host", func(w http.ResponseWriter, req *http.Request) { cancel(); answerJSON("[]")(w, req) })
	_, _, err := take(ctx, r.client(), export.Options{AllowPartial: true})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("error %v, want the cancellation", err)
	}
}
