# Written by pritunl-backup from the snapshot of "vpn.example.com" taken 2026-01-02T03:04:05Z.

resource "pritunl_server" "bridge" {
  name               = "bridge"
  protocol           = "tcp"
  port               = 15700
  network            = "10.40.0.0/24"
  network_mode       = "bridge"
  network_start      = "10.40.0.10"
  network_end        = "10.40.0.200"
  cipher             = "aes256"
  hash               = "sha256"
  dh_param_bits      = 2048
  max_clients        = 2000
  replica_count      = 1
  inter_client       = true
  restrict_routes    = true
  vxlan              = true
  ping_interval      = 10
  ping_timeout       = 60
  link_ping_interval = 1
  link_ping_timeout  = 5
  organization_ids   = [pritunl_organization.gamma.id]
  host_ids           = [data.pritunl_host.host_one.id]

  route {
    network = "0.0.0.0/0"
    nat     = true
  }

  route {
    network = "10.20.0.53/32"
    comment = "DNS Server"
    nat     = true
  }
}

resource "pritunl_server" "everything" {
  name               = "everything"
  protocol           = "tcp"
  port               = 15500
  network            = "10.20.0.0/24"
  network_wg         = "10.21.0.0/24"
  port_wg            = 15501
  network_mode       = "tunnel"
  bind_address       = "192.0.2.2"
  cipher             = "aes128"
  hash               = "sha512"
  dh_param_bits      = 2048
  groups             = ["dev", "ops"]
  multi_device       = true
  max_clients        = 150
  max_devices        = 3
  replica_count      = 1
  allowed_devices    = "mobile"
  otp_auth           = true
  sso_auth           = true
  device_auth        = true
  dynamic_firewall   = true
  dns_servers        = ["10.20.0.53", "8.8.4.4"]
  search_domain      = "corp.example.com, b.example.com"
  dns_mapping        = true
  block_outside_dns  = true
  inter_client       = false
  restrict_routes    = false
  vxlan              = false
  geo_sort           = true
  ping_interval      = 15
  ping_timeout       = 70
  link_ping_interval = 2
  link_ping_timeout  = 9
  session_timeout    = 86400
  inactive_timeout   = 600
  pre_connect_msg    = "hello\nworld"
  debug              = true
  # ipv6_firewall: false, not an argument of the provider; updates through it keep it
  # jumbo_frames: true, not an argument of the provider; updates through it keep it
  # lzo_compression: true, not an argument of the provider; updates through it keep it
  # bypass_sso_auth: true, not known to the provider; any update of the server through it resets it
  # force_connect: true, not known to the provider; any update of the server through it resets it
  # hide_ovpn: true, not known to the provider; any update of the server through it resets it
  # multihome: true, not known to the provider; any update of the server through it resets it
  # ovpn_dco: true, not known to the provider; any update of the server through it resets it
  # ping_interval_wg: 25, not known to the provider; any update of the server through it resets it
  # ping_timeout_wg: 100, not known to the provider; any update of the server through it resets it
  # route_dns: true, not known to the provider; any update of the server through it resets it
  organization_ids = [pritunl_organization.alpha.id, pritunl_organization.beta.id]
  host_ids         = [data.pritunl_host.host_one.id]

  route {
    network = "0.0.0.0/0"
    nat     = true
  }

  route {
    network = "10.20.0.53/32"
    comment = "DNS Server"
    nat     = true
  }

  # Pritunl derives this route from the network link of a user; it stands here because the provider
  # reads it back. Leave it out when you build a new instance.
  route {
    network = "10.99.0.0/24"
    comment = "link net"
    nat     = true
    # advertise: true, not known to the provider; an update of the route through it resets it
  }

  # Pritunl derives this route from the network link of a user; it stands here because the provider
  # reads it back. Leave it out when you build a new instance.
  route {
    network = "fd99::/64"
    nat     = false
  }
}

