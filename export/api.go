package export

import (
	"context"
	"io"
	"slices"
	"sync"

	"pritunl-backup/api"
	"pritunl-backup/snapshot"
)

// maxChanges bounds how often an export starts again because the instance changed while it was being read.
const maxChanges = 3

// Options of one export.
type Options struct {
	Header       snapshot.Header // what the caller knows: time, tool, source, secrets, tags; the rest is filled in
	Kinds        []snapshot.Kind // kinds to write; nil means all
	AllowPartial bool            // go on to a document although something could not be read
	Parallel     int             // requests side by side; below 1 means 4
	Progress     func(step string, done, total int)
}

// Result tells what an export read and wrote.
type Result struct {
	Header   snapshot.Header
	Summary  snapshot.Summary
	Failures []Failure // what could not be read although it should have been; empty unless AllowPartial
	Rounds   int       // how often the document was written; above 1 the instance changed meanwhile
}

// Sink gives an empty output for the document. It is asked again when the export has to start over; what was
// written to the earlier output is then void.
type Sink func() (io.Writer, error)

// FromAPI exports the instance that client speaks to. It sends 8 requests, one for each organization, four for each
// server, one for each link, and lists organizations, servers and links once more at the end to find out whether the
// instance changed meanwhile; what changed is read again.
//
// When something that should be readable is not, the error is a [*PartialError], unless AllowPartial is set. A licence
// or a privilege that is missing is no failure: the header names what it hides.
func FromAPI(ctx context.Context, client *api.Client, open Sink, opts Options) (*Result, error) {
	if opts.Parallel < 1 {
		opts.Parallel = 4
	}
	if opts.Progress == nil {
		opts.Progress = func(string, int, int) {}
	}
	e := &exporter{client: client, opts: opts, wanted: wanted(opts.Kinds), failed: map[place]error{}, unsorted: map[string]bool{}}
	if err := e.readBase(ctx); err != nil {
		return nil, err
	}
	if err := e.readDetails(ctx, e.base[snapshot.Servers], e.base[snapshot.Links]); err != nil {
		return nil, err
	}
	return e.writeUntilStable(ctx, open)
}

// exporter is the state of one export.
type exporter struct {
	client *api.Client
	opts   Options
	wanted map[snapshot.Kind]bool

	mu         sync.Mutex // guards what follows while reads run side by side
	status     snapshot.Object
	base       map[snapshot.Kind][]snapshot.Object            // whole lists, as last read
	details    map[snapshot.Kind]map[string][]snapshot.Object // by id of the server or link that they belong to
	unreadable []snapshot.Unreadable                          // for want of a licence or a privilege
	failed     map[place]error
	unsorted   map[string]bool // organizations whose users do not arrive in document order
}

func wanted(kinds []snapshot.Kind) map[snapshot.Kind]bool {
	if kinds == nil {
		kinds = snapshot.Kinds()
	}
	set := map[snapshot.Kind]bool{}
	for _, k := range kinds {
		set[k] = true
	}
	return set
}

func (e *exporter) wantsAny(kinds ...snapshot.Kind) bool {
	return slices.ContainsFunc(kinds, func(k snapshot.Kind) bool { return e.wanted[k] })
}

// writeUntilStable writes the document, and writes it again for as long as the instance turns out to have changed.
func (e *exporter) writeUntilStable(ctx context.Context, open Sink) (*Result, error) {
	for round, changes := 1, 0; ; round++ {
		if len(e.failed) > 0 && !e.opts.AllowPartial {
			// What was deleted while it was being read is no failure; a second look tells.
			if _, err := e.reread(ctx); err != nil {
				return nil, err
			}
			if len(e.failed) > 0 {
				return nil, &PartialError{Failures: e.failures()}
			}
		}
		header := e.header(changes == maxChanges)
		w, err := e.start(open, header)
		if err != nil {
			return nil, err
		}
		again, err := e.writeUsers(ctx, w)
		if err != nil {
			return nil, err
		}
		if !again && changes < maxChanges {
			if again, err = e.reread(ctx); err != nil {
				return nil, err
			}
			if again {
				changes++
			}
		}
		if again {
			continue
		}
		summary, err := w.Close()
		if err != nil {
			return nil, err
		}
		return &Result{Header: header, Summary: summary, Failures: e.failures(), Rounds: round}, nil
	}
}

// start writes everything that stands before the users.
func (e *exporter) start(open Sink, header snapshot.Header) (*snapshot.Writer, error) {
	out, err := open()
	if err != nil {
		return nil, err
	}
	w, err := snapshot.NewWriter(out, header)
	if err != nil {
		return nil, err
	}
	for _, kind := range snapshot.Kinds() {
		if kind == snapshot.Users || !e.wanted[kind] {
			continue
		}
		objects := e.objects(kind)
		snapshot.Sort(kind, objects, w.Names())
		for _, o := range objects {
			if err := w.WriteElement(kind, o); err != nil {
				return nil, err
			}
		}
	}
	return w, nil
}

func (e *exporter) objects(kind snapshot.Kind) []snapshot.Object {
	if parts, ok := e.details[kind]; ok {
		var all []snapshot.Object
		for _, part := range parts {
			all = append(all, part...)
		}
		return all
	}
	return slices.Clone(e.base[kind])
}

// names are how the objects that failures name are called.
func (e *exporter) names() snapshot.Names {
	names := snapshot.Names{}
	for _, kind := range []snapshot.Kind{snapshot.Organizations, snapshot.Servers, snapshot.Hosts, snapshot.Links} {
		for _, o := range e.base[kind] {
			names[o.String("id")] = o.String("name")
		}
	}
	return names
}

func (e *exporter) header(changing bool) snapshot.Header {
	h := e.opts.Header
	h.PritunlVersion = e.status.String("server_version")
	h.Host = e.hostName()
	h.Complete = len(e.failed) == 0
	h.Unreadable = slices.Clone(e.unreadable)
	for _, f := range e.failures() {
		h.Unreadable = append(h.Unreadable, snapshot.Unreadable{Kind: f.Kind, Object: f.Object, Reason: f.Err.Error()})
	}
	for _, kind := range snapshot.Kinds() {
		if !e.wanted[kind] {
			h.Skipped = append(h.Skipped, kind)
		}
	}
	if changing {
		h.Warnings = append(slices.Clone(h.Warnings), "the instance kept changing while it was being read")
	}
	return h
}

// hostName is the name of the host that answered; the snapshot is filed under it.
func (e *exporter) hostName() string {
	current := e.status.String("current_host")
	for _, h := range e.base[snapshot.Hosts] {
		if h.String("id") == current && h.String("name") != "" {
			return h.String("name")
		}
	}
	return current
}
