package storage

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"slices"
	"strings"

	"filippo.io/age"
)

// Audience is who can open an encrypted snapshot, as its header says.
type Audience struct {
	Encrypted  bool     `json:"encrypted"`
	Passphrase bool     `json:"passphrase,omitempty"`
	Recipients []string `json:"recipients,omitempty"` // public keys
	// Unnamed is the number of recipients that the header does not name; a file encrypted by another program names none.
	Unnamed int `json:"unnamed,omitempty"`
}

// ReadAudience reads the header of stored bytes. It needs no key.
func ReadAudience(raw io.Reader) (Audience, error) {
	in := bufio.NewReader(raw)
	start, _ := in.Peek(len(ageIntro))
	var src io.Reader = in
	switch {
	case string(start) == ageIntro:
	case bytes.HasPrefix(start, []byte("-----BEGIN AGE")):
		src = dearmor(in)
	default:
		return Audience{}, nil
	}
	header, err := age.ExtractHeader(src)
	if err != nil {
		return Audience{}, headerError(err, start)
	}
	h := readHints(header)
	total := 0
	for _, n := range h.counts {
		total += n
	}
	a := Audience{Encrypted: true, Passphrase: h.passphrase, Recipients: h.recipients}
	if !h.passphrase {
		a.Unnamed = max(0, total-len(h.recipients))
	}
	return a, nil
}

// Change gives the recipients after adding some and removing others. A header that does not name everybody cannot be
// changed this way: somebody would silently lose access. Then all recipients have to be listed again.
func (a Audience) Change(add []Recipient, remove []string) ([]Recipient, error) {
	if a.Passphrase || a.Unnamed > 0 {
		return nil, &Error{Op: "change recipients", Err: errors.New("the file does not name all who can open it"), Hint: "list everybody who shall be able to open it with --encrypt-to, without --add and --remove"}
	}
	var list []Recipient
	for _, old := range a.Recipients {
		if slices.ContainsFunc(remove, func(r string) bool { return strings.TrimSpace(r) == old }) {
			continue
		}
		r, err := ParseRecipient(old)
		if err != nil {
			return nil, err
		}
		list = append(list, r)
	}
	for _, r := range remove {
		if !slices.Contains(a.Recipients, strings.TrimSpace(r)) {
			return nil, &Error{Op: "remove recipient", Name: r, Err: ErrNotFound, Hint: "the file is encrypted to " + strings.Join(a.Recipients, ", ")}
		}
	}
	for _, r := range add {
		if !slices.Contains(a.Recipients, r.text) {
			list = append(list, r)
		}
	}
	if len(list) == 0 {
		return nil, &Error{Op: "change recipients", Err: errors.New("nobody could open it any more"), Hint: "keep or add at least one recipient"}
	}
	return list, nil
}

// Rewrap encrypts a snapshot to other recipients. The document is neither unpacked nor kept in memory, and its plaintext
// never touches the disk; it is checked to its end. raw is closed. opts.Gzip is ignored: what was packed stays packed.
func Rewrap(ctx context.Context, raw io.ReadCloser, keys Keys, to []Recipient, opts SealOptions) (*Sealed, error) {
	defer raw.Close()
	src := &source{ReadCloser: raw}
	in := bufio.NewReaderSize(src, 64<<10)
	start, err := in.Peek(len(ageIntro))
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	var sealed io.Reader = in
	switch {
	case len(to) == 0:
		return nil, &Error{Op: "rewrap", Err: errors.New("no recipient given"), Hint: "name at least one with --encrypt-to"}
	case bytes.HasPrefix(start, []byte("-----BEGIN AGE")):
		sealed = dearmor(in)
	case string(start) != ageIntro:
		return nil, &Error{Op: "rewrap", Err: errors.New("not encrypted"), Hint: "only encrypted snapshots have recipients"}
	}
	plain, err := openAge(sealed, keys.identities)
	if err != nil {
		return nil, &Error{Op: "rewrap", Err: src.first(err), Hint: keyHint(err)}
	}
	opts.Gzip, opts.Recipients = false, to
	seal, err := NewSeal(opts)
	if err != nil {
		return nil, err
	}
	if _, err := io.Copy(seal, &ctxReader{ctx, plain}); err != nil {
		return nil, errors.Join(src.first(err), seal.Abort())
	}
	done, err := seal.Finish(ctx)
	if err != nil {
		return nil, err
	}
	if err := checkInside(ctx, done); err != nil {
		return nil, errors.Join(err, done.Close())
	}
	return done, nil
}

// checkInside unpacks what was rewrapped: a broken snapshot must not get a fresh and flawless shell.
func checkInside(ctx context.Context, s *Sealed) error {
	raw, err := s.Raw()
	if err != nil {
		return err
	}
	r, err := NewReader(io.NopCloser(&ctxReader{ctx, raw}), "", Keys{[]age.Identity{s.key}})
	if err != nil {
		return &Error{Op: "rewrap", Err: err}
	}
	if _, err := io.Copy(io.Discard, r); err != nil {
		return &Error{Op: "rewrap", Err: err}
	}
	return nil
}

// RewrapStored rewraps a stored snapshot in place, under its name and with its metadata, unless somebody changes it
// meanwhile: ErrChanged. choose gets who can open it now and says who shall.
func RewrapStored(ctx context.Context, store Store, name string, keys Keys, choose func(Audience) ([]Recipient, error), opts SealOptions) (Info, error) {
	before, err := store.Stat(ctx, name)
	if err != nil {
		return Info{}, err
	}
	head, err := store.Get(ctx, name)
	if err != nil {
		return Info{}, err
	}
	audience, err := ReadAudience(head)
	head.Close()
	if err != nil {
		return Info{}, &Error{Op: "read", Name: name, Err: err}
	}
	to, err := choose(audience)
	if err != nil {
		return Info{}, err
	}
	raw, err := store.Get(ctx, name)
	if err != nil {
		return Info{}, err
	}
	sealed, err := Rewrap(ctx, raw, keys, to, opts)
	if err != nil {
		return Info{}, &Error{Op: "read", Name: name, Err: err, Hint: Hint(err)}
	}
	defer func() { _ = sealed.Close() }()
	return store.Put(ctx, name, sealed, PutOptions{Replace: before.Version, Metadata: before.Metadata})
}
