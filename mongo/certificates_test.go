package mongo_test

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"iter"
	"math/big"
	"strings"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"pritunl-backup/mongo"
)

// party is a certificate with its key.
type party struct {
	certificate *x509.Certificate
	key         crypto.Signer
}

func newKey(t testing.TB) crypto.Signer {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// issue makes a certificate; without issuer it signs itself.
func issue(t testing.TB, subject pkix.Name, issuer *party) *party {
	t.Helper()
	p := &party{key: newKey(t)}
	template := &x509.Certificate{SerialNumber: big.NewInt(2), Subject: subject, NotAfter: time.Now().Add(time.Hour), IsCA: issuer == nil, BasicConstraintsValid: true}
	parent, signer := template, p.key
	if issuer != nil {
		parent, signer = issuer.certificate, issuer.key
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, p.key.Public(), signer)
	if err != nil {
		t.Fatal(err)
	}
	if p.certificate, err = x509.ParseCertificate(der); err != nil {
		t.Fatal(err)
	}
	return p
}

// pemText writes it as the server stores it, with words above.
func (p *party) pemText() string {
	return "Certificate:\n    Data:\n" + string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: p.certificate.Raw}))
}

func keyText(t testing.TB, key crypto.Signer) string {
	t.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
}

func TestCheckCertificates(t *testing.T) {
	t.Parallel()
	orgID, userID, otherID := bson.ObjectID{1}, bson.ObjectID{2}, bson.ObjectID{3}
	authority := issue(t, pkix.Name{Organization: []string{orgID.Hex()}, CommonName: orgID.Hex()}, nil)
	impostor := issue(t, pkix.Name{Organization: []string{orgID.Hex()}, CommonName: orgID.Hex()}, nil)
	stranger := issue(t, pkix.Name{Organization: []string{"x"}, CommonName: "x"}, nil)
	subject := pkix.Name{Organization: []string{orgID.Hex()}, CommonName: userID.Hex()}
	good := issue(t, subject, authority)
	org := func(key crypto.Signer) mongo.Document {
		return mongo.Document{Collection: "organizations", Raw: doc(t, bson.D{{Key: "_id", Value: orgID}, {Key: "name", Value: "org"},
			{Key: "ca_certificate", Value: authority.pemText()}, {Key: "ca_private_key", Value: keyText(t, key)}})}
	}
	person := func(p *party, key string, fields ...bson.E) mongo.Document {
		return mongo.Document{Collection: "users", Raw: doc(t, append(bson.D{{Key: "_id", Value: userID}, {Key: "org_id", Value: orgID},
			{Key: "certificate", Value: p.pemText()}, {Key: "private_key", Value: key}}, fields...))}
	}
	server := func(trusted string, orgs ...any) mongo.Document {
		return mongo.Document{Collection: "servers", Raw: doc(t, bson.D{{Key: "_id", Value: otherID}, {Key: "organizations", Value: bson.A(orgs)}, {Key: "ca_certificate", Value: trusted}})}
	}
	for _, test := range []struct {
		name      string
		doc       mongo.Document
		wrong     string
		unchecked string
	}{
		{"right user", person(good, keyText(t, good.key)), "", ""},
		{"user with the key of another", person(good, keyText(t, newKey(t))), "does not belong", ""},
		{"user without key", person(good, "-----BEGIN FAKE KEY-----\nNOTAKEY\n-----END FAKE KEY-----\n"), "", "no key"},
		{"certificate of another user", person(issue(t, pkix.Name{Organization: []string{orgID.Hex()}, CommonName: otherID.Hex()}, authority), ""), "for the user", ""},
		{"certificate of another organization", person(issue(t, pkix.Name{Organization: []string{otherID.Hex()}, CommonName: userID.Hex()}, authority), ""), "for the organization", ""},
		{"another issuer", person(issue(t, subject, stranger), ""), "another issuer", ""},
		{"an issuer of the same name", person(issue(t, subject, impostor), ""), "not signed", ""},
		{"no certificate", mongo.Document{Collection: "users", Raw: doc(t, bson.D{{Key: "_id", Value: userID}, {Key: "org_id", Value: orgID}})}, "", "no certificate"},
		{"no organization", mongo.Document{Collection: "users", Raw: doc(t, bson.D{{Key: "_id", Value: userID}, {Key: "org_id", Value: otherID}})}, "is not there", ""},
		{"authority as user", person(authority, keyText(t, authority.key), bson.E{Key: "type", Value: "ca"}), "", ""},
		{"wrong authority as user", person(impostor, keyText(t, impostor.key), bson.E{Key: "type", Value: "ca"}), "not the certificate of its organization", ""},
		{"right server", server(authority.pemText(), orgID), "", ""},
		{"server without organizations", server(""), "", ""},
		{"server lacks one", server("", orgID), "does not hold", ""},
		{"server holds one too many", server(authority.pemText()+stranger.pemText(), orgID), "1 authorities of no", ""},
		{"server of a lost organization", server("", otherID), "is not there", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			r, err := mongo.CheckCertificates(sequence(org(authority.key), test.doc))
			if err != nil {
				t.Fatal(err)
			}
			if r.Organizations != 1 {
				t.Errorf("the organization is not right: %+v", r)
			}
			checkFindings(t, "wrong", r.Wrong, test.wrong)
			checkFindings(t, "unchecked", r.Unchecked, test.unchecked)
			if right := r.Users + r.Servers; (right == 1) != (test.wrong+test.unchecked == "") || r.OK() != (test.wrong == "") {
				t.Errorf("%d are right, OK is %v", right, r.OK())
			}
		})
	}
	r, err := mongo.CheckCertificates(sequence(org(newKey(t))))
	if err != nil || r.OK() {
		t.Errorf("an authority with another's key: %+v, %v", r, err)
	}
}

