package cli_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"filippo.io/age"

	"pritunl-backup/simulator"
	"pritunl-backup/snapshot"
)

// scene is a directory with files full of secrets, and instances that hold others.
type scene struct {
	t       *testing.T
	dir     string
	secrets canaries
	vars    map[string]string // of the instance that the snapshots are of
	allowed []string          // files that are meant to hold secrets
}

func (s *scene) path(name string) string { return filepath.Join(s.dir, name) }

// file writes a file that holds secrets.
func (s *scene) file(name, text string) string {
	s.t.Helper()
	s.allowed = append(s.allowed, name)
	if err := os.WriteFile(s.path(name), []byte(text), 0o600); err != nil {
		s.t.Fatal(err)
	}
	return s.path(name)
}

// run runs a command line that may show secrets nowhere, and demands its exit code; -1 is any but 0.
func (s *scene) run(code int, vars map[string]string, args ...string) outcome {
	s.t.Helper()
	o := runMain(s.t, vars, args...)
	where := fmt.Sprintf("%q", args)
	if o.code != code && (code >= 0 || o.code == 0) {
		s.t.Errorf("%s: exit code %d, want %d\n%s%s", where, o.code, code, o.out, o.err)
	}
	s.secrets.check(s.t, where+" on standard output", o.out)
	s.secrets.check(s.t, where+" on standard error", o.err)
	return o
}

func newScene(t *testing.T) *scene {
	s := &scene{t: t, dir: t.TempDir(), secrets: canaries{}}
	var sim *simulator.Simulator
	sim, s.vars = plantLive(t, "live", simulator.Options{Seed: "demo"}, newer("live"))
	s.credentials(sim)
	s.allowed = append(s.allowed, "kept.json", "other.json")
	s.run(0, s.vars, "export", "--to", s.path("kept.json"))
	doc := loadSnapshot(t, s.path("kept.json"))
	seen := s.secrets.harvest(doc)
	for _, kind := range []snapshot.Kind{snapshot.Settings, snapshot.Administrators, snapshot.Organizations, snapshot.Users} {
		for _, path := range secretFields(kind) {
			// An administrator has a one-time secret, the console a key, and a cloud credentials, only where it was set up.
			unset := []string{"settings.otp_secret", "administrators.otp_secret", "settings.server_key", "settings.pritunl_cloud_token", "settings.pritunl_cloud_secret"}
			if name := string(kind) + "." + path; !seen[name] && !slices.Contains(unset, name) {
				t.Errorf("the instance holds no %s", name)
			}
		}
	}
	plantDocument(t, doc, "stored", func(text string) any { return text })
	for _, o := range doc.Resources[snapshot.Settings] {
		o["sso_future_secret"] = canary + "-stored-future"
		o["future"] = map[string]any{"client_secret": canary + "-stored-nested", "list": []any{map[string]any{"api_token": canary + "-stored-deep"}}}
	}
	storeSnapshot(t, s.path("other.json"), doc)
	return s
}

func (s *scene) credentials(sim *simulator.Simulator) {
	token, secret := sim.Credentials()
	s.secrets[token], s.secrets[secret] = "the API token", "the API secret"
}

// fresh starts a target for a restore behind an optional front.
func (s *scene) fresh(instead func(http.ResponseWriter, *http.Request, []byte) bool, change func(*http.Request, []byte) []byte) map[string]string {
	s.t.Helper()
	sim, vars := simulated(s.t, simulator.Options{Hosts: 2, Random: 7}, func(next http.Handler) http.Handler {
		return between{next: next, instead: instead, change: change}
	})
	s.credentials(sim)
	return vars
}

// restore gives a command line that leaves passwords and a report behind.
func (s *scene) restore(n int, args ...string) []string {
	passwords := fmt.Sprintf("passwords-%d.txt", n)
	s.allowed = append(s.allowed, passwords)
	return append([]string{"restore", "--passwords", s.path(passwords), "--report", s.path(fmt.Sprintf("report-%d.json", n))}, args...)
}

// generated adds the passwords that restores have made so far.
func (s *scene) generated() {
	files, err := filepath.Glob(s.path("passwords-*.txt"))
	if err != nil || len(files) == 0 {
		s.t.Errorf("no passwords were written: %v", err)
	}
	for _, f := range files {
		raw, err := os.ReadFile(filepath.Clean(f))
		if err != nil {
			s.t.Fatal(err)
		}
		for line := range strings.Lines(string(raw)) {
			_, password, _ := strings.Cut(strings.TrimSpace(line), "\t")
			s.secrets[password] = "a new password"
		}
	}
}

