package integration_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"io"
	"log/slog"
	"math/big"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/FerretDB/FerretDB/ferretdb"

	"pritunl-backup/mongo"
)

// certificateFiles writes a self-signed certificate for the loopback address, and its key.
func certificateFiles(t *testing.T) (certificate, key string) {
	t.Helper()
	signer, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "fake"}, NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true}
	der, err := x509.CreateCertificate(rand.Reader, template, template, signer.Public(), signer)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(signer)
	if err != nil {
		t.Fatal(err)
	}
	certificate, key = filepath.Join(t.TempDir(), "cert.pem"), filepath.Join(t.TempDir(), "key.pem")
	for file, block := range map[string]*pem.Block{certificate: {Type: "CERTIFICATE", Bytes: der}, key: {Type: "PRIVATE KEY", Bytes: private}} {
		if err := os.WriteFile(file, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return certificate, key
}

func TestMongoTLS(t *testing.T) {
	certificate, key := certificateFiles(t)
	server, err := ferretdb.New(&ferretdb.Config{
		Listener:  ferretdb.ListenerConfig{TLS: "127.0.0.1:0", TLSCertFile: certificate, TLSKeyFile: key, TLSCAFile: ""},
		Logger:    slog.New(slog.NewTextHandler(io.Discard, nil)),
		Handler:   "sqlite",
		SQLiteURL: "file:" + t.TempDir() + "/",
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- server.Run(ctx) }()
	t.Cleanup(func() { cancel(); <-done })
	parsed, err := url.Parse(server.MongoDBURI())
	if err != nil {
		t.Fatal(err)
	}
	base := "mongodb://" + parsed.Host + "/pritunl"
	for _, test := range []struct {
		name, options string
		cause         mongo.Cause
	}{
		{"trusted", "?tls=true&tlsCAFile=" + url.QueryEscape(certificate), ""},
		{"nobody vouches for it", "?tls=true", mongo.CauseTLS},
		{"without TLS", "", mongo.CauseUnreachable},
	} {
		t.Run(test.name, func(t *testing.T) {
			db, err := mongo.Open(t.Context(), mongo.Options{URI: mongo.Secret(base + test.options), Timeout: 2 * time.Second})
			if err == nil {
				defer func() { _ = db.Close(context.Background()) }()
				_, err = db.ListCollections(t.Context())
			}
			if test.cause == "" && err != nil || test.cause != "" && !errors.Is(err, test.cause) {
				t.Fatalf("got %v", err)
			}
			if test.cause == mongo.CauseUnreachable {
				var ours *mongo.Error
				if !errors.As(err, &ours) || !strings.Contains(ours.Hint(), "TLS") {
					t.Errorf("the hint does not mention TLS: %v", err)
				}
			}
		})
	}
}
