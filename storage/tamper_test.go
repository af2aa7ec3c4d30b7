package storage_test

import (
	"bytes"
	"encoding/base64"
	"errors"
	"io"
	"math/rand/v2"
	"strings"
	"testing"

	"filippo.io/age"

	"pritunl-backup/storage"
)

// TestEveryChangeIsDetected flips each byte of small snapshots in several ways, cuts them at every length, and adds to
// them. Whatever is done, reading to the end fails, and it fails as an integrity error.
func TestEveryChangeIsDetected(t *testing.T) {
	to, keys := newKeys(t)
	forms := map[string]struct {
		name string
		opts storage.SealOptions
	}{
		"gzip":               {"a.json.gz", storage.SealOptions{Gzip: true}},
		"encrypted":          {"a.json.age", storage.SealOptions{Recipients: []storage.Recipient{to}}},
		"gzip and encrypted": {"a.json.gz.age", storage.SealOptions{Gzip: true, Recipients: []storage.Recipient{to}}},
	}
	for name, form := range forms {
		t.Run(name, func(t *testing.T) {
			good := stored(t, seal(t, document, form.opts))
			check := func(what string, at int, b []byte) {
				t.Helper()
				doc, _, err := read(b, form.name, keys)
				if !errors.Is(err, storage.ErrIntegrity) {
					t.Errorf("%s at %d of %d: error %v, document intact: %v", what, at, len(good), err, doc == document)
				}
			}
			for at := range good {
				for _, flip := range []byte{0x01, 0x80, 0xff, good[at] ^ '{', good[at] ^ 0x1f} {
					if flip == 0 {
						continue
					}
					b := bytes.Clone(good)
					b[at] ^= flip
					check("byte flipped", at, b)
				}
				check("cut", at, good[:at])
				if _, _, err := read(good[:at], form.name, keys); !errors.Is(err, storage.ErrCut) {
					t.Errorf("cut at %d of %d is called %v", at, len(good), err)
				}
				check("byte removed", at, append(bytes.Clone(good[:at]), good[at+1:]...))
				check("byte added", at, append(append(bytes.Clone(good[:at]), 'x'), good[at:]...))
			}
			check("byte added", len(good), append(bytes.Clone(good), 0))
			check("added twice", len(good), append(bytes.Clone(good), good...))
			for bit := range 8 {
				for at := range good {
					b := bytes.Clone(good)
					b[at] ^= 1 << bit
					check("bit flipped", at, b)
				}
			}
		})
	}
}

// TestWrongKeyCutAndChanged: three different things, three different messages.
func TestWrongKeyCutAndChanged(t *testing.T) {
	to, keys := newKeys(t)
	_, others := newKeys(t)
	var phrase storage.Keys
	phrase.AddPassphrase("not-a-real-passphrase")
	noise := make([]byte, 150000)
	rand.NewChaCha8([32]byte{}).Read(noise)
	large := strings.Repeat(document, 3000)
	for name, doc := range map[string]string{"small": document, "small, packed": document, "large": large, "large, packed": document + base64.StdEncoding.EncodeToString(noise)} {
		good := stored(t, seal(t, doc, storage.SealOptions{Gzip: strings.Contains(name, "packed"), Recipients: []storage.Recipient{to}}))
		changed := bytes.Clone(good)
		changed[len(good)-20] ^= 1
		early := bytes.Clone(good)
		early[len(good)-len(good)/3] ^= 1
		cases := map[string]struct {
			b    []byte
			keys storage.Keys
			want error
			text string
		}{
			"no key":            {good, storage.Keys{}, storage.ErrNoKey, "it opens with the identity of " + to.String()},
			"wrong key":         {good, others, storage.ErrWrongKey, "it opens with the identity of " + to.String()},
			"a passphrase":      {good, phrase, storage.ErrWrongKey, "it opens with the identity of " + to.String()},
			"cut at the end":    {good[:len(good)-1], keys, storage.ErrCut, "ends too early"},
			"cut at two thirds": {good[:len(good)*2/3], keys, storage.ErrCut, "ends"},
			"cut in the tag":    {good[:len(good)-8], keys, storage.ErrCut, "ends"},
			"cut in half":       {good[:len(good)/2], keys, storage.ErrCut, "ends"},
			"cut in header":     {good[:60], keys, storage.ErrCut, "header"},
			"empty":             {nil, keys, storage.ErrCut, "empty"},
			"changed, end":      {changed, keys, storage.ErrDamaged, "an encrypted block was changed"},
			"changed, before":   {early, keys, storage.ErrDamaged, ""},
			"something behind":  {append(bytes.Clone(good), "x"...), keys, storage.ErrDamaged, ""},
		}
		for what, c := range cases {
			t.Run(name+", "+what, func(t *testing.T) {
				_, _, err := read(c.b, "a.json.gz.age", c.keys)
				if !errors.Is(err, c.want) || !errors.Is(err, storage.ErrIntegrity) || !strings.Contains(err.Error(), c.text) {
					t.Errorf("error %v, want %v", err, c.want)
				}
			})
		}
	}
}

