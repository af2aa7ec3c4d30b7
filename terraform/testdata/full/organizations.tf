# Written by pritunl-backup from the snapshot of "vpn.example.com" taken 2026-01-02T03:04:05Z.

resource "pritunl_organization" "alpha" {
  name = "Alpha"
}

resource "pritunl_organization" "beta" {
  name = "beta"
  # auth_api: not an argument of the provider, and a rename through it turns the access off
}

resource "pritunl_organization" "gamma" {
  name = "gamma"
}
