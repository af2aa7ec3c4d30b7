package mongo

import (
	"context"
	"errors"
	"strings"
)

// Cause says why something about the database failed. It is an error itself: errors.Is(err, mongo.CauseDenied).
type Cause string

// The causes that are told apart, each with a hint of its own.
const (
	CauseAddress        Cause = "the address cannot be used"
	CauseNoDatabase     Cause = "no database is named"
	CauseNotConfigured  Cause = "the server was never set up"
	CauseLookup         Cause = "the host name cannot be found"
	CauseRefused        Cause = "the connection was refused"
	CauseTLS            Cause = "the TLS handshake failed"
	CauseAuthentication Cause = "the user name or password is not accepted"
	CauseDenied         Cause = "the user may not do this"
	CauseNotPritunl     Cause = "this is not the database of a Pritunl server"
	CauseZero           Cause = "this is the database of a Pritunl Zero server"
	CauseUnfinished     Cause = "a restore into this database was not finished"
	CauseVault          Cause = "the documents are sealed by the server"
	CauseUnreachable    Cause = "the database cannot be reached"
	CauseStepDown       Cause = "the primary stepped down"
	CauseSnapshotGone   Cause = "the consistent view is gone"
	CauseCut            Cause = "the connection was cut"
	CauseStalled        Cause = "the database stopped answering"
	CauseInterrupted    Cause = "it was interrupted"
	CauseUnknownAdmin   Cause = "no such administrator"
	CauseDisabledAdmin  Cause = "the administrator is disabled"
	CauseChanged        Cause = "it was changed by somebody else in the meantime"
	CauseNotReadable    Cause = "the collection is never read"
	CauseServer         Cause = "the database reported an error"
	CauseDocument       Cause = "a document cannot be represented"
	CauseRefusedTarget  Cause = "the target database is refused"
)

// Error implements error.
func (c Cause) Error() string { return string(c) }

// hint gives the next step for a cause, "" where there is none.
func (c Cause) hint() string {
	switch c {
	case CauseAddress:
		return "the form is mongodb://USER:PASSWORD@HOST:27017/pritunl, with special characters of the password escaped as %XX"
	case CauseNoDatabase:
		return "put the database name behind the host, as in mongodb://HOST:27017/pritunl; pritunl is the usual name"
	case CauseNotConfigured:
		return "finish the setup of the server first, or give the URI itself"
	case CauseLookup:
		return "check the spelling of the host; mongodb+srv:// needs an SRV record _mongodb._tcp.HOST that this machine can look up"
	case CauseRefused:
		return "check host and port and that mongod listens on that address; with Atlas, add this machine to the access list"
	case CauseTLS:
		return "check tls and tlsCAFile in the URI; Atlas answers an internal error when this machine is not in its access list"
	case CauseAuthentication:
		return "check user name and password, and authSource: users are often kept in the database admin (?authSource=admin)"
	case CauseDenied:
		return "reading needs the role read on this database (find and listCollections); enabling and restoring need readWrite"
	case CauseNotPritunl:
		return "check the database name in the URI's path and the collection prefix (mongodb_collection_prefix in /etc/pritunl.conf)"
	case CauseZero:
		return "Pritunl Zero keeps its own data; give the database of the VPN server"
	case CauseUnfinished:
		return "run the restore again: it goes on where it stopped"
	case CauseUnreachable:
		return "check host, port, firewall and, with Atlas, the access list"
	case CauseStepDown:
		return "the replica set elects a new primary within seconds; run the command again"
	case CauseSnapshotGone:
		return "the view is kept for five minutes by default; raise minSnapshotHistoryWindowInSeconds or read without it"
	case CauseCut, CauseStalled:
		return "check the network between this machine and the database and run the command again"
	case CauseUnknownAdmin:
		return "list the administrators to see their names"
	case CauseDisabledAdmin:
		return "pick another administrator, or enable this one in the console first"
	case CauseChanged:
		return "look again at the current state and repeat"
	}
	return ""
}

// Error tells what was tried, why it failed, and what to do next. Its text never holds a connection string with
// credentials, a user name of one, or values of a document.
type Error struct {
	Op     string // what was tried, e.g. "connect to db.example.com"
	Cause  Cause
	Detail string // more about it, already free of secrets; may be empty
	Code   int32  // the server's error code, 0 when the server gave none

	advice  string
	context error
}

func newError(op string, cause Cause, detail string) *Error {
	return &Error{Op: op, Cause: cause, Detail: detail}
}

// Error implements error.
func (e *Error) Error() string {
	text := e.Op + ": " + string(e.Cause)
	if e.Detail != "" {
		text += ": " + e.Detail
	}
	return text
}

// Hint gives the next step in one line, "" when there is nothing useful to say.
func (e *Error) Hint() string {
	if e.advice != "" {
		return e.advice
	}
	return e.Cause.hint()
}

// Unwrap gives the cause and, where one is behind it, the context's error. The driver's own error stays inside: its
// text may quote what must not be printed.
func (e *Error) Unwrap() []error {
	if e.context != nil {
		return []error{e.Cause, e.context}
	}
	return []error{e.Cause}
}

// withHint returns the error with a hint of its own in place of the cause's.
func (e *Error) withHint(hint string) *Error {
	e.advice = hint
	return e
}

// contextError picks the context's error out of err, nil when there is none.
func contextError(err error) error {
	for _, target := range []error{context.Canceled, context.DeadlineExceeded} {
		if errors.Is(err, target) {
			return target
		}
	}
	return nil
}

// oneLine keeps a text of somebody else short enough for an error message.
func oneLine(s string) string {
	const longest = 300
	s = strings.Join(strings.Fields(s), " ")
	if len(s) > longest {
		s = strings.ToValidUTF8(s[:longest], "") + "…"
	}
	return s
}
