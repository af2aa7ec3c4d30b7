package secrets

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"

	"github.com/aws/smithy-go"
)

// The kinds of errors; errors.Is tells an *Error apart by them.
var (
	// ErrMissing: there is no secret or parameter of that name, or it has no value.
	ErrMissing = errors.New("missing")
	// ErrDenied: the service knows the caller and does not allow it, or the key
	// that encrypts the value does not.
	ErrDenied = errors.New("denied")
	// ErrCredentials: no credentials were found, or they are wrong or expired.
	ErrCredentials = errors.New("credentials not accepted")
	// ErrMalformed: the value is not a JSON object with a member this package knows.
	ErrMalformed = errors.New("malformed")
	// ErrUnreachable: the service did not answer.
	ErrUnreachable = errors.New("service not reached")
	// ErrOther: the service refused for another reason, which the text names.
	ErrOther = errors.New("refused")
)

// Error says what became of one secret or parameter. Its text contains the name
// and never a value.
type Error struct {
	// Op is "read" or "store", Service "secret" or "parameter", Name as given.
	Op, Service, Name string
	// Reason is what is wrong, in words.
	Reason string

	kind  error
	cause error
}

// Error returns "read secret NAME: reason".
func (e *Error) Error() string {
	return fmt.Sprintf("%s %s %s: %s", e.Op, e.Service, e.Name, e.Reason)
}

// Is reports whether the error is of the kind target.
func (e *Error) Is(target error) bool { return target == e.kind }

// Unwrap returns what the SDK said, or nil.
func (e *Error) Unwrap() error { return e.cause }

// Hint says what to do next, or is empty.
func (e *Error) Hint() string {
	permission := map[string]string{
		"secret read": "secretsmanager:GetSecretValue", "parameter read": "ssm:GetParameter",
		"secret store": "secretsmanager:GetSecretValue, secretsmanager:PutSecretValue and secretsmanager:CreateSecret",
	}[e.Service+" "+e.Op]
	switch {
	case e.Is(ErrMissing):
		return "check the name and the region; a " + e.Service + " of another region or account is not seen"
	case e.Is(ErrDenied):
		return "allow " + permission + " on it, and kms:Decrypt on its key when that is not the default one"
	case e.Is(ErrCredentials):
		return "check the credential chain: environment, shared profile, container or instance role, and the clock"
	case e.Is(ErrMalformed):
		return `store one json object with any of url, token, secret, mongodb_uri, age_identity, each a text, for example {"url":"https://vpn.example.com","token":"...","secret":"..."}`
	case e.Is(ErrUnreachable):
		return "check the region, the endpoint and the way to it; in a private network a vpc endpoint is needed"
	}
	return ""
}

// codes maps what the two services call their errors.
func codes(code string) (why string, kind error) {
	switch code {
	case "ResourceNotFoundException", "ParameterNotFound", "ParameterVersionNotFound":
		return "not found", ErrMissing
	case "AccessDeniedException", "AccessDenied":
		return "access denied", ErrDenied
	case "DecryptionFailure", "EncryptionFailure", "InvalidKeyId", "KMSAccessDeniedException":
		return "its encryption key may not be used", ErrDenied
	case "UnrecognizedClientException", "InvalidSignatureException", "IncompleteSignature", "MissingAuthenticationToken",
		"MissingAuthenticationTokenException", "InvalidClientTokenId", "ExpiredToken", "ExpiredTokenException", "RequestExpired":
		return "credentials not accepted", ErrCredentials
	}
	return "", nil
}

// fail makes an *Error of what the SDK returned. Messages of the service are
// kept only for kinds not known, because a denial quotes names and accounts only.
func fail(op, service, name string, err error) error {
	e := &Error{Op: op, Service: service, Name: name, cause: err}
	var why reason
	var api smithy.APIError
	var network net.Error
	switch {
	case errors.Is(err, context.Canceled):
		return fmt.Errorf("%s %s %s: %w", op, service, name, err)
	case errors.As(err, &why):
		e.kind, e.Reason, e.cause = ErrMalformed, string(why), nil
	case errors.As(err, &api):
		e.Reason, e.kind = codes(api.ErrorCode())
		switch {
		case e.kind != nil:
			e.Reason += " (" + api.ErrorCode() + ")"
		case api.ErrorCode() == "InvalidRequestException" && strings.Contains(api.ErrorMessage(), "marked for deletion"):
			e.kind, e.Reason = ErrMissing, "marked for deletion; it can still be restored"
		default:
			e.kind, e.Reason = ErrOther, api.ErrorCode()+": "+api.ErrorMessage()
		}
	case strings.Contains(err.Error(), "get credentials") || strings.Contains(err.Error(), "failed to refresh cached credentials"):
		e.kind, e.Reason = ErrCredentials, "no credentials found"
	case strings.Contains(err.Error(), "Missing Region"):
		e.kind, e.Reason = ErrUnreachable, "no region is set"
	case errors.Is(err, context.DeadlineExceeded) || errors.As(err, &network):
		e.kind, e.Reason = ErrUnreachable, "no answer from the service"
	default:
		e.kind, e.Reason = ErrOther, err.Error()
	}
	return e
}

// hide drops a message that quotes a value, as a refusal of a bad value may do.
func hide(err error, v Values) error {
	for _, m := range v.members() {
		if m.value != "" && strings.Contains(err.Error(), m.value) {
			return errors.New("the service refused the value")
		}
	}
	return err
}
