package simulator

import (
	"slices"
	"strings"
	"time"
)

const orgPage = 5

// org is an organization with its users in the order of creation.
type org struct {
	id, name              string
	authAPI               bool
	authToken, authSecret *string
	expires               time.Time
	users                 []*user
	sorted                []*user // nil when it has to be made again
	pool                  []*user // made in advance: ids, keys, and what is attached to them
	filling               bool    // more are being made
}

// orgView is an organization on the wire.
type orgView struct {
	ID         string  `json:"id"`
	Name       string  `json:"name"`
	Expiration *string `json:"expiration"`
	AuthAPI    bool    `json:"auth_api"`
	AuthToken  *string `json:"auth_token"`
	AuthSecret *string `json:"auth_secret"`
	UserCount  int     `json:"user_count"`
}

func (o *org) view() orgView {
	expires := o.expires.UTC().Format(time.DateTime)
	return orgView{
		ID: o.id, Name: o.name, Expiration: &expires, AuthAPI: o.authAPI,
		AuthToken: o.authToken, AuthSecret: o.authSecret, UserCount: len(o.users),
	}
}

// byName is the list of users sorted by name.
func (o *org) byName() []*user {
	if o.sorted == nil {
		o.sorted = byName(o.users, func(u *user) string { return u.name })
	}
	return o.sorted
}

func (db *database) newOrg(name string) *org {
	o := &org{id: db.newID(), name: name, expires: db.now().AddDate(27, 4, 19)}
	db.orgs = append(db.orgs, o)
	db.orgByID[o.id] = o
	return o
}

func (db *database) newSecret() *string {
	s := db.secretText(32)
	return &s
}

func listOrgs(s *Simulator, c *call) reply {
	p, good := c.pageOf()
	if !good {
		return crash()
	}
	views := []orgView{}
	for _, o := range slicePage(byName(s.db.orgs, func(o *org) string { return o.name }), p, orgPage) {
		views = append(views, o.view())
	}
	if !p.wanted {
		return ok(views)
	}
	return ok(map[string]any{
		"page": p.page, "page_total": pageTotal(len(s.db.orgs), orgPage), "organizations": views,
	})
}

func getOrg(s *Simulator, c *call) reply {
	id, null := c.id("org_id")
	if null {
		return listOrgs(s, c)
	}
	o := s.db.org(id)
	if o == nil {
		return crash()
	}
	return ok(o.view())
}

func postOrg(s *Simulator, c *call) reply {
	b := c.body()
	if !s.release.does(pooledOrgs) {
		c.wait(s.db.opts.Realism.Organization)
	}
	o := s.db.newOrg(b.filtered("name"))
	if b.flag("auth_api") {
		o.authAPI, o.authToken, o.authSecret = true, s.db.newSecret(), s.db.newSecret()
	}
	s.db.refill(o)
	s.db.note("Created new organization \"" + o.name + "\".")
	return ok(o.view())
}

func putOrg(s *Simulator, c *call) reply {
	o := s.db.org(c.key("org_id"))
	if o == nil {
		return crash()
	}
	b := c.body()
	o.name = b.filtered("name")
	if o.authAPI = b.flag("auth_api"); o.authAPI {
		if o.authToken == nil {
			o.authToken = s.db.newSecret()
		}
		if o.authSecret == nil {
			o.authSecret = s.db.newSecret()
		}
	} else {
		o.authToken, o.authSecret = nil, nil
	}
	if b.flag("auth_token") {
		o.authToken = s.db.newSecret()
	}
	if b.flag("auth_secret") {
		o.authSecret = s.db.newSecret()
	}
	return ok(o.view())
}

// deleteOrg takes the organization out of one server only. The others keep an
// id that leads nowhere and that no answer shows.
func deleteOrg(s *Simulator, c *call) reply {
	db := s.db
	id, null := c.id("org_id")
	o := db.org(id)
	switch {
	case null: // a long id that is none stands for a new organization
		return empty()
	case o == nil:
		return crash()
	}
	pulled := false
	for _, v := range db.serversOf(o.id) {
		v.stop()
		if !pulled {
			v.orgs = slices.DeleteFunc(v.orgs, func(id string) bool { return id == o.id })
			pulled = true
		}
	}
	for _, u := range o.users {
		delete(db.users, u.id)
		delete(db.strayed, u.id)
	}
	for _, u := range db.strayed {
		u.netLinks = slices.DeleteFunc(u.netLinks, func(l netLink) bool { return l.org == o.id })
	}
	db.orgs = slices.DeleteFunc(db.orgs, func(x *org) bool { return x == o })
	delete(db.orgByID, o.id)
	db.note("Deleted organization \"" + o.name + "\".")
	return empty()
}

// shownName is null for an organization that was never stored.
func (o *org) shownName() *string {
	if o.expires.IsZero() {
		return nil
	}
	return &o.name
}

// label is the form of a name in a DNS name.
func label(name string) string { return strings.ReplaceAll(name, ".", "-") }
