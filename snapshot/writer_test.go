package snapshot_test

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"

	"pritunl-backup/snapshot"
)

// step is one call of a Writer.
type step func(w *snapshot.Writer) error

func element(t testing.TB, kind snapshot.Kind, text string) step {
	o := object(t, text)
	return func(w *snapshot.Writer) error { return w.WriteElement(kind, o) }
}

func TestWriterRefuses(t *testing.T) {
	org := element(t, snapshot.Organizations, `{"id":"1","name":"b"}`)
	raw := func(collection, text string) step {
		return func(w *snapshot.Writer) error { return w.WriteDocument(collection, []byte(text)) }
	}
	closed := func(w *snapshot.Writer) error { _, err := w.Close(); return err }
	float := func(w *snapshot.Writer) error {
		return w.WriteElement(snapshot.Users, snapshot.Object{"id": "1", "last": 1.5})
	}
	for _, c := range []struct {
		name   string
		header snapshot.Header
		steps  []step
		says   string
	}{
		{"an unknown kind", testHeader(), []step{element(t, "tunnels", `{}`)}, `no kind "tunnels"`},
		{"kinds out of order", testHeader(), []step{element(t, snapshot.Users, `{"id":"1"}`), org}, "organizations: its section is over"},
		{"elements out of order", testHeader(), []step{org, element(t, snapshot.Organizations, `{"id":"0","name":"a"}`)}, `organizations "0": comes after`},
		{"a second settings", testHeader(), []step{element(t, snapshot.Settings, `{}`), element(t, snapshot.Settings, `{}`)}, "there is only one"},
		{"a float", testHeader(), []step{float}, "float64"},
		{"an element after a collection", testHeader(), []step{raw("users", `{"_id":"1"}`), org}, "its section is over"},
		{"collections out of order", testHeader(), []step{raw("users", `{"_id":"1"}`), raw("hosts", `{"_id":"1"}`)}, "hosts: comes after users"},
		{"documents out of order", testHeader(), []step{raw("users", `{"_id":{"$numberInt":"10"}}`), raw("users", `{"_id":{"$numberLong":"9"}}`)}, "not sorted by _id"},
		{"a document that is none", testHeader(), []step{raw("users", `[1]`)}, "not an object"},
		{"anything after the end", testHeader(), []step{closed, org}, "already closed"},
	} {
		t.Run(c.name, func(t *testing.T) {
			w, err := snapshot.NewWriter(io.Discard, c.header)
			if err != nil {
				t.Fatal(err)
			}
			for i, s := range c.steps {
				if err = s(w); (err != nil) != (i == len(c.steps)-1) {
					t.Fatalf("step %d: %v", i, err)
				}
			}
			if !strings.Contains(err.Error(), c.says) {
				t.Errorf("says %q, not %q", err, c.says)
			}
			if _, again := w.Close(); again == nil {
				t.Error("the document can be closed all the same")
			}
		})
	}
}

func TestWriterRefusesHeaders(t *testing.T) {
	for name, change := range map[string]func(h *snapshot.Header){
		"secrets":  func(h *snapshot.Header) { h.Secrets = "" },
		"source":   func(h *snapshot.Header) { h.Source.Kind = "file" },
		"complete": func(h *snapshot.Header) { h.Complete = false },
		"year":     func(h *snapshot.Header) { h.CreatedAt = h.CreatedAt.AddDate(9000, 0, 0) },
	} {
		h := testHeader()
		change(&h)
		if _, err := snapshot.NewWriter(io.Discard, h); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

func TestHeaderHidesPasswords(t *testing.T) {
	for in, want := range map[string]string{
		"https://vpn.example.com/base":                                    "https://vpn.example.com/base",
		"https://u:FAKE@vpn.example.com":                                  "https://vpn.example.com",
		"mongodb://u:FA@KE@a.example.com:1,b.example.com:2/pritunl?x=y@z": "mongodb://a.example.com:1,b.example.com:2/pritunl?x=y@z",
		"no address": "no address",
	} {
		h := testHeader()
		h.Source.Address = in
		r, err := snapshot.NewReader(bytes.NewReader(write(t, h, nil)))
		if err != nil {
			t.Fatal(err)
		}
		if got := r.Header().Source.Address; got != want {
			t.Errorf("%s becomes %s", in, got)
		}
	}
}

// full is a disk with room for n bytes.
type full struct{ n int }

func (f *full) Write(p []byte) (int, error) {
	if f.n -= len(p); f.n < 0 {
		return 0, errors.New("no space left on device")
	}
	return len(p), nil
}

func TestWriteErrorIsReported(t *testing.T) {
	all := recorded(t, "instance.jsonl")
	size := len(write(t, testHeader(), all))
	for _, n := range []int{0, 1, size / 2, size - 1} {
		if _, err := snapshot.WriteAll(&full{n}, testHeader(), all); err == nil || !strings.Contains(err.Error(), "no space left") {
			t.Errorf("room for %d of %d bytes: %v", n, size, err)
		}
	}
	if _, err := snapshot.WriteAll(&full{size}, testHeader(), all); err != nil {
		t.Error(err)
	}
}