func sequence(docs ...mongo.Document) iter.Seq2[mongo.Document, error] {
	return func(yield func(mongo.Document, error) bool) {
		for _, d := range docs {
			if !yield(d, nil) {
				return
			}
		}
	}
}

func checkFindings(t *testing.T, what string, got []mongo.Finding, want string) {
	t.Helper()
	if want == "" && len(got) > 0 || want != "" && (len(got) != 1 || !strings.Contains(got[0].Problem, want)) {
		t.Errorf("%s: %+v, want %q", what, got, want)
	}
}

func TestCheckCertificatesOfARecordedServer(t *testing.T) {
	t.Parallel()
	r, err := mongo.CheckCertificates(recordedDocuments(t))
	if err != nil {
		t.Fatal(err)
	}
	// All keys were taken out of the recording, and all users' certificates but two.
	if !r.OK() || r.Servers != 5 || r.Organizations != 0 || r.Users != 0 || r.UncheckedCount < 30 {
		t.Errorf("got %d organizations, %d users, %d servers, %d unchecked, wrong: %+v", r.Organizations, r.Users, r.Servers, r.UncheckedCount, r.Wrong)
	}
	broken := errors.New("broken")
	if _, err := mongo.CheckCertificates(func(yield func(mongo.Document, error) bool) { yield(mongo.Document{}, broken) }); !errors.Is(err, broken) {
		t.Errorf("got %v", err)
	}
}

func TestCheckCertificatesNoticesASwapInTheRecording(t *testing.T) {
	t.Parallel()
	docs := func(yield func(mongo.Document, error) bool) {
		for d := range recordedDocuments(t) {
			// The first user with a certificate gets a neighbour's _id.
			if d.Collection == "users" && bytes.Contains(d.Raw, []byte("alice@example.com")) && bytes.Contains(d.Raw, []byte("BEGIN CERTIFICATE")) {
				d.Raw = bytes.Replace(d.Raw, d.Raw.Lookup("_id").Value, bytes.Repeat([]byte{7}, 12), 1)
			}
			if !yield(d, nil) {
				return
			}
		}
	}
	r, err := mongo.CheckCertificates(docs)
	if err != nil || r.WrongCount != 1 || !strings.Contains(r.Wrong[0].Problem, "for the user") {
		t.Errorf("got %+v, %v", r, err)
	}
}
