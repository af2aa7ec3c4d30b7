package mongo

import (
	"net/url"
	"regexp"
	"strings"
)

// address is what this package needs of a connection string before the driver sees it.
type address struct {
	hosts    string
	database string
	user     string
	password string
	raw      []string // spellings of user name and password as they stand in the URI
}

// parseAddress takes a connection string apart. The driver checks it again; this exists because the driver neither
// tells the database of the path nor keeps the URI out of its error texts.
func parseAddress(uri string) (address, error) {
	scheme, rest, ok := strings.Cut(uri, "://")
	if !ok || (scheme != "mongodb" && scheme != "mongodb+srv") {
		return address{}, newError("read the MongoDB URI", CauseAddress, "it must start with mongodb:// or mongodb+srv://")
	}
	var a address
	rest, _, _ = strings.Cut(rest, "?")
	if at := strings.LastIndex(rest, "@"); at >= 0 {
		a.takeUser(rest[:at])
		rest = rest[at+1:]
	}
	hosts, path, _ := strings.Cut(rest, "/")
	a.hosts = hosts
	name, err := url.PathUnescape(path)
	if err != nil {
		return a, newError("read the MongoDB URI", CauseAddress, "the database name is not well escaped")
	}
	if name == "" {
		return a, newError("read the MongoDB URI", CauseNoDatabase, "it names no database")
	}
	// A server accepts "database.collection" there and uses what stands before the dot.
	a.database, _, _ = strings.Cut(name, ".")
	if a.database == "" || strings.ContainsAny(a.database, "/\\ \"$\x00") {
		return a, newError("read the MongoDB URI", CauseAddress, "the database name is not valid")
	}
	return a, nil
}

func (a *address) takeUser(info string) {
	user, password, _ := strings.Cut(info, ":")
	a.raw = append(a.raw, user, password)
	a.user, a.password = unescaped(user), unescaped(password)
}

func unescaped(s string) string {
	if out, err := url.QueryUnescape(s); err == nil {
		return out
	}
	return s
}

// RedactURI gives a connection string without user name, password and option values that may be secret. Text that is
// not a connection string is replaced whole.
func RedactURI(uri string) string {
	scheme, rest, ok := strings.Cut(uri, "://")
	if !ok || !strings.HasPrefix(scheme, "mongodb") {
		return redacted
	}
	user := ""
	if at := strings.LastIndex(rest, "@"); at >= 0 {
		user, rest = redacted+"@", rest[at+1:]
	}
	rest, query, has := strings.Cut(rest, "?")
	if has {
		rest += "?" + redactQuery(query)
	}
	return scheme + "://" + user + rest
}

func redactQuery(query string) string {
	harmless := map[string]bool{
		"authsource": true, "authmechanism": true, "replicaset": true, "tls": true, "ssl": true, "retrywrites": true,
		"retryreads": true, "w": true, "readpreference": true, "appname": true, "directconnection": true,
	}
	pairs := strings.Split(query, "&")
	for i, pair := range pairs {
		key, _, _ := strings.Cut(pair, "=")
		if !harmless[strings.ToLower(key)] {
			pairs[i] = key + "=" + redacted
		}
	}
	return strings.Join(pairs, "&")
}

// scrubber takes connection strings and credentials out of texts that others wrote.
type scrubber struct {
	uris  *regexp.Regexp
	words *strings.Replacer
}

func newScrubber(a address) scrubber {
	var pairs []string
	// The longest spelling first: a replacer takes the first that matches.
	for _, word := range append([]string{a.password, a.user}, a.raw...) {
		if len(word) >= 3 {
			pairs = append(pairs, word, redacted)
			continue
		}
		if word != "" {
			pairs = append(pairs, `"`+word+`"`, redacted, "'"+word+"'", redacted)
		}
	}
	return scrubber{
		uris:  regexp.MustCompile(`mongodb(\+srv)?://[^\s"']+`),
		words: strings.NewReplacer(pairs...),
	}
}

// text gives s without anything secret. Servers quote the refused command, with every value in it, in braces: from
// the first brace on nothing is kept.
func (s scrubber) text(in string) string {
	if s.uris == nil {
		s = newScrubber(address{})
	}
	in, _, _ = strings.Cut(in, "{")
	in = s.uris.ReplaceAllStringFunc(in, RedactURI)
	return strings.TrimRight(s.words.Replace(in), " :,\n\t")
}
