package simulator

import (
	"net/http"
	"slices"
	"strings"
)

func alive(*Simulator, *call) reply {
	// The type is doubled by the two layers of the real server.
	return reply{status: http.StatusOK, kind: typeHTML + "; charset=utf-8", text: "OK"}
}

func robots(*Simulator, *call) reply {
	return reply{status: http.StatusOK, kind: plainUTF8, text: "User-agent: *\nDisallow: /\n"}
}

func loginPage(*Simulator, *call) reply {
	return reply{status: http.StatusOK, kind: typeHTML, text: "<!DOCTYPE html><title>Simulated Pritunl</title>"}
}

func styles(*Simulator, *call) reply {
	return reply{status: http.StatusOK, kind: "text/css; charset=utf-8"}
}

func emptyObject(*Simulator, *call) reply { return empty() }

func emptyList(*Simulator, *call) reply { return ok([]string{}) }

func getStatus(s *Simulator, _ *call) reply {
	db := s.db
	users, up, hostsUp := 0, 0, 0
	for _, o := range db.orgs {
		users += len(o.users)
	}
	for _, v := range db.servers {
		if v.status == online {
			up++
		}
	}
	networks := []string{}
	for _, h := range db.hosts {
		if h.status == online {
			hostsUp++
		}
		networks = append(networks, h.localNetworks...)
	}
	return ok(map[string]any{
		"org_count": len(db.orgs), "users_online": 0, "user_count": users, "servers_online": up,
		"server_count": len(db.servers), "hosts_online": hostsUp, "host_count": len(db.hosts),
		"server_version": db.is.version, "current_host": db.here.id, "public_ip": db.here.autoPublic,
		"local_networks": unique(networks), "notification": "",
	})
}

// getState makes a CSRF token with every call.
func getState(s *Simulator, c *call) reply {
	var plan *string
	if s.db.plan == PlanEnterprise {
		plan = orNil(s.db.plan)
	}
	return ok(map[string]any{
		"super_user": c.admin.superUser, "csrf_token": s.db.newCSRF(c.admin.id), "theme": s.db.live["theme"],
		"user": nil, "active": plan != nil, "plan": plan, "version": s.release.code, "sso": s.db.live["sso"],
	})
}

func (db *database) subscription() map[string]any {
	out := map[string]any{"active": false}
	for key := range strings.FieldsSeq("status plan quantity amount period_end trial_end cancel_at_period_end balance " +
		"portal_url premium_buy_url enterprise_buy_url url_key") {
		out[key] = nil
	}
	if db.plan == PlanEnterprise {
		out["active"], out["status"], out["plan"], out["quantity"], out["amount"] = true, "active", db.plan, 1, 0
	}
	return out
}

func getSubscription(s *Simulator, _ *call) reply { return ok(s.db.subscription()) }

// postSubscription takes any text with a letter or digit for a good licence.
func postSubscription(s *Simulator, c *call) reply {
	key := strings.ToLower(c.body().str("license"))
	key = strings.ReplaceAll(strings.ReplaceAll(key, "begin license", ""), "end license", "")
	if keep(key, isAlnum) == "" {
		return refuseAs(http.StatusInternalServerError, "license_invalid", message("license_invalid"))
	}
	s.db.plan = PlanEnterprise
	return ok(s.db.subscription())
}

func deleteSubscription(s *Simulator, _ *call) reply {
	s.db.plan = PlanNone
	return empty()
}

func getLog(s *Simulator, _ *call) reply {
	out := slices.Clone(s.db.messages)
	slices.Reverse(out)
	return ok(append([]logEntry{}, out...))
}

func getLogs(s *Simulator, _ *call) reply {
	lines := []string{}
	for _, entry := range s.db.messages {
		lines = append(lines, entry.Message)
	}
	slices.Reverse(lines)
	return ok(map[string]any{"output": append(lines, "")})
}

// getKeyLinks makes temporary links that lead nowhere.
func getKeyLinks(s *Simulator, c *call) reply {
	if _, u := s.findUser(c); u == nil {
		return crash()
	}
	id, short := strings.ToLower(s.db.secretText(32)), s.db.secretText(8)
	return ok(map[string]string{
		"id": id, "key_url": "/key/" + id + ".tar", "key_zip_url": "/key/" + id + ".zip",
		"key_onc_url": "/key_onc/" + id + ".onc", "view_url": "/k/" + short, "uri_url": "/ku/" + short,
	})
}

// getKeyFile would be a profile with a private key. There are none here.
func getKeyFile(*Simulator, *call) reply { return abort(http.StatusNotFound) }
