package api

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"
)

// credentials are what a request is signed with.
type credentials struct {
	token  string
	secret string
}

// sign sets the four Auth-* headers of one attempt. path is the decoded path as
// Pritunl sees it: without query and without the base path of a proxy.
func (c credentials) sign(h http.Header, method, path string, now time.Time, nonce string) {
	stamp := strconv.FormatInt(now.Unix(), 10)
	h.Set("Auth-Token", c.token)
	h.Set("Auth-Timestamp", stamp)
	h.Set("Auth-Nonce", nonce)
	h.Set("Auth-Signature", signature(c.secret, c.token, stamp, nonce, method, path))
}

// signature is base64(HMAC-SHA256(secret, token&timestamp&nonce&METHOD&path)).
func signature(secret string, parts ...string) string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(strings.Join(parts, "&")))
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

// newNonce returns 32 hex digits. The server cuts longer nonces before it checks
// the signature and refuses those shorter than 8 characters.
func newNonce() string {
	id := uuid.New()
	return hex.EncodeToString(id[:])
}
