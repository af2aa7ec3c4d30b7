package routes

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	"pritunl-backup/api"
)

// ErrOnline says that routes can only be changed while the server, and every server
// linked to it, is offline, and stopping was not allowed.
var ErrOnline = errors.New("server is online, its routes can only be changed while it is stopped")

// ErrNotApplied says that the server answered well but does not have the routes that were
// sent; something else changes them too.
var ErrNotApplied = errors.New("routes are not as planned after they were sent")

// ApplyOptions are what Apply may do.
type ApplyOptions struct {
	// Stop allows to stop the server and servers linked to it. Those that were
	// stopped are started again, also after an error and after the context ended.
	Stop bool
	// Grace bounds starting the servers again after the context ended. Default
	// two minutes: a start answers when one host runs the server.
	Grace time.Duration
	// OnStep, when set, hears what is about to be done, in words.
	OnStep func(string)
}

// Result says what was done, also when Apply gave an error.
type Result struct {
	Added, Updated, Removed int
	// Stopped and Started hold ids of servers.
	Stopped, Started []string
}

// Fetch gives the routes of a server (GET /server/<id>/route).
func Fetch(ctx context.Context, c *api.Client, server string) ([]Existing, error) {
	answer, err := c.Get(ctx, "/server/"+server+"/route")
	if err != nil {
		return nil, fmt.Errorf("list the routes of the server: %w", err)
	}
	return ParseServer(answer)
}

// Apply makes the plan true on the server: routes are set by POST
// /server/<id>/routes in as few requests as the body limit allows, then those
// that left the list are deleted, then the routes are read back. Servers are
// stopped only when there is something to do and they run. Running it again
// after any failure, with a new plan, does the rest.
func Apply(ctx context.Context, c *api.Client, server string, p Plan, o ApplyOptions) (res Result, err error) {
	if p.Empty() {
		return res, nil
	}
	a := applier{client: c, server: server, opts: o}
	if a.opts.Grace <= 0 {
		a.opts.Grace = 2 * time.Minute
	}
	online, err := a.online(ctx)
	if err != nil {
		return res, err
	}
	if len(online) > 0 && !o.Stop {
		return res, ErrOnline
	}
	// From here on, what was stopped is put back whatever happens.
	defer func() {
		err = errors.Join(err, a.start(ctx, &res))
	}()
	if err := a.stop(ctx, online, &res); err != nil {
		return res, err
	}
	if err := a.send(ctx, p, &res); err != nil {
		return res, err
	}
	return res, a.check(ctx, p)
}

type applier struct {
	client *api.Client
	server string
	opts   ApplyOptions
}

func (a applier) step(format string, args ...any) {
	if a.opts.OnStep != nil {
		a.opts.OnStep(fmt.Sprintf(format, args...))
	}
}

// online gives the ids of the servers that must be stopped: the linked ones
// first, so that the server itself is down for the shortest time.
func (a applier) online(ctx context.Context) ([]string, error) {
	var ids []string
	var links []struct {
		ID     string `json:"id"`
		Status string `json:"status"`
	}
	if err := a.get(ctx, "/server/"+a.server+"/link", &links); err != nil {
		return nil, fmt.Errorf("list the linked servers: %w", err)
	}
	for _, l := range links {
		if l.Status == "online" {
			ids = append(ids, l.ID)
		}
	}
	status, err := a.status(ctx, a.server)
	if err != nil {
		return nil, err
	}
	if status == "online" {
		ids = append(ids, a.server)
	}
	return ids, nil
}

func (a applier) status(ctx context.Context, id string) (string, error) {
	var s struct {
		Status string `json:"status"`
	}
	if err := a.get(ctx, "/server/"+id, &s); err != nil {
		return "", fmt.Errorf("read the status of server %s: %w", id, err)
	}
	return s.Status, nil
}

func (a applier) get(ctx context.Context, path string, into any) error {
	raw, err := a.client.Get(ctx, path)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(raw, into); err != nil {
		return fmt.Errorf("GET %s: answer is not understood: %w", path, err)
	}
	return nil
}

