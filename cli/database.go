package cli

import (
	"context"
	"fmt"
	"os"
	"time"

	"pritunl-backup/mongo"
)

func uriVariable() variable {
	return variable{flag: "mongodb-uri", env: "MONGODB_URI", usage: "database of the server: mongodb+srv://USER:PASSWORD@HOST/DATABASE", secret: true}
}

func databaseVariables() []variable {
	return []variable{
		uriVariable(),
		{flag: "pritunl-conf", env: "PRITUNL_CONF", usage: "take the database from the server's own configuration, /etc/pritunl.conf"},
		{flag: "mongodb-prefix", env: "MONGODB_PREFIX", usage: "what stands before every collection name (mongodb_collection_prefix)"},
		{flag: "mongodb-timeout", env: "MONGODB_TIMEOUT", usage: "how long to look for a database server", initial: "15s"},
	}
}

// parseDatabase resolves where the database is. Without an address the options are empty; openDatabase refuses them.
func parseDatabase(s *settings) (mongo.Options, error) {
	value := map[string]setting{}
	for _, v := range databaseVariables() {
		found, err := s.get(v)
		if err != nil {
			return mongo.Options{}, err
		}
		value[v.flag] = found
	}
	opts := mongo.Options{URI: mongo.Secret(value["mongodb-uri"].value), Prefix: value["mongodb-prefix"].value}
	var err error
	if opts.Timeout, err = parseDuration(value["mongodb-timeout"]); err != nil {
		return opts, err
	}
	path := value["pritunl-conf"].value
	if path == "" {
		return opts, nil
	}
	if opts.URI != "" && value["mongodb-uri"].origin != s.known().origin {
		return opts, usageError("both --mongodb-uri and --pritunl-conf are given", "one of them says where the database is")
	}
	raw, err := os.ReadFile(path)
	if err != nil {
		return opts, usageError(fmt.Sprintf("read the server's configuration: %v", err), "it is readable by root alone")
	}
	conf, err := mongo.ParseConf(raw)
	if err != nil {
		return opts, fmt.Errorf("read %s: %w", path, err)
	}
	opts.URI, opts.ReadPreference = conf.URI, conf.ReadPreference
	if opts.Prefix == "" {
		opts.Prefix = conf.Prefix
	}
	return opts, nil
}

// openDatabase connects to the database of a Pritunl server, and to nothing else.
func (env *environment) openDatabase(ctx context.Context, opts mongo.Options) (*mongo.DB, error) {
	if opts.URI == "" {
		return nil, usageError("no database is given",
			"set MONGODB_URI (mongodb+srv://user:password@host/pritunl), or --pritunl-conf /etc/pritunl.conf on the server itself")
	}
	env.out.progress("connecting to the database", 0, 0)
	db, err := mongo.Open(ctx, opts)
	if err != nil {
		return nil, err
	}
	if _, err := db.Identify(ctx); err != nil {
		closeDatabase(db)
		return nil, err
	}
	return db, nil
}

// closeDatabase says good-bye even when the run was interrupted, but does not wait for an answer.
func closeDatabase(db *mongo.DB) {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	_ = db.Close(ctx)
}
