package simulator

import (
	"encoding/base32"
	"encoding/hex"
	"math/rand/v2"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"
)

const (
	ipv6Prefix  = "fd00"
	ipv6Prefix2 = "fd01" // of WireGuard networks
	dirtyLife   = time.Minute
)

// database is the state of one instance. All of it is guarded by the lock of
// the simulator.
type database struct {
	opts  Options
	is    *release
	at    time.Time // of the step that is carried out, zero outside of one
	rng   *rand.Rand
	count uint32
	tail  string // middle part of object ids, one per process

	plan       string
	here       *host // the host that answers
	saved      settings
	live       settings // process memory: runs ahead of saved after a refused PUT
	dirty      time.Time
	admins     []*admin
	orgs       []*org
	orgByID    map[string]*org
	users      map[string]*user
	strayed    map[string]*user // those with network links of another organization
	hosts      []*host
	servers    []*server
	serverByID map[string]*server
	used       inUse // of all servers
	links      []*link
	working    []*work
	free       time.Time // when all requests of now are worked off
	busy       int       // creations of more than ten users under way
	messages   []logEntry

	// dnsRoute is the network of the stock DNS route. The server keeps it in one
	// object that all new servers share.
	dnsRoute string
	params   int  // Diffie-Hellman parameters made in advance
	filling  bool // more are being made

	nonces     map[string]time.Time
	nonceOlder map[string]time.Time
	sessions   map[string]*session
	csrf       map[string]time.Time
	logins     map[string][]time.Time
	webKey     [32]byte
}

type logEntry struct {
	ID        string `json:"id"`
	Timestamp int64  `json:"timestamp"`
	Message   string `json:"message"`
}

// newDatabase makes a fresh installation.
func newDatabase(opts Options, is *release, hosts int) *database {
	db := &database{
		opts: opts, is: is, rng: rand.New(rand.NewPCG(opts.Random, 0x5eed)),
		plan: opts.Plan, users: map[string]*user{}, strayed: map[string]*user{}, orgByID: map[string]*org{},
		serverByID: map[string]*server{}, used: newInUse(), dnsRoute: stockDNS, params: paramsPool,
		nonces: map[string]time.Time{}, sessions: map[string]*session{},
		csrf: map[string]time.Time{}, logins: map[string][]time.Time{},
	}
	for i := range db.webKey {
		db.webKey[i] = byte(db.rng.Uint32())
	}
	db.tail = db.hexText(10)
	for i := range max(1, hosts) {
		db.hosts = append(db.hosts, db.newHost(i))
	}
	db.here = db.hosts[0]
	db.note("Web server started.")
	db.live = db.freshSettings()
	db.saved = db.live.clone()
	db.admins = append(db.admins, &admin{
		id: db.newID(), username: "pritunl", password: db.secretText(12), byDefault: yes(true),
		superUser: true, token: db.secretText(32), secret: db.secretText(32),
	})
	if !opts.NoAPI {
		db.admins = append(db.admins, &admin{
			id: db.newID(), username: "apiadmin", password: db.secretText(32), authAPI: yes(true),
			byDefault: yes(false), disabled: yes(false), superUser: true,
			token: db.secretText(32), secret: db.secretText(32),
		})
	}
	return db
}

// now is the time of the clock or, while work is carried out late, the time at
// which it was due.
func (db *database) now() time.Time {
	if !db.at.IsZero() {
		return db.at
	}
	return db.opts.Clock.Now()
}

// reload reads the settings again from the database after a while.
func (db *database) reload() {
	if !db.dirty.IsZero() && db.now().Sub(db.dirty) >= dirtyLife {
		db.live, db.dirty = db.saved.clone(), time.Time{}
	}
}

func (db *database) note(message string) {
	db.messages = append(db.messages, logEntry{ID: db.newID(), Timestamp: db.now().Unix(), Message: message})
	if len(db.messages) > 50 {
		db.messages = db.messages[1:]
	}
}

// newID makes an object id: seconds, a constant, a counter.
func (db *database) newID() string {
	db.count++
	seconds := strconv.FormatUint(uint64(uint32(db.now().Unix())), 16)
	count := strconv.FormatUint(uint64(db.count&0xFFFFFF), 16)
	return zeros(seconds, 8) + db.tail + zeros(count, 6)
}

func zeros(s string, n int) string { return strings.Repeat("0", max(0, n-len(s))) + s }

func (db *database) hexText(n int) string {
	raw := make([]byte, (n+1)/2)
	for i := range raw {
		raw[i] = byte(db.rng.Uint32())
	}
	return hex.EncodeToString(raw)[:n]
}

