package mongo

import (
	"bytes"
	"crypto"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"iter"
	"slices"

	"go.mongodb.org/mongo-driver/v2/bson"

	"pritunl-backup/mongo/internal/lenient"
)

// mostFindings bounds what a report lists; the counts go on.
const mostFindings = 200

// Finding is something wrong, or something that could not be checked, about one document's certificate.
type Finding struct {
	Collection string
	ID         string
	Name       string
	Problem    string
}

// CertificateReport is the result of CheckCertificates.
type CertificateReport struct {
	Organizations int // checked and found right
	Users         int
	Servers       int

	Wrong          []Finding // the first of them
	WrongCount     int
	Unchecked      []Finding // the first of those that could not be checked, for want of a key or a certificate
	UncheckedCount int
}

// OK tells that nothing is wrong. What could not be checked does not count.
func (r *CertificateReport) OK() bool { return r.WrongCount == 0 }

// CheckCertificates checks without any server that each organization's certificate and key belong together, that each
// user's certificate was issued by the authority of its organization for that very user and fits its key, and that
// each server holds the authorities of its organizations. Documents must come with organizations before servers and
// users, as in a snapshot; of them only organizations are kept in memory. The error is one of the documents' source.
func CheckCertificates(docs iter.Seq2[Document, error]) (*CertificateReport, error) {
	c := &checker{report: &CertificateReport{}, authorities: map[string]authority{}}
	for d, err := range docs {
		if err != nil {
			return nil, err
		}
		switch d.Collection {
		case "organizations":
			c.organization(d.Raw)
		case "servers":
			c.server(d.Raw)
		case "users":
			c.user(d.Raw)
		}
	}
	return c.report, nil
}

// authority is an organization's certificate, nil where it cannot be read.
type authority struct {
	certificate *x509.Certificate
	name        string
}

type checker struct {
	report      *CertificateReport
	authorities map[string]authority
}

// verdict is what a check comes to: right, wrong, or not possible.
type verdict struct {
	wrong     string
	unchecked string
}

func (c *checker) settle(collection string, raw bson.Raw, v verdict, right *int) {
	finding := Finding{Collection: collection, ID: idText(lenient.Value(raw, "_id")), Name: lenient.Text(raw, "name"), Problem: v.wrong + v.unchecked}
	r := c.report
	switch {
	case v.wrong != "":
		if r.WrongCount++; len(r.Wrong) < mostFindings {
			r.Wrong = append(r.Wrong, finding)
		}
	case v.unchecked != "":
		if r.UncheckedCount++; len(r.Unchecked) < mostFindings {
			r.Unchecked = append(r.Unchecked, finding)
		}
	default:
		*right++
	}
}

func (c *checker) organization(raw bson.Raw) {
	certificate, missing := readCertificate(lenient.Text(raw, "ca_certificate"))
	c.authorities[idText(lenient.Value(raw, "_id"))] = authority{certificate: certificate, name: lenient.Text(raw, "name")}
	v := verdict{unchecked: missing}
	if certificate != nil {
		v = matchKey(certificate, lenient.Text(raw, "ca_private_key"))
	}
	c.settle("organizations", raw, v, &c.report.Organizations)
}

func (c *checker) user(raw bson.Raw) {
	c.settle("users", raw, c.judgeUser(raw), &c.report.Users)
}

func (c *checker) judgeUser(raw bson.Raw) verdict {
	org := idText(lenient.Value(raw, "org_id"))
	issuer, known := c.authorities[org]
	if !known {
		return verdict{wrong: "its organization " + org + " is not there"}
	}
	certificate, missing := readCertificate(lenient.Text(raw, "certificate"))
	switch {
	case certificate == nil:
		return verdict{unchecked: missing}
	case lenient.Text(raw, "type") == "ca":
		if issuer.certificate == nil {
			return verdict{unchecked: "the certificate of its organization cannot be read"}
		}
		if !bytes.Equal(certificate.Raw, issuer.certificate.Raw) {
			return verdict{wrong: "it is not the certificate of its organization"}
		}
		return matchKey(certificate, lenient.Text(raw, "private_key"))
	}
	if problem := wrongSubject(certificate, org, idText(lenient.Value(raw, "_id"))); problem != "" {
		return verdict{wrong: problem}
	}
	if issuer.certificate == nil {
		return verdict{unchecked: "the certificate of its organization cannot be read"}
	}
	if problem := notIssued(certificate, issuer.certificate); problem != "" {
		return verdict{wrong: problem}
	}
	return matchKey(certificate, lenient.Text(raw, "private_key"))
}

