# Written by pritunl-backup from the snapshot of "vpn.example.com" taken 2026-01-02T03:04:05Z.
terraform {
  # Import blocks need 1.5.
  required_version = ">= 1.5.0"

  required_providers {
    pritunl = {
      source  = "disc/pritunl"
      version = "~> 0.7, >= 0.7.2"
    }
  }
}

provider "pritunl" {
  url    = var.pritunl_url
  token  = var.pritunl_token
  secret = var.pritunl_secret
}

variable "pritunl_url" {
  description = "Address of the Pritunl server, such as https://vpn.example.com"
  type        = string
  default     = "https://vpn.example.com"
}

variable "pritunl_token" {
  description = "API token of an administrator"
  type        = string
  sensitive   = true
}

variable "pritunl_secret" {
  description = "API secret of the same administrator"
  type        = string
  sensitive   = true
}
