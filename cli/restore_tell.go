package cli

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"pritunl-backup/restore"
	"pritunl-backup/snapshot"
)

// confirmPlan asks before the first write.
func (env *environment) confirmPlan(plan *restore.Plan, opts restoreOptions) error {
	deletes := plan.Deletes()
	switch {
	case opts.deleteOn != "":
	case len(deletes) == 0:
		return env.confirm(fmt.Sprintf("write this to %s", visible(plan.Target)), opts.yes)
	default:
		answer, err := env.ask(fmt.Sprintf("%d objects will be deleted. To confirm, type the name of the target's host (%s): ", len(deletes), visible(plan.Target)))
		if err != nil {
			return withHint(err, "--yes-delete-on "+shellWord(visible(plan.Target))+" --yes goes on without asking")
		}
		opts.deleteOn, opts.yes = answer, true
	}
	if opts.deleteOn != plan.Target {
		return &exitError{code: codeRefused, err: fmt.Errorf("nothing was written: the target is %q, not %q", plan.Target, opts.deleteOn)}
	}
	return env.confirm(fmt.Sprintf("write this to %s", visible(plan.Target)), opts.yes)
}

// unconfirmed tells whether confirmPlan is going to refuse, without asking anybody.
func (env *environment) unconfirmed(plan *restore.Plan, opts restoreOptions) bool {
	mute := !isTerminal(env.stdio.In) || !isTerminal(env.stdio.Err)
	switch {
	case opts.deleteOn != "" && opts.deleteOn != plan.Target:
		return true
	case opts.deleteOn == "" && len(plan.Deletes()) > 0:
		return mute
	}
	return mute && !opts.yes
}

// keep writes what must not get lost on standard output, or, where that fails, on standard error.
func (env *environment) keep(write func(io.Writer) error) error {
	var text bytes.Buffer
	if err := write(&text); err != nil {
		return err
	}
	if _, err := env.stdio.Out.Write(text.Bytes()); err != nil {
		_, _ = env.stdio.Err.Write(text.Bytes()) // there is no third place
		return fmt.Errorf("write to standard output: %w", err)
	}
	return nil
}

// tellReport says what was done: in the report file first, which nobody can close, then for people. Without the file
// they get all of it.
func (env *environment) tellReport(opts restoreOptions, result restoreResult) error {
	var unwritten error
	report := result.Report
	if opts.report != "" {
		unwritten = writeReport(opts.report, report)
	}
	if opts.json {
		return unwritten
	}
	return errors.Join(unwritten, env.keep(func(w io.Writer) error {
		tellDone(w, result, opts.again)
		tellNextSteps(w, report.HandOver, unwritten != nil)
		return nil
	}))
}

// tellNothing says that there is nothing to write, in the report file too: one of an earlier run would be out of date.
func (env *environment) tellNothing(opts restoreOptions, plan *restore.Plan) error {
	if opts.report != "" {
		if err := writeReport(opts.report, restore.ReportNothing(plan)); err != nil {
			return err
		}
	}
	if opts.json {
		return nil
	}
	return env.keep(func(w io.Writer) error {
		_, err := fmt.Fprintln(w, "\nnothing to do: the target already is what the snapshot says")
		return err
	})
}

// tellDone counts what was done, and names what was not.
func tellDone(w io.Writer, result restoreResult, again string) {
	r := result.Report
	_, _ = fmt.Fprintf(w, "\ncreated %d, changed %d, deleted %d, unchanged %d, skipped %d, failed %d, not reached %d",
		r.Count(restore.Created), r.Count(restore.Changed), r.Count(restore.Deleted), r.Count(restore.Unchanged),
		r.Count(restore.Skipped), r.Count(restore.Failed), r.Count(restore.NotReached))
	if n := r.Count(restore.Lost); n > 0 {
		_, _ = fmt.Fprintf(w, ", missing %d", n)
	}
	_, _ = fmt.Fprintln(w)
	for _, e := range r.Entries {
		if e.Result == restore.Failed || e.Result == restore.Lost {
			_, _ = fmt.Fprintf(w, "%s: %s %s: %s\n", e.Result, strings.ReplaceAll(string(e.Kind), "_", " "), visible(e.Path), visible(e.Error))
		}
	}
	for _, s := range r.Stopped {
		if s.Error != "" || s.Now != s.Former {
			_, _ = fmt.Fprintf(w, "server %s was %s and is %s now %s\n", visible(s.Server), s.Former, s.Now, visible(s.Error))
		}
	}
	for _, warning := range r.Warnings[len(result.Plan.Warnings):] { // those of the plan have been told
		_, _ = fmt.Fprintf(w, "warning: %s\n", visible(warning))
	}
	if r.Count(restore.Failed)+r.Count(restore.Lost)+r.Count(restore.NotReached) > 0 {
		_, _ = fmt.Fprintf(w, "to do the rest: %s\n", visible(again))
	}
}

// tellNextSteps lists what people have to do: which users and administrators, and what is to be done to what. Of many
// it names the first, unless all are wanted because there is no report file.
func tellNextSteps(w io.Writer, tasks []restore.Task, all bool) {
	if len(tasks) == 0 {
		return
	}
	_, _ = fmt.Fprintln(w, "\nnext steps, because no API can restore it:")
	type step struct {
		kind snapshot.Kind
		what string
	}
	names := map[step][]string{}
	var order []step
	for _, t := range tasks {
		for _, what := range t.What {
			s := step{t.Kind, what}
			if names[s] == nil {
				order = append(order, s)
			}
			names[s] = append(names[s], t.Path)
		}
	}
	for _, s := range order {
		const shown = 5
		list := names[s]
		more := ""
		if len(list) > shown && !all {
			more = fmt.Sprintf(" and %d more (--report lists all)", len(list)-shown)
			list = list[:shown]
		}
		_, _ = fmt.Fprintf(w, "  %s: %d\n    %s%s\n", whoMust(s.kind, s.what), len(names[s]), visible(strings.Join(list, ", ")), more)
	}
}

// whoMust says a step as a group of people or things.
func whoMust(kind snapshot.Kind, what string) string {
	things := strings.ReplaceAll(string(kind), "_", " ")
	if slices.Contains([]snapshot.Kind{snapshot.Users, snapshot.Administrators}, kind) {
		return things + " who must " + what
	}
	return things + ": " + what
}

// tellOutcome says what remains different, and whether the restore is proved.
func tellOutcome(w io.Writer, outcome *restore.Outcome, verbose bool) error {
	write := outcome.WriteText
	if verbose {
		write = outcome.WriteVerbose
	}
	if err := write(w); err != nil {
		return err
	}
	if outcome.Equal {
		_, _ = fmt.Fprintln(w, "proved: read again, the target is what the snapshot says, apart from the limits above")
	}
	return nil
}
