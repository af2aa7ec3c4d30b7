package api

import "log/slog"

const redacted = "[redacted]"

// Secret is a text that must not be shown. It prints, logs and encodes as
// "[redacted]"; only Reveal gives the text itself.
type Secret string

// String returns "[redacted]", or "" when the secret is empty.
func (s Secret) String() string {
	if s == "" {
		return ""
	}
	return redacted
}

// GoString returns the same as String, so that %#v does not show the secret.
func (s Secret) GoString() string { return `api.Secret("` + s.String() + `")` }

// LogValue returns the same as String.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.String()) }

// MarshalText returns the same as String: a Secret never travels in JSON.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// Reveal returns the secret text.
func (s Secret) Reveal() string { return string(s) }
