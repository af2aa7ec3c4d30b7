package simulator

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// call is one request on its way to a handler.
type call struct {
	req    *http.Request
	params map[string]string // as the front end forwards them
	path   string            // the forwarded path: what has to be signed
	query  url.Values
	items  []fields // decoded body: one element unless the route takes a list
	admin  *admin
	wait   wait
}

func (c *call) body() fields { return c.items[0] }

// ServeHTTP answers one request.
func (s *Simulator) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if s.opts.Control && strings.HasPrefix(r.URL.Path, controlPrefix) {
		s.control(w, r)
		return
	}
	s.mu.Lock()
	hit := s.arrive(r)
	s.mu.Unlock()
	s.serve(w, r, hit)
}

// answer is the whole server without faults: front end, then back end. What the
// back end does may not be done yet.
func (s *Simulator) answer(w http.ResponseWriter, r *http.Request) (reply, *work) {
	if r.ProtoMajor == 1 && r.ProtoMinor == 0 {
		return frontText(http.StatusHTTPVersionNotSupported, plainUTF8, "HTTP/1.0 not supported"), nil
	}
	rt, params := find(r.Method, r.URL.Path)
	if rt == nil {
		return elsewhere(r), nil
	}
	c := &call{req: r, query: url.Values{}}
	c.forward(rt, params)
	for _, key := range []string{"page", "last_active", "search", "limit"} {
		if v := r.URL.Query().Get(key); v != "" {
			c.query.Set(key, v)
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	validated := false
	if rt.access != open {
		var refusal *reply
		if validated, refusal = s.checkToken(r); refusal != nil {
			return *refusal, nil
		}
	}
	if rt.body != nil {
		if status := c.read(w, s.release.shape(rt.body)); status != 0 {
			return frontEmpty(status), nil
		}
	}
	s.db.resume(r.Method)
	return reply{}, s.db.begin(func(wait wait) reply {
		c.wait = wait
		return s.release.shown(rt, s.backend(c, rt, validated))
	})
}

// backend is everything behind the front end.
func (s *Simulator) backend(c *call, rt *route, validated bool) reply {
	if rt.do == nil {
		return abort(http.StatusMethodNotAllowed)
	}
	for _, part := range c.params {
		if part == "" {
			return abort(http.StatusNotFound)
		}
	}
	if rt.access != open {
		var refusal reply
		if c.admin, refusal = s.authenticate(c, validated, rt.access == closed); c.admin == nil {
			return refusal
		}
	}
	if rt.licensed && s.db.plan != PlanEnterprise {
		return abort(http.StatusNotFound)
	}
	s.db.reload()
	if rt.access != open {
		c.wait(s.db.turn())
	}
	return rt.do(s, c)
}

// find looks a path up in the list of routes. A fixed segment wins over a
// parameter.
func find(method, path string) (*route, []string) {
	if !strings.HasPrefix(path, "/") || strings.HasSuffix(path, "/") {
		return nil, nil
	}
	parts := strings.Split(path[1:], "/")
	var best *route
	score := -1
	list := routes()
	for i := range list {
		rt := &list[i]
		if rt.method != method || len(rt.parts) != len(parts) {
			continue
		}
		if n := match(rt.parts, parts); n > score {
			best, score = rt, n
		}
	}
	return best, parts
}

// match returns -1 or a number that is higher the earlier and the more segments
// are fixed.
func match(pattern, parts []string) int {
	n := 0
	for i, want := range pattern {
		n <<= 1
		switch {
		case strings.HasPrefix(want, ":"):
			if parts[i] == "" {
				return -1
			}
		case want == parts[i]:
			n |= 1
		default:
			return -1
		}
	}
	return n
}

// elsewhere answers a request that matches no route: a redirect when only a
// trailing slash is too much.
func elsewhere(r *http.Request) reply {
	path := r.URL.Path
	if path == "/" && r.Method == http.MethodGet {
		return reply{status: http.StatusFound, kind: typeHTML, header: http.Header{"Location": {"/login"}}, front: true}
	}
	if len(path) > 1 && strings.HasSuffix(path, "/") {
		if rt, _ := find(r.Method, path[:len(path)-1]); rt != nil {
			return slashRedirect(r)
		}
	}
	return unknownRoute()
}

func slashRedirect(r *http.Request) reply {
	target := *r.URL
	target.Path = strings.TrimSuffix(target.Path, "/")
	target.RawPath = strings.TrimSuffix(target.RawPath, "/")
	target.Scheme, target.Host = "", ""
	out := reply{status: http.StatusTemporaryRedirect, front: true, header: http.Header{}}
	out.header.Set("Location", target.String())
	if r.Method == http.MethodGet {
		out.status, out.kind = http.StatusMovedPermanently, typeHTML
		out.text = "<a href=\"" + target.String() + "\">Moved Permanently</a>.\n\n"
	}
	return out
}

// forward fills the parameters and the path the back end gets to see.
func (c *call) forward(rt *route, parts []string) {
	c.params = map[string]string{}
	var path strings.Builder
	for i, name := range rt.parts {
		part := parts[i]
		if strings.HasPrefix(name, ":") {
			part = safeParam(part)
			c.params[name[1:]] = part
		}
		path.WriteString("/" + part)
	}
	c.path = path.String()
}

// safeParam keeps what the front end lets through of a path parameter.
func safeParam(s string) string {
	if len(s) > 128 {
		s = s[:128]
	}
	return keep(s, func(r rune) bool {
		return r < 128 && (isAlnum(r) || strings.ContainsRune("-+=_/,.~@#!& ", r))
	})
}

// read decodes the body. It returns the status of a refusal or 0.
func (c *call) read(w http.ResponseWriter, sh *shape) int {
	kind := c.req.Header.Get("Content-Type")
	if i := strings.IndexAny(kind, " ;"); i >= 0 {
		kind = kind[:i]
	}
	if kind != typeJSON {
		return 520
	}
	items, err := sh.decode(http.MaxBytesReader(w, c.req.Body, maxBody))
	if err != nil {
		return http.StatusBadRequest
	}
	if slices.ContainsFunc(items, func(b fields) bool { return b == nil }) {
		return 510 // the front end crashes
	}
	c.items = items
	return 0
}
