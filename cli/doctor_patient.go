package cli

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"sync"
	"time"

	"pritunl-backup/api"
	"pritunl-backup/mongo"
)

// doctorPatience bounds one request: whoever waits for a diagnosis does not wait for minutes.
const doctorPatience = 30 * time.Second

// patient is what the checks share: what was asked once is not asked again.
type patient struct {
	env     *environment
	opts    doctorOptions
	url     *url.URL // nil: no address is given
	seen    *witness
	client  *api.Client // nil: no address is given
	user    string      // whose credentials the database gave, when none are given
	refused *api.Error  // the 401, if there was one

	pinged  bool
	pingErr error
	status  struct {
		Version string `json:"server_version"`
		Host    string `json:"current_host"`
	}
	state *accountState

	opened   bool
	db       *mongo.DB
	instance *mongo.Instance
	dbErr    error
}

// accountState is what GET /state says of the caller and the licence.
type accountState struct {
	SuperUser bool   `json:"super_user"`
	Plan      string `json:"plan"`
	Active    bool   `json:"active"`
}

func newPatient(env *environment, opts doctorOptions) (*patient, error) {
	p := &patient{env: env, opts: opts, seen: &witness{now: env.now}}
	if opts.connection.options.URL == "" {
		return p, nil
	}
	// Without credentials the first checks can still be made: they send none.
	conn := opts.connection
	if conn.options.Token == "" || conn.options.Secret == "" {
		conn = conn.with("no-token-is-given", "no-secret-is-given")
	}
	var err error
	if p.client, err = p.connect(conn); err != nil {
		return nil, err
	}
	p.url, err = url.Parse(p.client.Address())
	return p, err
}

// connect makes a client whose answers the patient's witness sees.
func (p *patient) connect(conn connection) (*api.Client, error) {
	conn.options.Wrap = func(next http.RoundTripper) http.RoundTripper {
		p.seen.next = next
		return p.seen
	}
	conn.options.Retries = 1
	conn.options.Timeout = min(conn.options.Timeout, doctorPatience)
	return api.New(conn.options)
}

func (p *patient) close() {
	if p.db != nil {
		closeDatabase(p.db)
	}
}

func (p *patient) ping(ctx context.Context) error {
	if !p.pinged {
		p.pinged, p.pingErr = true, p.client.Ping(ctx)
	}
	return p.pingErr
}

// database connects once; without an address it is nil without an error.
func (p *patient) database(ctx context.Context) (*mongo.DB, error) {
	if p.opened || p.opts.database.URI == "" {
		return p.db, p.dbErr
	}
	p.opened = true
	db, err := mongo.Open(ctx, p.opts.database)
	if err == nil {
		p.db = db
		p.instance, err = db.Identify(ctx)
	}
	p.dbErr = err
	return p.db, p.dbErr
}

// credentials are those given, or an administrator's from the database, as export takes them.
func (p *patient) credentials(ctx context.Context) (token, secret string, err error) {
	o := p.opts.connection.options
	if o.Token != "" && o.Secret != "" {
		return o.Token.Reveal(), o.Secret.Reveal(), nil
	}
	db, err := p.database(ctx)
	if db == nil || err != nil {
		return "", "", errors.New("the API token or secret of an administrator is missing")
	}
	administrators, err := db.Administrators(ctx)
	if err != nil {
		return "", "", err
	}
	usable, found := administrators.Usable()
	if !found {
		return "", "", errors.New("no token is given, and the database has no administrator who may use the API")
	}
	p.user = usable.Username
	return usable.Token.Reveal(), usable.Secret.Reveal(), nil
}

func (p *patient) account(ctx context.Context) (*accountState, error) {
	if p.state != nil {
		return p.state, nil
	}
	raw, err := p.client.State(ctx)
	if err != nil {
		return nil, err
	}
	var state accountState
	if err := json.Unmarshal(raw, &state); err != nil {
		return nil, err
	}
	p.state = &state
	return p.state, nil
}

// witness remembers of the last answer what the client does not pass on.
type witness struct {
	next http.RoundTripper
	now  func() time.Time

	mu     sync.Mutex
	tls    *tls.ConnectionState
	header http.Header
	at     time.Time // when it arrived, by this machine's clock
}

// RoundTrip passes the request on.
func (w *witness) RoundTrip(r *http.Request) (*http.Response, error) {
	response, err := w.next.RoundTrip(r)
	if response != nil {
		w.mu.Lock()
		w.tls, w.header, w.at = response.TLS, response.Header.Clone(), w.now()
		w.mu.Unlock()
	}
	return response, err
}

func (w *witness) last() (state *tls.ConnectionState, header http.Header, at time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.tls, w.header, w.at
}
