package snapshot_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"pritunl-backup/snapshot"
)

func testHeader() snapshot.Header {
	return snapshot.Header{
		CreatedAt: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC), Tool: "pritunl-backup 1.2.3",
		Source:         snapshot.Source{Kind: snapshot.SourceAPI, Address: "https://vpn.example.com"},
		PritunlVersion: "1.34.4681.89", Host: "vpn.example.com", Complete: true, Secrets: snapshot.SecretsKeep,
	}
}

func object(t testing.TB, text string) snapshot.Object {
	t.Helper()
	o, err := snapshot.DecodeObject([]byte(text))
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return o
}

// small gives an instance with two organizations of one name, three users and
// one server.
func small(t testing.TB) map[snapshot.Kind][]snapshot.Object {
	return map[snapshot.Kind][]snapshot.Object{
		snapshot.Organizations: {
			object(t, `{"id":"b1","name":"same","auth_api":false}`),
			object(t, `{"id":"a1","name":"same","auth_api":false}`),
		},
		snapshot.Servers: {object(t, `{"id":"s1","name":"q\"uo\nte\u2028 😀 \ud800!","mss_fix":90071992547409931234,"network":"10.0.0.0/24"}`)},
		snapshot.ServerOrganizations: {
			object(t, `{"id":"b1","server":"s1","name":"same"}`),
		},
		snapshot.Users: {
			object(t, `{"id":"u3","organization":"b1","name":"alice","type":"client","email":""}`),
			object(t, `{"id":"u2","organization":"a1","name":"","type":"server","email":null}`),
			object(t, `{"id":"u1","organization":"a1","name":"zoe","type":"client","email":"z@example.com"}`),
		},
	}
}

func write(t testing.TB, h snapshot.Header, all map[snapshot.Kind][]snapshot.Object) []byte {
	t.Helper()
	var out bytes.Buffer
	if _, err := snapshot.WriteAll(&out, h, all); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func TestWrittenDocumentReadsBack(t *testing.T) {
	text := write(t, testHeader(), small(t))
	if !json.Valid(text) {
		t.Fatal("not json")
	}
	doc, err := snapshot.Load(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(testHeader(), doc.Header); diff != "" {
		t.Error(diff)
	}
	var ids []string
	for _, u := range doc.Resources[snapshot.Users] {
		ids = append(ids, u.String("id"))
	}
	if got := strings.Join(ids, " "); got != "u1 u2 u3" {
		t.Errorf("users are in the order %s", got)
	}
	if diff := cmp.Diff(small(t)[snapshot.Servers], doc.Resources[snapshot.Servers]); diff != "" {
		t.Error(diff)
	}
	if again := write(t, doc.Header, doc.Resources); !bytes.Equal(text, again) {
		t.Error("writing what was read gives other bytes")
	}
}

func TestEveryChangedByteIsFound(t *testing.T) {
	text := write(t, testHeader(), small(t))
	check := func(what string, at int, changed []byte) {
		t.Helper()
		if _, err := snapshot.Load(bytes.NewReader(changed)); !errors.Is(err, snapshot.ErrIntegrity) {
			t.Fatalf("%s at byte %d: %v", what, at, err)
		}
	}
	for i := range text {
		for bit := range 8 {
			changed := bytes.Clone(text)
			changed[i] ^= 1 << bit
			check("flipped bit", i, changed)
		}
		check("missing byte", i, append(bytes.Clone(text[:i]), text[i+1:]...))
		for _, c := range []byte(" \n0,\"}x") {
			check("added byte", i, append(append(bytes.Clone(text[:i]), c), text[i:]...))
		}
		_, err := snapshot.Load(bytes.NewReader(text[:i]))
		if want := snapshot.ErrCut; i > 0 && !errors.Is(err, want) {
			t.Fatalf("cut at byte %d: %v", i, err)
		}
	}
	check("added line feed", len(text), append(bytes.Clone(text), '\n'))
	check("added snapshot", len(text), append(bytes.Clone(text), text...))
}