// TestNoCommandShowsASecret runs every command, where it works and where it does not, among secrets.
func TestNoCommandShowsASecret(t *testing.T) {
	s := newScene(t)
	kept, other := s.path("kept.json"), s.path("other.json")
	for _, log := range []string{"text", "json"} {
		vars := with(s.vars, "PRITUNL_BACKUP_LOG_FORMAT", log)
		s.run(0, vars, "show", kept)
		s.run(0, vars, "show", other, "--json")
		s.run(0, vars, "verify", other)
		s.run(0, vars, "verify", other, "--json", "--drill")
		s.run(2, vars, "diff", kept, other)
		s.run(2, vars, "diff", kept, other, "--json", "--limit", "0")
		s.run(2, vars, "diff", other)
		s.run(0, vars, "terraform", other)
		s.run(0, vars, "list", s.dir)
		s.run(0, vars, "list", s.dir, "--json")
		s.run(0, vars, "prune", s.dir, "--keep-last", "1", "--dry-run")
		s.run(0, vars, "routes", "export", "--server", "office")
		s.run(0, vars, "demo")
	}
	s.run(0, s.vars, "export", "--to", s.path("redacted.json"), "--secrets", "redact", "--json")
	s.run(7, s.fresh(nil, nil), "restore", s.path("redacted.json"), "--dry-run")
	s.run(2, s.vars, "diff", s.path("redacted.json"), other, "--json")
	s.run(0, s.vars, "terraform", other, "--out", s.path("configuration"))
	for _, command := range []string{"export", "diff", "restore", "api", "routes export", "routes import"} {
		s.run(0, s.vars, append(strings.Fields(command), "--show-config")...)
	}
	s.run(0, s.vars, "--help")
	for _, command := range everyCommand(t) {
		s.run(0, s.vars, append(strings.Fields(command), "--help")...)
	}

	n := 0
	target := s.fresh(nil, nil)
	s.run(0, target, "restore", other, "--dry-run")
	s.run(0, target, "restore", other, "--dry-run", "--json", "--with-connection-settings")
	s.run(0, target, s.restore(n, other, "--yes", "--json")...)
	s.run(0, target, s.restore(n+1, kept, "--on-existing", "update", "--dry-run", "--json")...)
	s.run(0, target, s.restore(n+2, kept, "--on-existing", "update", "--yes")...)
	s.run(0, target, s.restore(n+3, kept, "--resume", "--yes")...)
	s.generated()
	s.secrets.checkFiles(t, "afterwards", s.dir, s.allowed...)
}

// everyCommand gives the commands that the help names.
func everyCommand(t *testing.T) []string {
	t.Helper()
	_, text, _ := strings.Cut(runMain(t, nil, "--help").out, "commands:\n")
	text, _, _ = strings.Cut(text, "\n\n")
	var out []string
	for line := range strings.Lines(text) {
		if words := strings.Fields(line); len(words) > 0 {
			out = append(out, strings.TrimSuffix(words[0], ","))
		}
	}
	if len(out) < 15 {
		t.Errorf("the help names %q", out)
	}
	return append(out, "credentials show", "credentials enable", "license show", "routes import", "routes export")
}

// TestNoSecretComesBackFromTheWire talks to servers that repeat what they were sent, and to some whose answers break
// in the middle of a secret.
func TestNoSecretComesBackFromTheWire(t *testing.T) {
	s := newScene(t)
	n := 100
	try := func(name string, vars map[string]string, readable bool) {
		t.Run(name, func(t *testing.T) {
			s.t = t
			n++
			code := map[bool]int{true: 0, false: -1}[readable]
			s.allowed = append(s.allowed, fmt.Sprintf("wire-%d.json", n))
			s.run(code, vars, "export", "--to", s.path(fmt.Sprintf("wire-%d.json", n)), "--json", "--metrics-file", s.path(fmt.Sprintf("wire-%d.prom", n)))
			s.run(-1, vars, s.restore(n, s.path("other.json"), "--yes")...)
			s.run(-1, vars, "diff", s.path("other.json"))
			s.run(code, vars, "restore", s.path("other.json"), "--dry-run", "--json")
			if o := runMain(t, vars, "api", "PUT", "/settings", "--body", s.file("body.json", `{"influxdb_token":"`+canary+`"}`)); o.code != 0 {
				s.secrets.check(t, "api", o.out+o.err)
			}
		})
	}
	front := careless()
	for _, name := range slices.Sorted(maps.Keys(front)) {
		try(name, s.fresh(front[name], nil), name == "echoes writes")
	}
	tear := torn()
	for _, name := range slices.Sorted(maps.Keys(tear)) {
		_, vars := plantLive(t, "torn", simulator.Options{Hosts: 2, Random: 7}, nil)
		sim, vars := tornInstance(t, vars, tear[name])
		s.credentials(sim)
		try("answers are "+name, vars, false)
	}
	s.t = t
	s.generated()
	s.secrets.checkFiles(t, "afterwards", s.dir, s.allowed...)
}