resource "pritunl_server" "main" {
  name               = "main"
  protocol           = "udp"
  port               = 15400
  network            = "10.10.0.0/24"
  network_mode       = "tunnel"
  cipher             = "aes256"
  hash               = "sha256"
  dh_param_bits      = 2048
  max_clients        = 2000
  max_devices        = 2
  replica_count      = 1
  dns_servers        = ["9.9.9.10"]
  block_outside_dns  = true
  inter_client       = true
  restrict_routes    = true
  vxlan              = true
  geo_sort           = true
  ping_interval      = 10
  ping_timeout       = 60
  link_ping_interval = 1
  link_ping_timeout  = 5
  pre_connect_msg    = "hi"
  # force_connect: true, not known to the provider; any update of the server through it resets it
  # hide_ovpn: true, not known to the provider; any update of the server through it resets it
  organization_ids = [pritunl_organization.alpha.id, pritunl_organization.gamma.id]
  host_ids         = [data.pritunl_host.host_one.id]

  route {
    network = "0.0.0.0/0"
    nat     = true
  }
  # comment: "the virtual network" of the virtual network, which the provider passes over
  # metric: 7 of the virtual network, which the provider passes over

  route {
    network = "10.100.0.0/16"
    comment = "rename attempt"
    nat     = false
  }

  route {
    network = "10.101.0.0/16"
    comment = "now with nat"
    nat     = true
  }

  route {
    network = "10.102.3.4/32"
    nat     = true
  }

  route {
    network     = "10.103.0.0/16"
    nat         = false
    net_gateway = true
  }

  route {
    network = "10.104.0.0/16"
    nat     = true
    # advertise: true, not known to the provider; an update of the route through it resets it
    # advertise_resource: ["vpc-1","vpc-2"], not known to the provider; an update of the route through it resets it
  }

  route {
    network = "10.105.0.0/16"
    nat     = true
  }

  route {
    network = "10.121.0.0/24"
    comment = "b"
    nat     = false
  }

  route {
    network = "10.122.0.0/24"
    nat     = true
    # metric: 9, not known to the provider; an update of the route through it resets it
  }

  route {
    network = "10.130.0.0/16"
    comment = "created by PUT"
    nat     = true
  }

  # Pritunl derives this route from the network link of a user; it stands here because the provider
  # reads it back. Leave it out when you build a new instance.
  route {
    network = "10.99.0.0/24"
    nat     = false
  }

  route {
    network = "9.9.9.10/32"
    comment = "DNS Server"
    nat     = false
  }

  route {
    network = "fd12::/64"
    comment = "six"
    nat     = true
  }

  # Pritunl derives this route from the network link of a user; it stands here because the provider
  # reads it back. Leave it out when you build a new instance.
  route {
    network = "fd99::/64"
    nat     = false
  }

  # Pritunl derives this route from a linked server; it stands here because the provider
  # reads it back. Leave it out when you build a new instance.
  route {
    network = "10.20.0.53/32"
    comment = "DNS Server"
    nat     = true
  }

  # Pritunl derives this route from a linked server; it stands here because the provider
  # reads it back. Leave it out when you build a new instance.
  route {
    network = "10.30.0.0/24"
    comment = "wg virtual"
    nat     = false
  }

  # Pritunl derives this route from a linked server; it stands here because the provider
  # reads it back. Leave it out when you build a new instance.
  route {
    network = "10.31.0.0/24"
    comment = "wg virtual"
    nat     = false
  }
}

resource "pritunl_server" "v6" {
  name               = "v6"
  protocol           = "udp"
  port               = 15800
  network            = "10.50.0.0/16"
  network_mode       = "tunnel"
  cipher             = "none"
  hash               = "md5"
  dh_param_bits      = 2048
  max_clients        = 2000
  replica_count      = 1
  ipv6               = true
  inter_client       = true
  restrict_routes    = true
  vxlan              = true
  ping_interval      = 10
  ping_timeout       = 60
  link_ping_interval = 1
  link_ping_timeout  = 5
  organization_ids   = [pritunl_organization.gamma.id]
  host_ids           = [data.pritunl_host.host_one.id]

  route {
    network = "0.0.0.0/0"
    comment = "six default"
    nat     = true
  }

  # Pritunl derives this route from the route 0.0.0.0/0; it stands here because the provider
  # reads it back. Leave it out when you build a new instance.
  route {
    network = "::/0"
    comment = "six default"
    nat     = true
  }

  route {
    network = "10.104.0.0/16"
    comment = "v4 on v6"
    nat     = true
  }

  route {
    network = "10.20.0.53/32"
    comment = "DNS Server"
    nat     = true
  }
}

