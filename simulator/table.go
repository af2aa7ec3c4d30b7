package simulator

import (
	"net/http"
	"strings"
	"sync"
)

// access says who may call a route.
type access int

const (
	closed access = iota // session with CSRF token, or signature
	light                // session without CSRF token, or signature
	open                 // anybody
)

// handler does the work of one route. It is called with the lock held.
type handler func(s *Simulator, c *call) reply

// route is one line of the front end's list of routes.
type route struct {
	method   string
	parts    []string // ":name" is a parameter
	body     *shape   // nil: neither body nor content type is looked at
	access   access
	licensed bool // answers 404 unless the plan is enterprise
	do       handler
}

// bodies of routes that several lines share.
const (
	serverWords = "name:s network:s network_wg:s network_mode:s network_start:s network_end:s restrict_routes:b wg:b " +
		"hide_ovpn:b ovpn_dco:b ipv6:b ipv6_firewall:b dynamic_firewall:b bypass_sso_auth:b geo_sort:b force_connect:b " +
		"device_auth:b bind_address:s protocol:s port:i port_wg:i dh_param_bits:i groups:l multi_device:b dns_servers:l " +
		"search_domain:s inter_client:b ping_interval:i ping_timeout:i ping_interval_wg:i ping_timeout_wg:i " +
		"link_ping_interval:i link_ping_timeout:i inactive_timeout:i session_timeout:i allowed_devices:s max_clients:i " +
		"max_devices:i replica_count:i vxlan:b dns_mapping:b route_dns:b debug:b sso_auth:b otp_auth:b lzo_compression:b " +
		"cipher:s hash:s block_outside_dns:b jumbo_frames:b pre_connect_msg:s policy:s mss_fix:a tun_mtu:i fragment:i multihome:b"
	routeWords = "network:s comment:s metric:i nat:b nat_interface:s nat_netmap:s advertise:b advertise_resource:l " +
		"vpc_region:s vpc_id:s net_gateway:b"
	userWords = "name:s email:s auth_type:s yubico_id:s groups:l disabled:b network_links:l bypass_secondary:b " +
		"client_to_client:b mac_addresses:l dns_servers:l dns_suffix:s port_forwarding:f "
	linkWords = "name:s status:s protocol:s wg_port:i ipv6:b host_check:b action:s preferred_ike:s preferred_esp:s force_preferred:b "
	gateWords = "name:s timeout:i priority:i backoff:i static:b public_address:s local_address:s address6:s wg_public_key:s"
	hostWords = "name:s public_address:s public_address6:s routed_subnet6:s routed_subnet6_wg:s proxy_ndp:b local_address:s " +
		"local_address6:s link_address:s sync_address:s availability_group:s priority:i instance_id:s"
	adminWords = "username:s password:s yubikey_id:s super_user:b auth_api:b disabled:b otp_auth:b "
)

// routes is the front end's list. What is not in it is a 404 for everybody.
var routes = sync.OnceValue(func() []route {
	t := &table{}
	t.general()
	t.people()
	t.servers()
	t.links()
	return t.list
})

type table struct{ list []route }

func (t *table) add(method, path string, body *shape, do handler) *route {
	t.list = append(t.list, route{
		method: method, parts: strings.Split(strings.Trim(path, "/"), "/"), body: body, do: do,
	})
	return &t.list[len(t.list)-1]
}

func (t *table) get(path string, do handler) *route { return t.add(http.MethodGet, path, nil, do) }
func (t *table) del(path string, do handler) *route { return t.add(http.MethodDelete, path, nil, do) }
func (t *table) put(path, words string, do handler) *route {
	return t.add(http.MethodPut, path, shapeOf(words), do)
}

func (t *table) post(path, words string, do handler) *route {
	return t.add(http.MethodPost, path, shapeOf(words), do)
}

func shapeOf(words string) *shape {
	if words == "" {
		return nil
	}
	return object(words)
}

func (t *table) general() {
	t.get("ping", alive).access = open
	t.get("check", alive).access = open
	t.get("robots.txt", robots).access = open
	t.get("login", loginPage).access = open
	t.get("status", getStatus)
	t.get("state", getState).access = light
	t.post("auth/session", "username:s password:s yubico_key:s otp_code:s", openSession).access = open
	t.del("auth/session", closeSession).access = open
	t.get("settings", getSettings)
	t.put("settings", settingsWords(), putSettings)
	t.get("settings/zones", emptyObject)
	t.get("subscription", getSubscription)
	t.post("subscription", "license:s", postSubscription)
	t.put("subscription", "card:s email:s plan:s promo_code:s cancel:b", getSubscription)
	t.del("subscription", deleteSubscription)
	t.get("subscription/styles/:plan/:ver", styles).access = light
	t.get("event", emptyList)
	t.get("event/:cursor", emptyList)
	t.get("log", getLog)
	t.get("logs", getLogs)
	t.get("host", listHosts)
	t.get("host/:host", getHost)
	t.put("host/:host", hostWords, putHost)
	t.del("host/:host", deleteHost)
	t.get("host/:host/usage/:period", getUsage)
}

