// Command pritunl-backup takes, verifies, compares and restores snapshots of the configuration of a Pritunl VPN
// server. This file is the edge of the process: signals, streams and the exit code; everything else is in cli.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"pritunl-backup/cli"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop)   // a second signal ends the process at once
	signal.Ignore(syscall.SIGPIPE) // a closed pipe is an error like any other: what is temporary gets removed
	code := cli.Main(ctx, os.Args[1:], os.Getenv, cli.Stdio{In: os.Stdin, Out: os.Stdout, Err: os.Stderr})
	os.Exit(code) // signals stay caught until the end: one that comes too late must not undo a success
}
