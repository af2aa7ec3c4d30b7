package simulator

import "slices"

// signOn is how a user signs on, given the settings of the moment.
type signOn struct {
	sso, kind      string // the setting and the type of the user
	okta, onelogin string // modes
	duo, duoCode   bool
	yubikey        bool
}

func (db *database) signOnOf(u *user) signOn {
	sso, kind := db.live.str("sso"), u.authType
	return signOn{
		sso: sso, kind: kind, okta: db.live.str("sso_okta_mode"), onelogin: db.live.str("sso_onelogin_mode"),
		duo:     contains(sso, "duo") && kind != localAuth && kind != "plugin",
		duoCode: db.live.str("sso_duo_mode") == "passcode", yubikey: u.yubikey != nil,
	}
}

// both says whether the setting and the user's type name a provider.
func (s signOn) both(name string) bool { return contains(s.kind, name) && contains(s.sso, name) }

// authModes lists what the user has to show to connect: a provider, a code, a
// push, a pin. otp says that a server of the organization wants one-time codes.
func (db *database) authModes(u *user, otp bool) []string {
	s := db.signOnOf(u)
	modes := []string{}
	add := func(mode string) {
		if mode != "" {
			modes = append(modes, mode)
		}
	}
	provider := s.provider()
	add(provider)
	if u.bypass {
		add("bypass_secondary")
		return modes
	}
	add(s.code(otp))
	add(s.push())
	pinMode := db.live.str("pin_mode")
	if provider != radiusAuth && provider != "plugin" && (pinMode == pinForced || (u.pin != "" && pinMode != pinOff)) {
		add("pin")
	}
	return modes
}

func (s signOn) provider() string {
	providers := [][2]string{
		{"google", "google"}, {"azure", "azure"}, {"authzero", "authzero"}, {"slack", "slack"},
		{"saml_onelogin", "onelogin"}, {"saml_okta", "okta"}, {"saml_jumpcloud", "jumpcloud"},
		{radiusAuth, radiusAuth}, {"plugin", "plugin"},
	}
	i := slices.IndexFunc(providers, func(p [2]string) bool { return s.both(p[0]) })
	if i < 0 {
		return ""
	}
	return providers[i][1]
}

func (s signOn) code(otp bool) string {
	switch {
	case s.duo && s.duoCode:
		return "duo_passcode"
	case s.sso == "saml_onelogin" && contains(s.kind, s.sso) && s.onelogin == "passcode":
		return "onelogin_passcode"
	case s.sso == "saml_okta" && contains(s.kind, s.sso) && s.okta == "passcode":
		return "okta_passcode"
	case s.yubikey || s.both("yubico"):
		return "yubico"
	case otp:
		return "otp"
	}
	return ""
}

func (s signOn) push() string {
	switch {
	case s.duo && !s.duoCode:
		return "duo_push"
	case s.both("saml_onelogin") && contains(s.onelogin, "push"):
		return "onelogin_push"
	case s.both("saml_okta") && contains(s.okta, "push"):
		return "okta_push"
	}
	return ""
}
