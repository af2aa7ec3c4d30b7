package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"strconv"
	"strings"
	"time"

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

// exportToMemory reads of the live instance what the restore of a snapshot with the header like needs.
func (env *environment) exportToMemory(ctx context.Context, client *api.Client, conn connection, like snapshot.Header) (*snapshot.Document, error) {
	var document bytes.Buffer
	opts := env.comparable(client, conn, like)
	opts.Kinds = restore.LiveKinds(like)
	_, err := export.FromAPI(ctx, client, func() (io.Writer, error) { document.Reset(); return &document, nil }, opts)
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

// restoreResult is what --json prints at the end, whatever the end is.
type restoreResult struct {
	Plan    *restore.Plan    `json:"plan,omitempty"`
	Report  *restore.Report  `json:"report,omitempty"`  // absent when nothing was written
	Outcome *restore.Outcome `json:"outcome,omitempty"` // absent when the target was not read again
	Error   string           `json:"error,omitempty"`   // why the command fails
}

func runRestore(ctx context.Context, env *environment, opts restoreOptions) error {
	var result restoreResult
	err := env.restore(ctx, opts, &result)
	env.out.endProgress()
	if !opts.json {
		return err
	}
	if err != nil {
		result.Error = err.Error()
	}
	return errors.Join(err, env.keep(func(w io.Writer) error { return writeJSON(w, result) }))
}

// restore plans, asks, applies the plan and proves what came of it. What it has come to is in result, also when it
// fails.
func (env *environment) restore(ctx context.Context, opts restoreOptions, result *restoreResult) error {
	if opts.passwords == "" {
		opts.passwords = fmt.Sprintf("pritunl-passwords-%s.txt", env.now().UTC().Format("20060102T150405Z"))
	}
	wanted, err := env.loadSnapshot(ctx, opts.snapshot, opts.place)
	if err != nil {
		return err
	}
	if err := restore.CheckSelection(wanted, opts.plan); err != nil {
		return err
	}
	reading := opts.connection
	reading.options.Wrap = api.ReadOnlyTransport
	reader, err := env.connect(reading)
	if err != nil {
		return err
	}
	result.Plan, err = env.planRestore(ctx, opts, reader, wanted)
	env.out.endProgress()
	if result.Plan != nil && !opts.json {
		write := result.Plan.WriteText
		if opts.verbose {
			write = result.Plan.WriteVerbose
		}
		if printed := write(env.stdio.Out); printed != nil {
			return printed
		}
	}
	if err != nil || opts.planOnly {
		return err
	}
	return env.carryOut(ctx, opts, reader, wanted, result)
}

// planRestore reads the target and makes the plan. When a run that was interrupted may have asked for something that the
// plan creates too, it waits until the server must be done with that, and plans anew if something has come of it.
func (env *environment) planRestore(ctx context.Context, opts restoreOptions, reader *api.Client, wanted *snapshot.Document) (*restore.Plan, error) {
	read := func() (*restore.Plan, error) {
		live, err := env.exportToMemory(ctx, reader, opts.connection, wanted.Header)
		if err != nil {
			return nil, fmt.Errorf("read the target: %w", err)
		}
		return restore.NewPlan(live, wanted, opts.plan)
	}
	plan, err := read()
	if err != nil || opts.planOnly || env.unconfirmed(plan, opts) {
		return plan, err // nothing will be written
	}
	if err := checkRestoreFiles(opts.passwords, opts.report, plan); err != nil {
		return plan, err
	}
	waits, progress, said := opts.waits, env.restoreProgress(), false
	waits.Progress = func(e restore.Event) {
		if !said {
			said = true
			env.out.say("an interrupted run's last request may still be carried out, and would be made twice; --settle 0s goes on at once when there was none")
		}
		progress(e)
	}
	grown, err := restore.WaitQuiet(ctx, reader, plan, waits)
	if err != nil {
		return plan, fmt.Errorf("wait for what an interrupted run may have asked for: %w", err)
	}
	if !grown {
		return plan, nil
	}
	return read()
}

// carryOut asks, applies the plan, and proves what came of it. What was done is told, and in the report file, before
// anything else can fail.
func (env *environment) carryOut(ctx context.Context, opts restoreOptions, reader *api.Client, wanted *snapshot.Document, result *restoreResult) error {
	var failure error
	if result.Plan.Writes() > 0 {
		if err := env.confirmPlan(result.Plan, opts); err != nil {
			return err
		}
		if result.Report, failure = env.apply(ctx, opts, result.Plan); result.Report == nil {
			return failure
		}
		failure = opts.explain(failure)
		failure = errors.Join(failure, env.tellReport(opts, *result))
	} else if err := env.tellNothing(opts, result.Plan); err != nil {
		return err
	}
	if ctx.Err() != nil {
		return failure
	}
	if movedAway(result.Report) {
		env.out.warn("the server listens on port %d now, so that the result was not read again; to prove it, give that port in the address: pritunl-backup diff %s --restorable", result.Report.Port, opts.snapshot)
		return failure
	}
	outcome, err := env.proveRestore(ctx, opts, reader, result.Plan, wanted)
	if err != nil {
		return errors.Join(failure, opts.unproved(err, result.Report))
	}
	result.Outcome = outcome
	if !opts.json {
		failure = errors.Join(failure, env.keep(func(w io.Writer) error { return tellOutcome(w, outcome, opts.verbose) }))
	}
	if failure == nil && !outcome.Equal {
		return &exitError{code: codeDiffers, err: errors.New("the target is not what the snapshot says"),
			hint: "the differences are listed above; to mend them: " + opts.again}
	}
	return failure
}

// proveRestore reads the target again and compares.
func (env *environment) proveRestore(ctx context.Context, opts restoreOptions, reader *api.Client, plan *restore.Plan, wanted *snapshot.Document) (*restore.Outcome, error) {
	after, err := env.exportToMemory(ctx, reader, opts.connection, wanted.Header)
	env.out.endProgress()
	if err != nil {
		return nil, fmt.Errorf("read the target again to prove the result: %w", err)
	}
	return restore.Verify(plan, after)
}

// movedAway tells whether the server listens on another port now, so that it cannot be read again at this address.
func movedAway(r *restore.Report) bool { return r != nil && r.Port != 0 }

// explain gives the end of a run its exit code and the command that goes on.
func (opts restoreOptions) explain(failure error) error {
	var failed *restore.FailedError
	switch {
	case failure == nil:
		return nil
	case errors.As(failure, &failed):
		return &exitError{code: codePartial, err: failure, hint: "the report names every object; when the cause is gone: " + opts.again}
	}
	return withHint(failure, "what is not reached is left to: "+opts.again)
}

// unproved says that the proof could not be read, here and in the report file.
func (opts restoreOptions) unproved(err error, report *restore.Report) error {
	failure := withHint(err, "what was written is told above; to prove it, and to do what is left: "+opts.again)
	if report == nil {
		return failure
	}
	if report.Error != "" {
		report.Error += "; "
	}
	report.Error += err.Error()
	if opts.report == "" {
		return failure
	}
	return errors.Join(failure, writeReport(opts.report, report))
}

// apply carries out a plan. Passwords of new administrators are in their file before the administrator exists. There is
// no report when nothing was written.
func (env *environment) apply(ctx context.Context, opts restoreOptions, plan *restore.Plan) (*restore.Report, error) {
	client, err := env.connect(opts.connection)
	if err != nil {
		return nil, err
	}
	passwords := &passwordFile{path: opts.passwords}
	defer func() { _ = passwords.close() }()
	apply := opts.waits
	apply.Passwords, apply.Progress = passwords.write, env.restoreProgress()
	apply.Reconnect = func(port int64) (*api.Client, error) {
		moved, err := opts.connection.atPort(port)
		if err != nil {
			return nil, err
		}
		return env.connect(moved)
	}
	report, err := restore.Apply(ctx, client, plan, apply)
	env.out.endProgress()
	if passwords.file != nil {
		env.out.say("passwords of new administrators: %s; hand them over and delete the file", passwords.path)
	}
	return report, err
}

// restoreProgress shows what is written, and what is waited for: on a terminal all the time, else every half minute.
func (env *environment) restoreProgress() func(restore.Event) {
	const often = 30 * time.Second
	last := -often
	return func(e restore.Event) {
		if !e.Waiting {
			last = -often
			env.out.progress("restoring "+strings.ReplaceAll(string(e.Kind), "_", " "), e.Done, e.Total)
			return
		}
		if env.out.terminal || e.Waited < last || e.Waited-last >= often {
			last = e.Waited
			env.out.progress(e.Path, e.Done, e.Total)
		}
	}
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
