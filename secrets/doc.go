// Package secrets reads the credentials a run needs from AWS Secrets Manager and
// from SSM parameters, and stores a recovered pair in Secrets Manager.
//
// A secret or parameter holds one JSON object with any of the members of Values.
// The package asks for no region and no account of its own: it is given an
// aws.Config, whose credential chain is the caller's business, and it speaks to
// nothing but those two services. It never puts a value into an error.
package secrets
