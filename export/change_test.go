package export_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"pritunl-backup/export"
	"pritunl-backup/snapshot"
)

// onCall gives the n-th answer to the n-th request, and the last one from then on.
func onCall(answers ...http.HandlerFunc) http.HandlerFunc {
	var calls atomic.Int64
	return func(w http.ResponseWriter, req *http.Request) {
		n := int(calls.Add(1))
		answers[min(n, len(answers))-1](w, req)
	}
}

func (r *replay) recordedAnswer(path string) http.HandlerFunc {
	return answerJSON(string(r.answers[path].Response))
}

func organizationNames(d *snapshot.Document) []string {
	var names []string
	for _, o := range d.Resources[snapshot.Organizations] {
		names = append(names, o.String("name"))
	}
	return names
}

func TestAChangeDuringTheRunIsReadAgain(t *testing.T) {
	r := newReplay(t)
	r.set("/organization", onCall(r.recordedAnswer("/organization"), r.edit("/organization", `"Alpha"`, `"Renamed"`)))
	document, result, err := take(t.Context(), r.client(), export.Options{})
	if err != nil {
		t.Fatal(err)
	}
	d := load(t, document)
	if names := organizationNames(d); !slices.Contains(names, "Renamed") || slices.Contains(names, "Alpha") {
		t.Errorf("organizations %q, want the new name", names)
	}
	if result.Rounds != 2 || len(d.Header.Warnings) != 0 {
		t.Errorf("%d rounds, warnings %q", result.Rounds, d.Header.Warnings)
	}
}

func TestUsersWhoCameDuringTheRunAreInTheSnapshot(t *testing.T) {
	r := newReplay(t)
	path := "/user/" + orgAlpha
	newcomer := `[{"id":"6b024c2ab15b3f637f40ffff","organization":"` + orgAlpha + `","organization_name":"Alpha","name":"","type":"client","email":null},`
	grown := strings.Replace(string(r.answers[path].Response), "[", newcomer, 1)
	r.set(path, onCall(r.recordedAnswer(path), answerJSON(grown)))
	r.set("/organization", onCall(r.recordedAnswer("/organization"), r.edit("/organization", `"user_count": 7`, `"user_count": 8`)))
	document, _, err := take(t.Context(), r.client(), export.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(document), "6b024c2ab15b3f637f40ffff") {
		t.Error("the user who was added during the run is missing")
	}
}

func TestAServerDeletedDuringTheRunIsNoFailure(t *testing.T) {
	r := newReplay(t)
	var servers []map[string]any
	if err := json.Unmarshal(r.answers["/server"].Response, &servers); err != nil {
		t.Fatal(err)
	}
	servers = slices.DeleteFunc(servers, func(s map[string]any) bool { return s["id"] == serverMain })
	rest, err := json.Marshal(servers)
	if err != nil {
		t.Fatal(err)
	}
	r.set("/server", onCall(r.recordedAnswer("/server"), answerJSON(string(rest))))
	r.set("/server/"+serverMain+"/route", answerStatus(500, "text/html", "500: Internal Server Error"))
	document, _, err := take(t.Context(), r.client(), export.Options{})
	if err != nil {
		t.Fatal(err)
	}
	d := load(t, document)
	if got := len(d.Resources[snapshot.Servers]); got != len(servers) || !d.Header.Complete {
		t.Errorf("%d servers, complete %v; want the %d that are left", got, d.Header.Complete, len(servers))
	}
	if strings.Contains(string(document), `"server":"`+serverMain) {
		t.Error("parts of the deleted server are in the snapshot")
	}
}

func TestAnOrganizationDeletedDuringTheRunIsNoFailure(t *testing.T) {
	r := newReplay(t)
	var organizations []map[string]any
	if err := json.Unmarshal(r.answers["/organization"].Response, &organizations); err != nil {
		t.Fatal(err)
	}
	organizations = slices.DeleteFunc(organizations, func(o map[string]any) bool { return o["id"] == orgAlpha })
	rest, err := json.Marshal(organizations)
	if err != nil {
		t.Fatal(err)
	}
	r.set("/organization", onCall(r.recordedAnswer("/organization"), answerJSON(string(rest))))
	r.set("/user/"+orgAlpha, answerStatus(404, "text/html; charset=utf-8", "404: Not Found"))
	document, _, err := take(t.Context(), r.client(), export.Options{})
	if err != nil {
		t.Fatal(err)
	}
	d := load(t, document)
	if got := len(d.Resources[snapshot.Organizations]); got != len(organizations) || !d.Header.Complete {
		t.Errorf("%d organizations, complete %v; want the %d that are left", got, d.Header.Complete, len(organizations))
	}
}

