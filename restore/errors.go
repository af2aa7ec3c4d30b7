package restore

import (
	"fmt"
	"strconv"
	"strings"

	"pritunl-backup/snapshot"
)

// UsageError says that the options do not fit together or name something that
// does not exist. Nothing was planned.
type UsageError struct{ Text, Next string }

func (e *UsageError) Error() string { return e.Text }

// Hint gives the next step.
func (e *UsageError) Hint() string { return e.Next }

// RulesError says what is wrong with rewrite rules.
type RulesError struct {
	Where string // "rules[2].set.port", or "" for the whole file
	Text  string
	Next  string
}

func (e *RulesError) Error() string {
	if e.Where == "" {
		return "read rules: " + e.Text
	}
	return "read rules: " + e.Where + ": " + e.Text
}

// Hint gives the next step.
func (e *RulesError) Hint() string { return e.Next }

// RefusedError says that the target is not one that may be written to.
type RefusedError struct {
	Found    []string // what is there already, at most ten
	Resumes  bool     // everything there is part of the snapshot, as after an interruption
	Resuming bool     // the refusal is one of a resumed run
	Foreign  []string // what the snapshot does not have, at most ten
}

func (e *RefusedError) Error() string {
	if e.Resuming {
		return "target holds what the snapshot does not have: " + strings.Join(e.Foreign, ", ")
	}
	return "target is not empty: it has " + strings.Join(e.Found, ", ")
}

// Hint gives the next step.
func (e *RefusedError) Hint() string {
	switch {
	case e.Resuming:
		return "an interrupted restore does not leave these: delete them by hand and run it again, or go on with --on-existing update, which leaves them as they are and completes the rest"
	case e.Resumes:
		return "everything there is part of the snapshot, as after an interrupted restore: --resume goes on"
	}
	return "restore into a fresh instance, or choose --on-existing skip or update"
}

// AmbiguousError says that more than one object could be meant.
type AmbiguousError struct {
	Text string
	Next string // names the option that decides
}

func (e *AmbiguousError) Error() string { return e.Text }

// Hint gives the next step.
func (e *AmbiguousError) Hint() string { return e.Next }

// RedactedError lists values that the snapshot does not hold because it was
// taken without secrets, and that would have to be written.
type RedactedError struct{ Fields []FieldOf }

// FieldOf is a field of an object.
type FieldOf struct {
	Kind  snapshot.Kind `json:"kind"`
	Path  string        `json:"path"`
	Field string        `json:"field"`
}

func (f FieldOf) String() string {
	if f.Path == "" || f.Path == string(f.Kind) {
		return string(f.Kind) + "." + f.Field
	}
	return singular(f.Kind) + " " + f.Path + ": " + f.Field
}

func (e *RedactedError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d value(s) were redacted when the snapshot was taken and cannot be restored", len(e.Fields))
	for _, f := range e.Fields {
		b.WriteString("\n  " + f.String())
	}
	return b.String()
}

// Hint gives the next step.
func (e *RedactedError) Hint() string {
	return "use a snapshot with secrets, or keep the target's values by a rule that drops these settings"
}

// Problem is something that the server would refuse.
type Problem struct {
	Kind snapshot.Kind `json:"kind"`
	Path string        `json:"path"`
	Code string        `json:"code"` // the server's code, "network_in_use"
	Text string        `json:"text"`
}

func (p Problem) String() string {
	return singular(p.Kind) + " " + p.Path + ": " + p.Text + " (" + p.Code + ")"
}

// CheckError lists what the server would refuse. Nothing was written.
type CheckError struct{ Problems []Problem }

func (e *CheckError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "the server would refuse %d thing(s)", len(e.Problems))
	for _, p := range e.Problems {
		b.WriteString("\n  " + p.String())
	}
	return b.String()
}

// Hint gives the next step.
func (e *CheckError) Hint() string {
	return "change the values by --rules, or leave the objects out by --skip KIND=NAME"
}

// FailedError says that some actions failed; the report names them.
type FailedError struct {
	Failed int
	First  error
}

func (e *FailedError) Error() string {
	return fmt.Sprintf("%d action(s) failed, the first: %v", e.Failed, e.First)
}

// Unwrap gives the first failure.
func (e *FailedError) Unwrap() error { return e.First }

// Hint gives the next step.
func (e *FailedError) Hint() string {
	return "the report names every object; after the cause is gone, --resume does the rest"
}

func quote(s string) string { return strconv.Quote(s) }

// atMost gives the first n texts and counts the others.
func atMost(texts []string, n int) []string {
	if len(texts) <= n {
		return texts
	}
	return append(texts[:n:n], fmt.Sprintf("and %d more", len(texts)-n))
}
