package api_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/iotest"
	"unicode"
	"unicode/utf8"

	"pgregory.net/rapid"
	"pritunl-backup/api"
)

// roundTrip is a transport that is a function.
type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// canned always gives the same answer.
func canned(status int, contentType string, body func() io.Reader) roundTrip {
	return func(r *http.Request) (*http.Response, error) {
		h := http.Header{"Content-Type": {contentType}, "Location": {contentType}, "Retry-After": {contentType}, "Date": {contentType}}
		return &http.Response{StatusCode: status, Header: h, Body: io.NopCloser(body()), Request: r}, nil
	}
}

// No answer whatsoever makes the client panic, show a secret, or print more than
// one line.
func FuzzErrorAnswer(f *testing.F) {
	for _, r := range recordings(f, "testdata/refusals.jsonl") {
		contentType := ""
		if r.ContentType != nil {
			contentType = *r.ContentType
		}
		f.Add(r.Status, contentType, []byte(r.Response))
	}
	f.Add(401, "Mon, 02 Jan 2006 15:04:05 GMT", []byte("401: Unauthorized"))
	f.Add(200, "text/html", []byte("<TITLE>\u0130 &amp; "+fakeSecret+"</title>"))
	f.Add(302, "https://u:p@host/"+fakeToken+"\x1b[31m", []byte{})
	f.Add(200, "application/json", []byte(`{"a":"`+fakeSecret))
	f.Fuzz(func(t *testing.T, status int, contentType string, body []byte) {
		c := newClient(t, "http://localhost", func(o *api.Options) {
			o.Retries = -1
			o.Transport = canned(status, contentType, func() io.Reader { return bytes.NewReader(body) })
		})
		for _, path := range []string{"/link", "/link/" + orgID} {
			response, err := c.Get(context.Background(), path)
			if err == nil {
				if status < 200 || status > 299 || !json.Valid(response) && len(bytes.TrimSpace(response)) > 0 {
					t.Fatalf("%d %q was taken for a good answer", status, response)
				}
				continue
			}
			e := asError(t, err)
			text := e.Error() + e.Summary() + e.Hint + e.Code + e.Message
			if strings.Contains(text+string(e.Body), fakeSecret) || strings.Contains(text+string(e.Body), fakeToken) {
				t.Fatalf("error shows a secret: %q", text)
			}
			if i := strings.IndexFunc(text, func(r rune) bool { return !unicode.IsPrint(r) }); i >= 0 {
				t.Fatalf("error cannot be printed on one line: %q", text)
			}
			if kindsOf(err) == "" {
				t.Fatalf("error %q is of no kind", err)
			}
		}
	})
}

// readUsers reads body as the answer to a listing, in small pieces.
func readUsers(t testing.TB, body []byte) (users []json.RawMessage, err error) {
	c := newClient(t, "http://localhost", func(o *api.Options) {
		o.Retries, o.MaxElement = -1, 1<<20
		o.Transport = canned(200, "application/json", func() io.Reader { return iotest.HalfReader(bytes.NewReader(body)) })
	})
	for user, e := range c.Users(context.Background(), orgID) {
		if e != nil {
			err = e
			continue
		}
		users = append(users, user)
	}
	return users, err
}

// checkUsers compares the streaming decoder with the one of the standard library.
func checkUsers(t testing.TB, body []byte) {
	var want []json.RawMessage
	valid := utf8.Valid(body) && json.Unmarshal(body, &want) == nil && want != nil
	for _, element := range want {
		valid = valid && bytes.HasPrefix(bytes.TrimSpace(element), []byte("{"))
	}
	got, err := readUsers(t, body)
	if valid != (err == nil) {
		t.Fatalf("%q: error = %v; valid = %v", body, err, valid)
	}
	if err != nil {
		if kindsOf(err) == "" {
			t.Fatalf("error %q is of no kind", err)
		}
		return
	}
	if fmt.Sprintf("%q", got) != fmt.Sprintf("%q", want) {
		t.Fatalf("users = %q, want %q", got, want)
	}
}

func FuzzUsers(f *testing.F) {
	for _, seed := range []string{
		`[]`, ` [ ] `, `[{}]`, `[{"id":"x"},{"a":[1,{"b":null}]}]`, `[{}`, `[{},]`, `[,{}]`, `[{}{}]`, `[{}}`, `[{}] []`, `[{"a":1e400}]`, `null`, `{}`, `[1]`,
		"[{\"a\":\"\xff\"}]", `[{"a":"\ud800"}]`, "[" + user(1) + "]",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) { checkUsers(t, body) })
}

func TestUsersAreDecodedLikeAnyJSON(t *testing.T) {
	text := rapid.StringN(0, 8, -1)
	value := rapid.OneOf(
		rapid.Map(text, func(s string) any { return s }),
		rapid.Map(rapid.Int64(), func(n int64) any { return n }),
		rapid.Just[any](nil),
		rapid.Map(rapid.SliceOfN(text, 0, 3), func(s []string) any { return s }),
	)
	rapid.Check(t, func(r *rapid.T) {
		users := rapid.SliceOfN(rapid.MapOfN(text, value, 0, 4), 0, 6).Draw(r, "users")
		body, err := json.MarshalIndent(users, "", rapid.SampledFrom([]string{"", " ", "\t\t"}).Draw(r, "indent"))
		if err != nil {
			r.Fatal(err)
		}
		checkUsers(t, body)
		// Cut anywhere it is an error, and what came before is given.
		if cut := rapid.IntRange(0, len(body)-1).Draw(r, "cut"); cut > 0 {
			if _, err := readUsers(t, body[:cut]); !errors.Is(err, api.ErrTruncated) {
				r.Fatalf("cut at %d of %q: error = %v", cut, body, err)
			}
		}
	})
}
