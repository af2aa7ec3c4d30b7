package simulator

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// script fills an instance by requests that come from nowhere: they pass
// neither the network nor a signature check, but the same handlers.
type script struct {
	s   *Simulator
	ids map[string]string // by the names the script gives
	err error
}

// do carries out one request. "{name}" in path and body stands for the id of
// what was made under this name; the answer's id is kept under as.
func (p *script) do(as, method, path, body string) {
	if p.err != nil {
		return
	}
	for name, id := range p.ids {
		path, body = strings.ReplaceAll(path, "{"+name+"}", id), strings.ReplaceAll(body, "{"+name+"}", id)
	}
	rt, parts := find(method, path)
	if rt == nil {
		p.err = fmt.Errorf("fill demo: no route %s %s", method, path)
		return
	}
	c := &call{req: &http.Request{Method: method, Host: "vpn.example.com"}, query: url.Values{}, admin: p.s.db.admins[0]}
	c.wait = func(time.Duration) {}
	c.forward(rt, parts)
	if rt.body != nil {
		if c.items, p.err = rt.body.decode(strings.NewReader(body)); p.err != nil {
			return
		}
	}
	answer := rt.do(p.s, c)
	if answer.status >= http.StatusBadRequest {
		p.err = fmt.Errorf("fill demo: %s %s: %d %s%s", method, path, answer.status, answer.text, encode(answer.value))
		return
	}
	if as != "" {
		var made struct {
			ID string `json:"id"`
		}
		if p.err = json.Unmarshal(encode(answer.value), &made); p.err == nil {
			p.ids[as] = made.ID
		}
	}
}

func (p *script) post(as, path, body string) { p.do(as, http.MethodPost, path, body) }
func (p *script) put(path, body string)      { p.do("", http.MethodPut, path, body) }
func (p *script) del(path string)            { p.do("", http.MethodDelete, path, "") }

// fillDemo makes the company Example.
func (s *Simulator) fillDemo() error {
	p := &script{s: s, ids: map[string]string{}}
	for _, h := range s.db.hosts {
		p.ids[h.name] = h.id
	}
	p.people()
	p.vpn()
	if s.db.plan == PlanEnterprise {
		p.offices()
	}
	p.house()
	s.db.messages = nil
	return p.err
}

func (p *script) people() {
	p.post("staff", "/organization", `{"name":"Example-Staff"}`)
	p.post("contractors", "/organization", `{"name":"Example-Contractors","auth_api":true}`)
	staff := strings.Fields("alice:engineering bob:engineering,ops carol:engineering dave:engineering erin:ops frank:ops " +
		"grace:finance heidi:finance ivan:sales judy:sales ken:sales laura:support mallory:support niaj:support " +
		"olivia:management peggy:management quentin:engineering")
	var users []string
	for i, word := range staff {
		name, groups, _ := strings.Cut(word, ":")
		more := ""
		switch i % 6 {
		case 1:
			more = `,"pin":"314159"`
		case 4:
			more = `,"auth_type":"saml"`
		}
		users = append(users, fmt.Sprintf(`{"name":%q,"email":"%s@example.com","groups":["%s"]%s}`,
			name, name, strings.ReplaceAll(groups, ",", `","`), more))
	}
	for chunk := range slices.Chunk(users, manyUsers) {
		p.post("", "/user/{staff}/multi", "["+strings.Join(chunk, ",")+"]")
	}
	p.post("", "/user/{contractors}/multi", `[
		{"name":"acme.audit","email":"audit@acme.example","groups":["audit"],"disabled":true},
		{"name":"build-agent","bypass_secondary":true,"groups":["ci"],"client_to_client":true},
		{"name":"cleaner-ops","email":"ops@cleaner.example","yubico_id":"ccccccbcgujh","auth_type":"yubico"},
		{"name":"designer","email":"designer@studio.example","groups":["design"],"dns_suffix":"studio.example"},
		{"name":"elevator","groups":["facility"],"mac_addresses":["02:00:00:00:00:01"]},
		{"name":"field-router","network_links":["10.77.0.0/24"],"groups":["facility"]},
		{"name":"games","email":"games@partner.example","port_forwarding":[{"protocol":"tcp","port":"8443","dport":"443"}]},
		{"name":"helpdesk","email":"help@partner.example","pin":"271828","groups":["support"]}]`)
	if p.err == nil {
		u := p.s.db.org(p.ids["staff"]).users[0]
		stamp := "1750000000"
		u.devices = []device{
			{id: p.s.db.newID(), name: "alice-laptop", platform: "linux", registered: true, stamp: &stamp},
			{id: p.s.db.newID(), name: "alice-phone", platform: "ios", key: "FAKEKEY"},
		}
	}
}

// serverBody is a complete body with some fields of its own.
func serverBody(own string) string {
	return `{"network_mode":"tunnel","restrict_routes":true,"ipv6_firewall":true,"protocol":"udp","inter_client":true,` +
		`"vxlan":true,"cipher":"aes256","hash":"sha256",` + own + "}"
}

