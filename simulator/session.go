package simulator

import (
	"crypto/aes"
	"crypto/cipher"
	"encoding/base64"
	"encoding/json"
	"net"
	"net/http"
	"slices"
	"strings"
	"time"
)

const (
	plainUTF8      = "text/plain; charset=utf-8"
	sessionTimeout = 43_200 * time.Second
	sessionLimit   = 16
	csrfLife       = 7 * 24 * time.Hour
	csrfLimit      = 10_000
	loginAttempts  = 30
	loginWindow    = 600 * time.Second
	tokenNonce     = 24 // bytes before the sealed part of the token cookie
	tokenMin       = 28
)

// session is a login of an administrator.
type session struct {
	admin  string
	opened time.Time
	source string
}

// webToken is the content of the token cookie.
type webToken struct {
	ID  string `json:"id"`
	TTL int64  `json:"ttl"`
}

// openSession is POST /auth/session.
func openSession(s *Simulator, c *call) reply {
	b := c.body()
	a := s.db.adminByName(strings.ToLower(cut(b.filtered("username"), 128)))
	if a == nil {
		why := "auth_invalid"
		if s.release.does(namesUnknown) {
			why = "auth_invalid_username"
		}
		return refuseAs(http.StatusUnauthorized, why, message(why))
	}
	code, key := b.filtered("otp_code"), b.filtered("yubico_key")
	if (code == "" && (isTrue(a.otpAuth) || isTrue(a.localOTP))) || (key == "" && a.yubikey != nil) {
		return reply{status: http.StatusPaymentRequired, kind: typeJSON, value: map[string]any{
			"error": "auth_otp_required", "error_msg": message("auth_otp_required"),
			"otp_auth": a.otpAuth, "local_otp_auth": a.localOTP, "yubico_auth": a.yubikey != nil,
		}}
	}
	now := s.db.now()
	if !s.db.allowLogin(a.id, now) {
		return refuse("auth_too_many")
	}
	// One-time codes and keys are checked by nobody here: none is ever right.
	second := isTrue(a.otpAuth) || isTrue(a.localOTP) || a.yubikey != nil
	if isTrue(a.disabled) || second || a.password == "" || cut(b.str("password"), 128) != a.password {
		return refuseAs(http.StatusUnauthorized, "auth_invalid", message("auth_invalid"))
	}
	out := ok(map[string]any{"authenticated": true, "default": isTrue(a.byDefault)})
	out.header = http.Header{}
	id := s.db.openSession(a.id, remoteHost(c.req), now)
	addCookie(out.header, &http.Cookie{Name: "session", Value: id})
	if s.release.does(strictMode) {
		addCookie(out.header, &http.Cookie{
			Name: "token", Value: s.db.sealToken(a.id, now), MaxAge: int(sessionTimeout / time.Second),
		})
	}
	return out
}

func addCookie(h http.Header, cookie *http.Cookie) {
	cookie.Path, cookie.HttpOnly, cookie.Secure, cookie.SameSite = "/", true, true, http.SameSiteLaxMode
	h.Add("Set-Cookie", cookie.String())
}

// closeSession is DELETE /auth/session.
func closeSession(s *Simulator, c *call) reply {
	if cookie, err := c.req.Cookie("session"); err == nil {
		delete(s.db.sessions, cookie.Value)
	}
	out := ok(map[string]any{"authenticated": false})
	if s.release.does(strictMode) {
		out.header = http.Header{}
		addCookie(out.header, &http.Cookie{Name: "token", MaxAge: -1})
	}
	return out
}

// checkSession returns the administrator of a session, or nil. Without the
// front end's cookie no session is good.
func (s *Simulator) checkSession(c *call, validated, csrf bool) *admin {
	cookie, err := c.req.Cookie("session")
	if err != nil || !validated {
		return nil
	}
	se := s.db.sessions[cookie.Value]
	if se == nil {
		return nil
	}
	now := s.db.now()
	if csrf {
		until, known := s.db.csrf[se.admin+"&"+c.req.Header.Get("Csrf-Token")]
		if !known || now.After(until) {
			return nil
		}
	}
	a := s.db.adminByID(se.admin)
	moved := !s.opts.TLS && !s.db.live.flag("reverse_proxy") && se.source != remoteHost(c.req)
	if a == nil || moved || now.Sub(se.opened) > sessionTimeout {
		delete(s.db.sessions, cookie.Value)
		return nil
	}
	return a
}

func (db *database) openSession(admin, source string, now time.Time) string {
	var own []string
	for id, se := range db.sessions {
		if se.admin == admin {
			own = append(own, id)
		}
	}
	slices.SortFunc(own, func(a, b string) int { return db.sessions[a].opened.Compare(db.sessions[b].opened) })
	for len(own) >= sessionLimit {
		delete(db.sessions, own[0])
		own = own[1:]
	}
	id := db.secretText(32)
	db.sessions[id] = &session{admin: admin, opened: now, source: source}
	return id
}

// allowLogin counts an attempt and says whether the account may still try.
func (db *database) allowLogin(admin string, now time.Time) bool {
	recent := slices.DeleteFunc(db.logins[admin], func(t time.Time) bool { return now.Sub(t) > loginWindow })
	good := len(recent) < loginAttempts
	recent = append(recent, now)
	db.logins[admin] = recent
	return good
}

func (db *database) newCSRF(admin string) string {
	now := db.now()
	if len(db.csrf) >= csrfLimit {
		clear(db.csrf) // whoever waits this long asks for a new one
	}
	token := db.secretText(32)
	db.csrf[admin+"&"+token] = now.Add(csrfLife)
	return token
}

// sealToken makes the front end's cookie.
func (db *database) sealToken(admin string, now time.Time) string {
	text := encode(webToken{ID: admin, TTL: now.Add(sessionTimeout).Unix()})
	nonce := []byte(db.secretText(tokenNonce))
	return base64.URLEncoding.EncodeToString(append(nonce, db.sealer().Seal(nil, nonce[:12], text, nil)...))
}

// tokenFault says what is wrong with a token cookie, "" for nothing.
func (db *database) tokenFault(value string) string {
	raw, err := base64.URLEncoding.DecodeString(value)
	switch {
	case err != nil:
		return "Failed to decode token"
	case len(raw) < tokenMin:
		return "Token length invalid"
	}
	text, err := db.sealer().Open(nil, raw[:12], raw[tokenNonce:], nil)
	if err != nil {
		return "Failed to decrypt token"
	}
	var token webToken
	switch err := json.Unmarshal(text, &token); {
	case err != nil:
		return "Failed to unmarshal token"
	case token.ID == "":
		return "Token id invalid"
	case db.now().Unix() > token.TTL:
		return "Token session expired"
	}
	return ""
}

// sealer never fails: the key has one of the lengths AES takes.
func (db *database) sealer() cipher.AEAD {
	block, err := aes.NewCipher(db.webKey[:])
	if err != nil {
		return nil
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		return nil
	}
	return aead
}

func remoteHost(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	return host
}
