package simulator

import (
	"slices"
	"strings"
)

// admin is an administrator. Fields the server leaves null until they are set
// are pointers.
type admin struct {
	id, username, password     string
	yubikey, otpSecret         *string
	otpAuth, localOTP, authAPI *bool
	byDefault, disabled        *bool
	superUser                  bool
	token, secret              string
}

func (a *admin) view() map[string]any {
	return map[string]any{
		"id": a.id, "username": a.username, "yubikey_id": a.yubikey, "otp_auth": a.otpAuth,
		"otp_secret": a.otpSecret, "local_otp_auth": a.localOTP, "auth_api": a.authAPI,
		"token": a.token, "secret": a.secret, "default": a.byDefault, "disabled": a.disabled,
		"super_user": a.superUser,
	}
}

// setPassword also ends the default state of the built-in administrator.
func (a *admin) setPassword(password string) {
	a.password = password
	if isTrue(a.byDefault) {
		a.byDefault = nil
	}
}

func (db *database) superUsers() int {
	n := 0
	for _, a := range db.admins {
		if a.superUser && !isTrue(a.disabled) {
			n++
		}
	}
	return n
}

// usernameFree says whether nobody but the given administrator has the name.
func (db *database) usernameFree(name string, but *admin) bool {
	return !slices.ContainsFunc(db.admins, func(a *admin) bool { return a != but && a.username == name })
}

func cutKey(s string) *string {
	runes := []rune(s)
	return orNil(string(runes[:min(12, len(runes))]))
}

func listAdmins(s *Simulator, c *call) reply {
	if !c.admin.superUser {
		return refuse("requires_super_user")
	}
	out := []map[string]any{}
	for _, a := range s.db.admins {
		v := a.view()
		v["audit"] = s.db.audits()
		out = append(out, v)
	}
	return ok(out)
}

func getAdmin(s *Simulator, c *call) reply {
	id, null := c.id("admin_id")
	if null {
		return listAdmins(s, c)
	}
	if !c.admin.superUser {
		return refuse("requires_super_user")
	}
	a := s.db.adminByID(id)
	if a == nil {
		return crash()
	}
	return ok(a.view())
}

func auditAdmin(s *Simulator, c *call) reply {
	if !c.admin.superUser {
		return refuse("requires_super_user")
	}
	if s.db.adminByID(c.key("admin_id")) == nil {
		return crash()
	}
	return ok([]string{})
}

func postAdmin(s *Simulator, c *call) reply {
	if !c.admin.superUser {
		return refuse("requires_super_user")
	}
	db, b := s.db, c.body()
	a := &admin{
		username: strings.ToLower(b.filtered("username")), password: b.str("password"),
		yubikey: cutKey(b.str("yubikey_id")), otpAuth: yes(b.flag("otp_auth")), localOTP: yes(false),
		authAPI: yes(b.flag("auth_api")), disabled: yes(b.flag("disabled")), byDefault: yes(false),
		superUser: b.flag("super_user"),
	}
	if a.password == "" {
		return crash()
	}
	if !db.usernameFree(a.username, nil) {
		return refuse("admin_username_exists")
	}
	a.id, a.token, a.secret = db.newID(), db.secretText(32), db.secretText(32)
	if isTrue(a.otpAuth) {
		a.otpSecret = db.otpSecret()
	}
	db.admins = append(db.admins, a)
	return ok(a.view())
}

func putAdmin(s *Simulator, c *call) reply {
	if !c.admin.superUser {
		return refuse("requires_super_user")
	}
	db := s.db
	old := db.adminByID(c.key("admin_id"))
	if old == nil {
		return crash()
	}
	changed := *old
	if code := changed.apply(db, c.body()); code != "" {
		return refuse(code)
	}
	if !db.usernameFree(changed.username, old) {
		return crash()
	}
	*old = changed
	return ok(old.view())
}

// apply changes a copy: a refused change leaves no trace.
func (a *admin) apply(db *database, b fields) (refused string) {
	a.username = strings.ToLower(b.filtered("username"))
	if a.username == "" {
		a.username = "undefined"
	}
	if password := b.str("password"); password != "" {
		a.setPassword(password)
	}
	a.yubikey = cutKey(b.str("yubikey_id"))
	if a.superUser && !b.flag("super_user") && db.superUsers() < 2 {
		return "no_super_users"
	}
	a.superUser = b.flag("super_user")
	if api := b.flag("auth_api"); a.authAPI == nil || *a.authAPI != api {
		if !api {
			a.token, a.secret = db.secretText(32), db.secretText(32)
		}
		a.authAPI = yes(api)
	}
	if b.str("token") != "" {
		a.token = db.secretText(32)
	}
	if b.str("secret") != "" {
		a.secret = db.secretText(32)
	}
	if b.flag("disabled") && !isTrue(a.disabled) && a.superUser && db.superUsers() < 2 {
		return "no_admins_enabled"
	}
	a.disabled = yes(b.flag("disabled"))
	if otp := b.flag("otp_auth"); a.otpAuth == nil || *a.otpAuth != otp {
		if !otp {
			a.otpSecret = nil
		} else if a.otpSecret == nil {
			a.otpSecret = db.otpSecret()
		}
		a.otpAuth = yes(otp)
	}
	if isTrue(a.otpAuth) && isTrue(a.localOTP) {
		return "admin_invalid_otp"
	}
	if b.flag("otp_secret") {
		a.otpSecret = db.otpSecret()
	}
	return ""
}

func deleteAdmin(s *Simulator, c *call) reply {
	if !c.admin.superUser {
		return refuse("requires_super_user")
	}
	a := s.db.adminByID(c.key("admin_id"))
	if a == nil {
		return crash()
	}
	if a.superUser && s.db.superUsers() < 2 {
		return refuse("no_admins")
	}
	s.db.admins = slices.DeleteFunc(s.db.admins, func(x *admin) bool { return x == a })
	return empty()
}
