package snapshot

func normalise(kind Kind, o Object, redact bool) Object { return o }
