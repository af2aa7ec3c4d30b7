package restore

import (
	"context"
	"errors"
	"fmt"
	"time"

	"pritunl-backup/api"
	"pritunl-backup/snapshot"
)

// writeConnectionSettings changes, one at a time, what may cut the connection in
// use, and waits after each until the server answers again.
func (r *runner) writeConnectionSettings(ctx context.Context, actions []*Action) error {
	return r.each(ctx, actions, func(ctx context.Context, a *Action) error {
		base, err := answered(r.client.Settings(ctx))
		if err != nil {
			return err
		}
		former := liveBody(snapshot.Settings, base)
		body := former.Clone()
		for _, f := range a.sends() {
			a.want.put(body, f)
		}
		if _, err = r.client.PutSettings(ctx, encode(body)); err != nil && refused(err) {
			if _, undoErr := r.client.PutSettings(ctx, encode(former)); undoErr != nil {
				return errors.Join(err, fmt.Errorf("put the former settings back: %w", undoErr))
			}
			return err
		}
		if err != nil && !uncertain(err) {
			return err
		}
		return r.reconnect(ctx, a)
	})
}

// reconnect waits until the server answers again, on its new port if it has moved.
func (r *runner) reconnect(ctx context.Context, a *Action) error {
	if a.Fields[0].Path == "server_port" {
		port, _ := a.want.sent.Int("server_port")
		r.report.Port = port
		if r.opts.Reconnect == nil {
			return nil
		}
		client, err := r.opts.Reconnect(port)
		if err != nil {
			return fmt.Errorf("connect to port %d: %w", port, err)
		}
		r.client = client
	}
	for look := 1; ; look++ {
		// The server restarts a moment after its answer.
		if err := r.opts.Sleep(ctx, 4*time.Second); err != nil {
			return err
		}
		_, err := r.client.Status(ctx)
		switch {
		case err == nil:
			return nil
		case errors.Is(err, api.ErrCertificate):
			r.report.Warnings = append(r.report.Warnings, "the server shows its new certificate, which this connection does not trust: use the new one from here on")
			return nil
		case ctx.Err() != nil || !uncertain(err) || look == 2*tries:
			return fmt.Errorf("wait for the server after %s was changed: %w", a.Path, err)
		}
	}
}