func TestKeyErrorsNameTheRecipients(t *testing.T) {
	a, _ := newKeys(t)
	b, _ := newKeys(t)
	_, others := newKeys(t)
	phrase, err := storage.PassphraseRecipient("not-a-real-passphrase", 4)
	if err != nil {
		t.Fatal(err)
	}
	hybrid, err := age.GenerateHybridIdentity()
	if err != nil {
		t.Fatal(err)
	}
	pq, err := storage.ParseRecipient(hybrid.Recipient().String())
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		to   []storage.Recipient
		text string
	}{
		"two recipients": {[]storage.Recipient{a, b}, a.String() + " or " + b.String()},
		"passphrase":     {[]storage.Recipient{phrase}, "with a passphrase"},
		"post-quantum":   {[]storage.Recipient{pq}, pq.String()[:80] + "..."},
	} {
		t.Run(name, func(t *testing.T) {
			stored := stored(t, seal(t, document, storage.SealOptions{Recipients: c.to}))
			_, _, err := read(stored, "", others)
			var ke *storage.KeyError
			if !errors.As(err, &ke) || !errors.Is(err, storage.ErrWrongKey) || !strings.Contains(err.Error(), c.text) {
				t.Errorf("error %v", err)
			}
		})
	}
	t.Run("another program's file", func(t *testing.T) {
		id, err := age.GenerateX25519Identity()
		if err != nil {
			t.Fatal(err)
		}
		var buf bytes.Buffer
		w, err := age.Encrypt(&buf, id.Recipient())
		if err != nil {
			t.Fatal(err)
		}
		io.WriteString(w, document)
		w.Close()
		_, _, err = read(buf.Bytes(), "", others)
		if !errors.Is(err, storage.ErrWrongKey) || !strings.Contains(err.Error(), "1 X25519") {
			t.Errorf("error %v", err)
		}
		var keys storage.Keys
		keys.ReadIdentities(strings.NewReader("# made by age-keygen\n"+id.String()+"\n"), "key")
		if doc, _, err := read(buf.Bytes(), "", keys); err != nil || doc != document {
			t.Errorf("read %q, %v", doc, err)
		}
	})
}

// TestChangedHeaderIsNoWrongKey: the header names the key that was given, so it is the header that is wrong.
func TestChangedHeaderIsNoWrongKey(t *testing.T) {
	to, keys := newKeys(t)
	b := stored(t, seal(t, document, storage.SealOptions{Recipients: []storage.Recipient{to}}))
	body := bytes.Index(b, []byte("-> X25519 ")) + 60 // inside the wrapped key, on the next line
	if b[body] == 'A' {
		b[body] = 'B'
	} else {
		b[body] = 'A'
	}
	if _, _, err := read(b, "", keys); !errors.Is(err, storage.ErrDamaged) || errors.Is(err, storage.ErrWrongKey) {
		t.Errorf("error %v", err)
	}
}

