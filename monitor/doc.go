// Package monitor tells monitoring what became of a run: heartbeat URLs, a
// Prometheus text file and a Pushgateway.
//
// It only tells. Nothing in it can fail a run: what goes wrong comes back as
// warnings, and a URL, which often is a secret of its own, is never part of one.
// It decides nothing about runs, schedules or alerts, and reads no clock: all
// times are in the Run.
package monitor
