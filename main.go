// Command pritunl-backup takes, verifies and restores snapshots of a Pritunl VPN server.
package main

func main() {}