// tornInstance is an instance full of secrets that tears its answers once it has taken them.
func tornInstance(t *testing.T, _ map[string]string, tear func(*http.Request, []byte) []byte) (*simulator.Simulator, map[string]string) {
	planted := false
	sim, vars := plantLive(t, "torn", simulator.Options{Hosts: 2, Random: 7}, func(next http.Handler) http.Handler {
		return between{next: next, change: func(r *http.Request, answer []byte) []byte {
			if !planted {
				planted = r.Method == http.MethodPut
				return answer
			}
			return tear(r, answer)
		}}
	})
	return sim, vars
}

// TestNoSecretIsShownFromTheEnvironment gives secrets where they belong, and where they do not.
func TestNoSecretIsShownFromTheEnvironment(t *testing.T) {
	s := newScene(t)
	identity, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	s.secrets[identity.String()], s.secrets[strings.TrimPrefix(identity.String(), "AGE-SECRET-KEY-1")] = "the secret key", "the secret key"
	key := s.file("key.txt", "# a comment "+canary+"\n"+identity.String()+"\n")
	passphrase := s.file("passphrase.txt", canary+" passphrase\n")
	wrong := s.file("wrong.txt", canary+" wrong passphrase\n")
	brokenKey := s.file("broken.txt", identity.String()[:40]+"\n"+canary+"\n")
	secretFile := s.file("secret.txt", canary+"-secret-in-a-file\n")
	conf := s.file("pritunl.conf", `{"mongodb_uri":"mongodb://user:`+canary+`-conf@127.0.0.1:1/pritunl"}`)
	brokenConf := s.file("broken.conf", `{"mongodb_uri":"mongodb://user:`+canary+`-conf@127.0.0.1:1/pritunl",}`)
	vars, kept := s.vars, s.path("kept.json")
	const uri = "mongodb://user:" + canary + "-uri@127.0.0.1:1/pritunl?serverSelectionTimeoutMS=50"
	db := with(vars, "MONGODB_URI", uri, "MONGODB_TIMEOUT", "100ms")

	// Credentials that are wrong, in a file, on the command line, in the address, or half of them.
	s.run(5, with(vars, "PRITUNL_SECRET", canary+"-wrong"), "export", "--to", s.path("a.json"))
	s.run(5, with(vars, "PRITUNL_SECRET", "", "PRITUNL_SECRET_FILE", secretFile), "export", "--to", s.path("a.json"))
	s.run(4, with(vars, "PRITUNL_SECRET_FILE", secretFile), "export", "--to", s.path("a.json"))
	s.run(5, vars, "export", "--secret", canary+"-flag", "--token", canary+"-flag", "--to", s.path("a.json"))
	s.run(4, vars, "show", "--secret", canary+"-flag", kept)
	s.run(4, with(vars, "PRITUNL_TOKEN", ""), "export", "--to", s.path("a.json"))
	for _, address := range []string{
		"https://user:" + canary + "-url@127.0.0.1:1", "https://user:" + canary + " url@127.0.0.1:1", "ftp://user:" + canary + "@127.0.0.1",
		"https://user:" + canary + "%zz@127.0.0.1:1/", "user:" + canary + "@127.0.0.1:1", "https://user:" + canary + "@127.0.0.1:x1/",
	} {
		s.run(-1, with(vars, "PRITUNL_URL", address), "export", "--to", s.path("a.json"), "--json")
		s.run(-1, with(vars, "PRITUNL_URL", address), "diff", kept)
		s.run(0, with(vars, "PRITUNL_URL", address), "export", "--show-config")
	}

	// The database cannot be reached, or its address not be read.
	for _, bad := range []string{uri, "mongodb://user:" + canary + "@/", "mongodb://u:" + canary + "/x@h/y?z=" + canary, "mongodb://user:" + canary + "%zz@127.0.0.1:1/pritunl", canary,
		"mongodb+srv://user:" + canary + "@127.0.0.1:1/pritunl", "mongodb://user:" + canary + "@127.0.0.1:1/pritunl?authMechanism=" + canary, "mongodb://127.0.0.1:1/pritunl?tlsCertificateKeyFilePassword=" + canary + "&tlsCertificateKeyFile=" + key} {
		vars := with(db, "MONGODB_URI", bad)
		s.run(-1, vars, "export", "--source", "mongo", "--to", s.path("a.json"))
		s.run(-1, vars, "credentials")
		s.run(-1, vars, "credentials", "show", "pritunl", "--reveal")
		s.run(-1, vars, "credentials", "enable", "pritunl", "--yes")
		s.run(-1, vars, "license")
		s.run(-1, vars, "restore", kept, "--target", "mongo", "--yes")
		s.run(0, vars, "export", "--show-config")
	}
	for _, path := range []string{conf, brokenConf, key, secretFile} {
		s.run(-1, with(vars, "PRITUNL_CONF", path, "MONGODB_TIMEOUT", "100ms"), "credentials")
	}

	// Keys and passphrases: the right ones, wrong ones, broken ones, one in place of the other.
	s.allowed = append(s.allowed, "e.json.age", "p.json.age")
	s.run(0, vars, "export", "--to", s.path("e.json.age"), "--encrypt-to", identity.Recipient().String())
	s.run(0, vars, "export", "--to", s.path("p.json.age"), "--encrypt-passphrase-file", passphrase)
	s.run(0, vars, "show", s.path("e.json.age"), "--identity", key)
	s.run(0, vars, "verify", s.path("p.json.age"), "--passphrase-file", passphrase)
	s.run(6, vars, "verify", s.path("p.json.age"), "--passphrase-file", wrong)
	s.run(-1, vars, "verify", s.path("p.json.age"), "--passphrase-file", key)
	for _, path := range []string{brokenKey, passphrase, kept, conf} {
		s.run(-1, vars, "verify", s.path("e.json.age"), "--identity", path)
		s.run(-1, vars, "export", "--to", s.path("f.json.age"), "--recipients-file", path)
		s.run(-1, vars, "export", "--tls-ca", path, "--url", "https://127.0.0.1:1", "--to", s.path("a.json"))
	}
	s.run(-1, vars, "export", "--to", s.path("f.json.age"), "--recipients-file", key)
	s.run(-1, vars, "export", "--to", s.path("f.json.age"), "--encrypt-to", identity.String())
	s.run(-1, vars, "rewrap", s.path("e.json.age"), "--identity", key, "--add", identity.String())
	s.run(-1, vars, "rewrap", s.path("e.json.age"), "--identity", key, "--recipients-file", key)
	s.run(0, vars, "list", s.dir, "--json")

	// Monitoring whose address is a secret, and which refuses.
	refusing := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { http.Error(w, echo(r, nil), http.StatusBadRequest) }))
	defer refusing.Close()
	watched := with(vars, "PRITUNL_BACKUP_HEARTBEAT", refusing.URL+"/"+canary,
		"PRITUNL_BACKUP_PUSHGATEWAY", strings.Replace(refusing.URL, "http://", "http://user:"+canary+"@", 1))
	s.allowed = append(s.allowed, "kept2.json")
	s.run(0, watched, "verify", kept)
	s.run(0, watched, "export", "--to", s.path("kept2.json"), "--metrics-file", s.path("kept2.prom"))
	s.run(-1, with(vars, "PRITUNL_BACKUP_HEARTBEAT", "http://user:"+canary+"%zz@127.0.0.1:1/"), "verify", kept)

	s.bucket(vars)
	s.secrets.checkFiles(t, "afterwards", s.dir, s.allowed...)
}

