package export_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"

	"pritunl-backup/api"
	"pritunl-backup/export"
	"pritunl-backup/simulator"
	"pritunl-backup/snapshot"
)

func TestAnotherProgramIsNotTakenForPritunl(t *testing.T) {
	for name, answer := range map[string]http.HandlerFunc{
		"an object of something else": answerJSON(`{"message":"hello","version":"2"}`),
		"a list":                      answerJSON(`[1,2,3]`),
		"a number":                    answerJSON(`42`),
		"null":                        answerJSON(`null`),
		"a version that is no text":   answerJSON(`{"server_version":7}`),
		"a page":                      answerStatus(200, "text/html", "<title>Welcome to nginx!</title>"),
	} {
		t.Run(name, func(t *testing.T) {
			r := newReplay(t)
			r.set("/status", answer)
			_, _, err := take(t.Context(), r.client(), export.Options{AllowPartial: true})
			var e *api.Error
			if !errors.Is(err, api.ErrNotPritunl) || !errors.As(err, &e) || e.Hint == "" {
				t.Fatalf("error %v, want one that says that this is no Pritunl, with a hint", err)
			}
			if got := r.requests(); len(got) != 1 {
				t.Errorf("went on asking: %q", got)
			}
		})
	}
}

func TestListsOfAnotherShapeAreFailures(t *testing.T) {
	for name, c := range map[string]struct {
		path, answer string
		kind         snapshot.Kind
	}{
		"an object for the servers":      {"/server", `{"servers":[]}`, snapshot.Servers},
		"null for the hosts":             {"/host", `null`, snapshot.Hosts},
		"numbers for the administrators": {"/admin", `[1]`, snapshot.Administrators},
		"a list for the settings":        {"/settings", `[]`, snapshot.Settings},
		"links without their object":     {"/link", `[]`, snapshot.Links},
		"a server without an id":         {"/server", `[{"name":"x"}]`, snapshot.Servers},
		"an id that would mean all":      {"/organization", `[{"id":"malformed-and-long","name":"x"}]`, snapshot.Organizations},
		"a member that stands twice":     {"/host", `[{"id":"a","id":"b"}]`, snapshot.Hosts},
		"an object for the users":        {"/user/" + orgAlpha, `{"users":[]}`, snapshot.Users},
	} {
		t.Run(name, func(t *testing.T) {
			r := newReplay(t)
			r.set(c.path, answerJSON(c.answer))
			_, _, err := take(t.Context(), r.client(), export.Options{})
			var partial *export.PartialError
			if !errors.As(err, &partial) || partial.Failures[0].Kind != c.kind {
				t.Fatalf("error %v, want a failure of %s", err, c.kind)
			}
		})
	}
}

// oddNames are names that a database may hold, whatever the filters of today let through.
var oddNames = []string{
	``, ` `, `"quoted"`, `back\slash`, "line\nbreak", "tab\there", "\x1b[31mred\x1b]0;title\a", "\u202egnp.exe", "\x00", "\x7f", "\u2028",
	`😀👩‍👩‍👧`, `Ünïcode-ñ`, `<script>&amp;`, `../../etc/passwd`, `%s%n`, `-rf`, strings.Repeat("long", 500),
}