// secretText makes a token, secret or key of letters and digits.
func (db *database) secretText(n int) string {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
	out := make([]byte, n)
	for i := range out {
		out[i] = alphabet[db.rng.IntN(len(alphabet))]
	}
	return string(out)
}

func (db *database) otpSecret() *string {
	raw := make([]byte, 10)
	for i := range raw {
		raw[i] = byte(db.rng.Uint32())
	}
	s := base32.StdEncoding.EncodeToString(raw)
	return &s
}

// randomName is the name of a host that was given none.
func (db *database) randomName() string {
	if !db.is.does(twoPartNames) {
		seasons := strings.Fields("spring summer autumn winter")
		views := strings.Fields("skies waters meadows hills rivers woods")
		return seasons[db.rng.IntN(len(seasons))] + "-" + views[db.rng.IntN(len(views))] + "-" + strconv.Itoa(1000+db.rng.IntN(9000))
	}
	elements := strings.Fields("copper argon xenon radon cobalt nickel carbon helium nitrogen radium lithium silicon")
	return elements[db.rng.IntN(len(elements))] + "-" + strconv.Itoa(1000+db.rng.IntN(9000))
}

// objectID is what the back end makes of a path parameter that is an id: lower
// case, and nothing at all when it is long but no id.
func objectID(s string) (id string, null bool) {
	switch {
	case isObjectID(s):
		return strings.ToLower(s), false
	case len(s) > 10 && len(s) != 32:
		return "", true
	}
	return s, false
}

func isObjectID(s string) bool {
	return len(s) == 24 && !strings.ContainsFunc(s, func(r rune) bool {
		return !strings.ContainsRune("0123456789abcdefABCDEF", r)
	})
}

func (c *call) id(name string) (string, bool) { return objectID(c.params[name]) }

// key is the id in a parameter, "" when it is none.
func (c *call) key(name string) string {
	id, _ := c.id(name)
	return id
}

func byID[T any](list []T, id func(T) string, want string) (found T) {
	if i := slices.IndexFunc(list, func(v T) bool { return id(v) == want }); i >= 0 {
		return list[i]
	}
	return found
}

func (db *database) adminByID(id string) *admin {
	return byID(db.admins, func(a *admin) string { return a.id }, id)
}

func (db *database) adminByName(name string) *admin {
	return byID(db.admins, func(a *admin) string { return a.username }, name)
}

func (db *database) adminByToken(token string) *admin {
	return byID(db.admins, func(a *admin) string { return a.token }, token)
}

func (db *database) org(id string) *org { return db.orgByID[id] }

func (db *database) host(id string) *host {
	return byID(db.hosts, func(h *host) string { return h.id }, id)
}

func (db *database) server(id string) *server { return db.serverByID[id] }

func (db *database) link(id string) *link {
	return byID(db.links, func(l *link) string { return l.id }, id)
}

// byName gives a copy of a list sorted by name in byte order. Equal names keep
// the order of creation.
func byName[T any](list []T, name func(T) string) []T {
	out := slices.Clone(list)
	slices.SortStableFunc(out, func(a, b T) int { return strings.Compare(name(a), name(b)) })
	return out
}

// paging is a page parameter.
type paging struct {
	wanted bool
	page   int
}

// pageOf reads the parameter. What Python's int refuses, and a negative page,
// crash the handler.
func (c *call) pageOf() (p paging, good bool) {
	s := c.query.Get("page")
	if s == "" {
		return p, true
	}
	n, err := pythonInt(s)
	if err != nil || n < 0 || n > 1<<56 {
		return p, false
	}
	return paging{wanted: true, page: int(n)}, true
}

// pythonInt reads a number as the back end's language does: blanks around it and
// single underscores between digits are allowed.
func pythonInt(s string) (int64, error) {
	s = strings.TrimSpace(s)
	for i := 1; i+1 < len(s); i++ {
		if s[i] == '_' && isDigit(s[i-1]) && isDigit(s[i+1]) {
			s = s[:i] + s[i+1:]
		}
	}
	return strconv.ParseInt(s, 10, 64)
}

func isDigit(b byte) bool { return b >= '0' && b <= '9' }

// slice cuts one page out of a list.
func slicePage[T any](list []T, p paging, size int) []T {
	if !p.wanted {
		return list
	}
	if p.page > len(list)/size {
		return nil
	}
	return list[min(len(list), p.page*size):min(len(list), (p.page+1)*size)]
}

func pageTotal(count, size int) int { return max(0, count-1) / size }

func mustAddr(s string) netip.Addr {
	ip, err := netip.ParseAddr(s)
	if err != nil {
		return netip.IPv4Unspecified()
	}
	return ip
}
