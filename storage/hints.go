package storage

import (
	"bytes"
	"fmt"
	"strings"

	"filippo.io/age"
)

// KeyError says that a key is missing, and which one would do.
type KeyError struct {
	IntegrityError
	// Recipients are the public keys the file is encrypted to. Files of other programs do not tell.
	Recipients []string
	// Passphrase is true when the file opens with a passphrase.
	Passphrase bool
}

func (e *KeyError) Error() string { return e.IntegrityError.Error() }

// Unwrap gives the integrity error.
func (e *KeyError) Unwrap() error { return &e.IntegrityError }

// hints are what an age header says about who can open it.
type hints struct {
	recipients []string
	passphrase bool
	counts     map[string]int // stanzas by type
	order      []string
}

func readHints(header []byte) hints {
	h := hints{counts: map[string]int{}}
	for line := range bytes.Lines(header) {
		fields := strings.Fields(string(line))
		if len(fields) < 2 || fields[0] != "->" {
			continue
		}
		kind := fields[1]
		switch {
		case kind == hintType:
			h.recipients = append(h.recipients, fields[2:]...)
			continue
		case strings.HasSuffix(kind, "-grease"):
			continue
		case kind == "scrypt":
			h.passphrase = true
		}
		if h.counts[kind]++; h.counts[kind] == 1 {
			h.order = append(h.order, kind)
		}
	}
	return h
}

// String says what would open the file.
func (h hints) String() string {
	switch {
	case h.passphrase:
		return "it opens with a passphrase"
	case len(h.recipients) > 0:
		var short []string
		for _, r := range h.recipients {
			if len(r) > 80 {
				r = r[:80] + "..."
			}
			short = append(short, printable(r))
		}
		return "it opens with the identity of " + strings.Join(short, " or ")
	}
	var kinds []string
	for _, k := range h.order {
		kinds = append(kinds, fmt.Sprintf("%d %s", h.counts[k], printable(k)))
	}
	return "it opens with the identity of one of its recipients: " + strings.Join(kinds, ", ")
}

// meant tells whether the header names one of the keys, so that a mismatch is damage and not a wrong key.
func (h hints) meant(keys []age.Identity) bool {
	for _, k := range keys {
		var public string
		switch k := k.(type) {
		case *age.X25519Identity:
			public = k.Recipient().String()
		case *age.HybridIdentity:
			public = k.Recipient().String()
		}
		for _, r := range h.recipients {
			if public != "" && r == public {
				return true
			}
		}
	}
	return false
}
