package simulator

import (
	"net/http"
	"time"
)

// fillPools makes everything that is made in advance.
func (db *database) fillPools() {
	db.params = paramsPool
	if db.opts.Realism.Certificate == 0 {
		return // made at the moment they are asked for
	}
	for _, o := range db.orgs {
		for len(o.pool) < certPool {
			o.pool = append(o.pool, db.newPoolUser())
		}
	}
}

// newPoolUser makes a user who has a certificate and waits for a name.
func (db *database) newPoolUser() *user {
	return &user{id: db.newID(), otpSecret: db.otpSecret()}
}

// pooledUser is the user with an id among those made in advance.
func (db *database) pooledUser(id string) *user {
	for _, o := range db.orgs {
		if u := byID(o.pool, func(u *user) string { return u.id }, id); u != nil {
			return u
		}
	}
	return nil
}

// certificateTime is how long the next certificate takes.
func (db *database) certificateTime() time.Duration {
	r := db.opts.Realism
	if r.CertificateSpread == 0 {
		return r.Certificate
	}
	return r.Certificate + time.Duration(db.rng.Int64N(int64(r.CertificateSpread)))
}

// refill makes users in advance, one after another.
func (db *database) refill(o *org) {
	if o.filling || db.opts.Realism.Certificate == 0 {
		return
	}
	o.filling = true
	db.background(func(wait wait) {
		for len(o.pool) < certPool && db.org(o.id) == o {
			wait(db.certificateTime())
			o.pool = append(o.pool, db.newPoolUser())
		}
		o.filling = false
	}).silent = true
}

// store gives a user an id and a key and stores it: those of a user made in
// advance or, when there is none, new ones. What is written while the pool is
// being filled may be overwritten. Then the answer is as asked for, but the id
// stays in the pool, with what is attached to it, and is given away once more.
// It returns what is stored under the id, nil when the organization is gone.
func (s *Simulator) store(c *call, u *user) (kept *user) {
	db, o := s.db, u.org
	times, race := db.opts.Realism, o.filling && len(c.items) > 1
	pooled := len(o.pool) > 0 || times.Certificate == 0
	if len(o.pool) == 0 {
		c.wait(db.certificateTime())
		o.pool = append(o.pool, db.newPoolUser())
	}
	kept, o.pool = o.pool[0], o.pool[1:]
	if pooled {
		db.refill(o)
		c.wait(times.PooledUser)
	}
	if db.org(o.id) != o {
		return nil
	}
	u.id, u.otpSecret, u.netLinks = kept.id, kept.otpSecret, kept.netLinks
	if pooled && s.loses(c.req, FaultLoseUser, race, times.LostUsers) {
		o.pool = append([]*user{kept}, o.pool...)
		return kept
	}
	db.addUser(u)
	return u
}

// loses says whether a reservation is lost: when a fault wants it, or by chance
// where it can happen.
func (s *Simulator) loses(r *http.Request, kind string, possible bool, chance float64) bool {
	return s.strikes(r, kind) || possible && chance > 0 && s.db.rng.Float64() < chance
}

// takeParams gives a server Diffie-Hellman parameters from the pool, or makes it
// wait for its own. A server that is refused later on has used them up all the
// same. Lost ones stay in the pool, and the server waits for ever.
func (s *Simulator) takeParams(c *call, v *server) {
	db, bits := s.db, v.conf.int("dh_param_bits")
	v.noParams = true
	switch {
	case bits != usualBits || db.params == 0:
		db.makeParams(v.id, bits)
	case !s.loses(c.req, FaultLoseParams, db.filling, db.opts.Realism.LostParams):
		v.noParams = false
		db.params--
		db.refillParams()
	}
}

// makeParams makes parameters for one server, unless it wants others by then.
func (db *database) makeParams(id string, bits int) {
	db.background(func(wait wait) {
		wait(db.opts.Realism.paramsTime(bits))
		if v := db.server(id); v != nil && v.conf.int("dh_param_bits") == bits {
			v.noParams = false
		}
	})
}

// refillParams makes parameters in advance, one after another.
func (db *database) refillParams() {
	if db.filling {
		return
	}
	db.filling = true
	db.background(func(wait wait) {
		for db.params < paramsPool {
			wait(db.opts.Realism.Params)
			db.params++
		}
		db.filling = false
	}).silent = true
}
