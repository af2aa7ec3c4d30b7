package api

import (
	"bytes"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
)

// fingerprint is a SHA-256 sum of a certificate or of its public key.
type fingerprint [sha256.Size]byte

func (f fingerprint) String() string { return "sha256:" + hex.EncodeToString(f[:]) }

// Fingerprint returns "sha256:<hex>" of a certificate in DER, the form Options.Pin takes.
func Fingerprint(der []byte) string { return fingerprint(sha256.Sum256(der)).String() }

// parsePins reads Options.Pin. Besides the documented forms it takes what other
// tools print: upper case, colons between the bytes, "sha256/" or "sha256//".
func parsePins(text string) ([]fingerprint, error) {
	var pins []fingerprint
	for _, part := range strings.Split(text, ",") {
		pin, ok := parsePin(strings.TrimSpace(part))
		if !ok {
			return nil, configError("tls pin is not a SHA-256 fingerprint",
				"write sha256: and 64 hex digits, as openssl x509 -noout -fingerprint -sha256 prints them, or base64")
		}
		pins = append(pins, pin)
	}
	return pins, nil
}

func parsePin(text string) (pin fingerprint, ok bool) {
	const prefix = "sha256"
	if len(text) <= len(prefix) || !strings.EqualFold(text[:len(prefix)], prefix) {
		return pin, false
	}
	rest := text[len(prefix):]
	digits := strings.TrimLeft(rest, ":/")
	if len(digits) == len(rest) {
		return pin, false
	}
	sum, err := hex.DecodeString(strings.ReplaceAll(digits, ":", ""))
	if err != nil || len(sum) != len(pin) {
		// A base64 text may begin with a slash, which the prefix must not swallow.
		for cut := rest[1:]; ; cut = cut[1:] {
			if sum, err = base64.StdEncoding.DecodeString(cut); err == nil && len(sum) == len(pin) {
				break
			}
			if !strings.HasPrefix(cut, "/") {
				return pin, false
			}
		}
	}
	copy(pin[:], sum)
	return pin, true
}

// tlsConfig builds what the transport verifies the server with.
func tlsConfig(o Options) (*tls.Config, error) {
	config := &tls.Config{MinVersion: tls.VersionTLS12}
	if len(bytes.TrimSpace(o.CA)) > 0 {
		pool, err := x509.SystemCertPool()
		if err != nil {
			pool = x509.NewCertPool()
		}
		if !pool.AppendCertsFromPEM(o.CA) {
			return nil, configError("ca file holds no PEM certificate", "it must contain -----BEGIN CERTIFICATE-----")
		}
		config.RootCAs = pool
	}
	switch {
	case o.Pin != "":
		pins, err := parsePins(o.Pin)
		if err != nil {
			return nil, err
		}
		config.InsecureSkipVerify = true // the pin decides alone
		config.VerifyConnection = func(s tls.ConnectionState) error { return checkPins(pins, s.PeerCertificates) }
	case o.Insecure:
		config.InsecureSkipVerify = true
	}
	return config, nil
}

// pinError says which certificate was presented instead of the pinned one.
type pinError struct{ presented string }

func (e *pinError) Error() string { return "certificate " + e.presented + " is not the pinned one" }

func checkPins(pins []fingerprint, chain []*x509.Certificate) error {
	if len(chain) == 0 {
		return errors.New("server presented no certificate")
	}
	leaf, key := sha256.Sum256(chain[0].Raw), sha256.Sum256(chain[0].RawSubjectPublicKeyInfo)
	for _, pin := range pins {
		if pin == leaf || pin == key {
			return nil
		}
	}
	return &pinError{presented: fingerprint(leaf).String()}
}

// certificateError explains an error of the TLS handshake, or returns nil when
// err is not about a certificate.
func certificateError(err error) *Error {
	var pin *pinError
	if errors.As(err, &pin) {
		return &Error{
			reason: pin.Error(), cause: err, kinds: []error{ErrCertificate}, unsent: true,
			Hint: "the certificate was replaced, or somebody is in between: compare with the certificate on the server before changing --tls-pin",
		}
	}
	var verify *tls.CertificateVerificationError
	if !errors.As(err, &verify) {
		return nil
	}
	e := &Error{cause: err, kinds: []error{ErrCertificate}, unsent: true, Hint: "trust its authority with --tls-ca, or pin the certificate with --tls-pin"}
	var presented string
	if len(verify.UnverifiedCertificates) > 0 {
		presented = " " + Fingerprint(verify.UnverifiedCertificates[0].Raw)
		e.Hint = "a new Pritunl signs its own certificate: when the server shows the same fingerprint, use --tls-pin" + presented
	}
	var host x509.HostnameError
	var invalid x509.CertificateInvalidError
	var authority x509.UnknownAuthorityError
	switch {
	case errors.As(err, &authority):
		e.reason = fmt.Sprintf("certificate%s is signed by an unknown authority", presented)
	case errors.As(err, &host):
		e.reason = fmt.Sprintf("certificate%s is not valid for %s", presented, host.Host)
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		e.reason = fmt.Sprintf("certificate%s has expired or is not valid yet", presented)
	default:
		e.reason = fmt.Sprintf("certificate%s was not accepted (%v)", presented, verify.Err)
	}
	return e
}
