# Written by pritunl-backup from the snapshot of "vpn.example.com" taken 2026-01-02T03:04:05Z.
# Read terraform plan before you apply. Where it only changes the order of a server's
# organizations, hosts or groups, change it in servers.tf instead: the provider stops
# and starts a server for any change of it.

import {
  to = pritunl_organization.alpha
  id = "6b024c29b15b3f637f408c33"
}

import {
  to = pritunl_organization.beta
  id = "6b024c2ab15b3f637f408c69"
}

import {
  to = pritunl_organization.gamma
  id = "6b024c2ab15b3f637f408c9d"
}

import {
  to = pritunl_server.bridge
  id = "6b024c47b15b3f637f408e43"
}

import {
  to = pritunl_server.everything
  id = "6b024c3cb15b3f637f408df6"
}

import {
  to = pritunl_server.main
  id = "6b024c3ab15b3f637f408de0"
}

import {
  to = pritunl_server.v6
  id = "6b024c44b15b3f637f408e29"
}

import {
  to = pritunl_server.wg
  id = "6b024c40b15b3f637f408e0f"
}

import {
  to = pritunl_user.alpha
  id = "6b024c29b15b3f637f408c33-6b024c2ab15b3f637f408c62"
}

import {
  to = pritunl_user.alpha_m_riagr_e
  id = "6b024c29b15b3f637f408c33-6b024c2db15b3f637f408cea"
}

import {
  to = pritunl_user.alpha_alice
  id = "6b024c29b15b3f637f408c33-6b024c2ab15b3f637f408c3b"
}

import {
  to = pritunl_user.alpha_alice_2
  id = "6b024c29b15b3f637f408c33-6b024c2ab15b3f637f408c5d"
}

import {
  to = pritunl_user.alpha_bob_smith_example_com
  id = "6b024c29b15b3f637f408c33-6b024c2ab15b3f637f408c47"
}

import {
  to = pritunl_user.alpha_bypass
  id = "6b024c29b15b3f637f408c33-6b024c2ab15b3f637f408c52"
}

import {
  to = pritunl_user.alpha_yubikey
  id = "6b024c29b15b3f637f408c33-6b024c2ab15b3f637f408c57"
}

import {
  to = pritunl_user.beta_google
  id = "6b024c2ab15b3f637f408c69-6b024c2ab15b3f637f408c86"
}

import {
  to = pritunl_user.beta_mac
  id = "6b024c2ab15b3f637f408c69-6b024c2ab15b3f637f408c96"
}

import {
  to = pritunl_user.beta_nonsense_auth
  id = "6b024c2ab15b3f637f408c69-6b024c2ab15b3f637f408c8c"
}

import {
  to = pritunl_user.beta_null_lists
  id = "6b024c2ab15b3f637f408c69-6b024c2ab15b3f637f408c91"
}

import {
  to = pritunl_user.beta_okta
  id = "6b024c2ab15b3f637f408c69-6b024c2ab15b3f637f408c70"
}

import {
  to = pritunl_user.beta_radius
  id = "6b024c2ab15b3f637f408c69-6b024c2ab15b3f637f408c7a"
}

import {
  to = pritunl_user.gamma_carol
  id = "6b024c2ab15b3f637f408c9d-6b024c2db15b3f637f408ca7"
}