// wrongSubject compares the subject, by which the server knows who connects, with the ids.
func wrongSubject(certificate *x509.Certificate, org, user string) string {
	subject := certificate.Subject
	if !slices.Equal(subject.Organization, []string{org}) {
		return fmt.Sprintf("the certificate is for the organization %q", subject.Organization)
	}
	if subject.CommonName != user {
		return fmt.Sprintf("the certificate is for the user %q", subject.CommonName)
	}
	return ""
}

func notIssued(certificate, issuer *x509.Certificate) string {
	if !bytes.Equal(certificate.RawIssuer, issuer.RawSubject) {
		return "the certificate names another issuer than the authority of its organization"
	}
	if err := issuer.CheckSignature(certificate.SignatureAlgorithm, certificate.RawTBSCertificate, certificate.Signature); err != nil {
		return "the certificate was not signed by the authority of its organization"
	}
	return ""
}

// server compares the authorities a server trusts with those of its organizations.
func (c *checker) server(raw bson.Raw) {
	c.settle("servers", raw, c.judgeServer(raw), &c.report.Servers)
}

func (c *checker) judgeServer(raw bson.Raw) verdict {
	held := map[string]bool{}
	for _, der := range certificateBlocks(lenient.Text(raw, "ca_certificate")) {
		held[string(der)] = true
	}
	for _, v := range lenient.List(lenient.Value(raw, "organizations")) {
		org := idText(v)
		a, known := c.authorities[org]
		switch {
		case !known:
			return verdict{wrong: "its organization " + org + " is not there"}
		case a.certificate == nil:
			return verdict{unchecked: "the certificate of its organization " + a.name + " cannot be read"}
		case !held[string(a.certificate.Raw)]:
			return verdict{wrong: "it does not hold the authority of its organization " + a.name}
		}
		delete(held, string(a.certificate.Raw))
	}
	if len(held) > 0 {
		return verdict{wrong: fmt.Sprintf("it holds %d authorities of no organization of its own", len(held))}
	}
	return verdict{}
}

// readCertificate finds the certificate in a text that may describe it in words first.
func readCertificate(s string) (*x509.Certificate, string) {
	blocks := certificateBlocks(s)
	if len(blocks) == 0 {
		return nil, "cannot be checked (no certificate)"
	}
	certificate, err := x509.ParseCertificate(blocks[0])
	if err != nil {
		return nil, "cannot be checked (the certificate cannot be parsed)"
	}
	return certificate, ""
}

func certificateBlocks(s string) [][]byte {
	var out [][]byte
	for rest := []byte(s); ; {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			return out
		}
		if block.Type == "CERTIFICATE" {
			out = append(out, block.Bytes)
		}
	}
}

// matchKey checks that a private key belongs to a certificate. A text that is no key cannot be checked: snapshots may
// have it redacted.
func matchKey(certificate *x509.Certificate, text string) verdict {
	const unknown = "cannot be checked (no key)"
	block, _ := pem.Decode([]byte(text))
	if block == nil {
		return verdict{unchecked: unknown}
	}
	key, err := parseKey(block.Bytes)
	if err != nil {
		return verdict{unchecked: unknown}
	}
	signer, ok := key.(crypto.Signer)
	if !ok {
		return verdict{unchecked: unknown}
	}
	public, ok := certificate.PublicKey.(interface{ Equal(x crypto.PublicKey) bool })
	if !ok {
		return verdict{unchecked: "cannot be checked (a kind of key that is not known)"}
	}
	if !public.Equal(signer.Public()) {
		return verdict{wrong: "the private key does not belong to the certificate"}
	}
	return verdict{}
}

func parseKey(der []byte) (any, error) {
	if key, err := x509.ParsePKCS8PrivateKey(der); err == nil {
		return key, nil
	}
	if key, err := x509.ParseECPrivateKey(der); err == nil {
		return key, nil
	}
	return x509.ParsePKCS1PrivateKey(der)
}
