package simulator

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
)

const (
	userPage   = 10
	pinLength  = 6
	manyUsers  = 10 // more than this in one request are created in the background
	localAuth  = "local"
	pinOff     = "disabled"
	pinForced  = "required"
	radiusAuth = "radius"
)

// user is a client of an organization. The users of type server, which the
// server makes for itself, never exist here.
type user struct {
	id             string
	org            *org
	name           string
	email          *string
	groups         []string
	pin            string
	authType       string
	yubikey        *string
	otpSecret      *string
	disabled       bool
	bypass         bool
	clientToClient bool
	macs, dns      []string
	suffix         *string
	ports          []portForward
	netLinks       []netLink
	devices        []device
}

// device is a registered or waiting device of a user.
type device struct {
	id, name, platform string
	registered         bool
	override           bool
	stamp              *string
	key                string
	tries              int
}

// authTypes are the values of auth_type that are not replaced by local.
func authTypes() []string {
	return strings.Fields("local duo azure azure_duo azure_yubico google google_duo google_yubico authzero authzero_duo " +
		"authzero_yubico slack slack_duo slack_yubico saml saml_duo saml_yubico saml_okta saml_okta_duo saml_okta_yubico " +
		"saml_onelogin saml_onelogin_duo saml_onelogin_yubico saml_jumpcloud saml_jumpcloud_duo saml_jumpcloud_yubico " +
		"radius radius_duo yubico plugin")
}

func filterAll(in []string) []string {
	out := make([]string, len(in))
	for i, v := range in {
		out[i] = filterText(v)
	}
	return unique(out)
}

func filterPorts(in []portForward) []portForward {
	out := make([]portForward, len(in))
	for i, p := range in {
		out[i] = portForward{Protocol: filterText(p.Protocol), Port: filterText(p.Port), Dport: filterText(p.Dport)}
	}
	return out
}

// postUsers creates users in order and stops at the first that is wrong; the
// ones before it stay.
func postUsers(s *Simulator, c *call) reply {
	db := s.db
	o := db.org(c.key("org_id"))
	if len(c.items) > manyUsers {
		if db.busy > 0 {
			return refuseAs(http.StatusTooManyRequests, "users_background_busy", message("users_background_busy"))
		}
		s.createBeside(c, o)
		return reply{status: http.StatusAccepted, kind: typeJSON, value: map[string]string{
			"status": "users_background",
			"status_msg": "Users will be created in background. This task will take several seconds " +
				"for each user being created.",
		}}
	}
	if _, null := c.id("org_id"); null && len(c.items) == 0 && c.items != nil {
		return ok([]userView{})
	}
	if o == nil || c.items == nil {
		return crash()
	}
	created := []userView{}
	for _, b := range c.items {
		u, code := s.createUser(c, o, b)
		switch {
		case code != "":
			return refuse(code)
		case u == nil:
			return crash()
		}
		created = append(created, u.view(o))
	}
	db.noteUsers(len(created))
	return ok(created)
}

// createBeside creates users beside the requests. Wrong ones are skipped without
// a word. An instance that takes no time for users does it when it is read next.
func (s *Simulator) createBeside(c *call, o *org) {
	db := s.db
	var job *work
	job = db.background(func(wait wait) {
		beside := *c
		beside.wait = wait
		wait(db.opts.Realism.Busy)
		if o == nil {
			return
		}
		db.busy++
		if db.opts.Realism.Certificate == 0 {
			job.held = true
			wait(1)
		}
		n := 0
		for _, b := range c.items {
			if u, code := s.createUser(&beside, o, b); u != nil && code == "" {
				n++
			}
		}
		db.busy--
		db.noteUsers(n)
	})
}

func (db *database) noteUsers(n int) {
	if n == 1 {
		db.note("Created new user.")
		return
	}
	db.note("Created " + strconv.Itoa(n) + " new users.")
}

// createUser adds one user. With a bad network link the user exists all the
// same: links are added to users that are there already. Without a refusal the
// user is nil when the organization was deleted meanwhile.
func (s *Simulator) createUser(c *call, o *org, b fields) (u *user, refused string) {
	u = &user{
		org: o, name: b.filtered("name"), groups: filterAll(b.strs("groups")), authType: b.filtered("auth_type"),
		pin: b.filtered("pin"), yubikey: cutKey(b.str("yubico_id")), disabled: b.flag("disabled"),
		bypass: b.flag("bypass_secondary"), clientToClient: b.flag("client_to_client"),
		macs: someOrNil(b.strs("mac_addresses")), dns: someOrNil(b.strs("dns_servers")),
		suffix: b.filteredOpt("dns_suffix"), ports: filterPorts(b.ports()),
	}
	email := b.filtered("email")
	u.email = &email
	if !slices.Contains(authTypes(), u.authType) {
		u.authType = localAuth
	}
	if u.pin != "" {
		if code := checkPin(u.pin); code != "" {
			return nil, code
		}
	}
	if code := u.checkBypass(); code != "" {
		return nil, code
	}
	kept := s.store(c, u)
	if kept == nil {
		return nil, ""
	}
	for _, network := range b.strs("network_links") {
		if code := s.db.addNetLink(u, network); code != "" {
			return nil, code
		}
		kept.netLinks = u.netLinks
	}
	return u, ""
}

// addUser stores a user and gives it an address on every server of its
// organization.
func (db *database) addUser(u *user) {
	u.org.users = append(u.org.users, u)
	u.org.sorted = nil
	db.users[u.id] = u
	for _, v := range db.serversOf(u.org.id) {
		v.assign(u)
	}
}

func someOrNil(in []string) []string {
	if len(in) == 0 {
		return nil
	}
	return slices.Clone(in)
}

func checkPin(pin string) (refused string) {
	switch {
	case !isDigits(pin):
		return "pin_not_digits"
	case len([]rune(pin)) < pinLength:
		return "pin_too_short"
	}
	return ""
}

func (u *user) checkBypass() (refused string) {
	switch {
	case u.bypass && u.pin != "":
		return "pin_bypass_secondary"
	case u.bypass && u.yubikey != nil:
		return "yubikey_bypass_secondary"
	}
	return ""
}

// findUser looks a user up, whatever organization stands in the path: the answer
// shows that one. A long id that is none stands for a new organization, which is
// never stored and has no name.
func (s *Simulator) findUser(c *call) (*org, *user) {
	id, null := c.id("org_id")
	o := s.db.org(id)
	if null {
		o = &org{id: s.db.newID()}
	}
	if o == nil {
		return nil, nil
	}
	return o, s.db.users[c.key("user_id")]
}

func deleteUser(s *Simulator, c *call) reply {
	o, u := s.findUser(c)
	if _, null := c.id("user_id"); null && o != nil {
		return empty()
	}
	if u == nil {
		return crash()
	}
	for _, v := range s.db.serversOf(o.id) {
		v.release(u)
	}
	u.org.users = slices.DeleteFunc(u.org.users, func(x *user) bool { return x == u })
	u.org.sorted = nil
	delete(s.db.users, u.id)
	delete(s.db.strayed, u.id)
	s.db.note("Deleted user \"" + u.name + "\".")
	return empty()
}

func putOTPSecret(s *Simulator, c *call) reply {
	o, u := s.findUser(c)
	if u == nil {
		return crash()
	}
	u.otpSecret = s.db.otpSecret()
	return ok(u.view(o))
}

func auditUser(s *Simulator, c *call) reply {
	if _, u := s.findUser(c); u == nil {
		return crash()
	}
	return ok([]string{})
}