func (t *table) people() {
	t.get("admin", listAdmins)
	t.get("admin/:admin_id", getAdmin)
	t.post("admin", adminWords, postAdmin)
	t.put("admin/:admin_id", adminWords+"token:s secret:s otp_secret:b", putAdmin)
	t.del("admin/:admin_id", deleteAdmin)
	t.get("admin/:admin_id/audit", auditAdmin)
	t.get("organization", listOrgs)
	t.get("organization/:org_id", getOrg)
	t.post("organization", "name:s auth_api:b", postOrg)
	t.put("organization/:org_id", "name:s auth_api:b auth_token:b auth_secret:b", putOrg)
	t.del("organization/:org_id", deleteOrg)
	t.get("user/:org_id", listUsers)
	t.get("user/:org_id/:user_id", getUser)
	t.post("user/:org_id", userWords+"pin:s", postUsers)
	t.add(http.MethodPost, "user/:org_id/multi", list(userWords+"pin:s"), postUsers)
	t.put("user/:org_id/:user_id", userWords+"pin:a send_key_email:b", putUser)
	t.del("user/:org_id/:user_id", deleteUser)
	t.put("user/:org_id/:user_id/otp_secret", "", putOTPSecret)
	t.get("user/:org_id/:user_id/audit", auditUser)
	t.put("user/:org_id/:user_id/device/:device_id", "name:s reg_key:s", registerDevice)
	t.del("user/:org_id/:user_id/device/:device_id", removeDevice)
	t.get("device/unregistered", listUnregistered)
	t.put("device/register/:org_id/:user_id/:device_id", "name:s reg_key:s", registerDevice)
	t.del("device/register/:org_id/:user_id/:device_id", removeDevice)
	t.get("data/:org_id/:user_id", getKeyLinks)
	t.get("data/:org_id/:user_id/:server_id", getKeyFile)
}

func (t *table) servers() {
	t.get("server", listServers)
	t.get("server/:server_id", getServer)
	t.post("server", serverWords, postServer)
	t.put("server/:server_id", serverWords, putServer)
	t.del("server/:server_id", deleteServer)
	t.get("server/:server_id/organization", listServerOrgs)
	t.put("server/:server_id/organization/:org_id", "", attachOrg)
	t.del("server/:server_id/organization/:org_id", detachOrg)
	t.get("server/:server_id/route", listRoutes)
	t.post("server/:server_id/route", routeWords, postRoute)
	t.add(http.MethodPost, "server/:server_id/routes", list(routeWords), postRoutes)
	t.put("server/:server_id/route/:net", routeWords, putRoute)
	t.del("server/:server_id/route/:net", deleteRoute)
	t.get("server/:server_id/host", listServerHosts)
	t.put("server/:server_id/host/:host_id", "", attachHost)
	t.del("server/:server_id/host/:host_id", detachHost)
	t.get("server/:server_id/link", listServerLinks)
	t.put("server/:server_id/link/:link_id", "use_local_address:b", linkServers)
	t.del("server/:server_id/link/:link_id", unlinkServers)
	t.put("server/:server_id/operation/:operation", "", operate)
	t.get("server/:server_id/output", getOutput)
	t.del("server/:server_id/output", emptyObject)
	t.get("server/:server_id/link_output", getOutput)
	t.del("server/:server_id/link_output", clearLinkOutput)
	t.get("server/:server_id/bandwidth/:period", getBandwidth)
}

func (t *table) links() {
	first := len(t.list)
	const loc = "link/:link_id/location/:location_id"
	t.get("link", listLinks)
	t.post("link", linkWords+"type:s", postLink)
	t.put("link/:link_id", linkWords+"key:b", putLink)
	t.del("link/:link_id", deleteLink)
	t.get("link/:link_id/location", listLocations)
	t.post("link/:link_id/location", "name:s link_id:s location:s", postLocation)
	t.put(loc, "name:s link_id:s location:s", putLocation)
	t.del(loc, deleteLocation)
	t.post(loc+"/route", "network:s", postLinkRoute)
	t.del(loc+"/route/:route_id", deleteLinkRoute)
	t.get(loc+"/host/:host_id/uri", getGatewayURI)
	t.get(loc+"/host/:host_id/conf", getGatewayConf)
	t.post(loc+"/host", gateWords, postGateway)
	t.put(loc+"/host/:host_id", gateWords, putGateway)
	t.del(loc+"/host/:host_id", deleteGateway)
	t.post(loc+"/peer", "peer_id:s", postPeer)
	t.del(loc+"/peer/:peer_id", deletePeer)
	t.post(loc+"/transit", "transit_id:s", postTransit)
	t.del(loc+"/transit/:transit_id", deleteTransit)
	for i := first; i < len(t.list); i++ {
		t.list[i].licensed = true
	}
	// The front end knows this route, the back end does not.
	t.put(loc+"/route/:route_id", "network:s", nil)
	t.put("link/state", linkStateWords, linkState).access = open
	t.del("link/state", linkState).access = open
}
