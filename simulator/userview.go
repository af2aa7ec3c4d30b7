package simulator

import (
	"cmp"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// userView is a user as the answers to POST and PUT show it.
type userView struct {
	ID              string        `json:"id"`
	Organization    string        `json:"organization"`
	OrgName         *string       `json:"organization_name"` // null for an organization that is not stored
	Name            string        `json:"name"`
	Email           *string       `json:"email"`
	Groups          []string      `json:"groups"`
	LastActive      *int64        `json:"last_active"`
	Pin             bool          `json:"pin"`
	Type            string        `json:"type"`
	AuthType        string        `json:"auth_type"`
	YubicoID        *string       `json:"yubico_id"`
	OTPSecret       *string       `json:"otp_secret"`
	Disabled        bool          `json:"disabled"`
	BypassSecondary bool          `json:"bypass_secondary"`
	ClientToClient  bool          `json:"client_to_client"`
	MacAddresses    []string      `json:"mac_addresses"`
	DNSServers      []string      `json:"dns_servers"`
	DNSSuffix       *string       `json:"dns_suffix"`
	PortForwarding  []portForward `json:"port_forwarding"`
	Devices         []deviceView  `json:"devices"`
}

// userDetail is a user as GET shows it.
type userDetail struct {
	userView
	Gravatar     bool         `json:"gravatar"`
	Audit        bool         `json:"audit"`
	Status       bool         `json:"status"`
	SSO          any          `json:"sso"`
	AuthModes    []string     `json:"auth_modes"`
	DNSMapping   *string      `json:"dns_mapping"`
	NetworkLinks []string     `json:"network_links"`
	Servers      []userServer `json:"servers"`
}

// userServer is a server of a user. Nobody is ever connected here.
type userServer struct {
	ID             string  `json:"id"`
	Name           string  `json:"name"`
	Status         bool    `json:"status"`
	ServerID       string  `json:"server_id"`
	DeviceName     *string `json:"device_name"`
	Platform       *string `json:"platform"`
	RealAddress    *string `json:"real_address"`
	VirtAddress    *string `json:"virt_address"`
	VirtAddress6   *string `json:"virt_address6"`
	ConnectedSince *int64  `json:"connected_since"`
}

func (u *user) view(o *org) userView {
	return userView{
		ID: u.id, Organization: o.id, OrgName: o.shownName(), Name: u.name, Email: u.email, Groups: u.groups,
		Pin: u.pin != "", Type: "client", AuthType: u.authType, YubicoID: u.yubikey, OTPSecret: u.otpSecret,
		Disabled: u.disabled, BypassSecondary: u.bypass, ClientToClient: u.clientToClient,
		MacAddresses: u.macs, DNSServers: u.dns, DNSSuffix: u.suffix, PortForwarding: u.ports,
		Devices: u.deviceViews(),
	}
}

// orgContext is what all users of an organization have in common.
type orgContext struct {
	db      *database
	org     *org
	servers []*server
	otp     bool
	mapping bool
}

func (db *database) contextOf(o *org) orgContext {
	ctx := orgContext{db: db, org: o, servers: byName(db.serversOf(o.id), (*server).name)}
	for _, v := range ctx.servers {
		ctx.otp = ctx.otp || v.conf.flag("otp_auth")
		ctx.mapping = ctx.mapping || v.conf.flag("dns_mapping")
	}
	return ctx
}

func (ctx orgContext) detail(u *user) userDetail {
	d := userDetail{
		userView: u.view(ctx.org), Gravatar: true, Audit: ctx.db.audits(), SSO: ctx.db.live["sso"],
		AuthModes: ctx.db.authModes(u, ctx.otp), NetworkLinks: u.networks(),
		Servers: []userServer{},
	}
	if ctx.mapping {
		before, _, _ := strings.Cut(u.name, "@")
		name := strings.ToLower(label(before) + "." + label(ctx.org.name) + ".vpn")
		d.DNSMapping = &name
	}
	for _, v := range ctx.servers {
		if !v.serves(u) {
			continue
		}
		entry := userServer{ID: v.id, Name: v.name(), ServerID: v.id}
		if ip, found := v.addressOf(u); found {
			entry.VirtAddress = orNil(ip.String())
			entry.VirtAddress6 = orNil(ctx.db.address6(v.conf.str("network"), ip))
		}
		d.Servers = append(d.Servers, entry)
	}
	return d
}

func contains(s, part string) bool { return strings.Contains(s, part) }

func getUser(s *Simulator, c *call) reply {
	if _, null := c.id("user_id"); null {
		return listUsers(s, c)
	}
	o, u := s.findUser(c)
	if o == nil {
		return abort(http.StatusNotFound)
	}
	ctx := s.db.contextOf(o)
	if u == nil {
		if u = s.db.pooledUser(c.key("user_id")); u == nil {
			return abort(http.StatusNotFound)
		}
		return ok(ctx.pooled(u))
	}
	return ok(ctx.detail(u))
}

// pooled is a user who waits for a name: lists leave it out, but under its id it is
// shown. So are users that were lost.
func (ctx orgContext) pooled(u *user) userDetail {
	d := ctx.detail(u)
	d.Type, d.AuthType, d.Groups, d.AuthModes = "client_pool", localAuth, []string{}, []string{}
	return d
}

// listUsers is the list of an organization: all, one page, or a search.
func listUsers(s *Simulator, c *call) reply {
	id, null := c.id("org_id")
	o := s.db.org(id)
	switch {
	case null:
		o = &org{}
	case o == nil:
		return abort(http.StatusNotFound)
	}
	p, good := c.pageOf()
	limit, err := pythonInt(cmp.Or(c.query.Get("limit"), strconv.Itoa(userPage)))
	if !good || err != nil {
		return crash()
	}
	ctx := s.db.contextOf(o)
	search := c.query.Get("search")
	switch {
	case search != "":
		return ctx.search(search, int(limit), p)
	case p.wanted:
		return ok(map[string]any{
			"page": p.page, "page_total": pageTotal(len(o.users), userPage), "server_count": len(ctx.servers),
			"users": ctx.details(slicePage(o.byName(), p, userPage)),
		})
	}
	if len(o.users) <= streamFrom {
		return ok(ctx.details(o.byName()))
	}
	return s.streamUsers(ctx)
}

func (ctx orgContext) details(users []*user) []userDetail {
	out := make([]userDetail, 0, len(users))
	for _, u := range users {
		out = append(out, ctx.detail(u))
	}
	return out
}

const (
	streamFrom  = 500 // users of a list that is not made as a whole
	streamChunk = 250
)

// streamUsers writes a long list piece by piece. The lock is taken for each
// piece, not for as long as the client reads.
func (s *Simulator) streamUsers(ctx orgContext) reply {
	users := slices.Clone(ctx.org.byName())
	return reply{status: http.StatusOK, kind: typeJSON, stream: func(w io.Writer) error {
		sep := "["
		for len(users) > 0 {
			n := min(streamChunk, len(users))
			var piece strings.Builder
			s.mu.Lock()
			for _, u := range users[:n] {
				piece.WriteString(sep)
				piece.Write(encode(ctx.detail(u)))
				sep = ","
			}
			s.mu.Unlock()
			users = users[n:]
			if _, err := io.WriteString(w, piece.String()); err != nil {
				return err
			}
		}
		_, err := io.WriteString(w, "]\n")
		return err
	}}
}
