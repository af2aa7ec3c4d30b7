// Package terraform writes a snapshot as configuration for the Terraform provider
// disc/pritunl: organizations, servers with their routes, users, hosts as data
// sources, and import blocks that take over what is there already.
//
// It knows what that provider documents (version 0.7.2) and says of everything
// else that it is not expressed: in a comment in place and in a list at the end.
// It writes no secret: the provider's credentials are variables, and Pritunl shows
// no PIN. It does not run Terraform and reads no state.
package terraform
