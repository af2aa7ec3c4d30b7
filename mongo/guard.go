package mongo

import (
	"context"
	"fmt"
	"strings"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"pritunl-backup/mongo/internal/lenient"
)

// aliveFor is how recent a host's last sign of life is while it runs (setting host_ping_ttl; it is given every 10 s).
const aliveFor = 30 * time.Second

// targetState is what matters about a database before it is written to.
type targetState struct {
	marker   *marker
	version  string // settings/version, "" when there is none
	hosts    []bson.Raw
	warnings []string
}

// guard refuses databases that must never be written to, whatever the options.
func (db *DB) guard(ctx context.Context) (*targetState, error) {
	op := "restore into the database " + db.Name()
	names, err := db.ListCollections(ctx)
	if err != nil {
		return nil, err
	}
	if contains(names, zeroCollection) {
		return nil, newError(op, CauseZero, "it has a collection "+zeroCollection)
	}
	state := &targetState{}
	if state.marker, err = db.marker(ctx); err != nil {
		return nil, err
	}
	version, err := db.findOne(ctx, db.primary("settings"), bson.D{{Key: "_id", Value: "version"}})
	if err != nil {
		return nil, err
	}
	state.version = lenient.Text(version, "version")
	if state.hosts, err = db.allOf(ctx, "hosts"); err != nil {
		return nil, err
	}
	now, err := db.serverTime(ctx)
	if err != nil {
		return nil, err
	}
	if running := runningHosts(state.hosts, now); len(running) > 0 {
		return nil, newError(op, CauseRefusedTarget, "a server is running on it: "+strings.Join(running, ", ")).
			withHint("stop the pritunl service on every node and wait half a minute")
	}
	return state, db.leftovers(ctx, names, state)
}

// runningHosts names the hosts that are online and gave a sign of life lately.
func runningHosts(hosts []bson.Raw, now time.Time) []string {
	var out []string
	for _, host := range hosts {
		ping, ok := date(host, "ping_timestamp")
		if lenient.Text(host, "status") == "online" && ok && now.Sub(ping) < aliveFor {
			out = append(out, fmt.Sprintf("host %s (%s)", lenient.Text(host, "name"), idText(lenient.Value(host, "_id"))))
		}
	}
	return out
}

// serverTime asks the database for its clock, by which hosts give their signs of life; ours may be wrong.
func (db *DB) serverTime(ctx context.Context) (time.Time, error) {
	var hello bson.Raw
	err := db.try(ctx, "ask the database for its time", func(ctx context.Context) (err error) {
		hello, err = db.database.RunCommand(ctx, bson.D{{Key: "hello", Value: 1}}).Raw()
		return err
	})
	if err != nil {
		return time.Time{}, err
	}
	if now, ok := date(hello, "localTime"); ok {
		return now, nil
	}
	return db.now(), nil
}

// leftovers warns of unfinished jobs that a server would go on with at its next start.
func (db *DB) leftovers(ctx context.Context, names []string, state *targetState) error {
	for _, name := range []string{"queue", "transaction"} {
		if !contains(names, name) {
			continue
		}
		var count int64
		err := db.try(ctx, "count the documents of "+name, func(ctx context.Context) (err error) {
			count, err = db.primary(name).EstimatedDocumentCount(ctx)
			return err
		})
		if err != nil {
			return err
		}
		if count > 0 {
			state.warnings = append(state.warnings, fmt.Sprintf("%s holds %d unfinished jobs of the old data; run pritunl destroy-secondary before the first start", name, count))
		}
	}
	return nil
}

// admits compares an unfinished restore with this one.
func (s *targetState) admits(o *RestoreOptions) error {
	if s.marker == nil {
		return nil
	}
	if s.marker.Fingerprint != o.Fingerprint && !o.Replace {
		return newError("restore into the database", CauseRefusedTarget, "the restore of another snapshot into it was not finished").
			withHint("finish that one, or allow replacing")
	}
	o.Replace = o.Replace || s.marker.Replace
	return nil
}

// allOf reads a small collection from the primary, sorted by _id.
func (db *DB) allOf(ctx context.Context, collection string) ([]bson.Raw, error) {
	var out []bson.Raw
	err := db.try(ctx, "read "+collection, func(ctx context.Context) error {
		out = nil
		cursor, err := db.primary(collection).Find(ctx, bson.D{}, options.Find().SetSort(bson.D{{Key: "_id", Value: 1}}))
		if err != nil {
			return err
		}
		return cursor.All(ctx, &out)
	})
	return out, err
}
