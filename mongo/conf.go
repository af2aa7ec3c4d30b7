package mongo

import (
	"encoding/json"
	"errors"
)

// defaultURI is what the server connects to when its configuration file has no such key at all.
const defaultURI = "mongodb://localhost:27017/pritunl"

// Conf is the part of a server's configuration file (/etc/pritunl.conf) that says where its database is.
type Conf struct {
	URI            Secret // mongodb_uri
	Prefix         string // mongodb_collection_prefix
	ReadPreference string // mongodb_read_preference; "" leaves the driver's default
}

// ParseConf reads the text of /etc/pritunl.conf the way the server does: a missing mongodb_uri means the local
// database, an empty one means that the server was never set up, which is an error with CauseNotConfigured. An unknown
// read preference counts as none.
func ParseConf(data []byte) (Conf, error) {
	const op = "read the server's configuration"
	var raw map[string]json.RawMessage
	if err := json.Unmarshal(data, &raw); err != nil {
		var syntax *json.SyntaxError
		if errors.As(err, &syntax) {
			return Conf{}, newError(op, CauseAddress, "it is not JSON")
		}
		return Conf{}, newError(op, CauseAddress, "it is not one JSON object")
	}
	conf := Conf{URI: defaultURI}
	uri, present, err := confString(raw, "mongodb_uri")
	if err != nil {
		return Conf{}, err
	}
	if present {
		conf.URI = Secret(uri)
	}
	if conf.URI == "" {
		return Conf{}, newError(op, CauseNotConfigured, "mongodb_uri is empty")
	}
	if conf.Prefix, _, err = confString(raw, "mongodb_collection_prefix"); err != nil {
		return Conf{}, err
	}
	preference, _, err := confString(raw, "mongodb_read_preference")
	if err != nil {
		return Conf{}, err
	}
	if _, known := readPreference(preference); known {
		conf.ReadPreference = preference
	}
	return conf, nil
}

// confString gives a text value; null counts as present and empty.
func confString(raw map[string]json.RawMessage, key string) (value string, present bool, err error) {
	text, ok := raw[key]
	if !ok {
		return "", false, nil
	}
	var s *string
	if err := json.Unmarshal(text, &s); err != nil {
		return "", true, newError("read the server's configuration", CauseAddress, key+" is not a text")
	}
	if s == nil {
		return "", true, nil
	}
	return *s, true, nil
}
