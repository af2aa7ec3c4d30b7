# Written by pritunl-backup from the snapshot of "vpn.example.com" taken 2026-01-02T03:04:05Z.

resource "pritunl_user" "alpha" {
  organization_id = pritunl_organization.alpha.id
  name            = ""
  email           = "nobody@example.com"
  auth_type       = "local"
}

resource "pritunl_user" "alpha_m_riagr_e" {
  organization_id = pritunl_organization.alpha.id
  name            = "MáriaGröße山田"
  email           = "maria@example.com"
  auth_type       = "local"
  groups          = ["a/b", "xy", "ñandú"]
}

resource "pritunl_user" "alpha_alice" {
  organization_id = pritunl_organization.alpha.id
  name            = "alice"
  email           = "alice@example.com"
  auth_type       = "local"
  groups          = ["dev"]
}

resource "pritunl_user" "alpha_alice_2" {
  organization_id = pritunl_organization.alpha.id
  name            = "alice"
  email           = "other.alice@example.com"
  auth_type       = "local"
  groups          = ["hr"]
}

resource "pritunl_user" "alpha_bob_smith_example_com" {
  organization_id  = pritunl_organization.alpha.id
  name             = "bob.smith@example.com"
  email            = "bob@example.com"
  auth_type        = "local"
  groups           = ["dev", "opsteam"]
  disabled         = true
  client_to_client = true
  mac_addresses    = ["00:11:22:33:44:55", "aa:bb:cc:dd:ee:ff"]
  dns_servers      = ["10.1.1.1", "10.1.1.2"]
  dns_suffix       = "corp.example.com"
  network_links    = ["10.99.0.0/24", "fd99::/64"]
  port_forwarding = [{
    dport    = "8080"
    port     = "80"
    protocol = "tcp"
    }, {
    dport    = ""
    port     = "443"
    protocol = ""
  }]
  # pin: is set and cannot be read; any update of the user through the provider clears it
}

resource "pritunl_user" "alpha_bypass" {
  organization_id  = pritunl_organization.alpha.id
  name             = "bypass"
  auth_type        = "local"
  bypass_secondary = true
}

resource "pritunl_user" "alpha_yubikey" {
  organization_id = pritunl_organization.alpha.id
  name            = "yubikey"
  auth_type       = "yubico"
  groups          = ["dev"]
  # yubico_id: not an argument of the provider; updates through it keep it
}

resource "pritunl_user" "beta_google" {
  organization_id = pritunl_organization.beta.id
  name            = "google"
  email           = "g@example.com"
  auth_type       = "google_duo"
  dns_suffix      = "b.example.com"
}

resource "pritunl_user" "beta_mac" {
  organization_id = pritunl_organization.beta.id
  name            = "mac"
  auth_type       = "local"
  mac_addresses   = ["not-a-mac"]
  dns_servers     = ["not-an-ip"]
  port_forwarding = [{
    dport    = "5353"
    port     = "53"
    protocol = "udp"
  }]
}

resource "pritunl_user" "beta_nonsense_auth" {
  organization_id = pritunl_organization.beta.id
  name            = "nonsense-auth"
  auth_type       = "local"
}

resource "pritunl_user" "beta_null_lists" {
  organization_id = pritunl_organization.beta.id
  name            = "null-lists"
  auth_type       = "local"
}

resource "pritunl_user" "beta_okta" {
  organization_id = pritunl_organization.beta.id
  name            = "okta"
  email           = "okta@example.com"
  auth_type       = "saml_okta"
  groups          = ["sso"]
}

resource "pritunl_user" "beta_radius" {
  organization_id = pritunl_organization.beta.id
  name            = "radius"
  auth_type       = "radius"
}

resource "pritunl_user" "gamma_carol" {
  organization_id  = pritunl_organization.gamma.id
  name             = "carol"
  auth_type        = "local"
  client_to_client = true
  # pin: is set and cannot be read; any update of the user through the provider clears it
}
