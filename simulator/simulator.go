package simulator

import (
	"fmt"
	"net/http"
	"sync"
)

// Plans a simulated instance can have.
const (
	PlanEnterprise = "enterprise"
	PlanNone       = "none" // routes under /link answer 404
)

// Options say what instance to make. The zero value is a fresh instance with
// an enterprise plan and one host.
type Options struct {
	// Seed says what the instance holds: "" or "empty", "demo" (a small
	// company), or "users=N[,orgs=M][,servers=K]".
	Seed string
	// Plan is PlanEnterprise, which is also the default, or PlanNone.
	Plan string
	// Hosts is the number of hosts, named vpn-1, vpn-2 and so on. The first
	// one is online and answers. Zero means one host, two with the demo seed.
	Hosts int
	// Clock is the time of the instance. Nil means the real one.
	Clock Clock
	// Realism is how long things take and what gets lost. The zero value takes no
	// time and loses nothing.
	Realism Realism
	// Version is the release whose behaviour the instance has, such as
	// "1.32.4278.46"; the last number may be left out. "" is the newest one.
	Version string
	// Random makes ids, tokens and ports reproducible. Two instances with the
	// same value give out the same ids, as long as their clocks agree.
	Random uint64
	// Control answers unsigned requests under /_simulator/.
	Control bool
	// TLS fills server_cert and server_key in the settings, as on an instance
	// that serves TLS itself.
	TLS bool
	// NoAPI leaves the built-in administrator alone: nobody may sign requests
	// and the front end is in strict mode.
	NoAPI bool
}

// Simulator is one simulated instance. It is safe for concurrent use.
type Simulator struct {
	opts    Options
	release *release

	mu     sync.Mutex
	db     *database
	faults []*armed
	log    []*Request
	writes int
	dead   bool
}

// Request is a request the instance has seen, with its answer's status. The
// status is 0 when the connection was cut before an answer.
type Request struct {
	Method string
	Path   string
	Query  string
	Status int
	// Fault is the kind of the fault that hit the request, if any.
	Fault string
}

// New makes an instance. It refuses options it does not understand.
func New(opts Options) (*Simulator, error) {
	if opts.Clock == nil {
		opts.Clock = realClock{}
	}
	if opts.Plan == "" {
		opts.Plan = PlanEnterprise
	}
	if opts.Plan != PlanEnterprise && opts.Plan != PlanNone {
		return nil, fmt.Errorf("make simulator: unknown plan %q", opts.Plan)
	}
	if opts.Hosts < 0 {
		return nil, fmt.Errorf("make simulator: %d hosts", opts.Hosts)
	}
	is, err := newRelease(opts.Version)
	if err != nil {
		return nil, fmt.Errorf("make simulator: %w", err)
	}
	if err := opts.Realism.check(); err != nil {
		return nil, fmt.Errorf("make simulator: %w", err)
	}
	s := &Simulator{opts: opts, release: is}
	if err := s.reset(); err != nil {
		return nil, fmt.Errorf("make simulator: %w", err)
	}
	return s, nil
}

// reset puts the instance back to its seed. Ids and credentials are the same
// as the first time when the clock stands still.
func (s *Simulator) reset() error {
	want, err := parseSeed(s.opts.Seed)
	if err != nil {
		return err
	}
	hosts := s.opts.Hosts
	if hosts == 0 {
		hosts = want.hosts
	}
	if s.db != nil {
		s.db.abandon()
	}
	made := s.opts
	made.Realism = Realism{} // the seed takes no time
	s.db = newDatabase(made, s.release, hosts)
	s.faults, s.log, s.writes, s.dead = nil, nil, 0, false
	if err := want.fill(s); err != nil {
		return err
	}
	s.db.run()
	s.db.opts.Realism = s.opts.Realism
	s.db.fillPools()
	return nil
}

// Credentials returns the token and the secret of the API administrator. Both
// are empty when there is none.
func (s *Simulator) Credentials() (token, secret string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, a := range s.db.admins {
		if isTrue(a.authAPI) {
			return a.token, a.secret
		}
	}
	return "", ""
}

// Requests returns the requests seen so far, in the order of arrival. Only the
// last hundred thousand are sure to be there.
func (s *Simulator) Requests() []Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := make([]Request, len(s.log))
	for i, entry := range s.log {
		out[i] = *entry
	}
	return out
}

// Writes counts the requests seen so far that are neither GET nor HEAD.
func (s *Simulator) Writes() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.writes
}

func isWrite(method string) bool { return method != http.MethodGet && method != http.MethodHead }
