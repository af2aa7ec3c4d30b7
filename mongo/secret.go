package mongo

import "log/slog"

const redacted = "[redacted]"

// Secret is text that must not be printed by accident: every way of formatting it gives "[redacted]". Reveal is the
// only way to its value.
type Secret string

// Reveal returns the value itself.
func (s Secret) Reveal() string { return string(s) }

// String implements fmt.Stringer. An empty secret prints as nothing, so that "not set" can be told from "set".
func (s Secret) String() string {
	if s == "" {
		return ""
	}
	return redacted
}

// GoString implements fmt.GoStringer for %#v.
func (s Secret) GoString() string { return `mongo.Secret("` + s.String() + `")` }

// LogValue implements slog.LogValuer.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.String()) }

// MarshalText implements encoding.TextMarshaler, which JSON uses too.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// Masked shows the first four characters of a long secret, enough to tell two of them apart.
func (s Secret) Masked() string {
	const shown, long = 4, 16
	if len(s) < long {
		return s.String()
	}
	return string(s[:shown]) + "…"
}