// bucket talks to a store that repeats the headers it was sent, a session token among them.
func (s *scene) bucket(vars map[string]string) {
	for name, value := range map[string]string{
		"AWS_ACCESS_KEY_ID": "FAKEKEYID", "AWS_SECRET_ACCESS_KEY": canary + "-aws-secret", "AWS_SESSION_TOKEN": canary + "-aws-session", "AWS_REGION": "us-east-1",
		"AWS_EC2_METADATA_DISABLED": "true",
	} {
		s.t.Setenv(name, value)
		vars = with(vars, name, value)
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		w.Header().Set("Content-Type", "application/xml")
		w.WriteHeader(http.StatusForbidden)
		fmt.Fprintf(w, `<?xml version="1.0"?><Error><Code>AccessDenied</Code><Message>%s</Message></Error>`, strings.NewReplacer("<", "", "&", "").Replace(echo(r, nil)))
	}))
	s.t.Cleanup(server.Close)
	withUser := strings.Replace(server.URL, "http://", "http://user:"+canary+"@", 1)
	s.run(-1, with(vars, "PRITUNL_BACKUP_S3_ENDPOINT", withUser), "list", "s3://bucket/prefix/")
	s.run(0, with(vars, "PRITUNL_BACKUP_S3_ENDPOINT", withUser), "export", "--show-config")
	vars = with(vars, "PRITUNL_BACKUP_S3_ENDPOINT", server.URL)
	s.run(-1, vars, "list", "s3://bucket/prefix/")
	s.run(-1, vars, "show", "s3://bucket/prefix/x.json")
	s.run(-1, vars, "export", "--to", "s3://bucket/prefix/")
	s.run(-1, vars, "verify", "s3://bucket/prefix/", "--latest", "--json")
	s.run(-1, vars, "prune", "s3://bucket/prefix/", "--keep-last", "1", "--yes")
}

