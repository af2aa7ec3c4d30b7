package export

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"pritunl-backup/api"
	"pritunl-backup/snapshot"
)

// tooMany ends an export early: with this many failures the server is down rather than damaged.
const tooMany = 25

// Failure is one part of the instance that should have been readable and was not.
type Failure struct {
	Kind   snapshot.Kind
	Object string // id of the organization, server or link that it belongs to; "" for a whole list
	Name   string // the name of that object, when known
	Err    error
}

// PartialError lists what could not be read. Nothing was published.
type PartialError struct {
	Failures []Failure
}

func (e *PartialError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d part(s) of the instance could not be read", len(e.Failures))
	for _, f := range e.Failures {
		b.WriteString("\n  " + f.String())
	}
	return b.String()
}

// Hint names the next step.
func (e *PartialError) Hint() string {
	return "run it again; --allow-partial keeps a snapshot without these parts"
}

// Unwrap gives the causes, so that an authentication failure is still told apart.
func (e *PartialError) Unwrap() []error {
	errs := make([]error, 0, len(e.Failures))
	for _, f := range e.Failures {
		errs = append(errs, f.Err)
	}
	return errs
}

func (f Failure) String() string {
	switch {
	case f.Name != "":
		return fmt.Sprintf("%s of %q: %v", f.Kind, f.Name, f.Err)
	case f.Object != "":
		return fmt.Sprintf("%s of %s: %v", f.Kind, f.Object, f.Err)
	}
	return fmt.Sprintf("%s: %v", f.Kind, f.Err)
}

// place is where in the instance something could not be read.
type place struct {
	kind   snapshot.Kind
	object string
}

// note records why kind of object could not be read. It returns an error when the whole export has to end: the
// run was interrupted, the credentials are refused, or the server fails at everything.
func (e *exporter) note(ctx context.Context, at place, err error) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	switch {
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case errors.Is(err, api.ErrUnauthorized):
		return err
	case errors.Is(err, api.ErrNotLicensed) && at.kind == snapshot.Links:
		e.hide("needs an enterprise licence: the server answers 404 to /link", snapshot.Links, snapshot.Locations)
	case errors.Is(err, api.ErrNotSuperUser) && at.kind == snapshot.Administrators:
		e.hide("needs a super user: the administrator of this token is none", snapshot.Administrators)
	case at.kind == snapshot.Subscription:
		// The server asks its vendor for it, which may well be out of reach, and it is no configuration.
		e.hide("the server could not tell: "+err.Error(), snapshot.Subscription)
	default:
		e.failed[at] = err
	}
	if len(e.failed) >= tooMany {
		return &PartialError{Failures: e.failures()}
	}
	return nil
}

// hide records kinds that this account or this licence does not show.
func (e *exporter) hide(reason string, kinds ...snapshot.Kind) {
	for _, kind := range kinds {
		known := slices.ContainsFunc(e.unreadable, func(u snapshot.Unreadable) bool { return u.Kind == kind })
		if !known && e.wanted[kind] {
			e.unreadable = append(e.unreadable, snapshot.Unreadable{Kind: kind, Reason: reason})
		}
	}
}

func (e *exporter) failures() []Failure {
	names := e.names()
	list := make([]Failure, 0, len(e.failed))
	for at, err := range e.failed {
		list = append(list, Failure{Kind: at.kind, Object: at.object, Name: names[at.object], Err: err})
	}
	slices.SortFunc(list, func(a, b Failure) int {
		return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Name, b.Name), cmp.Compare(a.Object, b.Object))
	})
	return list
}
