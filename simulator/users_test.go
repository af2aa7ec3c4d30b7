package simulator_test

import (
	"fmt"
	"strings"
	"testing"

	"pritunl-backup/simulator"
)

func TestUserChecks(t *testing.T) {
	in := start(t, simulator.Options{})
	org := in.make("/organization", `{"name":"o"}`)
	made := in.must("POST", "/user/"+org, `{"name":"u"}`).([]any)[0].(map[string]any)
	user := "/user/" + org + "/" + made["id"].(string)
	tests := []struct{ name, method, path, body, want string }{
		{"digits of another script", "POST", "/user/" + org, `{"name":"a","pin":"１２３４５６"}`, "OK"},
		{"pin with filtered blanks", "POST", "/user/" + org, `{"name":"a","pin":"123 456"}`, "OK"},
		{"pin of signs only is none", "POST", "/user/" + org, `{"name":"a","pin":"()"}`, "OK"},
		{"digits before length", "POST", "/user/" + org, `{"name":"a","pin":"x"}`, "Bad Request pin_not_digits"},
		{"pin before yubikey", "POST", "/user/" + org, `{"pin":"123456","yubico_id":"x","bypass_secondary":true}`, "Bad Request pin_bypass_secondary"},
		{"radius pin on POST", "POST", "/user/" + org, `{"name":"a","pin":"123456","auth_type":"radius"}`, "OK"},
		{"PUT does not filter the pin", "PUT", user, `{"name":"u","pin":"123 456"}`, "Bad Request pin_not_digits"},
		{"PUT with pin 0", "PUT", user, `{"name":"u","pin":0}`, "OK"},
		{"PUT with pin []", "PUT", user, `{"name":"u","pin":[]}`, "OK"},
		{"PUT with pin {}", "PUT", user, `{"name":"u","pin":{}}`, "OK"},
		{"PUT with pin 1", "PUT", user, `{"name":"u","pin":1}`, "Internal Server Error"},
		{"PUT with pin [1]", "PUT", user, `{"name":"u","pin":[1]}`, "Internal Server Error"},
		{"radius type and pin at once", "PUT", user, `{"name":"u","pin":"123456","auth_type":"radius_duo"}`, "Bad Request pin_radius"},
		{"pin before link", "PUT", user, `{"name":"u","pin":"x","network_links":["x"]}`, "Bad Request pin_not_digits"},
		{"link before bypass", "PUT", user, `{"name":"u","network_links":["x"],"bypass_secondary":true,"pin":"123456"}`, "Bad Request network_link_invalid"},
		{"many in an unknown organization", "POST", "/user/0123456789abcdef01234567/multi", `[{"name":"x","pin":"x"}]`, "Internal Server Error"},
		{"limit no number", "GET", "/user/" + org + "?limit=x", "", "Internal Server Error"},
		{"search for a bad id", "GET", "/user/" + org + "?search=id:zz", "", "Internal Server Error"},
		{"audit", "GET", user + "/audit", "", "OK"},
		{"key links", "GET", "/data/" + org + "/" + made["id"].(string), "", "OK"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := in.outcome(tt.method, tt.path, tt.body); got != tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
		})
	}
}

// A refused PUT keeps everything but the network links it got to.
func TestUserPutIsAtomicButForLinks(t *testing.T) {
	in := start(t, simulator.Options{})
	org := in.make("/organization", `{"name":"o"}`)
	made := in.must("POST", "/user/"+org, `{"name":"u","pin":"123456","network_links":["10.1.0.0/16"]}`).([]any)[0].(map[string]any)
	user := "/user/" + org + "/" + made["id"].(string)
	body := `{"name":"other","pin":true,"network_links":["10.2.0.0/16"],"bypass_secondary":true}`
	if got := in.outcome("PUT", user, body); got != "Bad Request pin_bypass_secondary" {
		t.Fatal(got)
	}
	u := in.object("GET", user, "")
	if u["name"] != "u" || u["bypass_secondary"] != false || fmt.Sprint(u["network_links"]) != "[10.2.0.0/16]" {
		t.Errorf("user is %v", u)
	}
}

