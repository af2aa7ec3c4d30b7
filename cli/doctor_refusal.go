package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"pritunl-backup/api"
	"pritunl-backup/mongo"
)

// pair are the credentials that were refused.
type pair struct{ token, secret string }

// checkRefusal says why the signature was refused: the server answers the same 401 to everything.
func checkRefusal(ctx context.Context, p *patient) finding {
	if p.refused == nil {
		return skip("nothing was refused")
	}
	var administrators *mongo.Administrators
	db, err := p.database(ctx)
	if db != nil && err == nil {
		if administrators, err = db.Administrators(ctx); err != nil {
			return failure(err, "")
		}
	}
	token, secret, _ := p.credentials(ctx) // known to be there: they were refused
	f := judgeRefusal(p.refused, administrators, pair{token, secret})
	if f.Says == "" {
		f = p.judgeBetween(ctx)
	}
	return f
}

// judgeRefusal tells the reasons apart, most certain first: what the answer itself says, then what the database
// says. An empty finding means that the server should have accepted: the fault lies in between.
func judgeRefusal(e *api.Error, administrators *mongo.Administrators, given pair) finding {
	switch {
	case errors.Is(e, api.ErrStrictMode) && administrators != nil && !administrators.Strict:
		return fail("the server refuses all signed requests, but the database has an administrator who may use the API: the server has not noticed yet",
			"wait 65 seconds and run it again; if it stays, restart the pritunl service, or MONGODB_URI is another server's database")
	case errors.Is(e, api.ErrStrictMode):
		return fail("strict mode: no administrator has API authentication switched on, so the server refuses all signed requests",
			"switch it on for an administrator in the web console, or 'pritunl-backup credentials enable NAME', then wait 65 seconds")
	case errors.Is(e, api.ErrNotPritunl):
		return fail("a proxy in front of Pritunl asks for a login of its own", "let the proxy pass API requests without a login")
	case errors.Is(e, api.ErrClock):
		return fail("the clocks differ by more than 12 hours", "see clock")
	case len(e.Causes) == 1:
		return fail(e.Causes[0], e.Hint)
	case administrators == nil:
		return fail("one of: "+strings.Join(e.Causes, "; "), "give the database (MONGODB_URI, or --pritunl-conf /etc/pritunl.conf on the server): then doctor tells which")
	}
	return judgePair(administrators, given)
}

// judgePair compares what was given with what the database holds, without showing either.
func judgePair(administrators *mongo.Administrators, given pair) finding {
	for _, a := range administrators.List {
		switch {
		case a.Token != "" && a.Token.Reveal() == given.token:
			return judgeAccount(a, given.secret)
		case a.Secret != "" && a.Secret.Reveal() == given.token:
			return fail("token and secret are exchanged: what was given as token is the secret of "+a.Username, "exchange PRITUNL_TOKEN and PRITUNL_SECRET")
		case a.Token != "" && a.Token.Reveal() == strings.TrimSpace(given.token):
			return fail("the token has white space around it", "take it away from PRITUNL_TOKEN")
		}
	}
	for _, a := range administrators.List {
		if a.Secret != "" && a.Secret.Reveal() == given.secret {
			return fail("unknown token: no administrator has it; the secret is that of "+a.Username, showFix(a))
		}
	}
	return fail(fmt.Sprintf("unknown token: none of the %d administrators has it; it is another server's, or was made anew since", len(administrators.List)),
		"'pritunl-backup credentials' lists them, 'pritunl-backup credentials show NAME' gives the pair")
}

func judgeAccount(a mongo.Administrator, secret string) finding {
	switch {
	case !a.AuthAPI:
		return fail("API authentication is switched off for "+a.Username, "switch it on in the web console, or 'pritunl-backup credentials enable "+a.Username+"'")
	case a.Disabled:
		return fail("the administrator "+a.Username+" is disabled", "enable the account in the web console, or use another one's token")
	case !a.Accepted:
		return fail("the server cannot accept "+a.Username+": "+a.Why, "'pritunl-backup credentials enable "+a.Username+"' makes what is missing")
	case a.Secret.Reveal() != secret:
		return fail("wrong secret: the token is that of "+a.Username+", the secret is not", showFix(a))
	}
	return finding{}
}

func showFix(a mongo.Administrator) string {
	return "'pritunl-backup credentials show " + a.Username + "' gives the pair that belongs together"
}

// judgeBetween is for credentials that the database says are right. A proxy that eats the headers spoils all paths,
// one that rewrites paths may leave some alone.
func (p *patient) judgeBetween(ctx context.Context) finding {
	var accepted string
	for _, path := range []string{"/organization", "/server"} {
		if _, err := p.client.Get(ctx, path); err == nil {
			accepted = path
			break
		}
	}
	_, header, _ := p.seen.last()
	return between(accepted, p.url.Path, header.Get("Server"), header.Get("Via"))
}

func between(accepted, base, server, via string) finding {
	who := "something in between"
	if server != "" {
		who += fmt.Sprintf(" (the answer says Server: %s)", server)
	}
	if via != "" {
		who += fmt.Sprintf(" (the answer says Via: %s)", via)
	}
	const direct = "; to be sure, run doctor on the server itself with --url https://127.0.0.1 --insecure"
	switch {
	case accepted != "":
		return fail(fmt.Sprintf("the database says that this pair is right, and %s is accepted while /status is not: %s changes paths", accepted, who),
			"make the proxy pass paths as they are, slashes and capitals included"+direct)
	case base != "" && base != "/":
		return fail(fmt.Sprintf("the database says that this pair is right: %s does not take %s off the path exactly, or takes the Auth-* headers away", who, base),
			"the signature covers the path without "+base+": the proxy must strip just that, and pass all headers"+direct)
	}
	return fail("the database says that this pair is right: "+who+" takes the Auth-* headers away, changes every path, or sends requests twice; or MONGODB_URI is another server's database",
		"make the proxy pass headers and paths as they are"+direct)
}
