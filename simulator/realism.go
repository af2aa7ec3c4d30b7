package simulator

import (
	"encoding/json"
	"fmt"
	"time"
)

// Sizes of the pools that the server fills beside the requests.
const (
	certPool   = 6 // users per organization
	paramsPool = 3 // Diffie-Hellman parameters of the usual size
	usualBits  = 2048
)

// Realism is how long an instance takes for its work, and what it loses. The zero
// value is an instance that does everything at once and loses nothing.
type Realism struct {
	// Request is the work of any request. The server does one after another.
	Request time.Duration
	// Certificate is the time to make the certificate of one user. Up to six in
	// each organization are made in advance, one after another.
	Certificate time.Duration
	// CertificateSpread is how much longer than Certificate one may take: each
	// takes a random time between the two.
	CertificateSpread time.Duration
	// PooledUser is the time to create a user whose certificate is ready.
	PooledUser time.Duration
	// Organization is the time to make the certificate authority of a new one.
	Organization time.Duration
	// Server is the time to create a server.
	Server time.Duration
	// Params is the time to make Diffie-Hellman parameters of 2048 bits. Three
	// are made in advance, one after another. Other sizes are made on demand.
	Params time.Duration
	// Start is the time from the start of a server to the answer.
	Start time.Duration
	// NoHost is how long a start waits for a host when none answers. It fails
	// then, and until then the server is online.
	NoHost time.Duration
	// Busy is the time after which the creation of more than ten users is known
	// to be under way: only then is another one refused.
	Busy time.Duration
	// FrontEndLimit is the time after which the front end answers 502 in place
	// of the server. Zero means never.
	FrontEndLimit time.Duration
	// LostUsers is the probability, from 0 to 1, that a user is lost when it
	// comes from a pool that is being filled and was asked for with others.
	LostUsers float64
	// LostParams is the probability, from 0 to 1, that the parameters of a server
	// are lost when they come from a pool that is being filled.
	LostParams float64
}

// Realistic is what was measured on a server with two processors. Of forty users
// of a restore it loses one or two.
func Realistic() Realism {
	return Realism{
		Request: 60 * time.Millisecond, Certificate: 3 * time.Second, CertificateSpread: 7 * time.Second,
		PooledUser: 50 * time.Millisecond, Organization: 3 * time.Second, Server: 2 * time.Second, Params: 45 * time.Second,
		Start: 3 * time.Second, NoHost: 29 * time.Second, Busy: 100 * time.Millisecond, FrontEndLimit: 2 * time.Minute, LostUsers: 0.08, LostParams: 0.08,
	}
}

// paramsTime is the time to make parameters of some size. It grows much faster
// than the size.
func (r Realism) paramsTime(bits int) time.Duration {
	switch {
	case bits < 1536:
		return r.Params / 10
	case bits < usualBits:
		return r.Params / 3
	case bits == usualBits:
		return r.Params
	case bits < 4096:
		return 4 * r.Params
	}
	return 10 * r.Params
}

// UnmarshalJSON changes what the text names: durations in milliseconds, as in
// {"certificate_ms":4000,"lost_users":0.5}.
func (r *Realism) UnmarshalJSON(text []byte) error {
	var given map[string]float64
	if err := json.Unmarshal(text, &given); err != nil {
		return fmt.Errorf("read realism: %w", err)
	}
	durations := map[string]*time.Duration{
		"request_ms": &r.Request, "certificate_ms": &r.Certificate, "certificate_spread_ms": &r.CertificateSpread,
		"pooled_user_ms": &r.PooledUser, "organization_ms": &r.Organization, "server_ms": &r.Server,
		"params_ms": &r.Params, "start_ms": &r.Start, "no_host_ms": &r.NoHost, "busy_ms": &r.Busy, "front_end_limit_ms": &r.FrontEndLimit,
	}
	chances := map[string]*float64{"lost_users": &r.LostUsers, "lost_params": &r.LostParams}
	for key, n := range given {
		switch {
		case durations[key] != nil:
			*durations[key] = time.Duration(n * float64(time.Millisecond))
		case chances[key] != nil:
			*chances[key] = n
		default:
			return fmt.Errorf("read realism: unknown word %q", key)
		}
	}
	return nil
}

func (r Realism) check() error {
	for _, d := range []time.Duration{
		r.Request, r.Certificate, r.CertificateSpread, r.PooledUser, r.Organization, r.Server, r.Params, r.Start, r.NoHost,
		r.Busy, r.FrontEndLimit,
	} {
		if d < 0 {
			return fmt.Errorf("set realism: negative duration %v", d)
		}
	}
	for _, p := range []float64{r.LostUsers, r.LostParams} {
		if p < 0 || p > 1 {
			return fmt.Errorf("set realism: %v is no probability", p)
		}
	}
	return nil
}

// SetRealism changes how long things take from now on. The pools are full then,
// as if nothing had been asked of the server for a while.
func (s *Simulator) SetRealism(r Realism) error {
	if err := r.check(); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.db.run()
	s.opts.Realism, s.db.opts.Realism = r, r
	s.db.fillPools()
	return nil
}