func TestUserThroughOtherOrganization(t *testing.T) {
	in := start(t, simulator.Options{})
	a, b := in.make("/organization", `{"name":"a"}`), in.make("/organization", `{"name":"b"}`)
	made := in.must("POST", "/user/"+a, `{"name":"u"}`).([]any)[0].(map[string]any)
	id := made["id"].(string)
	u := in.object("GET", "/user/"+b+"/"+id, "")
	if u["organization"] != b || len(in.list("/user/"+b)) != 0 {
		t.Errorf("reading through b: %v, users %v", u["organization"], in.list("/user/"+b))
	}
	if got := in.outcome("PUT", "/user/"+b+"/"+id, `{"name":"u","pin":"12"}`); got != "Bad Request pin_too_short" || len(in.list("/user/"+b)) != 0 {
		t.Errorf("%s, users of b: %v", got, in.list("/user/"+b))
	}
	u = in.object("PUT", "/user/"+b+"/"+strings.ToUpper(id), `{"name":"renamed"}`)
	if u["organization"] != b || u["organization_name"] != "b" {
		t.Errorf("answer says %v %v", u["organization"], u["organization_name"])
	}
	if got := names(in.list("/user/"+b), "name"); got != "renamed" {
		t.Errorf("users of b: %s", got)
	}
	if n := len(in.list("/user/" + a)); n != 0 {
		t.Errorf("a has %d users", n)
	}
	in.must("DELETE", "/user/"+b+"/"+id, "")
	if n := len(in.list("/user/"+b)) + in.State().Users; n != 0 {
		t.Errorf("%d users are left", n)
	}
}

// TestMovedUserLeavesThingsBehind moves a user from one organization to another: one
// server has the first, one the second, one both. Addresses are neither given back
// nor out, and the network links stay with the first organization.
func TestMovedUserLeavesThingsBehind(t *testing.T) {
	in := start(t, simulator.Options{})
	a, b := in.make("/organization", `{"name":"a"}`), in.make("/organization", `{"name":"b"}`)
	made := in.must("POST", "/user/"+a, `{"name":"u","network_links":["10.9.0.0/24"]}`).([]any)[0].(map[string]any)
	in.must("POST", "/user/"+b, `{"name":"v"}`)
	for name, orgs := range map[string][]string{"1": {a}, "2": {b}, "3": {a, b}} {
		server := in.server(`"name":"s` + name + `","network":"10.` + name + `.0.0/24"`)
		for _, org := range orgs {
			in.must("PUT", "/server/"+server+"/organization/"+org, "")
		}
	}
	id := made["id"].(string)
	addresses := func(org string) string {
		return names(in.object("GET", "/user/"+org+"/"+id, "")["servers"].([]any), "virt_address")
	}
	if got := addresses(a); got != "10.1.0.2 10.3.0.2" {
		t.Errorf("before: %s", got)
	}
	in.must("PUT", "/user/"+b+"/"+id, `{"name":"u","network_links":["10.9.0.0/24"]}`)
	if got := addresses(b); got != " 10.3.0.2" {
		t.Errorf("after: %s", got)
	}
	again := in.must("POST", "/user/"+a, `{"name":"w"}`).([]any)[0].(map[string]any)
	if id = again["id"].(string); addresses(a) != "10.1.0.3 10.3.0.4" {
		t.Errorf("the next user of the first organization has %s", addresses(a))
	}
	for _, o := range in.list("/server") {
		v := o.(map[string]any)
		networks := names(in.list("/server/"+v["id"].(string)+"/route"), "network")
		if has := strings.Contains(networks, "10.9.0.0/24"); has != (v["name"] != "s2") {
			t.Errorf("routes of %v: %s", v["name"], networks)
		}
	}
	links := func(org, body string) string {
		t.Helper()
		in.must("PUT", "/user/"+org+"/"+made["id"].(string), body)
		return fmt.Sprint(in.object("GET", "/user/"+org+"/"+made["id"].(string), "")["network_links"])
	}
	for _, step := range []struct{ org, body, want string }{
		{b, `{"name":"u"}`, "[10.9.0.0/24]"},
		{b, `{"name":"u","network_links":["10.8.0.0/24"]}`, "[10.9.0.0/24 10.8.0.0/24]"},
		{a, `{"name":"u"}`, "[10.8.0.0/24]"},
		{b, `{"name":"u"}`, "[]"},
	} {
		if got := links(step.org, step.body); got != step.want {
			t.Errorf("%s: %s, want %s", step.body, got, step.want)
		}
	}
}

