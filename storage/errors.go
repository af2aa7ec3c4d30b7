package storage

import (
	"errors"
	"fmt"
	"io/fs"
	"strconv"
	"strings"
	"syscall"
)

// Kinds of failure, for errors.Is.
var (
	// ErrNotFound: nothing is stored under that name, or the directory or bucket does not exist.
	ErrNotFound = errors.New("not found")
	// ErrExists: something is stored under that name and overwriting was not asked for.
	ErrExists = errors.New("already exists")
	// ErrChanged: the version that was named is no longer the stored one.
	ErrChanged = errors.New("changed by somebody else")
	// ErrDenied: the permission is missing.
	ErrDenied = errors.New("permission denied")
	// ErrAuth: the credentials were not accepted.
	ErrAuth = errors.New("credentials refused")
	// ErrNoSpace: the disk or quota is full.
	ErrNoSpace = errors.New("no space left")
	// ErrName: the name cannot be used.
	ErrName = errors.New("unusable name")
	// ErrHeld: an object lock forbids the deletion.
	ErrHeld = errors.New("held by an object lock")
	// ErrStored: the store holds other bytes than were sent.
	ErrStored = errors.New("stored bytes differ from those sent")
	// ErrIntegrity matches every error below that says the stored bytes cannot be trusted or read.
	ErrIntegrity = errors.New("integrity")
	// ErrCut: the stored bytes end too early.
	ErrCut = errors.New("cut short")
	// ErrDamaged: a stored byte was changed or added.
	ErrDamaged = errors.New("damaged")
	// ErrNoKey: encrypted, and no identity or passphrase was given.
	ErrNoKey = errors.New("encrypted, and no key was given")
	// ErrWrongKey: encrypted, and none of the given keys opens it.
	ErrWrongKey = errors.New("encrypted to other keys")
)

// Error says what could not be done to which name, and what to do next.
type Error struct {
	Op   string // verb phrase: "write", "list", ...
	Name string // name or location
	Err  error  // cause; matches one of the sentinels where one fits
	Hint string // next step for a person; may be empty
}

func (e *Error) Error() string {
	if e.Name == "" {
		return e.Op + ": " + e.Err.Error()
	}
	return e.Op + " " + printable(e.Name) + ": " + e.Err.Error()
}

// Unwrap gives the cause.
func (e *Error) Unwrap() error { return e.Err }

// Hint returns the hint of the outermost Error in err's chain that has one.
func Hint(err error) string {
	for err != nil {
		var e *Error
		if !errors.As(err, &e) {
			return ""
		}
		if e.Hint != "" {
			return e.Hint
		}
		err = e.Err
	}
	return ""
}

// IntegrityError says what is wrong with stored bytes. errors.Is matches ErrIntegrity and its Kind.
type IntegrityError struct {
	Kind   error  // ErrCut, ErrDamaged, ErrNoKey or ErrWrongKey
	Reason string // what was seen
}

func (e *IntegrityError) Error() string {
	if e.Reason == "" {
		return e.Kind.Error()
	}
	return e.Kind.Error() + ": " + e.Reason
}

// Is matches the kind and ErrIntegrity.
func (e *IntegrityError) Is(target error) bool { return target == e.Kind || target == ErrIntegrity }

func damaged(format string, a ...any) error {
	return &IntegrityError{Kind: ErrDamaged, Reason: fmt.Sprintf(format, a...)}
}

func cut(reason string) error {
	return &IntegrityError{Kind: ErrCut, Reason: reason}
}

// classified joins a sentinel to the operating system's or service's own words.
type classified struct {
	kind  error
	cause error
}

func (c *classified) Error() string   { return c.cause.Error() }
func (c *classified) Unwrap() []error { return []error{c.kind, c.cause} }

// fileError turns an error of the file system into one with a kind and a hint. The path is said once.
func fileError(op, path string, err error) error {
	if err == nil {
		return nil
	}
	var e *Error
	if errors.As(err, &e) {
		return err
	}
	cause := err
	var pe *fs.PathError
	var le interface{ Unwrap() error }
	if errors.As(err, &pe) {
		cause = pe.Err
	} else if errors.As(err, &le) {
		if inner := le.Unwrap(); inner != nil {
			cause = inner
		}
	}
	kind, hint := fileKind(cause)
	if kind == nil {
		return &Error{Op: op, Name: path, Err: cause}
	}
	return &Error{Op: op, Name: path, Err: &classified{kind, cause}, Hint: hint}
}

func fileKind(cause error) (kind error, hint string) {
	switch {
	case errors.Is(cause, fs.ErrNotExist):
		return ErrNotFound, "check the path; a missing directory is not created"
	case errors.Is(cause, fs.ErrExist):
		return ErrExists, "choose another name, or overwrite it on purpose"
	case errors.Is(cause, syscall.EROFS):
		return ErrDenied, "the file system is read-only"
	case errors.Is(cause, fs.ErrPermission):
		return ErrDenied, "the user running this needs read and write permission there"
	case errors.Is(cause, syscall.ENOSPC), errors.Is(cause, syscall.EDQUOT):
		return ErrNoSpace, "free some space or choose another place; nothing was left behind"
	case errors.Is(cause, syscall.ENOTDIR):
		return ErrNotFound, "a part of the path is a file, not a directory"
	}
	return nil, ""
}

// printable keeps a hostile name from writing to the terminal.
func printable(s string) string {
	if q := strconv.Quote(s); strings.Contains(q[1:len(q)-1], `\`) {
		return q
	}
	return s
}
