package restore

import (
	"fmt"
	"io"

	"pritunl-backup/api"
)

// newPassword gives 24 characters that no shell and no reader confuses: about 137
// bits.
func newPassword(random io.Reader) (api.Secret, error) {
	const alphabet = "abcdefghijkmnopqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789"
	const limit = 256 - 256%len(alphabet) // bytes above would favour the first characters
	out := make([]byte, 0, 24)
	buf := make([]byte, 1)
	for len(out) < cap(out) {
		if _, err := io.ReadFull(random, buf); err != nil {
			return "", fmt.Errorf("make a password: %w", err)
		}
		if int(buf[0]) < limit {
			out = append(out, alphabet[int(buf[0])%len(alphabet)])
		}
	}
	return api.Secret(out), nil
}
