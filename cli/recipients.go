package cli

import (
	"fmt"
	"os"
	"strings"

	"github.com/urfave/cli/v2"

	"pritunl-backup/storage"
)

// parseRecipients gathers public keys, or the passphrase that stands in their place.
func parseRecipients(c *cli.Context, s *settings) ([]storage.Recipient, error) {
	value := map[string]string{}
	for _, v := range encryptVariables() {
		found, err := s.get(v)
		if err != nil {
			return nil, err
		}
		value[v.flag] = found.value
	}
	texts := c.StringSlice("encrypt-to")
	if len(texts) == 0 {
		texts = strings.FieldsFunc(s.getenv("PRITUNL_BACKUP_ENCRYPT_TO"), func(r rune) bool { return r == ',' || r == ' ' })
	}
	var to []storage.Recipient
	for _, text := range texts {
		r, err := storage.ParseRecipient(text)
		if err != nil {
			return nil, usageError(err.Error(), storage.Hint(err))
		}
		to = append(to, r)
	}
	if path := value["recipients-file"]; path != "" {
		more, err := readRecipients(path)
		if err != nil {
			return nil, err
		}
		to = append(to, more...)
	}
	if path := value["encrypt-passphrase-file"]; path != "" {
		if len(to) > 0 {
			return nil, usageError("a passphrase and recipients exclude each other", "an age file has either")
		}
		return passphraseRecipient(path)
	}
	return to, nil
}

func readRecipients(path string) ([]storage.Recipient, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, usageError(fmt.Sprintf("read the recipients: %v", err), "")
	}
	defer func() { _ = file.Close() }()
	to, err := storage.ReadRecipients(file, path)
	if err != nil {
		return nil, usageError(err.Error(), storage.Hint(err))
	}
	return to, nil
}

func passphraseRecipient(path string) ([]storage.Recipient, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, usageError(fmt.Sprintf("read the passphrase: %v", err), "")
	}
	defer func() { _ = file.Close() }()
	passphrase, err := storage.ReadPassphrase(file, path)
	if err != nil {
		return nil, usageError(err.Error(), storage.Hint(err))
	}
	r, err := storage.PassphraseRecipient(passphrase, 0)
	if err != nil {
		return nil, usageError(err.Error(), storage.Hint(err))
	}
	return []storage.Recipient{r}, nil
}
