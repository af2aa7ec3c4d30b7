package mongo

import (
	"context"
	"errors"
	"strings"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	mongodriver "go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"pritunl-backup/mongo/internal/lenient"
)

// Names that tell what a database is.
const (
	zeroCollection   = "authorities"            // only Pritunl Zero has it; the server refuses to start on it
	markerCollection = "pritunl_backup_restore" // exists while a restore is under way
	markerID         = "unfinished"
	vaultDocument    = "se"       // settings document of the server's sealed mode
	vaultPrefix      = "$SEAV1$&" // start of every sealed value
)

// Instance is what the database says about the server that uses it.
type Instance struct {
	Version    string // settings/version: the last server that started on it
	VersionMin string // settings/version: older servers refuse to start
}

// ListCollections gives the names of the collections behind the prefix, without it, sorted. Only names are asked for.
func (db *DB) ListCollections(ctx context.Context) ([]string, error) {
	var names []string
	err := db.try(ctx, "list the collections of "+db.Name(), func(ctx context.Context) (err error) {
		names, err = db.database.ListCollectionNames(ctx, bson.D{}, options.ListCollections().SetNameOnly(true).SetAuthorizedCollections(true))
		return err
	})
	if err != nil {
		return nil, err
	}
	var out []string
	for _, name := range names {
		if rest, ok := strings.CutPrefix(name, db.prefix); ok && !strings.HasPrefix(name, "system.") {
			out = append(out, rest)
		}
	}
	return sortedUnique(out), nil
}

// Identify checks that this is the complete database of a Pritunl VPN server. The error's cause says what it is
// otherwise: CauseNotPritunl, CauseZero, CauseUnfinished or CauseVault.
func (db *DB) Identify(ctx context.Context) (*Instance, error) {
	op := "look into the database " + db.Name()
	names, err := db.ListCollections(ctx)
	if err != nil {
		return nil, err
	}
	if contains(names, zeroCollection) {
		return nil, newError(op, CauseZero, "it has a collection "+zeroCollection)
	}
	marker, err := db.marker(ctx)
	if err != nil {
		return nil, err
	}
	if marker != nil {
		return nil, newError(op, CauseUnfinished, "started "+marker.Started.UTC().Format(time.RFC3339))
	}
	version, err := db.settings(ctx, "version")
	if err != nil {
		return nil, err
	}
	if version == nil {
		return nil, newError(op, CauseNotPritunl, "it has no settings document named version")
	}
	sealed, err := db.settings(ctx, vaultDocument)
	if err != nil {
		return nil, err
	}
	if sealed != nil {
		return nil, newError(op, CauseVault, "settings/"+vaultDocument+" holds wrapped keys")
	}
	return &Instance{Version: lenient.Text(version, "version"), VersionMin: lenient.Text(version, "version_min")}, nil
}

// settings reads one document of the settings collection, nil when there is none.
func (db *DB) settings(ctx context.Context, id string) (bson.Raw, error) {
	return db.findOne(ctx, db.collection("settings"), bson.D{{Key: "_id", Value: id}})
}

// findOne reads one document, nil when there is none.
func (db *DB) findOne(ctx context.Context, from *mongodriver.Collection, filter bson.D) (bson.Raw, error) {
	var raw bson.Raw
	err := db.try(ctx, "read from "+from.Name(), func(ctx context.Context) (err error) {
		raw, err = from.FindOne(ctx, filter).Raw()
		if errors.Is(err, mongodriver.ErrNoDocuments) {
			raw, err = nil, nil
		}
		return err
	})
	return raw, err
}

// marker is left by a restore until it is complete.
type marker struct {
	Started     time.Time
	Fingerprint string
	Replace     bool
}

func (db *DB) marker(ctx context.Context) (*marker, error) {
	raw, err := db.findOne(ctx, db.collection(markerCollection), bson.D{{Key: "_id", Value: markerID}})
	if raw == nil || err != nil {
		return nil, err
	}
	m := &marker{Fingerprint: lenient.Text(raw, "fingerprint"), Replace: lenient.Flag(raw, "replace")}
	m.Started, _ = date(raw, "started")
	return m, nil
}
