package mongo

import (
	"context"

	"go.mongodb.org/mongo-driver/v2/bson"

	"pritunl-backup/mongo/internal/lenient"
)

// License is what the database keeps of the subscription: no answer of the API holds the key.
type License struct {
	Present bool   // settings/app has a licence key
	Key     Secret // settings/app: license
	Plan    string // settings/subscription: plan, else settings/app: license_plan
	Active  *bool  // settings/subscription: active; nil when the server never checked
	URLKey  Secret // settings/subscription: url_key, opens the customer's page
	Status  string // "active", "inactive", or "unknown" when the server never checked
}

// License reads the licence from settings/app and settings/subscription.
func (db *DB) License(ctx context.Context) (*License, error) {
	app, err := db.settings(ctx, "app")
	if err != nil {
		return nil, err
	}
	subscription, err := db.settings(ctx, "subscription")
	if err != nil {
		return nil, err
	}
	return licenseOf(app, subscription), nil
}

func licenseOf(app, subscription bson.Raw) *License {
	l := &License{
		Key:    Secret(lenient.Text(app, "license")),
		Plan:   lenient.Text(subscription, "plan"),
		URLKey: Secret(lenient.Text(subscription, "url_key")),
		Status: "unknown",
	}
	l.Present = l.Key != ""
	if l.Plan == "" {
		l.Plan = lenient.Text(app, "license_plan")
	}
	if active, ok := lenient.Value(subscription, "active").BooleanOK(); ok {
		l.Active = &active
		l.Status = "inactive"
		if active {
			l.Status = "active"
		}
	}
	return l
}