func (p *script) vpn() {
	p.post("office", "/server", serverBody(`"name":"office","network":"10.10.0.0/24","port":1194,`+
		`"dns_servers":["10.0.0.53","10.0.1.53"],"search_domain":"corp.example.com","otp_auth":true,"ipv6":true`))
	p.post("wg", "/server", serverBody(`"name":"road-warriors","network":"10.20.0.0/24","port":1195,"wg":true,`+
		`"network_wg":"10.21.0.0/24","port_wg":51820,"dns_servers":["10.0.0.53"],"dns_mapping":true,"multi_device":true,`+
		`"groups":["engineering","ops"]`))
	p.post("sso", "/server", serverBody(`"name":"contractors","network":"10.30.0.0/24","port":443,"protocol":"tcp",`+
		`"sso_auth":true,"device_auth":true,"session_timeout":28800,"max_clients":50,"pre_connect_msg":"Authorised use only"`))
	p.post("east", "/server", serverBody(`"name":"datacentre-east","network":"10.40.0.0/24","port":1196`))
	p.post("west", "/server", serverBody(`"name":"datacentre-west","network":"10.41.0.0/24","port":1197`))
	for _, pair := range strings.Fields("office:staff wg:staff sso:contractors east:staff west:staff") {
		server, org, _ := strings.Cut(pair, ":")
		p.put("/server/{"+server+"}/organization/{"+org+"}", "")
	}
	p.post("", "/server/{office}/routes", `[
		{"network":"10.0.0.0/16","comment":"head office","nat":true},
		{"network":"10.1.0.0/16","comment":"laboratory","nat":true,"nat_interface":"eth1","metric":10},
		{"network":"203.0.113.64/26","comment":"public services","net_gateway":true}]`)
	p.post("", "/server/{wg}/route", `{"network":"10.0.0.0/16","comment":"head office","nat":true}`)
	p.del("/server/{wg}/route/" + hexText("0.0.0.0/0"))
	p.post("", "/server/{sso}/route", `{"network":"10.5.0.0/24","comment":"build farm only","nat":true}`)
	p.del("/server/{sso}/route/" + hexText("0.0.0.0/0"))
	for _, side := range []string{"east", "west"} {
		p.del("/server/{" + side + "}/route/" + hexText("0.0.0.0/0"))
		if dns := p.dnsRoute(side); dns != "" {
			p.del("/server/{" + side + "}/route/" + dns)
		}
	}
	p.post("", "/server/{east}/route", `{"network":"10.140.0.0/16","comment":"racks east","nat":true}`)
	p.post("", "/server/{west}/route", `{"network":"10.141.0.0/16","comment":"racks west","nat":true}`)
	if _, two := p.ids["vpn-2"]; two {
		p.put("/server/{west}/host/{vpn-2}", "")
		p.del("/server/{west}/host/{vpn-1}")
		p.put("/server/{east}/link/{west}", `{"use_local_address":true}`)
	}
	p.put("/server/{office}/operation/start", "")
}

// dnsRoute is the id of the stock DNS route, which may belong to another server;
// "" in releases without one.
func (p *script) dnsRoute(name string) string {
	if v := p.s.db.server(p.ids[name]); v != nil {
		for _, r := range v.routes {
			if text(r.Comment) == dnsComment {
				return hexText(r.network)
			}
		}
	}
	return ""
}

func (p *script) offices() {
	p.post("site", "/link", `{"name":"branch-offices","protocol":"wg","wg_port":31820,"host_check":true,"action":"restart"}`)
	for _, name := range []string{"amsterdam", "berlin", "lisbon"} {
		p.post(name, "/link/{site}/location", `{"name":"`+name+`"}`)
	}
	at := func(name string) string { return "/link/{site}/location/{" + name + "}" }
	p.post("", at("amsterdam")+"/route", `{"network":"10.201.0.0/16"}`)
	p.post("", at("amsterdam")+"/route", `{"network":"fd20:1::/64"}`)
	p.post("", at("berlin")+"/route", `{"network":"10.202.0.0/16"}`)
	p.post("", at("lisbon")+"/route", `{"network":"10.203.0.0/16"}`)
	p.post("", at("amsterdam")+"/host", `{"name":"ams-gw1","static":true,"public_address":"192.0.2.71","local_address":"10.201.0.1"}`)
	p.post("", at("berlin")+"/host", `{"name":"ber-gw1","priority":2,"timeout":30}`)
	p.post("", at("berlin")+"/host", `{"name":"ber-gw2","backoff":10}`)
	p.post("", at("lisbon")+"/host", `{"name":"lis-gw1"}`)
	p.del(at("amsterdam") + "/peer/{lisbon}")
	p.post("", at("berlin")+"/transit", `{"transit_id":"{lisbon}"}`)
}

func (p *script) house() {
	p.post("", "/admin", `{"username":"auditor","password":"FAKE-demo-password","super_user":false}`)
	p.put("/settings", `{"server_port":443,"theme":"dark","pin_mode":"optional","sso":"saml","sso_org":"{staff}",
		"sso_match":["example.com"],"sso_saml_url":"https://idp.example.com/app/vpn/sso","sso_saml_issuer_url":
		"https://idp.example.com/issuer","sso_saml_cert":"-----BEGIN CERTIFICATE-----\nFAKE\n-----END CERTIFICATE-----",
		"server_sso_url":"https://vpn.example.com","email_from":"vpn@example.com","email_server":"smtp.example.com:587",
		"email_username":"vpn","email_password":"FAKE-smtp-password","sso_azure_version":1,"sso_duo_mode":"push_phone",
		"ipv6":true,"sso_client_cache":true,"client_reconnect":true,"restrict_client":true}`)
	p.put("/host/{vpn-1}", `{"name":"vpn-1","public_address":"vpn.example.com","availability_group":"main","priority":1}`)
	if _, two := p.ids["vpn-2"]; two {
		p.put("/host/{vpn-2}", `{"name":"vpn-2","public_address":"vpn2.example.com","availability_group":"main","priority":2}`)
	}
}
