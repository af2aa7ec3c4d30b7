package integration_test

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"io"
	"log/slog"
	"net"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/FerretDB/FerretDB/ferretdb"
	mongodriver "go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"pritunl-backup/mongo"
)

// mongoURIVariable names a real server to run the same tests on, as mongodb://... without a database.
const mongoURIVariable = "PRITUNL_BACKUP_TEST_MONGODB_URI"

// mongoFerretVariable says that it is FerretDB all the same.
const mongoFerretVariable = "PRITUNL_BACKUP_TEST_MONGODB_IS_FERRETDB"

// database is an empty database of its own for one test.
type database struct {
	uri     string
	address string // host and port, for proxies; empty when it cannot be reached through one
	name    string
	raw     *mongodriver.Database // for arranging and looking, apart from the code under test
}

// newDatabase starts an embedded server, or takes the one that the environment names.
func newDatabase(t testing.TB) *database {
	t.Helper()
	suffix := make([]byte, 6)
	_, _ = rand.Read(suffix)
	d := &database{name: "pritunl_test_" + hex.EncodeToString(suffix)}
	base := os.Getenv(mongoURIVariable)
	if base == "" {
		d.address = startFerret(t)
		base = "mongodb://" + d.address
	} else if !strings.Contains(base, "?") {
		d.address = addressIn(base) // through a proxy a name in a certificate, or one of several servers, would not be found
	}
	head, query, hasQuery := strings.Cut(base, "?")
	d.uri = strings.TrimRight(head, "/") + "/" + d.name
	if hasQuery {
		d.uri += "?" + query
	}
	client, err := mongodriver.Connect(options.Client().ApplyURI(d.uri))
	if err != nil {
		t.Fatal(err)
	}
	d.raw = client.Database(d.name)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
		defer cancel()
		_ = d.raw.Drop(ctx)
		_ = client.Disconnect(ctx)
	})
	return d
}

// startFerret runs an embedded server for the length of a test and returns its address.
func startFerret(t testing.TB) string {
	t.Helper()
	server, err := ferretdb.New(&ferretdb.Config{
		Listener:  ferretdb.ListenerConfig{TCP: "127.0.0.1:0"},
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
	t.Cleanup(func() {
		cancel()
		<-done
	})
	address := strings.TrimPrefix(server.MongoDBURI(), "mongodb://")
	address, _, _ = strings.Cut(address, "/")
	return address
}

// open connects the code under test.
func (d *database) open(t testing.TB) *mongo.DB {
	t.Helper()
	return openURI(t, d.uri)
}

// hurry waits a tenth of the time: the server at the other end is a real one, and needs some.
func hurry(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d / 10):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func openURI(t testing.TB, uri string) *mongo.DB {
	t.Helper()
	db, err := mongo.Open(t.Context(), mongo.Options{URI: mongo.Secret(uri), Stall: 10 * time.Second,
		Sleep: hurry})
	if err != nil {
		t.Fatalf("open: %v", err)
	}
	t.Cleanup(func() { _ = db.Close(context.Background()) })
	return db
}

// proxy stands between client and server and can spoil what passes.
type proxy struct {
	listener net.Listener
	target   string

	mu     sync.Mutex
	conns  []net.Conn
	chunks int           // answers of the server that passed
	cutAt  int           // cut every connection at this answer, once; 0 = never
	dead   bool          // refuse everything from then on
	die    bool          // with cutAt: for good
	delay  time.Duration // before each answer
}

// needProxy skips a test whose server cannot be reached through a proxy.
func needProxy(t testing.TB, target string) {
	t.Helper()
	if target == "" {
		t.Skip("the server of the environment is not reached through a proxy")
	}
}

func newProxy(t testing.TB, target string) *proxy {
	t.Helper()
	needProxy(t, target)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &proxy{listener: l, target: target}
	var running sync.WaitGroup
	running.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			running.Go(func() { p.serve(conn) })
		}
	})
	t.Cleanup(func() {
		_ = l.Close()
		p.cut()
		running.Wait()
	})
	return p
}

func (p *proxy) uri(d *database) string {
	return strings.Replace(d.uri, d.address, p.listener.Addr().String(), 1)
}

func (p *proxy) serve(client net.Conn) {
	defer func() { _ = client.Close() }()
	p.mu.Lock()
	dead := p.dead
	p.mu.Unlock()
	if dead {
		return
	}
	server, err := net.Dial("tcp", p.target)
	if err != nil {
		return
	}
	defer func() { _ = server.Close() }()
	p.mu.Lock()
	p.conns = append(p.conns, client, server)
	p.mu.Unlock()
	go func() {
		_, _ = io.Copy(server, client)
		_ = server.Close()
	}()
	buffer := make([]byte, 32<<10)
	for {
		n, err := server.Read(buffer)
		if n > 0 && !p.pass() {
			return
		}
		if n > 0 {
			if _, err := client.Write(buffer[:n]); err != nil {
				return
			}
		}
		if err != nil {
			return
		}
	}
}

// pass counts an answer and tells whether it may go through.
func (p *proxy) pass() bool {
	p.mu.Lock()
	delay := p.delay
	p.chunks++
	hit := p.cutAt > 0 && p.chunks == p.cutAt
	if hit && p.die {
		p.dead = true
	}
	p.mu.Unlock()
	time.Sleep(delay)
	if hit {
		p.cut()
	}
	return !hit
}

// cut closes every connection.
func (p *proxy) cut() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, c := range p.conns {
		_ = c.Close()
	}
	p.conns = nil
}
