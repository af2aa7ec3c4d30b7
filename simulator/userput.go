package simulator

import "slices"

// putUser changes a user. Links are stored at once, everything else only when
// all checks have passed. The user then belongs to the organization of the path. A
// long id that is none makes a new user, without certificate or address.
func putUser(s *Simulator, c *call) reply {
	db := s.db
	o, old := s.findUser(c)
	_, made := c.id("user_id")
	if made && o != nil {
		old = &user{id: db.newID(), org: o, authType: localAuth}
	}
	if old == nil {
		return crash()
	}
	changed := *old
	changed.org = o
	changed.applyNames(c.body())
	if answer := changed.applyPin(db, c.body()["pin"]); answer != nil {
		return *answer
	}
	code := db.replaceNetLinks(old, &changed, c.body().strs("network_links"))
	db.noteStrayed(old)
	if code != "" {
		return refuse(code)
	}
	changed.netLinks = old.netLinks
	changed.applyRest(c.body())
	if code = changed.checkBypass(); code != "" {
		return refuse(code)
	}
	from := old.org
	*old = changed
	o.sorted = nil
	if made {
		o.users, db.users[old.id] = append(o.users, old), old
	}
	if from != o {
		db.move(old, from)
	}
	if c.body().flag("send_key_email") && old.email != nil && !db.mails() {
		return refuse("email_not_configured")
	}
	return ok(old.view(o))
}

// move takes a user who belongs to another organization now out of the former
// one. No server gives an address out or back: those of both organizations go on
// with the one that the user has.
func (db *database) move(u *user, from *org) {
	from.users = slices.DeleteFunc(from.users, func(x *user) bool { return x == u })
	from.sorted = nil
	u.org.users = append(u.org.users, u)
	db.noteStrayed(u)
}

// noteStrayed keeps the list of users with network links of another organization
// than their own.
func (db *database) noteStrayed(u *user) {
	delete(db.strayed, u.id)
	if slices.ContainsFunc(u.netLinks, func(l netLink) bool { return l.org != u.org.id }) {
		db.strayed[u.id] = u
	}
}

func (u *user) applyNames(b fields) {
	u.name = b.filtered("name")
	if u.name == "" {
		u.name = "undefined"
	}
	u.email = b.filteredOpt("email")
	if kind := b.filtered("auth_type"); slices.Contains(authTypes(), kind) {
		u.authType = kind
	}
	u.yubikey = cutKey(b.filtered("yubico_id"))
	u.groups = filterAll(b.strs("groups"))
}

// applyPin takes any JSON value: true keeps the pin, what counts as false
// clears it, a text sets it.
func (u *user) applyPin(db *database, value any) *reply {
	if value == true {
		return nil
	}
	if !truthy(value) {
		u.pin = ""
		return nil
	}
	fail := func(r reply) *reply { return &r }
	if db.live.str("pin_mode") == pinOff {
		return fail(refuse("pin_disabled"))
	}
	if contains(u.authType, radiusAuth) {
		return fail(refuse("pin_radius"))
	}
	pin, isText := value.(string)
	if !isText {
		return fail(crash())
	}
	if code := checkPin(pin); code != "" {
		return fail(refuse(code))
	}
	u.pin = pin
	return nil
}

// replaceNetLinks makes the links of a stored user the wanted ones. Additions
// come first; servers are looked at with the new groups. Links that were added in
// another organization than that of the path stay.
func (db *database) replaceNetLinks(stored, changed *user, wanted []string) (refused string) {
	var networks []string
	for _, network := range wanted {
		p, err := parseNetwork(network)
		if err != nil {
			return "network_link_invalid"
		}
		networks = append(networks, networkText(p))
	}
	changed.netLinks = slices.Clone(stored.netLinks)
	for _, network := range networks {
		if slices.Contains(stored.networks(), network) {
			continue
		}
		if code := db.addNetLink(changed, network); code != "" {
			return code
		}
		stored.netLinks = changed.netLinks
	}
	stored.netLinks = slices.DeleteFunc(slices.Clone(stored.netLinks), func(l netLink) bool {
		return l.org == changed.org.id && !slices.Contains(networks, l.network)
	})
	return ""
}

func (u *user) applyRest(b fields) {
	u.ports = filterPorts(b.ports())
	u.disabled = b.flag("disabled")
	u.bypass = b.flag("bypass_secondary")
	u.clientToClient = b.flag("client_to_client")
	u.macs, u.dns = someOrNil(b.strs("mac_addresses")), someOrNil(b.strs("dns_servers"))
	u.suffix = b.filteredOpt("dns_suffix")
}

// truthy is what the back end's language takes a JSON value for.
func truthy(v any) bool {
	switch v := v.(type) {
	case nil:
		return false
	case bool:
		return v
	case string:
		return v != ""
	case float64:
		return v != 0
	case []any:
		return len(v) > 0
	case map[string]any:
		return len(v) > 0
	}
	return true
}
