package simulator

import (
	"slices"
	"strings"
)

// change is a PUT /settings under way.
type change struct {
	s     *Simulator
	b     fields
	live  settings
	admin *admin
	ask   bool // an ACME certificate was asked for
}

// putSettings works through the settings in their order. They change in the
// memory of the process as it goes; a refusal leaves them so, until the next
// commit stores them or a minute later the stored ones come back.
func putSettings(s *Simulator, c *call) reply {
	db := s.db
	caller := *c.admin
	ch := &change{s: s, b: c.body(), live: db.live, admin: &caller}
	if answer := ch.work(); answer != nil {
		if db.dirty.IsZero() {
			db.dirty = db.now()
		}
		return *answer
	}
	db.commitSettings()
	if !db.usernameFree(caller.username, c.admin) {
		return crash()
	}
	*c.admin = caller
	if ch.ask { // no certificate authority can be reached from here
		db.live["acme_domain"] = nil
		db.commitSettings()
		return refuse("acme_error")
	}
	return ok(s.settingsView(c.admin))
}

func (ch *change) work() *reply {
	if name := ch.b.str("username"); name != "" {
		ch.admin.username = strings.ToLower(filterText(name))
	}
	if password := ch.b.str("password"); password != "" {
		ch.admin.setPassword(password)
	}
	for _, one := range settingList() {
		if one.rule == special {
			if answer := one.by(ch); answer != nil {
				return answer
			}
			continue
		}
		ch.live[one.key] = ch.plain(one)
	}
	return ch.signOn()
}

func (ch *change) plain(one setting) any {
	value := ch.b.str(one.key)
	switch one.rule {
	case boolean:
		return ch.b.flag(one.key)
	case domain:
		return valueOf(ch.s.release.domain(value))
	case webURL:
		return valueOf(ch.s.release.webURL(value))
	case filteredText:
		return textOrNil(filterText(value))
	case trimmed:
		if value != "" {
			return strings.TrimSpace(value)
		}
		return nil
	}
	return textOrNil(value)
}

func refusal(code string) *reply {
	r := refuse(code)
	return &r
}

// certificate drops what is not sent. An instance that serves TLS then makes
// itself a new self-signed pair.
func (ch *change) certificate() *reply {
	for _, key := range []string{"server_cert", "server_key"} {
		ch.live[key] = nil
		if value := ch.b.str(key); value != "" {
			ch.live[key] = strings.TrimSpace(value)
		}
	}
	if ch.s.opts.TLS && (ch.live["server_cert"] == nil || ch.live["server_key"] == nil) {
		ch.live["server_cert"], ch.live["server_key"] = fakePEM("CERTIFICATE"), fakePEM("PRIVATE KEY")
	}
	return nil
}

func (ch *change) port() *reply {
	port := ch.b.num("server_port")
	if port == 0 {
		port = 443
	}
	if port < 1 || port > 65535 {
		return refusal("port_invalid")
	}
	ch.live["server_port"] = port
	return nil
}

func (ch *change) acme() *reply {
	name := valueOf(ch.s.release.domain(ch.b.str("acme_domain")))
	if name != ch.live["acme_domain"] {
		if name == nil {
			ch.live["server_cert"], ch.live["server_key"] = fakePEM("CERTIFICATE"), fakePEM("PRIVATE KEY")
		}
		ch.ask = name != nil
	}
	ch.live["acme_domain"] = name
	return nil
}

func (ch *change) auditing() *reply {
	wanted := textOrNil(ch.b.str("auditing"))
	if ch.live["auditing"] == "all" && wanted != "all" {
		return refusal("cannot_disable_auditing")
	}
	if wanted != ch.live["auditing"] && !ch.admin.superUser {
		return refusal("requires_super_user")
	}
	ch.live["auditing"] = wanted
	return nil
}

func (ch *change) match() *reply {
	ch.live["sso_match"] = nil
	if list := someOrNil(ch.b.strs("sso_match")); list != nil {
		ch.live["sso_match"] = list
	}
	return nil
}

func (ch *change) azureVersion() *reply {
	v := ch.b.num("sso_azure_version")
	if v != 1 {
		v = 2
	}
	ch.live["sso_azure_version"] = v
	return nil
}

