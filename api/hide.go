package api

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"html"
	"net/url"
	"sort"
	"strings"
)

// hider removes secrets from texts that came from elsewhere: servers and
// proxies like to repeat what they were sent.
type hider struct {
	secrets []string // longest first, so that no part of a longer one stays
}

func newHider(secrets ...string) hider {
	var h hider
	seen := map[string]bool{"": true}
	for _, s := range secrets {
		forms := []string{
			s, url.QueryEscape(s), url.PathEscape(s), html.EscapeString(s), jsonText(s),
			hex.EncodeToString([]byte(s)), base64.StdEncoding.EncodeToString([]byte(s)),
		}
		for _, form := range forms {
			if !seen[form] {
				seen[form] = true
				h.secrets = append(h.secrets, form)
			}
		}
	}
	h.sort()
	return h
}

func (h hider) sort() {
	sort.Slice(h.secrets, func(i, j int) bool { return len(h.secrets[i]) > len(h.secrets[j]) })
}

// andBody gives a hider that also knows the secrets in a request's body: values whose names say that they are some.
func (h hider) andBody(body []byte) hider {
	var v any
	if len(body) == 0 || json.Unmarshal(body, &v) != nil {
		return h
	}
	var found []string
	collectSecrets("", v, &found)
	if len(found) == 0 {
		return h
	}
	more := newHider(found...)
	more.secrets = append(more.secrets, h.secrets...)
	more.sort()
	return more
}

// collectSecrets adds the texts below v whose names sound secret.
func collectSecrets(name string, v any, found *[]string) {
	switch v := v.(type) {
	case map[string]any:
		for name, member := range v {
			collectSecrets(name, member, found)
		}
	case []any:
		for _, element := range v {
			collectSecrets(name, element, found)
		}
	case string:
		// Shorter ones would take words apart that mean something else.
		if len(v) >= 4 && soundsSecret(name) {
			*found = append(*found, v)
		}
	}
}

func soundsSecret(name string) bool {
	name = strings.ToLower(name)
	for _, part := range []string{"secret", "token", "passw", "key", "private", "credential", "otp", "license"} {
		if strings.Contains(name, part) {
			return true
		}
	}
	return name == "pin"
}

// text returns s without secrets.
func (h hider) text(s string) string {
	for _, secret := range h.secrets {
		s = strings.ReplaceAll(s, secret, redacted)
	}
	return s
}

// cutText is text for the beginning of something longer: it also removes the
// beginning of a secret from the end.
func (h hider) cutText(s string) string {
	s = h.text(s)
	for _, secret := range h.secrets {
		for n := min(len(secret)-1, len(s)); n >= 4; n-- {
			if strings.HasSuffix(s, secret[:n]) {
				s = s[:len(s)-n] + redacted
				break
			}
		}
	}
	return s
}

// error hides secrets in everything an error says.
func (h hider) error(e *Error) *Error {
	e.Path, e.reason, e.Hint = h.text(e.Path), h.text(e.reason), h.text(e.Hint)
	e.Code, e.Message = h.text(e.Code), h.text(e.Message)
	for i := range e.Causes {
		e.Causes[i] = h.text(e.Causes[i])
	}
	if e.cause != nil {
		if text := e.cause.Error(); h.text(text) != text {
			e.cause = errors.New(h.text(text))
		}
	}
	if e.Body != nil {
		e.Body = []byte(h.cutText(string(e.Body)))
	}
	return e
}

// jsonText is s as it appears inside a JSON string.
func jsonText(s string) string {
	quoted, err := json.Marshal(s)
	if err != nil {
		return s
	}
	return strings.Trim(string(quoted), `"`)
}