func (a applier) stop(ctx context.Context, ids []string, res *Result) error {
	for _, id := range ids {
		a.step("stop server %s", id)
		// Noted before the request: an answer that got lost may have been obeyed,
		// and starting a server that runs does nothing.
		res.Stopped = append(res.Stopped, id)
		if err := a.operate(ctx, id, "stop", "offline"); err != nil {
			return err
		}
	}
	return nil
}

// start undoes stop, in reverse, even though ctx may have ended.
func (a applier) start(ctx context.Context, res *Result) error {
	if len(res.Stopped) == 0 {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), a.opts.Grace)
	defer cancel()
	var errs []error
	for i := len(res.Stopped) - 1; i >= 0; i-- {
		id := res.Stopped[i]
		a.step("start server %s", id)
		if err := a.operate(ctx, id, "start", "online"); err != nil {
			errs = append(errs, err)
			continue
		}
		res.Started = append(res.Started, id)
	}
	return errors.Join(errs...)
}

// operate asks for an operation and checks the status in its answer, because
// Pritunl answers 200 to operations it did not carry out.
func (a applier) operate(ctx context.Context, id, operation, want string) error {
	res, err := a.client.Do(ctx, http.MethodPut, "/server/"+id+"/operation/"+operation, nil, nil)
	if err != nil {
		return fmt.Errorf("%s server %s: %w", operation, id, err)
	}
	var s struct {
		Status string `json:"status"`
	}
	if err := json.Unmarshal(res.Body, &s); err != nil {
		return fmt.Errorf("%s server %s: answer is not understood: %w", operation, id, err)
	}
	if s.Status != want {
		return fmt.Errorf("%s server %s: it is %s afterwards", operation, id, s.Status)
	}
	return nil
}

func routeID(r Route) string {
	if r.ID != "" {
		return r.ID
	}
	return hex.EncodeToString([]byte(r.Network.String()))
}

func (a applier) send(ctx context.Context, p Plan, res *Result) error {
	var wanted []Route
	for _, c := range p.Add {
		wanted = append(wanted, c.Route)
	}
	for _, c := range p.Update {
		wanted = append(wanted, c.Route)
	}
	bodies, err := Bodies(wanted)
	if err != nil {
		return err
	}
	sent := 0
	for _, body := range bodies {
		var rows []json.RawMessage
		if err := json.Unmarshal(body, &rows); err != nil {
			return err
		}
		a.step("set %d routes", len(rows))
		if _, err := a.client.Do(ctx, http.MethodPost, "/server/"+a.server+"/routes", nil, body); err != nil {
			return fmt.Errorf("set %d routes: %w", len(rows), err)
		}
		sent += len(rows)
		res.Added = min(sent, len(p.Add))
		res.Updated = sent - res.Added
	}
	for _, c := range p.Remove {
		network := c.Route.Network.String()
		a.step("remove route %s", network)
		path := "/server/" + a.server + "/route/" + routeID(c.Route)
		if _, err := a.client.Do(ctx, http.MethodDelete, path, nil, nil); err != nil {
			return fmt.Errorf("remove route %s: %w", network, err)
		}
		res.Removed++
	}
	return nil
}

// check reads the routes back: the answer to a list of routes shows only its
// last one, and the answer to a delete is the same whether anything was there.
func (a applier) check(ctx context.Context, p Plan) error {
	have, err := Fetch(ctx, a.client, a.server)
	if err != nil {
		return err
	}
	stored := make(map[string]Route, len(have))
	for _, e := range have {
		if e.Derived == "" {
			stored[e.Network.String()] = e.Route
		}
	}
	for _, list := range [][]Change{p.Add, p.Update} {
		for _, c := range list {
			got, ok := stored[c.Route.Network.String()]
			if !ok || c.Route.differs(got) != "" {
				return fmt.Errorf("check route %s: %w", c.Route.Network, ErrNotApplied)
			}
		}
	}
	for _, c := range p.Remove {
		if _, ok := stored[c.Route.Network.String()]; ok {
			return fmt.Errorf("check removed route %s: %w", c.Route.Network, ErrNotApplied)
		}
	}
	return nil
}
