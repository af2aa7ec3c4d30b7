package storage

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"strings"

	"filippo.io/age"
	"filippo.io/age/armor"
)

const (
	ageIntro  = "age-encryption.org/v1\n"
	hintType  = "pritunl-backup/recipient"
	hintLimit = 4096 // a post-quantum key has 2000 characters
)

// Recipient is somebody who will be able to decrypt.
type Recipient struct {
	age  age.Recipient
	text string // public: as given, or "passphrase"
}

// String is the public key, or "passphrase".
func (r Recipient) String() string { return r.text }

// NewThrowawayRecipient makes a recipient whose key nobody keeps. What is encrypted to it can be read back through its
// [Sealed] and by nothing else: for files that live no longer than a run.
func NewThrowawayRecipient() (Recipient, error) {
	key, err := age.GenerateX25519Identity()
	if err != nil {
		return Recipient{}, &Error{Op: "make a key", Err: err}
	}
	return Recipient{key.Recipient(), key.Recipient().String()}, nil
}

// encryptTo starts an age stream. The returned identity opens that stream and no other.
func encryptTo(dst io.Writer, to []Recipient) (io.WriteCloser, age.Identity, error) {
	spy := &keySpy{}
	recipients := make([]age.Recipient, len(to))
	for i, r := range to {
		recipients[i] = hinted{r, spy}
	}
	w, err := age.Encrypt(dst, recipients...)
	if err != nil {
		return nil, nil, &Error{Op: "encrypt", Err: err, Hint: "a passphrase stands alone, and post-quantum recipients do not mix with others"}
	}
	return w, age.NewInjectedFileKeyIdentity(spy.key), nil
}

// keySpy keeps the file key of one stream, so that it can be read back without anybody's identity.
type keySpy struct{ key []byte }

// hinted adds a stanza that names the recipient. age leaves recipients anonymous; with the public key in the header,
// somebody without the right key can be told which key to fetch. Other age programs skip the unknown stanza.
type hinted struct {
	to  Recipient
	spy *keySpy
}

func (h hinted) Wrap(fileKey []byte) ([]*age.Stanza, error) {
	s, _, err := h.WrapWithLabels(fileKey)
	return s, err
}

func (h hinted) WrapWithLabels(fileKey []byte) (stanzas []*age.Stanza, labels []string, err error) {
	h.spy.key = bytes.Clone(fileKey)
	if l, ok := h.to.age.(age.RecipientWithLabels); ok {
		stanzas, labels, err = l.WrapWithLabels(fileKey)
	} else {
		stanzas, err = h.to.age.Wrap(fileKey)
	}
	if _, alone := h.to.age.(*age.ScryptRecipient); err != nil || alone {
		return stanzas, labels, err
	}
	if text := h.to.text; isPrintable(text) && len(text) <= hintLimit {
		stanzas = append(stanzas, &age.Stanza{Type: hintType, Args: []string{text}})
	}
	return stanzas, labels, nil
}

// isPrintable tells what may be an argument of a stanza: characters that are seen, and at least one.
func isPrintable(s string) bool {
	for _, r := range s {
		if r < '!' || r > '~' {
			return false
		}
	}
	return s != ""
}

// openAge opens a binary age stream.
func openAge(src io.Reader, keys []age.Identity) (io.Reader, error) {
	var seen bytes.Buffer
	header, err := age.ExtractHeader(io.TeeReader(src, &seen))
	if err != nil {
		return nil, headerError(err, seen.Bytes())
	}
	src = io.MultiReader(bytes.NewReader(seen.Bytes()), src)
	h := readHints(header)
	if len(keys) == 0 {
		return nil, &KeyError{IntegrityError{Kind: ErrNoKey, Reason: h.String()}, h.recipients, h.passphrase}
	}
	fileKey, err := age.DecryptHeader(header, keys...)
	var nobody *age.NoIdentityMatchError
	switch {
	case errors.As(err, &nobody) && h.meant(keys):
		return nil, damaged("the encrypted header was changed: it names your key, and the key does not open it")
	case errors.As(err, &nobody):
		return nil, &KeyError{IntegrityError{Kind: ErrWrongKey, Reason: h.String()}, h.recipients, h.passphrase}
	case err != nil:
		return nil, damaged("the encrypted header was changed")
	}
	tail := &ageTail{src: src, header: int64(len(header)), key: fileKey}
	plain, err := age.Decrypt(tail, age.NewInjectedFileKeyIdentity(fileKey))
	if err != nil {
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			return nil, cut("the encrypted file ends after its header")
		}
		return nil, damaged("the encrypted header was changed")
	}
	return &ageReader{src: plain, tail: tail}, nil
}

// headerError tells a header that stops from one that is wrong: where it stops, all before is text.
func headerError(err error, seen []byte) error {
	var known *IntegrityError
	var other *Error
	switch {
	case errors.As(err, &known):
		return known
	case errors.As(err, &other):
		return other
	case isText(seen) && !wholeHeader(seen):
		return cut("the encrypted file ends inside its header")
	}
	return damaged("the header of the encrypted file cannot be read")
}

// wholeHeader tells whether the last line is there: three dashes and a sum of 43 characters.
func wholeHeader(b []byte) bool {
	_, mac, ok := bytes.Cut(b, []byte("\n--- "))
	return ok && bytes.IndexByte(mac, '\n') >= 43
}

func isText(b []byte) bool {
	for _, c := range b {
		if c != '\n' && (c < ' ' || c > '~') {
			return false
		}
	}
	return true
}

// ageReader turns age's errors into ours.
type ageReader struct {
	src  io.Reader
	tail *ageTail
	n    int64 // plaintext given out
}

func (r *ageReader) Read(p []byte) (int, error) {
	n, err := r.src.Read(p)
	if r.n == 0 {
		r.tail.gzip = gzipStart(p[:n])
	}
	r.n += int64(n)
	var known *IntegrityError
	var other *Error
	switch {
	case err == nil, err == io.EOF, errors.As(err, &known), errors.As(err, &other):
		return n, err
	case errors.Is(err, io.ErrUnexpectedEOF):
		return n, cut("the encrypted file ends too early")
	case strings.Contains(err.Error(), "trailing data"):
		return n, damaged("something follows the end of the encrypted file")
	}
	return n, r.tail.verdict(r.n)
}

// dearmor gives the binary form of an age file.
func dearmor(src *bufio.Reader) io.Reader { return armor.NewReader(src) }