func TestOddNamesAreKeptAndShownHarmlessly(t *testing.T) {
	r := newReplay(t)
	var users []string
	for i, name := range oddNames {
		o := snapshot.Object{"id": fmt.Sprintf("%024x", i+1), "organization": orgAlpha, "organization_name": "Alpha", "type": "client", "name": name, "email": name}
		raw, err := o.Encode()
		if err != nil {
			t.Fatal(err)
		}
		users = append(users, string(raw))
	}
	r.set("/user/"+orgAlpha, answerJSON("["+strings.Join(users, ",")+"]"))
	document, _, err := take(t.Context(), r.client(), export.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := snapshot.Verify(bytes.NewReader(document)); err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, user := range load(t, document).Resources[snapshot.Users] {
		if user.String("organization") != orgAlpha {
			continue
		}
		names = append(names, user.String("name"))
		for _, cell := range snapshot.Row(snapshot.Users, user, nil) {
			if strings.ContainsAny(cell, "\n\r\t\x00\x1b\x7f\a\u202e\u2028") {
				t.Errorf("a cell steers the terminal: %q", cell)
			}
		}
	}
	want := slices.Sorted(slices.Values(oddNames))
	if !slices.Equal(names, want) {
		t.Errorf("names %q, want %q", names, want)
	}
}

func TestNumbersAndUnknownFieldsAreKeptDigitByDigit(t *testing.T) {
	const number = `900719925474099312345678901234567890.000100e+00`
	r := newReplay(t)
	for _, path := range []string{"/settings", "/host", "/server", "/organization", "/user/" + orgAlpha, "/server/" + serverMain + "/route"} {
		text := string(r.answers[path].Response)
		r.set(path, answerJSON(strings.ReplaceAll(text, `"id":`, `"from_the_future":{"b":`+number+`,"a":[null]},"id":`)))
	}
	document, _, err := take(t.Context(), r.client(), export.Options{})
	if err != nil {
		t.Fatal(err)
	}
	report, err := snapshot.Verify(bytes.NewReader(document))
	if err != nil {
		t.Fatal(err)
	}
	for _, kind := range []snapshot.Kind{snapshot.Settings, snapshot.Hosts, snapshot.Servers, snapshot.Organizations, snapshot.Users, snapshot.ServerRoutes} {
		if report.Unknown[string(kind)+".from_the_future"] == 0 {
			t.Errorf("%s: the unknown field is not reported: %v", kind, report.Unknown)
		}
	}
	kept := bytes.Count(document, []byte(`"from_the_future":{"a":[null],"b":`+number+`}`))
	if all := bytes.Count(document, []byte("from_the_future")); kept == 0 || kept != all {
		t.Errorf("%d of %d unknown fields are as they came", kept, all)
	}
}

// A new installation, with and without a licence, as recorded.
func TestFreshInstallations(t *testing.T) {
	for file, hidden := range map[string][]snapshot.Kind{
		"fresh.jsonl":        nil,
		"fresh-noplan.jsonl": {snapshot.Links, snapshot.Locations},
	} {
		t.Run(file, func(t *testing.T) {
			document, _, err := take(t.Context(), newReplayOf(t, file).client(), export.Options{})
			if err != nil {
				t.Fatal(err)
			}
			d := load(t, document)
			var unreadable []snapshot.Kind
			for _, u := range d.Header.Unreadable {
				unreadable = append(unreadable, u.Kind)
			}
			if !slices.Equal(unreadable, hidden) || !d.Header.Complete {
				t.Errorf("complete %v, unreadable %v; want %v", d.Header.Complete, unreadable, hidden)
			}
			counts := d.Summary.Counts
			if counts[snapshot.Settings] != 1 || counts[snapshot.Hosts] != 1 || counts[snapshot.Administrators] != 2 || counts[snapshot.Organizations] != 0 {
				t.Errorf("counts %v", counts)
			}
		})
	}
}

func TestTwoThousandServers(t *testing.T) {
	sim, err := simulator.New(simulator.Options{Seed: "users=2,orgs=1,servers=2000"})
	if err != nil {
		t.Fatal(err)
	}
	url, stop, err := simulator.Serve(t.Context(), sim, "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = stop() }()
	token, secret := sim.Credentials()
	client, err := api.New(api.Options{URL: url, Token: api.Secret(token), Secret: api.Secret(secret)})
	if err != nil {
		t.Fatal(err)
	}
	result, err := export.FromAPI(t.Context(), client, func() (io.Writer, error) { return io.Discard, nil }, export.Options{Header: header()})
	if err != nil {
		t.Fatal(err)
	}
	if got := result.Summary.Counts[snapshot.Servers]; got != 2000 {
		t.Errorf("%d servers", got)
	}
	if want := int64(8 + 1 + 4*2000 + 3); client.Requests() != want {
		t.Errorf("%d requests, want %d", client.Requests(), want)
	}
}
