package simulator_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"hash"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"pritunl-backup/simulator"
)

type credentials struct{ token, secret string }

// signer makes signatures right and wrong. It is the tests' own, on purpose.
type signer struct {
	count      int
	usedNonce  string
	lastHeader http.Header
	failed     string
	at         time.Time // zero: now
	clock      simulator.Clock
}

// parts are the pieces of a signed request.
type parts struct {
	token, secret, stamp, nonce, method, path string
	hash                                      func() hash.Hash
}

func (s *signer) parts(c credentials, r *http.Request) parts {
	s.count++
	at := s.at
	switch {
	case s.clock != nil:
		at = s.clock.Now()
	case at.IsZero():
		at = time.Now()
	}
	return parts{
		token: c.token, secret: c.secret, stamp: strconv.FormatInt(at.Unix(), 10),
		nonce: fmt.Sprintf("%032x", s.count), method: r.Method, path: r.URL.Path, hash: sha256.New,
	}
}

func (p parts) raw() []byte {
	mac := hmac.New(p.hash, []byte(p.secret))
	fmt.Fprintf(mac, "%s&%s&%s&%s&%s", p.token, p.stamp, p.nonce, p.method, p.path)
	return mac.Sum(nil)
}

func (p parts) signature() string { return base64.StdEncoding.EncodeToString(p.raw()) }

func (p parts) put(h http.Header) {
	h.Set("Auth-Token", p.token)
	h.Set("Auth-Timestamp", p.stamp)
	h.Set("Auth-Nonce", p.nonce)
	h.Set("Auth-Signature", p.signature())
}

var seqPattern = regexp.MustCompile(`seq (\d+)`)

// authorize signs a request the way its recorded line says.
func (p *player) authorize(t *testing.T, r *http.Request, l line) {
	t.Helper()
	code, how, _ := strings.Cut(l.Auth, ":")
	who := p.first
	if m := seqPattern.FindStringSubmatch(how); m != nil {
		n, _ := strconv.Atoi(m[1])
		who = p.admins[n]
	}
	s := p.nonce
	x := s.parts(who, r)
	now := time.Now().Unix()
	switch code {
	case "ok":
		if strings.Contains(l.Note, "first use of a nonce") {
			s.usedNonce = x.nonce
		}
		if _, cookie, with := strings.Cut(l.Note, "with a Cookie "); with {
			r.Header.Set("Cookie", cookie)
		}
	case "none":
		return
	case "session":
		p.continueSession(r, how)
		return
	case "ok-as":
		if !strings.Contains(how, "seq") {
			x = s.parts(p.plain, r)
		}
	case "disabled-admin":
	case "missing-header", "empty-header":
		x.put(r.Header)
		name := strings.Fields(how)[0]
		r.Header.Del(name)
		if code == "empty-header" {
			r.Header.Set(name, "")
		}
		return
	case "bad-signature":
		p.badSignature(t, r, x, how)
		return
	case "wrong-secret":
		switch {
		case strings.Contains(how, "letters x"):
			x.secret = strings.Repeat("x", 32)
		case strings.Contains(how, "token of the second"):
			x.token = p.last.token
		}
	case "unknown-token":
		switch {
		case strings.Contains(how, "letters x"):
			x.token = strings.Repeat("x", 32)
		case strings.Contains(how, "organization"):
			x.token, x.secret = p.orgs.token, p.orgs.secret
		case strings.Contains(how, "deleted"):
			x.token, x.secret = p.last.token, p.last.secret
		}
	case "no-auth-api":
		if strings.Contains(how, "built-in") {
			x.token, x.secret = p.builtin.token, p.builtin.secret
		}
	case "wrong-method":
		x.method = "POST"
		if strings.Contains(how, "get") {
			x.method = "get"
		}
	case "wrong-path":
		x.path = "/server"
		if strings.Contains(how, "query") {
			x.path = r.URL.Path + "?" + r.URL.RawQuery
		}
	case "wrong-hash":
		x.hash = sha512.New
	case "ok-timestamp", "bad-timestamp":
		x.stamp = badStamp(how, now)
	case "nonce-reused":
		if strings.Contains(how, "exact replay") || strings.Contains(how, "same headers") {
			r.Header = s.lastHeader
			return
		}
		x.nonce = s.usedNonce
	case "short-nonce", "bad-nonce":
		x.nonce = "1234567"
	case "long-nonce":
		x.nonce = strings.Repeat("a", 37)
	case "ok-nonce":
		switch {
		case strings.Contains(how, "8 characters"):
			x.nonce = "12345678"
		case strings.Contains(how, "first 32"):
			x.nonce = strings.Repeat("b", 32)
			x.put(r.Header)
			r.Header.Set("Auth-Nonce", x.nonce+"ccccc")
			return
		case strings.Contains(how, "fresh"):
		default:
			x.nonce = s.failed
		}
	case "bad-cookie":
		r.Header.Set("Cookie", "token=stale")
	case "ok-cookie":
		r.Header.Set("Cookie", "session=x")
	default:
		t.Fatalf("line %d: unknown way to sign %q", l.Seq, l.Auth)
	}
	x.put(r.Header)
	s.lastHeader = r.Header.Clone()
}

// continueSession sends the cookie that the login set, and the CSRF token that
// /state showed when the line says so.
func (p *player) continueSession(r *http.Request, how string) {
	for _, cookie := range p.cookies {
		r.AddCookie(&http.Cookie{Name: cookie.Name, Value: cookie.Value})
	}
	if strings.Contains(how, "and Csrf-Token") {
		r.Header.Set("Csrf-Token", p.csrf)
	}
}

func (p *player) badSignature(t *testing.T, r *http.Request, x parts, how string) {
	t.Helper()
	x.put(r.Header)
	good := x.signature()
	switch {
	case strings.Contains(how, "invalid"):
		good = "invalid"
	case strings.Contains(how, "first character"):
		good = string(good[0]^1) + good[1:]
	case strings.Contains(how, "hex"):
		good = hex.EncodeToString(x.raw())
	case strings.Contains(how, "padding"):
		good = strings.TrimRight(good, "=")
	case strings.Contains(how, "fresh nonce"):
		p.nonce.failed = x.nonce
		good = "A" + good[1:len(good)-2] + "A="
	case strings.Contains(how, "wrong secret"):
		x.secret = strings.Repeat("y", 32)
		good = x.signature()
	default:
		t.Fatalf("unknown bad signature %q", how)
	}
	r.Header.Set("Auth-Signature", good)
}

func badStamp(how string, now int64) string {
	var seconds int64
	switch {
	case strings.HasSuffix(how, "00 s"):
		fmt.Sscan(strings.TrimSpace(how), &seconds)
		return strconv.FormatInt(now+seconds, 10)
	case strings.Contains(how, " s in the past"), strings.Contains(how, " s in the future"):
		fmt.Sscan(strings.TrimSpace(how), &seconds)
		if strings.Contains(how, "past") {
			seconds = -seconds
		}
		return strconv.FormatInt(now+seconds, 10)
	case strings.Contains(how, "abc"):
		return "abc"
	case strings.Contains(how, "empty"):
		return ""
	case strings.Contains(how, "1.5"):
		return "1.5"
	case strings.Contains(how, ".0 appended"):
		return strconv.FormatInt(now, 10) + ".0"
	case strings.Contains(how, "blank"):
		return " " + strconv.FormatInt(now, 10)
	case strings.Contains(how, "milliseconds"):
		return strconv.FormatInt(now*1000, 10)
	}
	return "-1"
}
