package simulator

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
)

const (
	typeJSON  = "application/json"
	typeHTML  = "text/html; charset=utf-8"
	typePlain = "text/plain"
)

// reply is an answer that has not been written yet.
type reply struct {
	status int
	kind   string // content type, empty for none
	text   string // body when value and stream are nil
	value  any    // marshalled as JSON
	stream func(io.Writer) error
	header http.Header
	front  bool // made by the front end: without the back end's headers
}

// ok answers 200 with a JSON value; nil is the JSON text null.
func ok(v any) reply {
	if v == nil {
		v = json.RawMessage("null")
	}
	return reply{status: http.StatusOK, kind: typeJSON, value: v}
}

func empty() reply { return ok(struct{}{}) }

// refuse answers a handled error: 400 with its code and text.
func refuse(code string) reply { return refuseAs(http.StatusBadRequest, code, message(code)) }

func refuseAs(status int, code, text string) reply {
	return reply{status: status, kind: typeJSON, value: map[string]string{"error": code, "error_msg": text}}
}

// notOffline answers server_not_offline, whose text names what was tried.
func notOffline(what string) reply {
	return refuseAs(http.StatusBadRequest, "server_not_offline", "Server must be offline to "+what+".")
}

// abort answers a framework error: the status and its name as a text.
func abort(status int) reply {
	name := http.StatusText(status)
	if status == http.StatusMethodNotAllowed {
		name = "Not Allowed"
	}
	return reply{status: status, kind: typeHTML, text: fmt.Sprintf("%d: %s", status, name)}
}

// crash answers what the back end does when a handler raises.
func crash() reply { return abort(http.StatusInternalServerError) }

// frontEmpty is an answer of the front end with neither body nor content type.
func frontEmpty(status int) reply { return reply{status: status, front: true} }

func frontText(status int, kind, text string) reply {
	return reply{status: status, kind: kind, text: text, front: true}
}

func unknownRoute() reply { return frontText(http.StatusNotFound, typePlain, "404 page not found") }

// render turns the value into text. It is done with the lock held: the value may
// share memory with the database.
func (r reply) render() reply {
	if r.value != nil {
		r.text, r.value = string(encode(r.value)), nil
	}
	return r
}

// write sends the reply. The error of a broken connection is of no interest to
// a server.
func (r reply) write(w http.ResponseWriter) {
	h := w.Header()
	for key, values := range r.header {
		h[key] = values
	}
	if !r.front {
		backHeaders(h)
	}
	r = r.render()
	if r.kind == "" {
		h["Content-Type"] = nil // keeps net/http from guessing one
	} else {
		h.Set("Content-Type", r.kind)
	}
	w.WriteHeader(r.status)
	if r.stream != nil {
		_ = r.stream(w)
		return
	}
	_, _ = io.WriteString(w, r.text)
}

func backHeaders(h http.Header) {
	h["Cache-Control"] = []string{"no-cache, no-store, must-revalidate", "no-store"}
	h.Set("Pragma", "no-cache")
	h.Set("Expires", "0")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("X-Frame-Options", "DENY")
	h.Set("X-Xss-Protection", "1; mode=block")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Robots-Tag", "noindex")
}

// encode never fails on the values this package makes of its own types.
func encode(v any) []byte {
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return []byte("null\n")
	}
	return buf.Bytes()
}