func TestUserSearch(t *testing.T) {
	in := start(t, simulator.Options{})
	org := in.make("/organization", `{"name":"o"}`)
	in.must("POST", "/user/"+org+"/multi", `[{"name":"Anna","email":"anna@example.com","groups":["a"]},
		{"name":"anton","groups":["a","b"]},{"name":"Bert","email":"b@anna.example"},{"name":"bea.x"}]`)
	for i := range 9 {
		in.must("POST", "/user/"+org, fmt.Sprintf(`{"name":"z%d"}`, i))
	}
	tests := []struct {
		query, users string
		count        float64
		more         bool
	}{
		{"search=an", "Anna anton", 2, false},
		{"search=AN&limit=1", "Anna", 2, true},
		{"search=group:a", "Anna anton", 2, false},
		{"search=group:b%20an", "anton", 1, false},
		{"search=email:ANNA", "Anna Bert", 2, false},
		{"search=status:offline%20bea", "bea.x", 1, false},
		{"search=status:online", "", 0, false},
		{"search=status:asleep", "", 0, false},
		{"search=status:offline:0123456789abcdef01234567%20bea", "bea.x", 1, false},
		{"search=type:client%20b", "Bert bea.x", 2, false},
		{"search=type:server", "", 0, false},
		{"search=id:0123456789abcdef01234567", "", 0, false},
		{"search=z", "z0 z1 z2 z3 z4 z5 z6 z7 z8", 9, false},
		{"search=e.", "", 0, false},
		{"search=a.x", "bea.x", 1, false},
		{"search=z&limit=0", "z0 z1 z2 z3 z4 z5 z6 z7 z8", 9, true},
		{"search=z&limit=-1", "", 9, true},
	}
	for _, tt := range tests {
		t.Run(tt.query, func(t *testing.T) {
			got := in.object("GET", "/user/"+org+"?"+tt.query, "")
			users, _ := got["users"].([]any)
			if names(users, "name") != tt.users || got["search_count"] != tt.count || got["search_more"] != tt.more {
				t.Errorf("got %q %v %v, want %q %v %v", names(users, "name"), got["search_count"], got["search_more"],
					tt.users, tt.count, tt.more)
			}
		})
	}
	page := in.object("GET", "/user/"+org+"?page=1", "")
	if users, _ := page["users"].([]any); names(users, "name") != "z6 z7 z8" || page["page_total"] != 1.0 {
		t.Errorf("page 1: %v", page)
	}
}

func TestAuthModes(t *testing.T) {
	in := start(t, simulator.Options{})
	base := in.base()
	org := in.make("/organization", `{"name":"o"}`)
	server := in.server(`"name":"otp","otp_auth":true`)
	in.must("PUT", "/server/"+server+"/organization/"+org, "")
	in.must("POST", "/user/"+org+"/multi", `[{"name":"1local"},{"name":"2duo","auth_type":"saml_duo"},
		{"name":"3radius","auth_type":"radius"},{"name":"4onelogin","auth_type":"saml_onelogin","pin":"123456"},
		{"name":"5yubico","auth_type":"google_yubico"},{"name":"6bypass","auth_type":"google","bypass_secondary":true}]`)
	tests := []struct {
		sso, more string
		want      string
	}{
		{"", "", "[otp] [otp] [otp] [otp pin] [otp] [bypass_secondary]"},
		{"saml_duo", "push", "[otp] [otp duo_push] [otp duo_push] [otp duo_push pin] [otp duo_push] [bypass_secondary]"},
		{"saml_duo", "passcode", "[otp] [duo_passcode] [duo_passcode] [duo_passcode pin] [duo_passcode] [bypass_secondary]"},
		{"radius", "push", "[otp] [otp] [radius otp] [otp pin] [otp] [bypass_secondary]"},
		{"saml_onelogin", "push", "[otp] [otp] [otp] [onelogin otp onelogin_push pin] [otp] [bypass_secondary]"},
		{"google_yubico", "", "[otp] [otp] [otp] [otp pin] [google yubico] [google bypass_secondary]"},
	}
	for _, tt := range tests {
		t.Run(tt.sso+" "+tt.more, func(t *testing.T) {
			in.must("PUT", "/settings", jsonOf(base, dict{
				"sso": tt.sso, "sso_org": org, "server_sso_url": "a.example.com", "sso_duo_mode": tt.more, "sso_onelogin_mode": tt.more,
			}))
			var got []string
			for _, u := range in.list("/user/" + org) {
				got = append(got, fmt.Sprint(u.(map[string]any)["auth_modes"]))
			}
			if s := strings.Join(got, " "); s != tt.want {
				t.Errorf("got  %s\nwant %s", s, tt.want)
			}
		})
	}
}

func TestDevices(t *testing.T) {
	in := start(t, simulator.Options{Seed: "demo"})
	waiting := in.list("/device/unregistered")
	if len(waiting) != 1 {
		t.Fatalf("%d devices wait", len(waiting))
	}
	d := waiting[0].(map[string]any)
	path := fmt.Sprintf("/device/register/%v/%v/%v", d["org_id"], d["user_id"], d["id"])
	if got := in.outcome("PUT", path, `{"reg_key":"wrong"}`); got != "Bad Request device_registration_key_invalid" {
		t.Error(got)
	}
	if got := in.outcome("PUT", path, `{"reg_key":"fakekey"}`); got != "OK" {
		t.Error(got)
	}
	if n := len(in.list("/device/unregistered")); n != 0 {
		t.Errorf("%d devices still wait", n)
	}
	if got := in.outcome("DELETE", path, ""); got != "OK" {
		t.Error(got)
	}
	if got := in.outcome("DELETE", path, ""); got != "Bad Request device_not_found" {
		t.Error(got)
	}
}
