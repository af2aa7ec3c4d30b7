package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"pritunl-backup/api"
)

const (
	skewSeen     = time.Minute      // below it clocks count as equal
	skewS3       = 15 * time.Minute // what S3 accepts
	skewAccepted = 12 * time.Hour   // what Pritunl accepts, unless its auth_time_window was changed
)

func checkPritunl(ctx context.Context, p *patient) finding {
	if err := p.ping(ctx); err != nil {
		return failure(err, "check PRITUNL_URL: it must be the address of the Pritunl web console")
	}
	return holds("%s answers as Pritunl does", p.client.Address())
}

func checkClock(_ context.Context, p *patient) finding {
	_, header, at := p.seen.last()
	date, err := http.ParseTime(header.Get("Date"))
	if err != nil {
		return note("the answer has no date to compare with", "compare the clocks by hand; they may differ by 12 hours at most")
	}
	return judgeClock(at.Sub(date))
}

// judgeClock takes how far this machine's clock is ahead. A date has whole seconds, so small differences mean nothing.
func judgeClock(skew time.Duration) finding {
	side := "ahead of"
	if skew < 0 {
		side = "behind"
	}
	says := fmt.Sprintf("this machine is %s %s the server", skew.Abs().Round(time.Second), side)
	fix := "set the clock of the machine that is wrong, and keep it right (chrony, systemd-timesyncd)"
	switch {
	case skew.Abs() > skewAccepted:
		return fail(says+", which refuses requests more than 12 hours away", fix)
	case skew.Abs() > skewS3:
		return note(says+"; Pritunl accepts 12 hours unless its auth_time_window was lowered, S3 accepts 15 minutes", fix)
	case skew.Abs() > skewSeen:
		return note(says, fix)
	}
	return holds("this machine and the server agree within %s", skewSeen)
}

// checkSignature sends one signed request.
func checkSignature(ctx context.Context, p *patient) finding {
	token, secret, err := p.credentials(ctx)
	if err != nil {
		return fail(brief(err), "set PRITUNL_TOKEN and PRITUNL_SECRET (web console: Administrators, enable API); 'pritunl-backup credentials' reads them from the database")
	}
	if p.client, err = p.connect(p.opts.connection.with(token, secret)); err != nil {
		return failure(err, "")
	}
	raw, err := p.client.Status(ctx)
	if err != nil {
		if errors.Is(err, api.ErrUnauthorized) {
			errors.As(err, &p.refused)
			return fail("refused with 401", "see refusal")
		}
		return failure(err, "")
	}
	if err := json.Unmarshal(raw, &p.status); err != nil {
		return fail("the answer to GET /status is not understood", "")
	}
	whose := ""
	if p.user != "" {
		whose = " with the credentials of " + p.user + " from the database"
	}
	return holds("accepted%s by Pritunl %s on host %s", whose, p.status.Version, p.status.Host)
}

func checkSuperUser(ctx context.Context, p *patient) finding {
	state, err := p.account(ctx)
	if err != nil {
		return failure(err, "")
	}
	if !state.SuperUser {
		return note("the administrator is no super user: snapshots lack the administrators, and a restore cannot make them",
			"make the administrator a super user in the web console, or use the token of one")
	}
	return holds("the administrator is a super user: everything can be read")
}

func checkLicence(ctx context.Context, p *patient) finding {
	state, err := p.account(ctx)
	if err != nil {
		return failure(err, "")
	}
	_, err = p.client.Links(ctx)
	hidden := errors.Is(err, api.ErrNotLicensed)
	if err != nil && !hidden {
		return failure(err, "")
	}
	return judgeLicence(state.Plan, state.Active, hidden)
}

// judgeLicence says what a missing licence hides. It is no fault: Pritunl can be used without.
func judgeLicence(plan string, active, hidden bool) finding {
	const fix = "nothing has to be done for what is there; 'pritunl-backup license' reads a stored key from the database"
	switch {
	case plan == "" || plan == "none":
		return note("no licence: site links and their locations are not shown and not in snapshots, single sign-on and themes rest, and a restart leaves each server one host", fix)
	case hidden || !strings.Contains(plan, "enterprise"):
		return note(fmt.Sprintf("plan %s: site links and their locations are not shown and not in snapshots", plan), fix)
	case !active:
		return note(fmt.Sprintf("plan %s, but the subscription is not active: at the next check the server may hide site links", plan), "look at the subscription in the web console")
	}
	return holds("plan %s, active: nothing is hidden", plan)
}
