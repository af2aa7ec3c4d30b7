package secrets

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"slices"
	"strings"
)

const redacted = "[redacted]"

// Value is a text that must not be shown: it prints, logs and encodes as
// "[redacted]", whatever the verb. Only Reveal gives the text itself.
type Value string

// String returns "[redacted]", or "" when there is no text.
func (v Value) String() string {
	if v == "" {
		return ""
	}
	return redacted
}

// Format writes String under every verb, %x and %q included.
func (v Value) Format(s fmt.State, _ rune) { _, _ = io.WriteString(s, v.String()) }

// LogValue returns the same as String.
func (v Value) LogValue() slog.Value { return slog.StringValue(v.String()) }

// MarshalText returns the same as String: a Value never travels in JSON.
func (v Value) MarshalText() ([]byte, error) { return []byte(v.String()), nil }

// Reveal returns the text.
func (v Value) Reveal() string { return string(v) }

// Values are the members of the stored JSON object. An empty one is absent.
type Values struct {
	URL         string // "url": the address of the Pritunl server
	Token       Value  // "token": API token of an administrator
	Secret      Value  // "secret": API secret of the same administrator
	MongoURI    Value  // "mongodb_uri": connection string of Pritunl's database
	AgeIdentity Value  // "age_identity": private key that opens encrypted snapshots
}

// names in the order they are written in words.
func (v Values) members() []member {
	return []member{
		{"url", v.URL}, {"token", v.Token.Reveal()}, {"secret", v.Secret.Reveal()},
		{"mongodb_uri", v.MongoURI.Reveal()}, {"age_identity", v.AgeIdentity.Reveal()},
	}
}

type member struct{ name, value string }

// Names lists the members that are present, for reports: names are no secrets.
func (v Values) Names() []string {
	var out []string
	for _, m := range v.members() {
		if m.value != "" {
			out = append(out, m.name)
		}
	}
	return out
}

// maxValue is what Secrets Manager takes at most, in bytes.
const maxValue = 64 << 10

// parse reads the stored object. Its errors say what is wrong with the object
// without showing any of it; the reason goes into an *Error of kind ErrMalformed.
func parse(text string) (Values, map[string]json.RawMessage, error) {
	dec := json.NewDecoder(strings.NewReader(text))
	var object map[string]json.RawMessage
	if err := dec.Decode(&object); err != nil || object == nil {
		return Values{}, nil, reason("not a json object")
	}
	if _, err := dec.Token(); err != io.EOF {
		return Values{}, nil, reason("text after the json object")
	}
	var v Values
	for name, into := range map[string]func(string){
		"url":          func(s string) { v.URL = s },
		"token":        func(s string) { v.Token = Value(s) },
		"secret":       func(s string) { v.Secret = Value(s) },
		"mongodb_uri":  func(s string) { v.MongoURI = Value(s) },
		"age_identity": func(s string) { v.AgeIdentity = Value(s) },
	} {
		raw, ok := object[name]
		if !ok || string(raw) == "null" {
			continue
		}
		var s string
		if json.Unmarshal(raw, &s) != nil {
			return Values{}, nil, reason(fmt.Sprintf("member %q is not a text", name))
		}
		into(strings.TrimSpace(s))
	}
	return v, object, nil
}

// reason is why a stored object is of no use.
type reason string

func (r reason) Error() string { return string(r) }

// merge gives the object with the present members of v in it and all others as
// they are, and whether that differs from before.
func merge(object map[string]json.RawMessage, v Values) (string, bool, error) {
	out := maps.Clone(object)
	if out == nil {
		out = make(map[string]json.RawMessage)
	}
	changed := false
	for _, m := range v.members() {
		if m.value == "" {
			continue
		}
		var old string
		if raw, ok := out[m.name]; ok && json.Unmarshal(raw, &old) == nil && old == m.value {
			continue
		}
		raw, err := encode(m.value)
		if err != nil {
			return "", false, err
		}
		out[m.name], changed = raw, true
	}
	raw, err := encode(out)
	if err == nil && len(raw) > maxValue {
		err = reason(fmt.Sprintf("larger than the %d bytes a secret may have", maxValue))
	}
	return string(raw), changed, err
}

// encode leaves <, > and & as they are, so that a connection string stays readable.
func encode(v any) (json.RawMessage, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSpace(b.Bytes()), nil
}

func have(object map[string]json.RawMessage) string {
	if len(object) == 0 {
		return "it is empty"
	}
	return "it has " + strings.Join(slices.Sorted(maps.Keys(object)), ", ")
}

// others names the members of the object that are not of Values.
func others(object map[string]json.RawMessage) []string {
	var out []string
	for _, name := range slices.Sorted(maps.Keys(object)) {
		if !slices.ContainsFunc(Values{}.members(), func(m member) bool { return m.name == name }) {
			out = append(out, name)
		}
	}
	return out
}
