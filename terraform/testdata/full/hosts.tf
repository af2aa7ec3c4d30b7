# Written by pritunl-backup from the snapshot of "vpn.example.com" taken 2026-01-02T03:04:05Z.

data "pritunl_host" "host_one" {
  hostname = "vpn-a.example.com"
  # public_address: "vpn.example.com", the provider only reads hosts
  # link_address: "link.example.com", the provider only reads hosts
  # availability_group: "zone1", the provider only reads hosts
  # priority: 2, the provider only reads hosts
}

data "pritunl_host" "second_host" {
  hostname = "vpn-b.example.com"
}
