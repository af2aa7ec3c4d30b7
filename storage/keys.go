package storage

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"

	"filippo.io/age"
)

// maxKeyFile bounds key files: a wrong path to something huge must not fill the memory.
const maxKeyFile = 1 << 20

// ParseRecipient reads a public key: "age1..." or, post-quantum, "age1pq1...".
func ParseRecipient(s string) (Recipient, error) {
	s = strings.TrimSpace(s)
	if strings.HasPrefix(strings.ToUpper(s), "AGE-SECRET-KEY-") {
		return Recipient{}, &Error{Op: "read recipient", Err: errors.New("this is a secret key"), Hint: "give its public key, the line that starts with age1; age-keygen -y prints it"}
	}
	if strings.HasPrefix(s, "ssh-") {
		return Recipient{}, &Error{Op: "read recipient", Err: errors.New("SSH keys are not supported"), Hint: "make an age key with age-keygen; a key for backups should serve nothing else"}
	}
	list, err := age.ParseRecipients(strings.NewReader(s))
	if err != nil || len(list) != 1 {
		return Recipient{}, badRecipient(s)
	}
	return Recipient{list[0], s}, nil
}

func badRecipient(s string) error {
	shown := s
	if len(shown) > 24 {
		shown = shown[:24] + "..."
	}
	return &Error{Op: "read recipient", Name: shown, Err: errors.New("not a public key"), Hint: "a recipient starts with age1"}
}

// ReadRecipients reads a recipients file: one public key a line, empty lines and lines starting with # skipped. The
// name is for messages.
func ReadRecipients(r io.Reader, name string) ([]Recipient, error) {
	raw, err := readKeyFile(r, name)
	if err != nil {
		return nil, err
	}
	var list []Recipient
	number := 0
	for line := range bytes.Lines(raw) {
		number++
		s := strings.TrimSpace(string(line))
		if s == "" || s[0] == '#' {
			continue
		}
		one, err := ParseRecipient(s)
		if err != nil {
			// The line is not shown: whoever names the wrong file may have named one that holds a passphrase.
			return nil, &Error{Op: "read recipients of", Name: name, Err: fmt.Errorf("line %d: %w", number, errors.Unwrap(err)), Hint: Hint(err)}
		}
		list = append(list, one)
	}
	if len(list) == 0 {
		return nil, &Error{Op: "read recipients of", Name: name, Err: errors.New("no recipient in it")}
	}
	return list, nil
}

// ReadPassphrase reads a passphrase file: its first line, without the line end.
func ReadPassphrase(r io.Reader, name string) (string, error) {
	raw, err := readKeyFile(r, name)
	if err != nil {
		return "", err
	}
	line, err := bufio.NewReader(bytes.NewReader(raw)).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return "", &Error{Op: "read passphrase of", Name: name, Err: err}
	}
	if line = strings.TrimRight(line, "\r\n"); line == "" {
		return "", &Error{Op: "read passphrase of", Name: name, Err: errors.New("the first line is empty")}
	}
	return line, nil
}

// PassphraseRecipient encrypts with a passphrase; it stands alone. workFactor is the base-2 logarithm of scrypt's
// cost, 0 means 18: about a second.
func PassphraseRecipient(passphrase string, workFactor int) (Recipient, error) {
	r, err := age.NewScryptRecipient(passphrase)
	if err != nil {
		return Recipient{}, &Error{Op: "use passphrase", Err: errors.New("it is empty")}
	}
	if workFactor > 0 && workFactor < 31 {
		r.SetWorkFactor(workFactor)
	}
	return Recipient{r, "passphrase"}, nil
}

// ReadIdentities adds the secret keys of an identities file, one a line, as age-keygen writes it.
func (k *Keys) ReadIdentities(r io.Reader, name string) error {
	raw, err := readKeyFile(r, name)
	if err != nil {
		return err
	}
	// age quotes the offending line in its errors, and the line may be a mistyped secret: it is not repeated.
	list, err := age.ParseIdentities(bytes.NewReader(raw))
	if err != nil {
		return &Error{Op: "read identities of", Name: name, Err: errors.New("not an identities file"), Hint: "each line holds one AGE-SECRET-KEY-1...; age-keygen makes one"}
	}
	k.identities = append(k.identities, list...)
	return nil
}

// AddPassphrase adds a passphrase.
func (k *Keys) AddPassphrase(passphrase string) error {
	id, err := age.NewScryptIdentity(passphrase)
	if err != nil {
		return &Error{Op: "use passphrase", Err: errors.New("it is empty")}
	}
	k.identities = append(k.identities, id)
	return nil
}

func readKeyFile(r io.Reader, name string) ([]byte, error) {
	raw, err := io.ReadAll(io.LimitReader(r, maxKeyFile+1))
	if err != nil {
		return nil, fileError("read", name, err)
	}
	if len(raw) > maxKeyFile {
		return nil, &Error{Op: "read", Name: name, Err: errors.New("too large for a key file")}
	}
	return raw, nil
}
