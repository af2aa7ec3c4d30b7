package mongo

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"syscall"

	mongodriver "go.mongodb.org/mongo-driver/v2/mongo"
)

const codeDuplicateKey = 11000

// causeOfCode tells what an error code of MongoDB means to us.
func causeOfCode(code int32) Cause {
	switch code {
	case 18, 8000: // AuthenticationFailed, AtlasError (bad auth)
		return CauseAuthentication
	case 13: // Unauthorized
		return CauseDenied
	case 10107, 11602, 91, 189, 11600, 13435, 13436: // not primary, interrupted by or in the course of a step-down or shutdown
		return CauseStepDown
	case 239, 246: // SnapshotTooOld, SnapshotUnavailable
		return CauseSnapshotGone
	}
	return CauseServer
}

// explain turns an error of the driver into one of ours: cause, hint, and a text without secrets.
func (db *DB) explain(ctx context.Context, op string, err error) error {
	if err == nil {
		return nil
	}
	var ours *Error
	if errors.As(err, &ours) {
		return err
	}
	out := newError(op, CauseServer, "")
	out.context = contextError(err)
	if ctx.Err() != nil {
		out.context = ctx.Err()
	}
	if errors.Is(ctx.Err(), context.Canceled) {
		out.Cause = CauseInterrupted
		return out
	}
	var command mongodriver.ServerError
	if code, message := serverMessage(err); errors.As(err, &command) && code != 0 {
		out.Code, out.Cause = code, causeOfCode(code)
		out.Detail = fmt.Sprintf("%s (code %d)", oneLine(db.scrub.text(message)), code)
		return out
	}
	out.Cause = networkCause(err)
	out.Detail = oneLine(db.scrub.text(networkDetail(err)))
	if out.Cause == CauseStalled || out.Cause == CauseServer || out.Cause == CauseCut {
		db.blameHeartbeat(out)
	}
	return out
}

// serverMessage gives code and message of the server's own answer, 0 when err is none.
func serverMessage(err error) (int32, string) {
	var command mongodriver.CommandError
	if errors.As(err, &command) {
		return command.Code, command.Message
	}
	var bulk mongodriver.BulkWriteException
	if errors.As(err, &bulk) && len(bulk.WriteErrors) > 0 {
		first := bulk.WriteErrors[0]
		return int32(first.Code), first.Message
	}
	var write mongodriver.WriteException
	if errors.As(err, &write) && len(write.WriteErrors) > 0 {
		first := write.WriteErrors[0]
		return int32(first.Code), first.Message
	}
	if errors.As(err, &bulk) && bulk.WriteConcernError != nil {
		return int32(bulk.WriteConcernError.Code), bulk.WriteConcernError.Message
	}
	if errors.As(err, &write) && write.WriteConcernError != nil {
		return int32(write.WriteConcernError.Code), write.WriteConcernError.Message
	}
	return 0, ""
}

// networkCause classifies an error that came from no server.
func networkCause(err error) Cause {
	var lookup *net.DNSError
	switch {
	case errors.As(err, &lookup):
		return CauseLookup
	case errors.Is(err, syscall.ECONNREFUSED):
		return CauseRefused
	case isTLS(err):
		return CauseTLS
	case isCut(err):
		return CauseCut
	case mongodriver.IsTimeout(err) || errors.Is(err, context.DeadlineExceeded):
		return CauseStalled
	}
	return CauseServer
}

func isTLS(err error) bool {
	var (
		record      tls.RecordHeaderError
		alert       tls.AlertError
		certificate *tls.CertificateVerificationError
		unknown     x509.UnknownAuthorityError
		host        x509.HostnameError
		invalid     x509.CertificateInvalidError
	)
	if errors.As(err, &record) || errors.As(err, &alert) || errors.As(err, &certificate) ||
		errors.As(err, &unknown) || errors.As(err, &host) || errors.As(err, &invalid) {
		return true
	}
	// Alerts that the other side sends have a type of their own inside net.OpError, which is not exported.
	return err != nil && (strings.Contains(err.Error(), "tls: ") || strings.Contains(err.Error(), "x509: "))
}

func isCut(err error) bool {
	return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, syscall.ECONNRESET) ||
		errors.Is(err, syscall.EPIPE) || errors.Is(err, net.ErrClosed)
}

// networkDetail gives the innermost text that says something.
func networkDetail(err error) string {
	var lookup *net.DNSError
	if errors.As(err, &lookup) {
		return lookup.Error()
	}
	var op *net.OpError
	if errors.As(err, &op) {
		return op.Error()
	}
	return err.Error()
}

// blameHeartbeat replaces "no answer" by what the last attempt to reach a server ran into.
func (db *DB) blameHeartbeat(out *Error) {
	if db.beats.reached() {
		return
	}
	last := db.beats.get()
	if last == nil {
		out.Cause, out.Detail = CauseUnreachable, "nothing answered in time"
		return
	}
	out.Cause, out.Detail = networkCause(last), oneLine(db.scrub.text(networkDetail(last)))
	switch {
	case out.Cause == CauseCut && db.tls:
		out.Cause = CauseTLS
	case out.Cause == CauseCut:
		out.Cause = CauseUnreachable
		out.advice = "the other side closes the connection at once: it may want TLS (tls=true), or be no MongoDB server"
	case out.Cause == CauseStalled || out.Cause == CauseServer:
		out.Cause = CauseUnreachable
	}
}