resource "pritunl_server" "wg" {
  name               = "wg"
  protocol           = "udp"
  port               = 15600
  network            = "10.30.0.0/24"
  network_wg         = "10.31.0.0/24"
  port_wg            = 15601
  network_mode       = "tunnel"
  cipher             = "aes256"
  hash               = "sha256"
  dh_param_bits      = 2048
  max_clients        = 2000
  replica_count      = 1
  inter_client       = true
  restrict_routes    = true
  vxlan              = true
  ping_interval      = 10
  ping_timeout       = 60
  link_ping_interval = 1
  link_ping_timeout  = 5
  mss_fix            = 1380
  organization_ids   = [pritunl_organization.beta.id]
  host_ids           = [data.pritunl_host.second_host.id]

  route {
    network = "0.0.0.0/0"
    nat     = true
  }

  route {
    network = "10.20.0.53/32"
    comment = "DNS Server"
    nat     = true
  }
  # comment: "wg virtual" of the virtual network, which the provider passes over

  # Pritunl derives this route from a linked server; it stands here because the provider
  # reads it back. Leave it out when you build a new instance.
  route {
    network = "10.10.0.0/24"
    comment = "the virtual network"
    nat     = false
    # metric: 7, not known to the provider; an update of the route through it resets it
  }

  # Pritunl derives this route from a linked server; it stands here because the provider
  # reads it back. Leave it out when you build a new instance.
  route {
    network = "10.100.0.0/16"
    comment = "rename attempt"
    nat     = false
  }

  # Pritunl derives this route from a linked server; it stands here because the provider
  # reads it back. Leave it out when you build a new instance.
  route {
    network = "10.101.0.0/16"
    comment = "now with nat"
    nat     = true
  }

  # Pritunl derives this route from a linked server; it stands here because the provider
  # reads it back. Leave it out when you build a new instance.
  route {
    network = "10.102.3.4/32"
    nat     = true
  }

  # Pritunl derives this route from a linked server; it stands here because the provider
  # reads it back. Leave it out when you build a new instance.
  route {
    network     = "10.103.0.0/16"
    nat         = false
    net_gateway = true
  }

  # Pritunl derives this route from a linked server; it stands here because the provider
  # reads it back. Leave it out when you build a new instance.
  route {
    network = "10.104.0.0/16"
    comment = "override"
    nat     = true
    # metric: 4, not known to the provider; an update of the route through it resets it
    # advertise: true, not known to the provider; an update of the route through it resets it
  }

  # Pritunl derives this route from a linked server; it stands here because the provider
  # reads it back. Leave it out when you build a new instance.
  route {
    network = "10.105.0.0/16"
    nat     = true
  }

  # Pritunl derives this route from a linked server; it stands here because the provider
  # reads it back. Leave it out when you build a new instance.
  route {
    network = "10.121.0.0/24"
    comment = "b"
    nat     = false
  }

  # Pritunl derives this route from a linked server; it stands here because the provider
  # reads it back. Leave it out when you build a new instance.
  route {
    network = "10.122.0.0/24"
    nat     = true
    # metric: 9, not known to the provider; an update of the route through it resets it
  }

  # Pritunl derives this route from a linked server; it stands here because the provider
  # reads it back. Leave it out when you build a new instance.
  route {
    network = "10.130.0.0/16"
    comment = "created by PUT"
    nat     = true
  }

  # Pritunl derives this route from a linked server; it stands here because the provider
  # reads it back. Leave it out when you build a new instance.
  route {
    network = "10.99.0.0/24"
    nat     = false
  }

  # Pritunl derives this route from a linked server; it stands here because the provider
  # reads it back. Leave it out when you build a new instance.
  route {
    network = "9.9.9.10/32"
    comment = "DNS Server"
    nat     = false
  }

  # Pritunl derives this route from a linked server; it stands here because the provider
  # reads it back. Leave it out when you build a new instance.
  route {
    network = "fd12::/64"
    comment = "six"
    nat     = true
  }

  # Pritunl derives this route from a linked server; it stands here because the provider
  # reads it back. Leave it out when you build a new instance.
  route {
    network = "fd99::/64"
    nat     = false
  }
}
