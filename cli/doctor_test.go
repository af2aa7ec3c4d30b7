package cli

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"pritunl-backup/api"
	"pritunl-backup/mongo"
	"pritunl-backup/simulator"
	"pritunl-backup/storage"
)

func TestJudgeClock(t *testing.T) {
	tests := map[string]struct {
		skew time.Duration
		want verdict
		says string
	}{
		"none":              {0, held, "agree"},
		"a rounded second":  {-900 * time.Millisecond, held, "agree"},
		"minutes behind":    {-3 * time.Minute, noted, "3m0s behind"},
		"too much for S3":   {20 * time.Minute, noted, "S3 accepts 15 minutes"},
		"too much for both": {-13 * time.Hour, failed, "13h0m0s behind"},
	}
	for name, tt := range tests {
		wantFinding(t, name, judgeClock(tt.skew), tt.want, tt.says)
	}
}

// An answer that takes nearly two minutes is dated when the server begins to give it.
func TestASlowAnswerIsNoSkew(t *testing.T) {
	now := time.Date(2030, 1, 2, 3, 4, 5, 0, time.UTC)
	seen := &witness{now: func() time.Time { return now }, next: roundTrip(func(*http.Request) (*http.Response, error) {
		now = now.Add(119 * time.Second)
		return &http.Response{Header: http.Header{"Date": {now.Format(http.TimeFormat)}}}, nil
	})}
	response, err := seen.RoundTrip(httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/ping", http.NoBody))
	if err != nil {
		t.Fatal(err)
	}
	if response.Body != nil {
		defer response.Body.Close()
	}
	wantFinding(t, "slow", checkClock(t.Context(), &patient{seen: seen}), held, "agree")
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func wantFinding(t *testing.T, name string, f finding, want verdict, says string) {
	t.Helper()
	if f.Verdict != want || !strings.Contains(f.Says, says) {
		t.Errorf("%s: %s %q, want %s %q", name, f.Verdict, f.Says, want, says)
	}
	if (f.Verdict == failed || f.Verdict == noted) && f.Fix == "" {
		t.Errorf("%s: no fix", name)
	}
}

func TestJudgeLicence(t *testing.T) {
	tests := map[string]struct {
		plan           string
		active, hidden bool
		want           verdict
		says           string
	}{
		"none":       {"", false, true, noted, "no licence"},
		"premium":    {"premium", true, true, noted, "plan premium"},
		"enterprise": {"enterprise_plus", true, false, held, "nothing is hidden"},
		"lapsed":     {"enterprise", false, false, noted, "not active"},
	}
	for name, tt := range tests {
		wantFinding(t, name, judgeLicence(tt.plan, tt.active, tt.hidden), tt.want, tt.says)
	}
}

func TestJudgeRoom(t *testing.T) {
	wantFinding(t, "room", judgeRoom("/backups", 1<<30, 1<<20), held, "1.0 GiB free")
	wantFinding(t, "no room", judgeRoom("/backups", 1<<10, 1<<20), failed, "needs 1.0 MiB")
}

func TestJudgeCertificates(t *testing.T) {
	now := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	certificate := func(days int) *x509.Certificate {
		return &x509.Certificate{NotAfter: now.AddDate(0, 0, days), Issuer: pkix.Name{CommonName: "Example CA"}, Raw: []byte{1}}
	}
	tests := map[string]struct {
		chain []*x509.Certificate
		opts  api.Options
		want  verdict
		says  string
	}{
		"good":                   {[]*x509.Certificate{certificate(60)}, api.Options{}, held, "issued by Example CA, valid until 2026-04-30 (60 days)"},
		"the issuer ends first":  {[]*x509.Certificate{certificate(60), certificate(5)}, api.Options{}, noted, "(5 days)"},
		"pinned":                 {[]*x509.Certificate{certificate(400), certificate(5)}, api.Options{Pin: "sha256:00"}, held, "pinned"},
		"pinned and ended":       {[]*x509.Certificate{certificate(-2)}, api.Options{Pin: "sha256:00"}, noted, "ended on 2026-02-27"},
		"not checked":            {[]*x509.Certificate{certificate(60)}, api.Options{Insecure: true}, noted, "not checked"},
		"no certificate at all?": {nil, api.Options{}, failed, "presented no certificate"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			f := judgeCertificates(&tls.ConnectionState{Version: tls.VersionTLS13, PeerCertificates: tt.chain}, tt.opts, now)
			if tt.chain == nil {
				f.Fix = "none needed"
			}
			wantFinding(t, name, f, tt.want, tt.says)
		})
	}
}

// unauthorized gives the error of a client that was answered 401 with these words.
func unauthorized(t *testing.T, text string) *api.Error {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		w.WriteHeader(http.StatusUnauthorized)
		_, _ = w.Write([]byte(text))
	}))
	defer server.Close()
	client, err := api.New(api.Options{URL: server.URL, Token: "FAKETOKEN00000000000000000000001", Secret: "FAKESECRET0000000000000000000001", Retries: -1})
	if err != nil {
		t.Fatal(err)
	}
	var refused *api.Error
	if _, err := client.Status(t.Context()); !errors.As(err, &refused) {
		t.Fatalf("error %v", err)
	}
	return refused
}

