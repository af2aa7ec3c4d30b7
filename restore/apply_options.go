package restore

import (
	"context"
	"crypto/rand"
	"io"
	"time"

	"pritunl-backup/api"
	"pritunl-backup/snapshot"
)

// Event is one step of progress.
type Event struct {
	Kind    snapshot.Kind // what is being written
	Path    string        // the object; while waiting, a sentence: what for, and how long already
	Done    int           // actions done
	Total   int           // actions of the whole run that write
	Waiting bool          // nothing is written: the server is looked at every few seconds
	Waited  time.Duration // how long already
}

// ApplyOptions say how a plan is carried out. The zero value works, except that
// a plan which creates administrators needs Passwords.
type ApplyOptions struct {
	// Progress is told of every step, from one goroutine.
	Progress func(Event)
	// Passwords is given the password of an administrator before it is created,
	// so that it is never lost. An error ends the run.
	Passwords func(username string, password api.Secret) error
	// Random is the source of passwords. Default crypto/rand.
	Random io.Reader
	// Now and Sleep are the clock, and the wait between looks at the server. They
	// belong together. Default is the real time.
	Now   func() time.Time
	Sleep func(ctx context.Context, d time.Duration) error
	// Settle is how long nothing new may have appeared before the server counts as
	// done with a request whose answer was lost: it carries out all it received,
	// slowly and with pauses. Default 90 seconds; negative looks once and goes on.
	Settle time.Duration
	// Cure is how long a server may wait for its Diffie-Hellman parameters before it
	// is given others and then the wanted ones again, once, which helps when the
	// server has lost them. Default two minutes.
	Cure time.Duration
	// Patience is how long a run waits for such servers before it goes on without
	// them. Default ten minutes.
	Patience time.Duration
	// PutBack bounds the time in which stopped servers are started again after an
	// error or an interruption. Default two minutes.
	PutBack time.Duration
	// Reconnect gives a client for the server's new port. Without it the run ends
	// when the port has been changed, which is its last step anyway.
	Reconnect func(port int64) (*api.Client, error)
}

func (o ApplyOptions) filled() ApplyOptions {
	if o.Progress == nil {
		o.Progress = func(Event) {}
	}
	if o.Random == nil {
		o.Random = rand.Reader
	}
	if o.Sleep == nil {
		o.Sleep = sleep
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	for _, d := range []struct {
		value   *time.Duration
		usually time.Duration
	}{{&o.Settle, 90 * time.Second}, {&o.Cure, 2 * time.Minute}, {&o.Patience, 10 * time.Minute}, {&o.PutBack, 2 * time.Minute}} {
		if *d.value == 0 {
			*d.value = d.usually
		}
	}
	return o
}

func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}