// TestDamageShowsNoSecret breaks a snapshot within and around its secrets.
func TestDamageShowsNoSecret(t *testing.T) {
	s := newScene(t)
	target := s.fresh(nil, nil)
	doc := loadSnapshot(t, s.path("other.json"))
	for name, value := range map[string]func(string) any{
		"a list":    func(text string) any { return []any{text} },
		"an object": func(text string) any { return map[string]any{"value": text} },
		"a number":  func(string) any { return json.Number("746374637463746") },
	} {
		plantDocument(t, doc, "shape", value)
		path := s.path("shape.json")
		s.allowed = append(s.allowed, "shape.json")
		s.secrets["746374637463746"] = "a number in place of a secret"
		storeSnapshot(t, path, doc)
		for _, args := range [][]string{{"verify", path}, {"verify", path, "--json"}, {"show", path}, {"diff", s.path("kept.json"), path}, {"diff", s.path("kept.json"), path, "--json"},
			{"restore", path, "--dry-run"}, {"restore", path, "--dry-run", "--json"}, {"terraform", path}, {"verify", path, "--drill"}} {
			o := runMain(t, target, args...)
			s.secrets.check(t, fmt.Sprintf("%s: %q", name, args), o.out+o.err)
		}
		delete(s.secrets, "746374637463746")
	}
	raw, err := os.ReadFile(s.path("other.json"))
	if err != nil {
		t.Fatal(err)
	}
	damaged := s.path("damaged.json")
	s.allowed = append(s.allowed, "damaged.json")
	places := 0
	for at := range len(raw) {
		if !bytes.HasPrefix(raw[at:], []byte(`"`+canary)) || bytes.HasPrefix(raw[at:], []byte(`"`+canary+"-stored-users")) && places%9 != 0 {
			continue
		}
		places++
		end := at + 1 + bytes.IndexByte(raw[at+1:], '"')
		for _, broken := range [][]byte{
			raw[:end-2], slices.Concat(raw[:end], raw[end+1:]), slices.Concat(raw[:at], []byte("x"), raw[at:]), slices.Concat(raw[:end], []byte(`","`), raw[end:]),
			slices.Concat(raw[:end-1], []byte("\x00\xff\\u12"), raw[end:]),
		} {
			if err := os.WriteFile(damaged, broken, 0o600); err != nil {
				t.Fatal(err)
			}
			s.run(6, target, "verify", damaged)
			if places%10 == 1 {
				for _, args := range [][]string{{"show", damaged}, {"diff", damaged, s.path("kept.json")}, {"restore", damaged, "--yes"}, {"terraform", damaged}, {"verify", "--drill", damaged}} {
					s.run(6, target, args...)
				}
			}
		}
	}
	if places < 30 {
		t.Errorf("broken in %d places only", places)
	}
}
