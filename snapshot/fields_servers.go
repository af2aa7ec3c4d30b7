package snapshot

// serverFields is GET /server and PUT /server/<id>.
func serverFields() []Field {
	const startOnly = "only what was online is started, and only when that is asked for"
	return []Field{
		id(),
		str("name").key().altered(filterStr),
		info("status", Text, startOnly),
		volatile("uptime", Number),
		volatile("users_online", Number),
		volatile("devices_online", Number),
		volatile("user_count", Number),
		str("network"),
		boolean("wg").since("1.29.2388"),
		str("network_wg").since("1.29.2388").note("only with wg"),
		integer("port"),
		integer("port_wg").since("1.29.2388").note("only with wg"),
		str("protocol").altered("lower case"),
		integer("dh_param_bits").note("a change makes the server generate new parameters, which takes minutes"),
		str("network_mode").zero("", "tunnel"),
		str("network_start"),
		str("network_end"),
		str("bind_address").altered(filterStr),
		list("groups").set().altered(filterStr),
		boolean("ipv6"),
		boolean("ipv6_firewall"),
		boolean("dynamic_firewall").since("1.30.3221"),
		boolean("route_dns").since("1.32.3660"),
		boolean("device_auth").since("1.32.3479"),
		boolean("bypass_sso_auth").since("1.32.4465"),
		boolean("restrict_routes"),
		boolean("hide_ovpn").since("1.32.4465"),
		boolean("geo_sort").since("1.32.4034"),
		boolean("force_connect").since("1.32.4034"),
		boolean("ovpn_dco").since("1.32.4512"),
		boolean("multihome").since("1.32.3453"),
		boolean("multi_device"),
		boolean("jumbo_frames"),
		boolean("lzo_compression"),
		list("dns_servers"),
		str("search_domain").altered("joined with a comma and a space"),
		boolean("dns_mapping"),
		boolean("inter_client"),
		integer("ping_interval"),
		integer("ping_timeout"),
		integer("ping_interval_wg").since("1.32.4089"),
		integer("ping_timeout_wg").since("1.32.4089"),
		integer("link_ping_interval"),
		integer("link_ping_timeout"),
		integer("inactive_timeout"),
		integer("session_timeout").since("1.29.2423"),
		str("allowed_devices"),
		integer("max_clients"),
		integer("max_devices"),
		integer("replica_count"),
		boolean("vxlan"),
		boolean("otp_auth"),
		boolean("sso_auth").since("1.30.3331"),
		info("sso_webauth", Truth, "the API shows it and takes it from nobody").since(unreleased),
		boolean("debug"),
		str("cipher"),
		str("hash"),
		boolean("block_outside_dns"),
		str("pre_connect_msg").altered(stripped),
		mssFix(),
		integer("tun_mtu").since("1.32.4388"),
		integer("fragment").since("1.32.4388"),
	}
}

func mssFix() Field {
	f := integer("mss_fix").altered("fractions are cut")
	f.Wire = Any
	return f
}

const parentServer = "stands in the path of the request"

// serverOrganizationFields is GET /server/<id>/organization.
func serverOrganizationFields() []Field {
	return []Field{
		reference("id", Organizations).inPath("stands in the path of the request that attaches it"),
		reference("server", Servers).inPath(parentServer),
		computed("name", Text, "the organization's name"),
	}
}

// serverHostFields is GET /server/<id>/host.
func serverHostFields() []Field {
	return []Field{
		reference("id", Hosts).inPath("stands in the path of the request that attaches it"),
		reference("server", Servers).inPath(parentServer),
		computed("name", Text, "the host's name"),
		volatile("status", Text),
		computed("address", Text, "the host's public_addr"),
		computed("address6", Text, "the host's public_addr6"),
	}
}

// serverLinkFields is GET /server/<id>/link. Every pair stands in the document
// twice, once from each side; one request makes both.
func serverLinkFields() []Field {
	return []Field{
		reference("id", Servers).inPath("stands in the path of the request that links it"),
		reference("server", Servers).inPath(parentServer),
		computed("name", Text, "the linked server's name"),
		volatile("status", Text),
		info("address", Text, "always null"),
		boolean("use_local_address").note("one value for both directions; changed only by unlinking first"),
	}
}

// serverRouteFields is GET /server/<id>/route. Rows that the server derives are
// told by DerivedRoute.
func serverRouteFields() []Field {
	const derived = "tells what kind of row it is"
	const vpc = "taken by the API and always stored as null"
	return []Field{
		id().note("hex of the network"),
		reference("server", Servers).inPath(parentServer),
		str("network").key().altered("a bare address becomes /32; host bits are refused"),
		str("comment").note("a route with the comment DNS Server is rewritten whenever the server is changed"),
		integer("metric"),
		boolean("nat"),
		str("nat_interface"),
		str("nat_netmap"),
		boolean("net_gateway"),
		boolean("advertise"),
		list("advertise_resource").since("1.34.4619").altered("null unless advertise"),
		str("vpc_region").class(ReadOnly, vpc),
		str("vpc_id").class(ReadOnly, vpc),
		computed("virtual_network", Truth, derived),
		computed("network_link", Truth, derived),
		computed("server_link", Truth, derived),
		computed("link_virtual_network", Truth, derived),
		computed("wg_network", Truth, derived).since("1.29.2388"),
	}
}

// hostFields is GET /host and PUT /host/<id>. Hosts register themselves and are
// never created.
func hostFields() []Field {
	const own = "the host finds it out by itself"
	return []Field{
		id().note("a host brings its own"),
		str("name").key().altered(filterStr),
		info("hostname", Text, own),
		info("instance_id", Text, "always null"),
		volatile("status", Text),
		volatile("uptime", Number),
		info("version", Text, own),
		volatile("user_count", Number),
		volatile("users_online", Number),
		info("local_networks", List, own).set(),
		info("public_addr", Text, own),
		str("public_address").altered(cleanDomain),
		info("public_addr6", Text, own),
		str("public_address6").altered(cleanDomain),
		str("routed_subnet6").note("refused while a server with ipv6 is online"),
		str("routed_subnet6_wg").since("1.29.2388").note("refused while a server with ipv6 is online"),
		boolean("proxy_ndp"),
		info("link_addr", Text, own),
		str("link_address").altered(cleanDomain),
		str("sync_address").altered(cleanDomain),
		info("local_addr", Text, own),
		str("local_address").altered(cleanDomain),
		info("local_addr6", Text, own),
		str("local_address6").altered(cleanDomain),
		str("availability_group").zero("", "default").altered(filterStr),
		integer("priority").since("1.32.4278"),
	}
}
