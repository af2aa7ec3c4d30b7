package snapshot

import (
	"encoding/json"
	"slices"
)

// linkFields is GET /link; with another plan than enterprise there are none.
func linkFields() []Field {
	return []Field{
		id(),
		str("name").key().altered(filterStr),
		str("type").zero().note("only while the link is made"),
		str("status").zero().note("made online; offline takes a second request"),
		boolean("ipv6"),
		boolean("host_check").since("1.30.2943"),
		boolean("force_preferred").since("1.30.3098"),
		str("protocol").zero("", "ipsec").since("1.32.4258"),
		integer("wg_port").since("1.32.4258").altered("0 becomes a random port"),
		str("action").zero("", "hold"),
		str("preferred_ike").altered(filterStr2).since("1.30.3098"),
		str("preferred_esp").altered(filterStr2).since("1.30.3098"),
		boolean("key").class(WriteOnly, "the pre-shared key is never shown; true makes a new one").secret(),
	}
}

// locationFields is GET /link/<id>/location.
func locationFields() []Field {
	const ofLink = "the link's"
	return slices.Concat([]Field{
		id(),
		str("name").key().altered(filterStr),
		str("type").class(ReadOnly, "made together with a direct link"),
		computed("protocol", Text, ofLink).since("1.32.4258"),
		computed("wg_port", Number, ofLink).since("1.32.4258"),
		computed("ipv6", Truth, ofLink),
		reference("link_id", Links).inPath("stands in the path of the request"),
		computed("link_type", Text, ofLink),
		objects("hosts").set().note("one request for each"),
	}, under("hosts", locationHostFields()...), []Field{
		objects("routes").set().note("one request for each"),
	}, under("routes",
		id().note("md5 of the network"),
		str("network").key(),
		computed("link_id", Text, ofLink+" id"),
		computed("location_id", Text, "the location's id"),
	), []Field{
		objects("peers").set().note("every other location is a peer; one that is missing was excluded"),
	}, under("peers",
		peer("id").inPath("a pair of locations is excluded, or not, by a request of its own"),
		computed("name", Text, "the peer's name"),
		boolean("transit").note("set by a request of its own"),
		peer("transited_id").note("follows from exclusions and transits"),
		computed("transited_name", Text, "the name of the peer between"),
		volatile("status", Text),
		computed("static", Truth, "tells whether the peer has a static host"),
	))
}

func peer(path string) Field {
	return Field{Path: path, Class: Reference, Ref: Locations, Shape: Text}
}

func locationHostFields() []Field {
	const reported = "for a host that is not static its link client reports another one later"
	return []Field{
		id(),
		str("name").key().altered(filterStr),
		computed("link_id", Text, "the link's id"),
		computed("location_id", Text, "the location's id"),
		volatile("status", Text),
		volatile("hosts", Map|List).since("1.30.2943"),
		volatile("hosts_state_available", Number).since("1.30.2943"),
		volatile("hosts_state_total", Number).since("1.30.2943"),
		volatile("ping_timestamp_ttl", Number|Text),
		volatile("version", Text),
		integer("timeout"),
		integer("priority").zero(json.Number("1"), zeroNumber).altered("0 becomes 1"),
		integer("backoff").since("1.30.3058"),
		boolean("static"),
		str("public_address").altered(filterStr).note(reported),
		str("local_address").altered(filterStr).note(reported),
		info("address6", Text, "only the link client sets it"),
		str("wg_public_key").class(WriteOnly, "never shown; the link client reports it").since("1.32.4258"),
		info("uri", Text, "holds the host's secret, which is generated: the link client is set up again").secret(),
	}
}
