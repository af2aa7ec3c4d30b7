package cli

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/url"
	"strconv"
	"strings"

	"pritunl-backup/api"
	"pritunl-backup/export"
	"pritunl-backup/restore"
	"pritunl-backup/snapshot"
)

// loadSnapshot reads a whole snapshot into memory, and gives it only when every byte is as it was written.
func (env *environment) loadSnapshot(ctx context.Context, place string, opts placeOptions) (*snapshot.Document, error) {
	reader, err := env.openSnapshot(ctx, place, opts)
	if err != nil {
		return nil, ofSnapshot(place, err)
	}
	defer func() { _ = reader.Close() }()
	document, err := snapshot.Load(reader)
	return document, ofSnapshot(place, err)
}

// exportToMemory reads the live instance, as far as like has it.
func (env *environment) exportToMemory(ctx context.Context, client *api.Client, conn connection, like snapshot.Header) (*snapshot.Document, error) {
	var document bytes.Buffer
	_, err := export.FromAPI(ctx, client, func() (io.Writer, error) { document.Reset(); return &document, nil }, env.comparable(client, conn, like))
	if err != nil {
		return nil, partialCode(err)
	}
	return snapshot.Load(&document)
}

// kindsOf gives the kinds that a document with this header holds, and always those that others refer to.
func kindsOf(h snapshot.Header) []snapshot.Kind {
	var kinds []snapshot.Kind
	for _, kind := range snapshot.Kinds() {
		switch {
		case h.Has(kind), kind == snapshot.Organizations, kind == snapshot.Hosts, kind == snapshot.Servers, kind == snapshot.Links:
			kinds = append(kinds, kind)
		}
	}
	return kinds
}

// apply carries out a plan. Passwords of new administrators are in their file before the administrator exists.
func (env *environment) apply(ctx context.Context, opts restoreOptions, plan *restore.Plan) (*restore.Report, error) {
	client, err := env.connect(opts.connection)
	if err != nil {
		return nil, err
	}
	passwords := &passwordFile{path: opts.passwords}
	if passwords.path == "" {
		passwords.path = fmt.Sprintf("pritunl-passwords-%s.txt", env.now().UTC().Format("20060102T150405Z"))
	}
	if err := checkRestoreFiles(passwords.path, opts.report, plan); err != nil {
		return nil, err
	}
	defer func() { _ = passwords.close() }()
	report, err := restore.Apply(ctx, client, plan, restore.ApplyOptions{
		Passwords: passwords.write,
		Progress: func(e restore.Event) {
			step := "restoring " + strings.ReplaceAll(string(e.Kind), "_", " ")
			env.out.progress(step, e.Done, e.Total)
		},
		Reconnect: func(port int64) (*api.Client, error) {
			moved, err := opts.connection.atPort(port)
			if err != nil {
				return nil, err
			}
			return env.connect(moved)
		},
	})
	if passwords.file != nil {
		env.out.endProgress()
		env.out.say("passwords of new administrators: %s; hand them over and delete the file", passwords.path)
	}
	return report, err
}

// atPort gives the same connection to another port.
func (conn connection) atPort(port int64) (connection, error) {
	u, err := url.Parse(conn.options.URL)
	if err != nil {
		return conn, usageError("the address of the server cannot be parsed", "")
	}
	u.Host = net.JoinHostPort(u.Hostname(), strconv.FormatInt(port, 10))
	conn.options.URL = u.String()
	return conn, nil
}

func tellFailed(w io.Writer, r *restore.Report) {
	for _, e := range r.Entries {
		if e.Result == restore.Failed {
			_, _ = fmt.Fprintf(w, "failed: %s %s: %s\n", e.Kind, visible(e.Path), visible(e.Error))
		}
	}
	for _, s := range r.Stopped {
		if s.Error != "" || s.Now != s.Former {
			_, _ = fmt.Fprintf(w, "server %s was %s and is %s now %s\n", visible(s.Server), s.Former, s.Now, visible(s.Error))
		}
	}
}

// tellHandOver lists who has to do what, those with the same tasks together.
func tellHandOver(w io.Writer, tasks []restore.Task) {
	if len(tasks) == 0 {
		return
	}
	_, _ = fmt.Fprintln(w, "\nto hand over, because no API can restore it:")
	people := map[string][]string{}
	var order []string
	for _, t := range tasks {
		what := strings.Join(t.What, "; ")
		if people[what] == nil {
			order = append(order, what)
		}
		people[what] = append(people[what], t.Path)
	}
	for _, what := range order {
		const shown = 5
		names := people[what]
		more := ""
		if len(names) > shown {
			more = fmt.Sprintf(" and %d more (--report lists all)", len(names)-shown)
			names = names[:shown]
		}
		_, _ = fmt.Fprintf(w, "  %s\n    %s%s\n", visible(what), visible(strings.Join(names, ", ")), more)
	}
}