# Not expressed:
# - organization "beta", auth_api: not an argument of the provider, and a rename through it turns the access off
# - host "host-one", public_address: "vpn.example.com", the provider only reads hosts
# - host "host-one", link_address: "link.example.com", the provider only reads hosts
# - host "host-one", availability_group: "zone1", the provider only reads hosts
# - host "host-one", priority: 2, the provider only reads hosts
# - server "everything", ipv6_firewall: false, not an argument of the provider; updates through it keep it
# - server "everything", jumbo_frames: true, not an argument of the provider; updates through it keep it
# - server "everything", lzo_compression: true, not an argument of the provider; updates through it keep it
# - server "everything", bypass_sso_auth: true, not known to the provider; any update of the server through it resets it
# - server "everything", force_connect: true, not known to the provider; any update of the server through it resets it
# - server "everything", hide_ovpn: true, not known to the provider; any update of the server through it resets it
# - server "everything", multihome: true, not known to the provider; any update of the server through it resets it
# - server "everything", ovpn_dco: true, not known to the provider; any update of the server through it resets it
# - server "everything", ping_interval_wg: 25, not known to the provider; any update of the server through it resets it
# - server "everything", ping_timeout_wg: 100, not known to the provider; any update of the server through it resets it
# - server "everything", route_dns: true, not known to the provider; any update of the server through it resets it
# - server route "everything 10.99.0.0/24": derived from the network link of a user, expressed only for an import
# - server route "everything 10.99.0.0/24", advertise: true, not known to the provider; an update of the route through it resets it
# - server route "everything fd99::/64": derived from the network link of a user, expressed only for an import
# - server "main", force_connect: true, not known to the provider; any update of the server through it resets it
# - server "main", hide_ovpn: true, not known to the provider; any update of the server through it resets it
# - server route "main 10.10.0.0/24", comment: "the virtual network" of the virtual network, which the provider passes over
# - server route "main 10.10.0.0/24", metric: 7 of the virtual network, which the provider passes over
# - server route "main 10.104.0.0/16", advertise: true, not known to the provider; an update of the route through it resets it
# - server route "main 10.104.0.0/16", advertise_resource: ["vpc-1","vpc-2"], not known to the provider; an update of the route through it resets it
# - server route "main 10.122.0.0/24", metric: 9, not known to the provider; an update of the route through it resets it
# - server route "main 10.99.0.0/24": derived from the network link of a user, expressed only for an import
# - server route "main fd99::/64": derived from the network link of a user, expressed only for an import
# - server route "main 10.20.0.53/32": derived from a linked server, expressed only for an import
# - server route "main 10.30.0.0/24": derived from a linked server, expressed only for an import
# - server route "main 10.31.0.0/24": derived from a linked server, expressed only for an import
# - server route "v6 ::/0": derived from the route 0.0.0.0/0, expressed only for an import
# - server route "wg 10.30.0.0/24", comment: "wg virtual" of the virtual network, which the provider passes over
# - server route "wg 10.10.0.0/24": derived from a linked server, expressed only for an import
# - server route "wg 10.10.0.0/24", metric: 7, not known to the provider; an update of the route through it resets it
# - server route "wg 10.100.0.0/16": derived from a linked server, expressed only for an import
# - server route "wg 10.101.0.0/16": derived from a linked server, expressed only for an import
# - server route "wg 10.102.3.4/32": derived from a linked server, expressed only for an import
# - server route "wg 10.103.0.0/16": derived from a linked server, expressed only for an import
# - server route "wg 10.104.0.0/16": derived from a linked server, expressed only for an import
# - server route "wg 10.104.0.0/16", metric: 4, not known to the provider; an update of the route through it resets it
# - server route "wg 10.104.0.0/16", advertise: true, not known to the provider; an update of the route through it resets it
# - server route "wg 10.105.0.0/16": derived from a linked server, expressed only for an import
# - server route "wg 10.121.0.0/24": derived from a linked server, expressed only for an import
# - server route "wg 10.122.0.0/24": derived from a linked server, expressed only for an import
# - server route "wg 10.122.0.0/24", metric: 9, not known to the provider; an update of the route through it resets it
# - server route "wg 10.130.0.0/16": derived from a linked server, expressed only for an import
# - server route "wg 10.99.0.0/24": derived from a linked server, expressed only for an import
# - server route "wg 9.9.9.10/32": derived from a linked server, expressed only for an import
# - server route "wg fd12::/64": derived from a linked server, expressed only for an import
# - server route "wg fd99::/64": derived from a linked server, expressed only for an import
# - user "bob.smith@example.com", pin: is set and cannot be read; any update of the user through the provider clears it
# - user "yubikey", yubico_id: not an argument of the provider; updates through it keep it
# - user "carol", pin: is set and cannot be read; any update of the user through the provider clears it
# - settings: the provider has no resource for it
# - subscription: the provider has no resource for it
# - administrator "apiadmin": the provider has no resource for it
# - administrator "auditorone": the provider has no resource for it
# - administrator "pritunl": the provider has no resource for it
# - link "direct": the provider has no resource for it
# - link "ipsec2": the provider has no resource for it
# - link "site-one": the provider has no resource for it
# - location "client": the provider has no resource for it
# - location "server": the provider has no resource for it
# - location "ams": the provider has no resource for it
# - location "nyc": the provider has no resource for it
# - location "paris": the provider has no resource for it
# - location "sgp": the provider has no resource for it
# - server link "main - wg": the provider has no resource for it
