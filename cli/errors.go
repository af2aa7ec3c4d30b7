package cli

import (
	"errors"
	"fmt"
	"strings"
	"syscall"

	"pritunl-backup/api"
	"pritunl-backup/mongo"
	"pritunl-backup/restore"
	"pritunl-backup/routes"
	"pritunl-backup/secrets"
	"pritunl-backup/snapshot"
	"pritunl-backup/storage"
)

// Exit codes of the process. They are part of the interface: jobs decide by them.
const (
	codeOK          = 0
	codeError       = 1
	codeDiffers     = 2
	codePartial     = 3
	codeUsage       = 4
	codeAuth        = 5
	codeIntegrity   = 6
	codeRefused     = 7
	codeInterrupted = 130
)

const exitCodes = `   0 done · 1 error · 2 differences found · 3 partial · 4 usage or configuration · 5 authentication
   6 integrity: a snapshot is damaged · 7 target refused · 130 interrupted`

// exitError gives an error the exit code and the hint that the layers below do not know.
type exitError struct {
	code     int
	err      error
	hint     string
	reported bool // the words are already on the screen; only the code is left to tell
}

func (e *exitError) Error() string { return e.err.Error() }
func (e *exitError) Unwrap() error { return e.err }
func (e *exitError) Hint() string  { return e.hint }

func usageError(text, hint string) error {
	return &exitError{code: codeUsage, err: errors.New(text), hint: hint}
}

// withHint adds the next step to an error without changing its code.
func withHint(err error, hint string) error {
	return &exitError{code: exitCode(err), err: err, hint: hint}
}

// reportedError ends a run whose outcome has been printed in full.
func reportedError(code int, text string) error {
	return &exitError{code: code, err: errors.New(text), reported: true}
}

func isReported(err error) bool {
	var e *exitError
	return errors.As(err, &e) && e.reported
}

// exitCode classifies an error once, in the order in which causes outweigh each other.
func exitCode(err error) int {
	var e *exitError
	if errors.As(err, &e) {
		return e.code
	}
	if code := restoreCode(err); code != codeOK {
		return code
	}
	for _, rule := range codeRules {
		for _, target := range rule.targets {
			if errors.Is(err, target) {
				return rule.code
			}
		}
	}
	return codeError
}

// restoreCode tells what kind of refusal a restore met, 0 when it is none.
func restoreCode(err error) int {
	var (
		usage     *restore.UsageError
		rules     *restore.RulesError
		refused   *restore.RefusedError
		redacted  *restore.RedactedError
		check     *restore.CheckError
		ambiguous *restore.AmbiguousError
	)
	switch {
	case errors.As(err, &usage), errors.As(err, &rules):
		return codeUsage
	case errors.As(err, &refused), errors.As(err, &redacted), errors.As(err, &check), errors.As(err, &ambiguous):
		return codeRefused
	}
	return codeOK
}

var codeRules = []struct {
	code    int
	targets []error
}{
	{codeUsage, []error{api.ErrConfig}},
	{codeAuth, []error{api.ErrUnauthorized, api.ErrNotSuperUser}},
	{codeIntegrity, []error{snapshot.ErrIntegrity, storage.ErrIntegrity, storage.ErrStored}},
	{codeUsage, []error{storage.ErrName, routes.ErrFormat, routes.ErrNoMatch}},
	{codeAuth, []error{secrets.ErrDenied, secrets.ErrCredentials}},
	{codeUsage, []error{secrets.ErrMissing, secrets.ErrMalformed}},
	{codeRefused, []error{routes.ErrEmptyList, routes.ErrOnline}},
	{codeRefused, []error{storage.ErrExists, storage.ErrHeld}},
	{codeAuth, []error{storage.ErrAuth, mongo.CauseAuthentication}},
	{codeUsage, []error{mongo.CauseAddress, mongo.CauseNoDatabase, mongo.CauseNotConfigured, mongo.CauseUnknownAdmin}},
	{codeRefused, []error{mongo.CauseZero, mongo.CauseRefusedTarget, mongo.CauseDisabledAdmin, mongo.CauseChanged}},
}

// hintOf finds the outermost advice: the layer that knows most of the user's situation speaks.
func hintOf(err error) string {
	var advice interface{ Hint() string }
	for e := err; errors.As(e, &advice); e = errors.Unwrap(advice.(error)) {
		if hint := advice.Hint(); hint != "" {
			return hint
		}
	}
	var apiError *api.Error
	if errors.As(err, &apiError) && apiError.Hint != "" {
		return apiError.Hint
	}
	if hint := snapshot.Hint(err); hint != "" {
		return hint
	}
	if hint := storage.Hint(err); hint != "" {
		return hint
	}
	switch {
	case errors.Is(err, syscall.EFBIG):
		return "a limit of this process (ulimit -f) or of the file system forbids a file of this size"
	case errors.Is(err, storage.ErrCut), errors.Is(err, storage.ErrDamaged):
		return "fetch the file again, or take an older snapshot"
	}
	return ""
}

// words gives the text of an error, with a list of possible causes on lines of their own.
func words(err error) string {
	var e *api.Error
	if !errors.As(err, &e) || len(e.Causes) < 2 {
		return err.Error()
	}
	text := strings.Replace(err.Error(), e.Error(), e.Summary(), 1) + "\npossible causes, in the order worth checking:"
	for i, cause := range e.Causes {
		text += fmt.Sprintf("\n  %d. %s", i+1, cause)
	}
	return text
}
