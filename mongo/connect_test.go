package mongo_test

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"pritunl-backup/mongo"
)

const fakePassword = "fake-pa55word/not real"

func impatient(uri mongo.Secret) mongo.Options {
	return mongo.Options{URI: uri, Timeout: 700 * time.Millisecond, Stall: 700 * time.Millisecond,
		Sleep: func(context.Context, time.Duration) error { return nil }}
}

func open(t *testing.T, w *wire) *mongo.DB {
	t.Helper()
	o := impatient(w.uri(""))
	o.Timeout = 10 * time.Second
	db, err := mongo.Open(t.Context(), o)
	if err != nil {
		t.Fatalf("open: %v", err)
	}
	t.Cleanup(func() { _ = db.Close(context.Background()) })
	return db
}

// wantError checks cause, hint, and that nothing secret got into the text.
func wantError(t *testing.T, err error, cause mongo.Cause) {
	t.Helper()
	if !errors.Is(err, cause) {
		t.Fatalf("error is %v, want cause %q", err, cause)
	}
	var ours *mongo.Error
	if !errors.As(err, &ours) {
		t.Fatalf("error %T is not a *mongo.Error", err)
	}
	if ours.Hint() == "" && cause != mongo.CauseServer && cause != mongo.CauseInterrupted {
		t.Errorf("no hint for %v", err)
	}
	for _, secret := range []string{fakePassword, "fake-pa55word", "backupuser", "FAKETOKEN"} {
		if text := fmt.Sprintf("%v %+v %s", err, err, ours.Hint()); strings.Contains(text, secret) {
			t.Errorf("the error shows %q: %s", secret, text)
		}
	}
}

func TestOpenTellsFailuresApart(t *testing.T) {
	t.Parallel()
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	refused := closed.Addr().String()
	_ = closed.Close()
	silent := listen(t, func(string, bson.Raw) reply { return reply{stall: true} })
	plain := listen(t, func(string, bson.Raw) reply { return reply{cut: true} })
	wrong := listen(t, func(command string, _ bson.Raw) reply {
		if command == "saslStart" || command == "saslContinue" {
			return refuse(18, "AuthenticationFailed", "Authentication failed for backupuser using "+fakePassword)
		}
		return reply{}
	})
	denied := listen(t, func(command string, _ bson.Raw) reply {
		if command == "ping" {
			return refuse(13, "Unauthorized", `not authorized on pritunl to execute command { ping: 1, secret: "FAKETOKEN" }`)
		}
		return reply{}
	})
	user := "backupuser:fake-pa55word%2Fnot%20real"
	for _, test := range []struct {
		name  string
		uri   mongo.Secret
		cause mongo.Cause
	}{
		{"not a URI", "postgres://x/y", mongo.CauseAddress},
		{"unescaped password", "mongodb://backupuser:" + fakePassword + "@localhost/pritunl", mongo.CauseAddress},
		{"no database", "mongodb://" + mongo.Secret(user) + "@localhost:27017", mongo.CauseNoDatabase},
		{"no database but options", "mongodb://localhost/?authSource=admin", mongo.CauseNoDatabase},
		{"bad database", "mongodb://localhost/a$b", mongo.CauseAddress},
		{"unknown option value", "mongodb://localhost/pritunl?maxPoolSize=backupuser", mongo.CauseAddress},
		{"no such host", "mongodb://" + mongo.Secret(user) + "@no-such-host.invalid/pritunl", mongo.CauseLookup},
		{"no such SRV record", "mongodb+srv://" + mongo.Secret(user) + "@no-such-host.example.invalid/pritunl", mongo.CauseLookup},
		{"refused", mongo.Secret("mongodb://" + refused + "/pritunl"), mongo.CauseRefused},
		{"silent", silent.uri(""), mongo.CauseUnreachable},
		{"closes at once", plain.uri(""), mongo.CauseUnreachable},
		{"TLS against a plain port", wrong.uri("") + "?tls=true", mongo.CauseTLS},
		{"wrong password", wrong.uri(user), mongo.CauseAuthentication},
		{"denied", denied.uri(""), mongo.CauseDenied},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			db, err := mongo.Open(t.Context(), impatient(test.uri))
			if err == nil {
				_ = db.Close(t.Context())
				t.Fatal("it connected")
			}
			wantError(t, err, test.cause)
		})
	}
}

func TestOpenSelfSignedCertificate(t *testing.T) {
	t.Parallel()
	certificate := selfSigned(t)
	l, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{Certificates: []tls.Certificate{certificate}})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			_ = conn.(*tls.Conn).HandshakeContext(context.Background())
			_ = conn.Close()
		}
	}()
	_, err = mongo.Open(t.Context(), impatient(mongo.Secret("mongodb://"+l.Addr().String()+"/pritunl?tls=true")))
	wantError(t, err, mongo.CauseTLS)
}

func TestOpenInterrupted(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	w := listen(t, func(string, bson.Raw) reply { cancel(); return reply{stall: true} })
	o := impatient(w.uri(""))
	o.Timeout = time.Minute
	_, err := mongo.Open(ctx, o)
	wantError(t, err, mongo.CauseInterrupted)
	if !errors.Is(err, context.Canceled) {
		t.Errorf("%v does not tell that the context was cancelled", err)
	}
}

func TestStepDownIsRetriedOnce(t *testing.T) {
	t.Parallel()
	for _, code := range []int32{10107, 11602, 91, 189} {
		for _, test := range []struct {
			name  string
			fails int
			cause mongo.Cause
		}{{"recovers", 1, ""}, {"stays down", 100, mongo.CauseStepDown}} {
			t.Run(fmt.Sprintf("%d %s", code, test.name), func(t *testing.T) {
				t.Parallel()
				failed := 0
				w := listen(t, nil)
				w.answer = func(command string, _ bson.Raw) reply {
					if command != "update" {
						return reply{}
					}
					w.mu.Lock()
					defer w.mu.Unlock()
					if failed++; failed <= test.fails {
						return refuse(code, "NotWritablePrimary", "not primary")
					}
					return ok(bson.E{Key: "n", Value: int32(1)}, bson.E{Key: "nModified", Value: int32(1)})
				}
				db := open(t, w)
				plan, err := mongo.AdministratorsOf([]bson.Raw{doc(t, bson.D{{Key: "_id", Value: bson.NewObjectID()}, {Key: "username", Value: "alice"},
					{Key: "token", Value: "FAKETOKEN"}, {Key: "secret", Value: "FAKETOKEN"}})}).PlanEnable("alice", nil)
				if err != nil {
					t.Fatal(err)
				}
				err = db.Enable(t.Context(), plan)
				if test.cause == "" && err != nil {
					t.Fatalf("enable: %v", err)
				}
				if test.cause != "" {
					wantError(t, err, test.cause)
				}
				if got, want := strings.Count(w.seen(), "update"), 2; got != want {
					t.Errorf("update was sent %d times, want %d", got, want)
				}
			})
		}
	}
}

func doc(t *testing.T, d bson.D) bson.Raw {
	t.Helper()
	raw, err := bson.Marshal(d)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}
