package snapshot

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Version is the newest version of the format this package reads, and the one
// it writes.
const Version = 1

const formatName = "pritunl-backup"

// The values of Header.Secrets and Source.Kind.
const (
	SecretsKeep   = "keep"
	SecretsRedact = "redact"
	SourceAPI     = "api"
	SourceMongo   = "mongo"
)

// Header says where a document comes from. It is the only part in which two
// snapshots of an unchanged instance differ.
type Header struct {
	CreatedAt      time.Time    `json:"created_at"` // UTC
	Tool           string       `json:"tool"`       // name and version of the program
	Source         Source       `json:"source"`
	PritunlVersion string       `json:"pritunl_version"` // "1.34.4681.89", "" when not known
	Host           string       `json:"host"`            // host name of the instance
	Complete       bool         `json:"complete"`        // nothing failed: what is Unreadable needs another licence or account
	Unreadable     []Unreadable `json:"unreadable,omitempty"`
	Skipped        []Kind       `json:"skipped,omitempty"` // left out because that was asked for
	Secrets        string       `json:"secrets"`           // "keep" or "redact"
	Tags           []string     `json:"tags,omitempty"`
	Warnings       []string     `json:"warnings,omitempty"`
}

// Source is what the configuration was read from.
type Source struct {
	Kind    string `json:"kind"`    // "api" or "mongo"
	Address string `json:"address"` // URL without user and password
	Reason  string `json:"reason,omitempty"`
}

// Unreadable is something that an export asked for and did not get.
type Unreadable struct {
	Kind   Kind   `json:"kind"`
	Object string `json:"object,omitempty"` // id or name; "" for the whole kind
	Reason string `json:"reason"`
}

// Has tells whether the document claims to hold every object of the kind:
// an absent object of such a kind did not exist.
func (h Header) Has(k Kind) bool {
	return !slices.Contains(h.Skipped, k) &&
		!slices.ContainsFunc(h.Unreadable, func(u Unreadable) bool { return u.Kind == k })
}

// checked gives the header as it may be written.
func (h Header) checked() (Header, error) {
	if h.Secrets != SecretsKeep && h.Secrets != SecretsRedact {
		return h, fmt.Errorf("write header: secrets is %q, not keep or redact", h.Secrets)
	}
	if h.Source.Kind != SourceAPI && h.Source.Kind != SourceMongo {
		return h, fmt.Errorf("write header: source is %q, not api or mongo", h.Source.Kind)
	}
	if !h.Complete && len(h.Unreadable) == 0 {
		return h, errors.New("write header: not complete, and nothing says why")
	}
	h.Source.Address = withoutUser(h.Source.Address)
	h.CreatedAt = h.CreatedAt.UTC().Round(0)
	if y := h.CreatedAt.Year(); y < 1 || y > 9999 {
		return h, fmt.Errorf("write header: year %d", y)
	}
	return h, nil
}

// withoutUser takes user and password out of an address. A list of database
// hosts is no URL to net/url, so this cuts by hand.
func withoutUser(address string) string {
	scheme, rest, ok := strings.Cut(address, "://")
	if !ok {
		return address
	}
	end := len(rest)
	if i := strings.IndexAny(rest, "/?#"); i >= 0 {
		end = i
	}
	return scheme + "://" + rest[strings.LastIndexByte(rest[:end], '@')+1:]
}

const headerSum = `    "sha256": "`

// encode gives the header's object up to its sum: one member per line, in the
// order of the struct.
func (h Header) encode() ([]byte, error) {
	text, err := json.Marshal(h)
	if err != nil {
		return nil, fmt.Errorf("write header: %w", err)
	}
	members, err := DecodeObject(text)
	if err != nil {
		return nil, fmt.Errorf("write header: %w", err)
	}
	out := []byte("{\n")
	for _, name := range []string{
		"created_at", "tool", "source", "pritunl_version", "host", "complete",
		"unreadable", "skipped", "secrets", "tags", "warnings",
	} {
		v, ok := members[name]
		if !ok {
			continue
		}
		out = append(out, `    "`+name+`": `...)
		if out, err = appendValue(out, v, 0); err != nil {
			return nil, fmt.Errorf("write header: %w", err)
		}
		out = append(out, ",\n"...)
	}
	return append(out, headerSum...), nil
}

// decodeHeader reads what encode gave. Members it does not know are let be:
// a later minor version may add some.
func decodeHeader(text []byte) (Header, error) {
	var h Header
	body := bytes.TrimSuffix(bytes.TrimSuffix(text, []byte(headerSum)), []byte(",\n"))
	if err := json.Unmarshal(append(bytes.Clone(body), '}'), &h); err != nil {
		return Header{}, err
	}
	return h, nil
}
