package mongo

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/event"
	mongodriver "go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
	"go.mongodb.org/mongo-driver/v2/mongo/readpref"
)

const (
	defaultTimeout = 15 * time.Second
	defaultStall   = 60 * time.Second
	stepDownPause  = 2 * time.Second
)

// Options say which database to talk to and how patiently.
type Options struct {
	URI            Secret        // mongodb:// or mongodb+srv://, with the database in its path
	Prefix         string        // put before every collection name (mongodb_collection_prefix)
	ReadPreference string        // primary, primaryPreferred, secondary, secondaryPreferred, nearest; "" as in the URI
	Timeout        time.Duration // until a server must have been reached; 0 means 15 s
	Stall          time.Duration // the longest wait for one answer; 0 means 60 s

	Now   func() time.Time                                 // nil means time.Now
	Sleep func(ctx context.Context, d time.Duration) error // waits between two attempts; nil means a timer
}

// DB is an open connection to the database of one Pritunl server.
type DB struct {
	client   *mongodriver.Client
	database *mongodriver.Database
	prefix   string
	hosts    string
	scrub    scrubber
	beats    *heartbeats
	tls      bool
	stall    time.Duration
	now      func() time.Time
	sleep    func(ctx context.Context, d time.Duration) error
}

// Open connects and waits until a server answers. Errors are of type *Error and tell name lookup, refusal, TLS,
// authentication and silence apart.
func Open(ctx context.Context, o Options) (*DB, error) {
	if o.Timeout <= 0 {
		o.Timeout = defaultTimeout
	}
	db, client, name, err := prepare(o)
	if err != nil {
		return nil, err
	}
	op := "connect to " + db.Address()
	if db.client, err = mongodriver.Connect(client); err != nil {
		return nil, db.explain(ctx, op, addressError(err))
	}
	db.database = db.client.Database(name)
	limited, cancel := context.WithTimeout(ctx, o.Timeout+time.Second)
	defer cancel()
	ping := db.database.RunCommand(limited, bson.D{{Key: "ping", Value: 1}}, options.RunCmd().SetReadPreference(readpref.Nearest()))
	if err := ping.Err(); err != nil {
		err = db.explain(ctx, op, err)
		_ = db.Close(context.WithoutCancel(ctx))
		return nil, err
	}
	return db, nil
}

// prepare turns options into the driver's, without touching the network.
func prepare(o Options) (*DB, *options.ClientOptions, string, error) {
	a, err := parseAddress(o.URI.Reveal())
	if err != nil {
		return nil, nil, "", err
	}
	db := &DB{
		prefix: o.Prefix, hosts: a.hosts, scrub: newScrubber(a), beats: &heartbeats{},
		stall: o.Stall, now: o.Now, sleep: o.Sleep,
	}
	if db.stall <= 0 {
		db.stall = defaultStall
	}
	if db.now == nil {
		db.now = time.Now
	}
	if db.sleep == nil {
		db.sleep = sleep
	}
	client := options.Client().ApplyURI(o.URI.Reveal()).SetAppName("pritunl-backup").
		SetServerSelectionTimeout(o.Timeout).SetConnectTimeout(o.Timeout).SetServerMonitor(db.beats.monitor())
	if preference, ok := readPreference(o.ReadPreference); ok {
		client.SetReadPreference(preference)
	} else if o.ReadPreference != "" {
		return nil, nil, "", newError("connect to "+db.Address(), CauseAddress, fmt.Sprintf("unknown read preference %q", o.ReadPreference))
	}
	if err := client.Validate(); err != nil {
		return nil, nil, "", db.explain(context.Background(), "connect to "+db.Address(), addressError(err))
	}
	db.tls = client.TLSConfig != nil
	return db, client, a.database, nil
}

// addressError keeps the driver's parse errors to themselves, since they quote pieces of the URI; a failed SRV lookup
// happens while parsing too and is passed on.
func addressError(err error) error {
	var lookup *net.DNSError
	if errors.As(err, &lookup) {
		return err
	}
	return newError("read the MongoDB URI", CauseAddress, "the driver does not accept it")
}

// readPreference knows the names that the server's configuration file uses.
func readPreference(name string) (*readpref.ReadPref, bool) {
	switch name {
	case "primary":
		return readpref.Primary(), true
	case "primaryPreferred":
		return readpref.PrimaryPreferred(), true
	case "secondary":
		return readpref.Secondary(), true
	case "secondaryPreferred":
		return readpref.SecondaryPreferred(), true
	case "nearest":
		return readpref.Nearest(), true
	}
	return nil, false
}

// Address names hosts and port without credentials or options, for headers and messages.
func (db *DB) Address() string { return db.hosts }

// Name is the database's name.
func (db *DB) Name() string { return db.database.Name() }

// Close ends all connections. It does not wait long for a server that is gone.
func (db *DB) Close(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	if err := db.client.Disconnect(ctx); err != nil && !errors.Is(err, mongodriver.ErrClientDisconnected) {
		return db.explain(ctx, "disconnect from "+db.Address(), err)
	}
	return nil
}

// collection is the named collection behind the prefix.
func (db *DB) collection(name string) *mongodriver.Collection {
	return db.database.Collection(db.prefix + name)
}

// primary is the same, read from the primary whatever the configured preference: what decides about writing must not
// be stale.
func (db *DB) primary(name string) *mongodriver.Collection {
	return db.database.Collection(db.prefix+name, options.Collection().SetReadPreference(readpref.Primary()))
}

// try runs one command with a limit on the wait for its answer, and once more when the primary stepped down. fn must
// be safe to run twice.
func (db *DB) try(ctx context.Context, op string, fn func(ctx context.Context) error) error {
	for attempt := 0; ; attempt++ {
		limited, cancel := context.WithTimeout(ctx, db.stall)
		err := db.explain(ctx, op, fn(limited))
		cancel()
		if err == nil || attempt > 0 || !errors.Is(err, CauseStepDown) {
			return err
		}
		if waited := db.sleep(ctx, stepDownPause); waited != nil {
			return err
		}
	}
}

func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

// heartbeats remembers how the driver's own attempts to reach a server went: when an operation merely times out, they
// know why.
type heartbeats struct {
	mu   sync.Mutex
	last error
	ok   bool
}

func (h *heartbeats) monitor() *event.ServerMonitor {
	return &event.ServerMonitor{
		ServerHeartbeatFailed: func(e *event.ServerHeartbeatFailedEvent) {
			h.mu.Lock()
			defer h.mu.Unlock()
			if !errors.Is(e.Failure, context.Canceled) {
				h.last, h.ok = e.Failure, false
			}
		},
		ServerHeartbeatSucceeded: func(*event.ServerHeartbeatSucceededEvent) {
			h.mu.Lock()
			defer h.mu.Unlock()
			h.ok = true
		},
	}
}

func (h *heartbeats) get() error {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.last
}

func (h *heartbeats) reached() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.ok
}