func TestPassphrase(t *testing.T) {
	text, err := storage.ReadPassphrase(strings.NewReader("not-a-real-passphrase\r\nsecond line\n"), "file")
	if err != nil || text != "not-a-real-passphrase" {
		t.Fatalf("%q, %v", text, err)
	}
	to, err := storage.PassphraseRecipient(text, 4)
	if err != nil {
		t.Fatal(err)
	}
	b := stored(t, seal(t, document, storage.SealOptions{Gzip: true, Recipients: []storage.Recipient{to}}))
	var keys, wrong storage.Keys
	keys.AddPassphrase(text)
	wrong.AddPassphrase("another")
	if doc, _, err := read(b, "", keys); err != nil || doc != document {
		t.Errorf("read %q, %v", doc, err)
	}
	if _, _, err := read(b, "", wrong); !errors.Is(err, storage.ErrWrongKey) {
		t.Errorf("wrong passphrase: %v", err)
	}
}

// TestBadKeyFiles: a message that helps, and never the content of the file.
func TestBadKeyFiles(t *testing.T) {
	id, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	secret := id.String()
	var keys storage.Keys
	for name, err := range map[string]error{
		"identity, mistyped":  keys.ReadIdentities(strings.NewReader(secret[:len(secret)-1]+"B"), "file"),
		"identity, ssh":       keys.ReadIdentities(strings.NewReader("-----BEGIN OPENSSH PRIVATE KEY-----\n"+secret), "file"),
		"identity, empty":     keys.ReadIdentities(strings.NewReader("# nothing\n"), "file"),
		"identity, huge":      keys.ReadIdentities(strings.NewReader(strings.Repeat("#\n", 1<<20)), "file"),
		"recipient, secret":   second(storage.ParseRecipient(secret)),
		"recipient, nonsense": second(storage.ParseRecipient("nonsense " + secret)),
		"recipient, ssh":      second(storage.ParseRecipient("ssh-ed25519 AAAA")),
		"recipients, empty":   second(storage.ReadRecipients(strings.NewReader("\n# none\n"), "file")),
		"recipients, secret":  second(storage.ReadRecipients(strings.NewReader("# a\n"+secret+"\n"), "file")),
		"passphrase, empty":   second(storage.ReadPassphrase(strings.NewReader("\n"), "file")),
		"passphrase, none":    second(storage.PassphraseRecipient("", 0)),
	} {
		if err == nil {
			t.Errorf("%s: accepted", name)
		} else if s := err.Error() + storage.Hint(err); strings.Contains(s, secret[20:60]) {
			t.Errorf("%s shows the secret: %s", name, s)
		}
	}
	if !keys.Empty() {
		t.Error("a bad file gave a key")
	}
}

func second[T any](_ T, err error) error { return err }

// FuzzReader: no input makes the reader panic or accept a changed snapshot.
func FuzzReader(f *testing.F) {
	to, keys := newKeys(f)
	f.Add(stored(f, seal(f, document, storage.SealOptions{})), "a.json")
	f.Add(stored(f, seal(f, document, storage.SealOptions{Gzip: true})), "a.json.gz")
	f.Add(stored(f, seal(f, document, storage.SealOptions{Gzip: true, Recipients: []storage.Recipient{to}})), "a.json.gz.age")
	f.Add([]byte("-----BEGIN AGE ENCRYPTED FILE-----\n"), "")
	f.Add([]byte("age-encryption.org/v1\n-> X25519 a\n\n---"), "")
	f.Fuzz(func(t *testing.T, b []byte, name string) {
		read(b, name, keys)
		storage.ReadAudience(bytes.NewReader(b))
	})
}
