package simulator

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"
)

const controlPrefix = "/_simulator/"

// control answers the unsigned requests that act on the simulator itself.
func (s *Simulator) control(w http.ResponseWriter, r *http.Request) {
	switch r.Method + " " + r.URL.Path[len(controlPrefix):] {
	case "POST host":
		s.act(w, r, func(raw []byte) (any, error) {
			id, err := s.RegisterHost(raw)
			return map[string]string{"id": id}, err
		})
	case "POST fault":
		s.act(w, r, func(raw []byte) (any, error) {
			var f Fault
			if err := json.Unmarshal(raw, &f); err != nil {
				return nil, fmt.Errorf("read fault: %w", err)
			}
			return struct{}{}, s.Fault(f)
		})
	case "POST realism":
		s.act(w, r, func(raw []byte) (any, error) { return struct{}{}, s.changeRealism(raw) })
	case "DELETE fault":
		s.act(w, r, func([]byte) (any, error) { s.ClearFaults(); return struct{}{}, nil })
	case "POST revive":
		s.act(w, r, func([]byte) (any, error) { s.Revive(); return struct{}{}, nil })
	case "POST reset":
		s.act(w, r, func([]byte) (any, error) { return struct{}{}, s.Reset() })
	case "GET requests":
		s.act(w, r, func([]byte) (any, error) { return s.Requests(), nil })
	case "GET state":
		s.act(w, r, func([]byte) (any, error) { return s.State(), nil })
	case "GET credentials":
		s.act(w, r, func([]byte) (any, error) {
			token, secret := s.Credentials()
			return map[string]string{"token": token, "secret": secret}, nil
		})
	default:
		unknownRoute().write(w)
	}
}

// changeRealism changes what the text names, and nothing else.
func (s *Simulator) changeRealism(raw []byte) error {
	s.mu.Lock()
	r := s.opts.Realism
	s.mu.Unlock()
	if err := json.Unmarshal(raw, &r); err != nil {
		return err
	}
	return s.SetRealism(r)
}

func (s *Simulator) act(w http.ResponseWriter, r *http.Request, do func([]byte) (any, error)) {
	raw, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 1<<20))
	if err == nil {
		var answer any
		if answer, err = do(raw); err == nil {
			out := ok(answer)
			out.front = true
			out.write(w)
			return
		}
	}
	out := reply{status: http.StatusBadRequest, kind: typeJSON, value: map[string]string{"error": err.Error()}, front: true}
	out.write(w)
}

// Reset puts the instance back to its seed and forgets faults and requests.
func (s *Simulator) Reset() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.reset()
}

// RegisterHost adds a host from its database document, as when one more machine
// joins the cluster, and returns its id. The document may be plain JSON or
// Extended JSON; what it does not say is null.
func (s *Simulator) RegisterHost(document []byte) (string, error) {
	var doc map[string]any
	if err := json.Unmarshal(document, &doc); err != nil {
		return "", fmt.Errorf("read host: %w", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	str := func(key string) *string {
		v, _ := plain(doc[key]).(string)
		return orNil(v)
	}
	h := &host{
		id: text(str("_id")), name: text(str("name")), hostname: text(str("hostname")), status: text(str("status")),
		version: text(str("version")), publicAddress: str("public_address"), publicAddress6: str("public_address6"),
		localAddress: str("local_address"), localAddress6: str("local_address6"), linkAddress: str("link_address"),
		syncAddress: str("sync_address"), autoPublic: str("auto_public_address"), autoPublic6: str("auto_public_address6"),
		autoPublicHost: str("auto_public_host"), autoPublicHost6: str("auto_public_host6"),
		autoLocal: str("auto_local_address"), autoLocal6: str("auto_local_address6"), routed6: str("routed_subnet6"),
		routed6WG: str("routed_subnet6_wg"), group: text(str("availability_group")), localNetworks: []string{},
		started: s.db.now(),
	}
	if h.id == "" {
		h.id = s.db.hexText(32)
	}
	if s.db.host(h.id) != nil {
		return "", fmt.Errorf("register host %s: there is one with this id", h.id)
	}
	if ndp, is := plain(doc["proxy_ndp"]).(bool); is {
		h.proxyNDP = &ndp
	}
	if n, is := plain(doc["priority"]).(float64); is {
		priority := int(n)
		h.priority = &priority
	}
	networks, _ := doc["local_networks"].([]any)
	for _, network := range networks {
		if v, is := plain(network).(string); is {
			h.localNetworks = append(h.localNetworks, v)
		}
	}
	s.db.hosts = append(s.db.hosts, h)
	return h.id, nil
}

// plain takes a value out of its Extended JSON wrapping.
func plain(v any) any {
	m, is := v.(map[string]any)
	if !is || len(m) != 1 {
		return v
	}
	for key, inner := range m {
		s, _ := inner.(string)
		switch key {
		case "$oid", "$symbol":
			return s
		case "$numberInt", "$numberLong", "$numberDouble":
			n, err := strconv.ParseFloat(s, 64)
			if err == nil {
				return n
			}
		case "$date":
			return time.Time{}
		}
	}
	return v
}