func TestAnInstanceThatNeverRestsEndsWithAWarning(t *testing.T) {
	r := newReplay(t)
	var calls atomic.Int64
	r.set("/organization", func(w http.ResponseWriter, req *http.Request) {
		r.edit("/organization", `"Alpha"`, fmt.Sprintf(`"Alpha%d"`, calls.Add(1)))(w, req)
	})
	document, _, err := take(t.Context(), r.client(), export.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if h := load(t, document).Header; len(h.Warnings) != 1 {
		t.Errorf("warnings %q, want one", h.Warnings)
	}
}

// TestUsersAreWrittenInDocumentOrder gives users in orders that the server's sorting by name allows, and in one that
// it does not.
func TestUsersAreWrittenInDocumentOrder(t *testing.T) {
	user := func(id, name, email, kind string) string {
		return fmt.Sprintf(`{"id":"6b024c2ab15b3f637f40%s","organization":%q,"organization_name":"Alpha","name":%q,"email":%q,"type":%q}`, id, orgAlpha, name, email, kind)
	}
	cases := map[string][]string{
		"same name, other email": {user("0001", "ann", "b@example.com", "client"), user("0002", "ann", "a@example.com", "client"), user("0003", "zoe", "", "client")},
		"same name and email":    {user("0002", "ann", "", "client"), user("0001", "ann", "", "client")},
		"service users last":     {user("0001", "ann", "", "client"), user("0003", "zoe", "", "client"), user("0002", "host_1", "", "server")},
		"not sorted by name":     {user("0003", "zoe", "", "client"), user("0001", "ann", "", "client"), user("0002", "Bob", "", "client")},
	}
	for name, users := range cases {
		t.Run(name, func(t *testing.T) {
			r := newReplay(t)
			r.set("/user/"+orgAlpha, answerJSON("["+strings.Join(users, ",")+"]"))
			document, _, err := take(t.Context(), r.client(), export.Options{Kinds: []snapshot.Kind{snapshot.Organizations, snapshot.Users}})
			if err != nil {
				t.Fatal(err)
			}
			d := load(t, document)
			var got []snapshot.Object
			for _, u := range d.Resources[snapshot.Users] {
				if u.String("organization") == orgAlpha {
					got = append(got, u)
				}
			}
			if len(got) != len(users) {
				t.Fatalf("%d users, want %d", len(got), len(users))
			}
			for i := 1; i < len(got); i++ {
				if snapshot.SortKey(snapshot.Users, got[i-1], d.Names()).Compare(snapshot.SortKey(snapshot.Users, got[i], d.Names())) >= 0 {
					t.Errorf("user %s stands before %s", got[i-1].String("id"), got[i].String("id"))
				}
			}
		})
	}
}

func TestOnlyTheWantedKindsAreRead(t *testing.T) {
	r := newReplay(t)
	document, _, err := take(t.Context(), r.client(), export.Options{Kinds: []snapshot.Kind{snapshot.ServerRoutes}})
	if err != nil {
		t.Fatal(err)
	}
	for _, request := range r.requests() {
		if strings.HasPrefix(request, "GET /user/") || strings.HasPrefix(request, "GET /settings") || strings.HasSuffix(request, "/link") && request != "GET /link" {
			t.Errorf("read %s, which nothing wants", request)
		}
	}
	d := load(t, document)
	if len(d.Resources[snapshot.ServerRoutes]) == 0 || len(d.Resources[snapshot.Servers]) != 0 {
		t.Errorf("wrong sections: %v", d.Summary.Counts)
	}
	if !d.Header.Has(snapshot.ServerRoutes) || d.Header.Has(snapshot.Users) {
		t.Errorf("skipped kinds %v", d.Header.Skipped)
	}
}
