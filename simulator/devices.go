package simulator

import (
	"slices"
	"strings"
)

const deviceTries = 10 // wrong keys before a waiting device is removed

// deviceView is a device in the list of a user.
type deviceView struct {
	ID         string  `json:"id"`
	UserID     string  `json:"user_id"`
	OrgID      string  `json:"org_id"`
	Name       string  `json:"name"`
	Platform   string  `json:"platform"`
	Registered bool    `json:"registered"`
	Timestamp  *string `json:"timestamp"`
	Override   bool    `json:"override"`
}

func (u *user) deviceViews() []deviceView {
	out := make([]deviceView, 0, len(u.devices))
	for _, d := range u.devices {
		out = append(out, deviceView{
			ID: d.id, UserID: u.id, OrgID: u.org.id, Name: d.name, Platform: d.platform,
			Registered: d.registered, Timestamp: d.stamp, Override: d.override,
		})
	}
	return out
}

func listUnregistered(s *Simulator, _ *call) reply {
	out := []map[string]any{}
	for _, o := range s.db.orgs {
		for _, u := range o.users {
			for _, d := range u.devices {
				if !d.registered {
					out = append(out, map[string]any{
						"id": d.id, "org_id": o.id, "user_id": u.id, "user_name": u.name, "name": d.name,
						"platform": d.platform, "override": d.override,
					})
				}
			}
		}
	}
	return ok(out)
}

func (u *user) device(id string) int {
	return slices.IndexFunc(u.devices, func(d device) bool { return d.id == id })
}

func registerDevice(s *Simulator, c *call) reply {
	_, u := s.findUser(c)
	if u == nil {
		return crash()
	}
	key := strings.ToUpper(c.body().str("reg_key"))
	i := u.device(c.key("device_id"))
	if i < 0 || key == "" {
		return refuse("device_not_found")
	}
	if d := &u.devices[i]; d.key != key {
		if d.tries++; d.tries >= deviceTries {
			u.devices = slices.Delete(slices.Clone(u.devices), i, i+1)
			return refuse("device_registration_limit")
		}
		return refuse("device_registration_key_invalid")
	}
	u.devices[i].registered, u.devices[i].key = true, ""
	return empty()
}

func removeDevice(s *Simulator, c *call) reply {
	_, u := s.findUser(c)
	if u == nil {
		return crash()
	}
	i := u.device(c.key("device_id"))
	if i < 0 {
		return refuse("device_not_found")
	}
	u.devices = slices.Delete(slices.Clone(u.devices), i, i+1)
	return empty()
}