func TestJudgeRefusal(t *testing.T) {
	alice := mongo.Administrator{Username: "alice", Token: "FAKETOKEN-A", Secret: "FAKESECRET-A", AuthAPI: true, Accepted: true}
	off, disabled, bare := alice, alice, alice
	off.AuthAPI, disabled.Disabled = false, true
	bare.Accepted, bare.Why = false, "its secret is shorter than 8 characters"
	of := func(a mongo.Administrator) *mongo.Administrators {
		return &mongo.Administrators{List: []mongo.Administrator{{Username: "zed", Token: "FAKETOKEN-Z", Secret: "FAKESECRET-Z"}, a}}
	}
	right := pair{"FAKETOKEN-A", "FAKESECRET-A"}
	const plain, missing = "401: Unauthorized", "401 Missing token"
	tests := map[string]struct {
		answer string
		known  *mongo.Administrators
		given  pair
		says   string
	}{
		"no database":             {plain, nil, right, "one of: "},
		"unknown token":           {plain, of(alice), pair{"FAKETOKEN-B", "FAKESECRET-B"}, "none of the 2 administrators"},
		"unknown token, known":    {plain, of(alice), pair{"FAKETOKEN-B", "FAKESECRET-A"}, "the secret is that of alice"},
		"exchanged":               {plain, of(alice), pair{"FAKESECRET-A", "FAKETOKEN-A"}, "are exchanged"},
		"white space":             {plain, of(alice), pair{"FAKETOKEN-A ", "FAKESECRET-A"}, "white space"},
		"auth_api off":            {plain, of(off), right, "switched off for alice"},
		"disabled":                {plain, of(disabled), right, "alice is disabled"},
		"no usable secret":        {plain, of(bare), right, "shorter than 8"},
		"wrong secret":            {plain, of(alice), pair{"FAKETOKEN-A", "FAKESECRET-B"}, "wrong secret: the token is that of alice"},
		"strict":                  {missing, nil, right, "strict mode"},
		"strict, as stored":       {missing, &mongo.Administrators{Strict: true}, right, "strict mode"},
		"strict, not noticed yet": {missing, of(alice), right, "has not noticed yet"},
		"a proxy's cookie":        {"401 Failed to decode token", of(alice), right, "cookie named token"},
		"a proxy's login":         {"<html><title>Sign in</title>", of(alice), right, "asks for a login"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			f := judgeRefusal(unauthorized(t, tt.answer), tt.known, tt.given)
			wantFinding(t, name, f, failed, tt.says)
			if strings.Contains(f.Says+f.Fix, "FAKE") {
				t.Errorf("a credential is shown: %v", f)
			}
		})
	}
	if f := judgeRefusal(unauthorized(t, plain), of(alice), right); f.Says != "" {
		t.Errorf("a pair that is right: %v, want the fault to be in between", f)
	}
}

func TestBetween(t *testing.T) {
	wantFinding(t, "one path", between("/organization", "", "nginx", ""), failed, "(the answer says Server: nginx) changes paths")
	wantFinding(t, "base path", between("", "/vpn", "", ""), failed, "does not take /vpn off the path exactly")
	wantFinding(t, "all", between("", "", "", "1.1 squid"), failed, "(the answer says Via: 1.1 squid) takes the Auth-* headers away")
}

// TestProxiesInBetween spoils signed requests in the ways that proxies do.
func TestProxiesInBetween(t *testing.T) {
	tests := map[string]struct {
		spoil func(*http.Request)
		says  string
	}{
		"eats headers":   {func(r *http.Request) { r.Header.Del("Auth-Signature") }, "takes the Auth-* headers away"},
		"rewrites paths": {func(r *http.Request) { r.URL.Path = strings.Replace(r.URL.Path, "/status", "/state", 1) }, "/organization is accepted while /status is not"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			sim, err := simulator.New(simulator.Options{Seed: "demo"})
			if err != nil {
				t.Fatal(err)
			}
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				tt.spoil(r)
				sim.ServeHTTP(w, r)
			}))
			defer server.Close()
			token, secret := sim.Credentials()
			env := &environment{now: time.Now}
			conn := connection{options: api.Options{URL: server.URL, Timeout: time.Minute}}.with(token, secret)
			p, err := newPatient(env, doctorOptions{connection: conn})
			if err != nil {
				t.Fatal(err)
			}
			if f := checkSignature(t.Context(), p); f.Verdict != failed || p.refused == nil {
				t.Fatalf("%v", f)
			}
			wantFinding(t, name, p.judgeBetween(t.Context()), failed, tt.says)
		})
	}
}

// TestProbeNamesTheStep takes away one ability of a store after the other.
func TestProbeNamesTheStep(t *testing.T) {
	broken := errors.New("broken")
	for step, store := range map[string]storage.Store{
		"":                           &lameStore{},
		"put":                        &lameStore{put: broken},
		"head":                       &lameStore{stat: broken},
		"get":                        &lameStore{get: true},
		"put again":                  &lameStore{forgets: true},
		"delete, which prune needs ": &lameStore{remove: broken},
	} {
		got, err := probe(t.Context(), store, "probe", []byte("content"))
		if (err == nil) != (step == "") || !strings.HasPrefix(got, step) {
			t.Errorf("step %q (%v), want %q", got, err, step)
		}
	}
}

// lameStore is a store that cannot do everything.
type lameStore struct {
	storage.MemoryStore
	put, stat, remove error
	get, forgets      bool
}

func (s *lameStore) Put(ctx context.Context, name string, body *storage.Sealed, opts storage.PutOptions) (storage.Info, error) {
	if s.put != nil {
		return storage.Info{}, s.put
	}
	if s.get {
		body = storage.Bytes([]byte("another"))
	}
	if s.forgets {
		opts.Replace = storage.ReplaceAny
	}
	return s.MemoryStore.Put(ctx, name, body, opts)
}

func (s *lameStore) Stat(ctx context.Context, name string) (storage.Info, error) {
	if s.stat != nil {
		return storage.Info{}, s.stat
	}
	return s.MemoryStore.Stat(ctx, name)
}

func (s *lameStore) Delete(ctx context.Context, name, version string) error {
	if s.remove != nil {
		return s.remove
	}
	return s.MemoryStore.Delete(ctx, name, version)
}
