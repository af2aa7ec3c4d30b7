package mongo

import (
	"context"
	"fmt"
	"io"
	"strings"

	"go.mongodb.org/mongo-driver/v2/bson"

	"pritunl-backup/mongo/internal/lenient"
)

const keyLength = 32 // characters of a token or a secret, as the server makes them

// EnablePlan is what enabling the API for one administrator will write: one $set on one document.
type EnablePlan struct {
	Administrator Administrator // as it was read
	SetAuthAPI    bool          // auth_api becomes true
	NewToken      bool          // a token is made, since there was none that works
	NewSecret     bool
	Token, Secret Secret // the pair that is valid afterwards

	// Strict tells that the front end refuses all signed requests now and takes up to 65 seconds to notice the change.
	Strict bool
}

// Empty tells that nothing needs to be written.
func (p *EnablePlan) Empty() bool { return !p.SetAuthAPI && !p.NewToken && !p.NewSecret }

// Changes says in words, without values, what would be written.
func (p *EnablePlan) Changes() []string {
	var out []string
	if p.SetAuthAPI {
		out = append(out, "set auth_api to true")
	}
	if p.NewToken {
		out = append(out, "make a token of 32 characters")
	}
	if p.NewSecret {
		out = append(out, "make a secret of 32 characters")
	}
	return out
}

// PlanEnable works out how to let the named administrator use the API. random is the source of a new token and secret.
// A disabled account is refused: the server would go on refusing it.
func (l *Administrators) PlanEnable(name string, random io.Reader) (*EnablePlan, error) {
	a, err := l.Find(name)
	if err != nil {
		return nil, err
	}
	if a.Disabled {
		return nil, newError("enable the API for "+a.Username, CauseDisabledAdmin, "")
	}
	p := &EnablePlan{Administrator: a, SetAuthAPI: !a.AuthAPI, Token: a.Token, Secret: a.Secret, Strict: l.Strict}
	if a.Token == "" || len(a.Token) > longestToken {
		p.NewToken = true
		if p.Token, err = randomKey(random); err != nil {
			return nil, err
		}
	}
	if len(a.Secret) < shortestSecret {
		p.NewSecret = true
		if p.Secret, err = randomKey(random); err != nil {
			return nil, err
		}
	}
	return p, nil
}

// Enable writes the plan. The document must still be as it was read: otherwise nothing is written and the error's
// cause is CauseChanged.
func (db *DB) Enable(ctx context.Context, p *EnablePlan) error {
	if p.Empty() {
		return nil
	}
	op := "enable the API for " + p.Administrator.Username
	set := bson.D{}
	if p.SetAuthAPI {
		set = append(set, bson.E{Key: "auth_api", Value: true})
	}
	if p.NewToken {
		set = append(set, bson.E{Key: "token", Value: p.Token.Reveal()})
	}
	if p.NewSecret {
		set = append(set, bson.E{Key: "secret", Value: p.Secret.Reveal()})
	}
	filter := unchanged(p.Administrator.document, "_id", "username", "auth_api", "token", "secret", "disabled")
	var matched int64
	err := db.try(ctx, op, func(ctx context.Context) error {
		result, err := db.primary("administrators").UpdateOne(ctx, filter, bson.D{{Key: "$set", Value: set}})
		if err == nil {
			matched = result.MatchedCount
		}
		return err
	})
	if err != nil {
		return err
	}
	if matched == 1 {
		return nil
	}
	return db.enabledAlready(ctx, op, p)
}

// enabledAlready settles what a lost answer means: a write that was sent twice finds its own values.
func (db *DB) enabledAlready(ctx context.Context, op string, p *EnablePlan) error {
	id := bson.D{{Key: "_id", Value: lenient.Value(p.Administrator.document, "_id")}}
	raw, err := db.findOne(ctx, db.primary("administrators"), id)
	if err != nil {
		return err
	}
	now := administratorOf(raw)
	if raw != nil && now.Accepted && now.Token == p.Token && now.Secret == p.Secret {
		return nil
	}
	return newError(op, CauseChanged, "nothing was written")
}

// unchanged filters for a document whose named fields still have the values they had; null stands for absent too.
func unchanged(raw bson.Raw, fields ...string) bson.D {
	filter := bson.D{}
	for _, field := range fields {
		var value any
		if v := lenient.Value(raw, field); !isNull(v) {
			value = v
		}
		filter = append(filter, bson.E{Key: field, Value: value})
	}
	return filter
}

// randomKey draws 32 letters and digits, each as likely as the others.
func randomKey(random io.Reader) (Secret, error) {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
	const fair = 256 - 256%len(alphabet) // above it the first letters would be more likely
	var key strings.Builder
	buffer := make([]byte, 1)
	for drawn := 0; key.Len() < keyLength; drawn++ {
		if drawn > 100*keyLength {
			return "", fmt.Errorf("make a key: the source of randomness repeats itself")
		}
		if _, err := io.ReadFull(random, buffer); err != nil {
			return "", fmt.Errorf("make a key: %w", err)
		}
		if int(buffer[0]) < fair {
			key.WriteByte(alphabet[int(buffer[0])%len(alphabet)])
		}
	}
	return Secret(key.String()), nil
}
