package simulator

import (
	"context"
	"iter"
	"net/http"
	"slices"
	"time"
)

// work is a request that is being carried out, or something the server does
// beside the requests. It is written as one function, which calls wait where it
// takes time; other work is carried on meanwhile.
type work struct {
	began  time.Time
	limit  time.Duration // how long the front end waits
	due    time.Time     // of the next step, or when it was done
	step   func() (time.Duration, bool)
	stop   func()
	done   bool
	answer reply
	silent bool // fills a pool: not counted in State
	held   bool // goes on with the next request that reads
}

// wait lets time pass inside of work.
type wait func(time.Duration)

// begin starts work; run carries it out.
func (db *database) begin(do func(wait) reply) *work {
	w := &work{began: db.now(), due: db.now(), limit: db.opts.Realism.FrontEndLimit, answer: crash()}
	w.step, w.stop = iter.Pull(func(yield func(time.Duration) bool) {
		defer func() { w.done = true }()
		stopped := false
		w.answer = do(func(d time.Duration) {
			if d > 0 && !stopped {
				stopped = !yield(d)
			}
		}).render()
	})
	db.working = append(db.working, w)
	return w
}

// background starts work that nobody waits for.
func (db *database) background(do func(wait)) *work {
	return db.begin(func(w wait) reply { do(w); return reply{} })
}

// run carries out everything that is due, in the order of time.
func (db *database) run() {
	now := db.opts.Clock.Now()
	for {
		var first *work
		for _, w := range db.working {
			if !w.held && !w.due.After(now) && (first == nil || w.due.Before(first.due)) {
				first = w
			}
		}
		if first == nil {
			return
		}
		db.carryOn(first)
	}
}

// resume carries on what waits for a request that reads.
func (db *database) resume(method string) {
	for _, w := range db.working {
		if w.held && !isWrite(method) {
			w.held, w.due = false, db.now()
		}
	}
}

// turn takes the next place among the requests, which the server works off one
// after another, and says how long it is until that one is done.
func (db *database) turn() time.Duration {
	now := db.now()
	if db.free.Before(now) {
		db.free = now
	}
	db.free = db.free.Add(db.opts.Realism.Request)
	return db.free.Sub(now)
}

// carryOn does one step. Inside, the time is the one at which it was due.
func (db *database) carryOn(w *work) {
	db.at = w.due
	defer func() { db.at = time.Time{} }()
	d, more := w.step()
	w.due = w.due.Add(d)
	if !more {
		db.working = slices.DeleteFunc(db.working, func(x *work) bool { return x == w })
	}
}

// abandon ends all work without waiting, before the database is thrown away.
func (db *database) abandon() {
	for len(db.working) > 0 {
		w := db.working[0]
		db.working = db.working[1:]
		w.stop()
	}
}

// await waits until work is done. After its limit, if that is not zero, the front
// end answers instead. There is no answer when the client goes away first. The
// work goes on in either case.
func (s *Simulator) await(ctx context.Context, w *work) (out reply, answered bool) {
	clock, end := s.opts.Clock, w.began.Add(w.limit)
	for {
		due, done := s.look(w)
		late := w.limit > 0 && due.After(end)
		if late {
			due = end
		}
		switch {
		case done && !late:
			return w.answer, true
		case late && !clock.Now().Before(end):
			return frontEmpty(http.StatusBadGateway), true
		}
		if err := clock.WaitUntil(ctx, due); err != nil {
			return reply{}, false
		}
	}
}

// look carries out what is due and says how far work has come.
func (s *Simulator) look(w *work) (due time.Time, done bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.db.run()
	return w.due, w.done
}
