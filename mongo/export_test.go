package mongo

// AdministratorsOf judges documents that were not read from a database.
var AdministratorsOf = administratorsOf

// ResetDocument applies the table of resets to one document.
func ResetDocument(collection string, raw []byte, keepOnline bool) ([]byte, []string, error) {
	d, err := document(raw)
	if err != nil {
		return nil, nil, err
	}
	d, changed := applyResets(d, resetsOf(collection, keepOnline))
	out, err := marshal(d)
	return out, changed, err
}

// CompareIDs orders two values of _id as a database does.
var CompareIDs = compareIDs

// RunningHosts names the hosts that are alive.
var RunningHosts = runningHosts
