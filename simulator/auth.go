package simulator

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"strconv"
	"strings"
	"time"
)

const (
	authWindow  = 43_200 * time.Second // of the timestamp, both ways
	nonceLife   = 86_400 * time.Second
	minNonce    = 8
	minSecret   = 8
	maxAuthText = 10_240
)

// authenticate returns the calling administrator, or nil and the answer. A
// request that carries a token is signed; any other needs a session.
func (s *Simulator) authenticate(c *call, validated, csrf bool) (*admin, reply) {
	var a *admin
	if c.req.Header.Get("Auth-Token") != "" {
		if strings.ContainsFunc(c.req.Header.Get("Auth-Signature"), func(r rune) bool { return r > 127 }) {
			return nil, crash() // the comparison of signatures takes ASCII only
		}
		a = s.checkSignature(c)
	} else {
		a = s.checkSession(c, validated, csrf)
	}
	if a == nil || isTrue(a.disabled) {
		return nil, abort(http.StatusUnauthorized)
	}
	return a, reply{}
}

// checkSignature makes the checks in the order of the server. The nonce is
// stored before it is known whether the administrator is disabled.
func (s *Simulator) checkSignature(c *call) *admin {
	h := c.req.Header
	token := cut(h.Get("Auth-Token"), 256)
	stamp := cut(h.Get("Auth-Timestamp"), 64)
	nonce := cut(h.Get("Auth-Nonce"), 32)
	signature := cut(h.Get("Auth-Signature"), 512)
	if token == "" || stamp == "" || nonce == "" || signature == "" {
		return nil
	}
	a := s.db.adminByToken(token)
	if a == nil {
		return nil
	}
	now := s.db.now()
	seconds, err := strconv.ParseInt(stamp, 10, 64)
	if err != nil {
		return nil
	}
	if diff := now.Unix() - seconds; diff > int64(authWindow/time.Second) || -diff > int64(authWindow/time.Second) {
		return nil
	}
	if !isTrue(a.authAPI) {
		return nil
	}
	text := strings.Join([]string{token, stamp, nonce, c.req.Method, c.path}, "&")
	if len(text) > maxAuthText || len(nonce) < minNonce || len(a.secret) < minSecret {
		return nil
	}
	mac := hmac.New(sha256.New, []byte(a.secret))
	mac.Write([]byte(text))
	want := base64.StdEncoding.EncodeToString(mac.Sum(nil))
	if !hmac.Equal([]byte(want), []byte(signature)) {
		return nil
	}
	if !s.db.useNonce(token+"&"+nonce, now) {
		return nil
	}
	return a
}

// nonceLimit bounds the nonces that are remembered. A real server keeps a day's worth whatever their number; one in
// memory would grow with every request.
const nonceLimit = 200_000

// useNonce stores a nonce and says whether it was new. When there are too many, the older half is forgotten.
func (db *database) useNonce(key string, now time.Time) bool {
	for _, seen := range []map[string]time.Time{db.nonces, db.nonceOlder} {
		if until, used := seen[key]; used && now.Before(until) {
			return false
		}
	}
	if len(db.nonces) >= nonceLimit/2 {
		db.nonces, db.nonceOlder = map[string]time.Time{}, db.nonces
	}
	db.nonces[key] = now.Add(nonceLife)
	return true
}

// strict says whether no administrator may sign requests: the front end then
// insists on its own cookie.
func (db *database) strict() bool {
	for _, a := range db.admins {
		if isTrue(a.authAPI) {
			return false
		}
	}
	return true
}

// checkToken is the front end's look at its cookie. It comes before the body is
// read, and a bad cookie is refused even when the signature is good. Releases
// without that cookie take every session for validated.
func (s *Simulator) checkToken(r *http.Request) (validated bool, refusal *reply) {
	if !s.release.does(strictMode) {
		return true, nil
	}
	cookie, err := r.Cookie("token")
	why := ""
	switch {
	case err == nil:
		why = s.db.tokenFault(cookie.Value)
		validated = why == ""
	case s.db.strict():
		why = "Missing token"
	}
	if why == "" {
		return validated, nil
	}
	if cookie, err := r.Cookie("session"); err == nil {
		delete(s.db.sessions, cookie.Value)
	}
	out := frontText(http.StatusUnauthorized, plainUTF8, "401 "+why)
	return false, &out
}

func cut(s string, n int) string {
	if len(s) > n {
		return s[:n]
	}
	return s
}