// ssoOrg takes any object id, whether there is such an organization or not.
func (ch *change) ssoOrg() *reply {
	id := ch.b.str("sso_org")
	switch {
	case id != "" && !isObjectID(id):
		r := crash()
		return &r
	case id == "" && ch.live.str("sso") != "":
		return refusal("sso_org_null")
	}
	ch.live["sso_org"] = textOrNil(strings.ToLower(id))
	return nil
}

// oktaMode and oneloginMode are kept unless sso is exactly theirs.
func (ch *change) oktaMode() *reply { return ch.mode("saml_okta", "sso_okta_mode") }

func (ch *change) oneloginMode() *reply { return ch.mode("saml_onelogin", "sso_onelogin_mode") }

func (ch *change) mode(sso, key string) *reply {
	if ch.live.str("sso") == sso {
		ch.live[key] = ch.b.str(key)
	}
	return nil
}

func (ch *change) theme() *reply {
	switch ch.b.str("theme") {
	case "":
	case "light":
		ch.live["theme"] = "light"
	default:
		ch.live["theme"] = "dark"
	}
	return nil
}

// publicAddress belongs to the answering host and is stored at once, but only
// when it differs from the address in use.
func (ch *change) publicAddress() *reply {
	h := ch.s.db.here
	if name := ch.s.release.domain(ch.b.str("public_address")); text(name) != text(h.publicAddr()) {
		h.publicAddress = name
	}
	if name := ch.s.release.domain(ch.b.str("public_address6")); text(name) != text(h.publicAddr6()) {
		h.publicAddress6 = name
	}
	return nil
}

func (ch *change) subnets() *reply {
	for _, wg := range []bool{false, true} {
		if code := ch.s.db.changeSubnet(ch.s.db.here, ch.b, wg); code != "" {
			return refusal(code)
		}
	}
	return nil
}

// clouds wipes what belongs to another provider than the chosen one.
func (ch *change) clouds() *reply {
	provider, b := ch.live.str("cloud_provider"), ch.b
	ch.live["oracle_user_ocid"] = nil
	if provider == "oracle" {
		ch.live["oracle_user_ocid"] = textOrNil(filterText(b.str("oracle_user_ocid")))
	}
	if b.str("oracle_public_key") == "reset" {
		ch.live["oracle_public_key"] = fakePEM("PUBLIC KEY " + ch.s.db.hexText(8))
	}
	for _, key := range []string{"pritunl_cloud_host", "pritunl_cloud_token", "pritunl_cloud_secret"} {
		ch.live[key] = nil
		switch {
		case provider != "pritunl":
		case key == "pritunl_cloud_host":
			ch.live[key] = valueOf(ch.s.release.domain(b.str(key)))
		default:
			ch.live[key] = textOrNil(filterText(b.str(key)))
		}
	}
	for _, key := range awsKeys() {
		ch.live[key] = nil
		if provider == "aws" && b.str(key) != "" {
			ch.live[key] = filterText(b.str(key))
		}
	}
	return nil
}

// signOn wipes what single sign-on left behind, or checks that it is complete.
func (ch *change) signOn() *reply {
	sso := ch.live.str("sso")
	if sso == "" {
		for key := range ch.live {
			if strings.HasPrefix(key, "sso_") && !staysWithoutSSO(key) {
				ch.live[key] = nil
			}
		}
		ch.live["server_sso_url"] = nil
		return nil
	}
	switch {
	case ch.live.str("server_sso_url") == "" && ch.s.release.does(wantsSSOURL):
		return refusal("sso_url_missing")
	case ch.live.str("sso_duo_mode") != "passcode":
		return nil
	case contains(sso, radiusAuth):
		return refusal("radius_duo_passcode")
	case sso == "duo":
		return refusal("duo_passcode")
	}
	return nil
}

func staysWithoutSSO(key string) bool {
	return slices.Contains([]string{
		"sso_azure_version", "sso_authzero_domain", "sso_duo_mode", "sso_yubico_client", "sso_yubico_secret",
		"sso_okta_mode", "sso_onelogin_mode", "sso_cache", "sso_client_cache",
	}, key)
}
