package simulator

import (
	"fmt"
	"net/http"
	"path"
	"strings"
)

// Kinds of faults.
const (
	FaultDelay    = "delay"    // the answer comes late
	FaultStatus   = "status"   // a front end without a back end: Status and no body
	FaultCut      = "cut"      // the connection is cut before anything is done
	FaultGone     = "gone"     // the connection is cut when the request has been received, which is carried out
	FaultLost     = "lost"     // everything is done, then the connection is cut
	FaultTruncate = "truncate" // the body stops after Keep bytes and the connection is cut

	// Kills cut the connection and every one after it, until Revive.
	FaultKill       = "kill"        // before anything is done
	FaultKillDuring = "kill-during" // when the request has been received, which is carried out in its time
	FaultKillDone   = "kill-done"   // when everything is done

	// These hit what a request takes from a pool, not the request.
	FaultLoseUser   = "lose-user"   // a user is answered, but the id is given away once more
	FaultLoseParams = "lose-params" // the parameters of a server: it is pending for ever
)

// Fault says what goes wrong, and when.
type Fault struct {
	// Kind is one of the kinds above.
	Kind string `json:"kind"`
	// Method is the method of matching requests: "" any, "WRITE" any but GET and
	// HEAD.
	Method string `json:"method,omitempty"`
	// Path is a pattern for the path of matching requests, as for path.Match; a
	// trailing "/**" matches everything below. Empty matches any path.
	Path string `json:"path,omitempty"`
	// Nth is the number of the matching request, or of the user or server of one,
	// that is hit, counted from 1 and from the moment the fault is set. Zero means
	// the next one.
	Nth int `json:"nth,omitempty"`
	// Times is how many in a row are hit. Zero means one, negative all that follow.
	Times int `json:"times,omitempty"`
	// Status is the status of FaultStatus.
	Status int `json:"status,omitempty"`
	// RetryAfter is sent with FaultStatus when it is not empty.
	RetryAfter string `json:"retry_after,omitempty"`
	// Delay is the time of FaultDelay in milliseconds.
	Delay int `json:"delay_ms,omitempty"`
	// Keep is the number of bytes FaultTruncate lets through.
	Keep int `json:"keep,omitempty"`
}

// armed is a fault that waits for its requests.
type armed struct {
	Fault
	seen int
	hits int
}

// Fault sets a fault. Several may wait at the same time; the first that matches
// a request wins.
func (s *Simulator) Fault(f Fault) error {
	if err := f.check(); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = append(s.faults, &armed{Fault: f})
	return nil
}

// losing says that a fault does not hit requests.
func (f Fault) losing() bool { return f.Kind == FaultLoseUser || f.Kind == FaultLoseParams }

// strikes says whether a fault of a kind hits what a request takes just now.
func (s *Simulator) strikes(r *http.Request, kind string) bool {
	for _, a := range s.faults {
		if a.Kind == kind && a.matches(r) && a.hit() {
			return true
		}
	}
	return false
}

// Revive ends a kill.
func (s *Simulator) Revive() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.dead = false
}

// ClearFaults forgets all faults that wait, and ends a kill.
func (s *Simulator) ClearFaults() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults, s.dead = nil, false
}

func (f Fault) check() error {
	switch f.Kind {
	case FaultDelay, FaultCut, FaultGone, FaultLost, FaultTruncate, FaultKill, FaultKillDuring, FaultKillDone,
		FaultLoseUser, FaultLoseParams:
	case FaultStatus:
		if f.Status < 100 || f.Status > 999 {
			return fmt.Errorf("set fault: status %d", f.Status)
		}
	default:
		return fmt.Errorf("set fault: unknown kind %q", f.Kind)
	}
	if _, err := path.Match(f.Path, "/"); err != nil {
		return fmt.Errorf("set fault: path %q: %w", f.Path, err)
	}
	return nil
}

func (f Fault) matches(r *http.Request) bool {
	switch f.Method {
	case "", r.Method:
	case "WRITE":
		if !isWrite(r.Method) {
			return false
		}
	default:
		return false
	}
	if base, deep := strings.CutSuffix(f.Path, "/**"); deep {
		return r.URL.Path == base || strings.HasPrefix(r.URL.Path, base+"/")
	}
	if f.Path == "" {
		return true
	}
	hit, err := path.Match(f.Path, r.URL.Path)
	return err == nil && hit
}
