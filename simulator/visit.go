package simulator

import (
	"bytes"
	"context"
	"net/http"
	"strconv"
	"time"
)

// logLimit bounds the request log; half of it is dropped when it is full.
const logLimit = 200_000

// logText bounds what the log keeps of a path and of a query.
const logText = 1 << 10

// visit is a request in the log with the fault that hits it.
type visit struct {
	entry *Request
	fault Fault
}

// arrive counts a request and picks its fault.
func (s *Simulator) arrive(r *http.Request) visit {
	if len(s.log) >= logLimit {
		s.log = append([]*Request(nil), s.log[logLimit/2:]...)
	}
	v := visit{entry: &Request{Method: r.Method, Path: cut(r.URL.Path, logText), Query: cut(r.URL.RawQuery, logText)}}
	s.log = append(s.log, v.entry)
	if isWrite(r.Method) {
		s.writes++
	}
	if s.dead {
		v.fault.Kind = FaultKill
	}
	for _, a := range s.faults {
		if v.fault.Kind == "" && !a.losing() && a.matches(r) && a.hit() {
			v.fault = a.Fault
		}
	}
	v.entry.Fault = v.fault.Kind
	switch v.fault.Kind {
	case FaultKill, FaultKillDuring, FaultKillDone:
		s.dead = true
	}
	return v
}

// hit counts a matching request and says whether it is one to be hit.
func (a *armed) hit() bool {
	a.seen++
	if a.seen < max(1, a.Nth) || (a.Times >= 0 && a.hits >= max(1, a.Times)) {
		return false
	}
	a.hits++
	return true
}

// serve answers a request, or fails to as its fault wants.
func (s *Simulator) serve(w http.ResponseWriter, r *http.Request, v visit) {
	switch v.fault.Kind {
	case FaultCut, FaultKill:
		hangUp(w)
		return
	case FaultDelay:
		after := s.opts.Clock.Now().Add(time.Duration(v.fault.Delay) * time.Millisecond)
		if s.opts.Clock.WaitUntil(r.Context(), after) != nil {
			return
		}
	case FaultStatus:
		out := frontEmpty(v.fault.Status)
		if v.fault.RetryAfter != "" {
			out.header = http.Header{"Retry-After": {v.fault.RetryAfter}}
		}
		s.finish(v, out.status)
		out.write(w)
		return
	}
	out, answered := s.carryOut(w, r, v.fault.Kind)
	if !answered {
		hangUp(w)
		return
	}
	if v.fault.Kind == FaultTruncate {
		out = out.truncated(v.fault.Keep)
	}
	s.finish(v, out.status)
	out.write(w)
}

// carryOut makes the answer, unless nobody is there to take it.
func (s *Simulator) carryOut(w http.ResponseWriter, r *http.Request, fault string) (out reply, answered bool) {
	out, work := s.answer(w, r)
	switch fault {
	case FaultGone, FaultKillDuring:
		if work != nil {
			s.look(work)
		}
		return reply{}, false
	case FaultLost, FaultKillDone:
		if work != nil {
			work.limit = 0
			s.await(context.WithoutCancel(r.Context()), work)
		}
		return reply{}, false
	}
	if work != nil {
		return s.await(r.Context(), work)
	}
	return out, true
}

func (s *Simulator) finish(v visit, status int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	v.entry.Status = status
}

// truncated announces the whole body and holds only a part of it: the server
// closes the connection when a body is shorter than announced.
func (r reply) truncated(n int) reply {
	var body bytes.Buffer
	body.WriteString(r.render().text)
	if r.stream != nil {
		_ = r.stream(&body) // a buffer takes everything
	}
	if r.header == nil {
		r.header = http.Header{}
	}
	r.header.Set("Content-Length", strconv.Itoa(body.Len()))
	r.value, r.stream, r.text = nil, nil, body.String()[:min(max(0, n), body.Len())]
	return r
}

// hangUp closes the connection without an answer. Where it cannot be taken over
// the answer is that of a front end whose back end is gone.
func hangUp(w http.ResponseWriter) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		frontEmpty(http.StatusBadGateway).write(w)
		return
	}
	_ = conn.Close()
}
