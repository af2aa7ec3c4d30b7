package mongo

import (
	"context"
	"strings"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"pritunl-backup/mongo/internal/lenient"
)

// shortestSecret is what the server asks of a stored secret; longestToken is where it cuts the token of a request.
const (
	shortestSecret = 8
	longestToken   = 256
)

// Administrator is one document of the collection administrators, as far as the API's key pair is concerned.
type Administrator struct {
	ID        string
	Username  string
	SuperUser bool
	Disabled  bool
	AuthAPI   bool
	Token     Secret
	Secret    Secret
	Default   bool // still has the password that the installation made

	// Accepted tells whether the server would accept a request signed with this pair; Why says why not.
	Accepted bool
	Why      string

	document bson.Raw
}

// Administrators is the list of accounts and what follows from all of them together.
type Administrators struct {
	List []Administrator // sorted by name

	// Strict is the front end's mode as long as no account has auth_api: every signed request is refused, and up to
	// 65 seconds pass after enabling the first one.
	Strict bool
}

// Administrators reads all accounts. It reads nothing but that collection.
func (db *DB) Administrators(ctx context.Context) (*Administrators, error) {
	var raws []bson.Raw
	err := db.try(ctx, "read the administrators", func(ctx context.Context) error {
		raws = nil
		cursor, err := db.collection("administrators").Find(ctx, bson.D{}, options.Find().SetSort(bson.D{{Key: "username", Value: 1}, {Key: "_id", Value: 1}}))
		if err != nil {
			return err
		}
		return cursor.All(ctx, &raws)
	})
	if err != nil {
		return nil, err
	}
	return administratorsOf(raws), nil
}

// administratorsOf judges the accounts together.
func administratorsOf(raws []bson.Raw) *Administrators {
	all := &Administrators{Strict: true}
	for _, raw := range raws {
		admin := administratorOf(raw)
		if admin.AuthAPI {
			all.Strict = false // a disabled account counts as well
		}
		all.List = append(all.List, admin)
	}
	return all
}

func administratorOf(raw bson.Raw) Administrator {
	a := Administrator{
		ID:        idText(lenient.Value(raw, "_id")),
		Username:  lenient.Text(raw, "username"),
		SuperUser: isNull(lenient.Value(raw, "super_user")) || lenient.Flag(raw, "super_user"),
		Disabled:  lenient.Flag(raw, "disabled"),
		AuthAPI:   lenient.Flag(raw, "auth_api"),
		Token:     Secret(lenient.Text(raw, "token")),
		Secret:    Secret(lenient.Text(raw, "secret")),
		Default:   lenient.Flag(raw, "default"),
		document:  raw,
	}
	a.Why = a.refusal()
	a.Accepted = a.Why == ""
	return a
}

// refusal says why the server would answer 401, in the order in which the causes are worth mending.
func (a Administrator) refusal() string {
	var why []string
	if !a.AuthAPI {
		why = append(why, "auth_api is off")
	}
	if a.Disabled {
		why = append(why, "the account is disabled")
	}
	switch {
	case a.Token == "":
		why = append(why, "it has no token")
	case len(a.Token) > longestToken:
		why = append(why, "its token is longer than 256 characters")
	}
	switch {
	case a.Secret == "":
		why = append(why, "it has no secret")
	case len(a.Secret) < shortestSecret:
		why = append(why, "its secret is shorter than 8 characters")
	}
	return strings.Join(why, ", ")
}

// Find returns the account with that name; names are stored in lower case.
func (l *Administrators) Find(name string) (Administrator, error) {
	for _, exact := range []bool{true, false} {
		for _, a := range l.List {
			if a.Username == name || !exact && strings.EqualFold(a.Username, name) {
				return a, nil
			}
		}
	}
	return Administrator{}, newError("find the administrator "+name, CauseUnknownAdmin, "")
}

// Usable returns the account whose key pair a tool should take: accepted, a super user rather than not.
func (l *Administrators) Usable() (Administrator, bool) {
	for _, super := range []bool{true, false} {
		for _, a := range l.List {
			if a.Accepted && a.SuperUser == super {
				return a, true
			}
		}
	}
	return Administrator{}, false
}

// Administrator reads one account by name.
func (db *DB) Administrator(ctx context.Context, name string) (Administrator, error) {
	all, err := db.Administrators(ctx)
	if err != nil {
		return Administrator{}, err
	}
	return all.Find(name)
}
