package mongo_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.mongodb.org/mongo-driver/v2/bson"

	"pritunl-backup/mongo"
)

const (
	fakeToken  = "FAKETOKEN00000000000000000000001"
	fakeSecret = "FAKESECRET0000000000000000000001"
)

func admin(name string, fields ...bson.E) bson.D {
	return append(bson.D{{Key: "_id", Value: bson.ObjectID{11: name[0]}}, {Key: "username", Value: name}}, fields...)
}

func field(key string, value any) bson.E { return bson.E{Key: key, Value: value} }

func TestAdministratorsAreJudged(t *testing.T) {
	t.Parallel()
	pair := []bson.E{field("token", fakeToken), field("secret", fakeSecret)}
	for _, test := range []struct {
		name   string
		fields []bson.E
		why    string
	}{
		{"usable", append(pair, field("auth_api", true)), ""},
		{"off", append(pair, field("auth_api", nil)), "auth_api is off"},
		{"absent", pair, "auth_api is off"},
		{"disabled", append(pair, field("auth_api", true), field("disabled", true)), "the account is disabled"},
		{"no pair", []bson.E{field("auth_api", true), field("token", nil), field("secret", nil)}, "it has no token, it has no secret"},
		{"short secret", []bson.E{field("auth_api", true), field("token", "x"), field("secret", "1234567")}, "its secret is shorter than 8 characters"},
		{"wrong types", []bson.E{field("auth_api", "yes"), field("token", int32(4)), field("secret", 5.0)}, "auth_api is off, it has no token, it has no secret"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			a := mongo.AdministratorsOf([]bson.Raw{doc(t, admin("alice", test.fields...))}).List[0]
			if a.Why != test.why || a.Accepted != (test.why == "") {
				t.Errorf("accepted %v because %q, want %q", a.Accepted, a.Why, test.why)
			}
			if !a.SuperUser {
				t.Error("an absent super_user means true")
			}
		})
	}
}

func TestStrictModeAndUsable(t *testing.T) {
	t.Parallel()
	all := mongo.AdministratorsOf(recorded(t, "administrators"))
	if all.Strict {
		t.Error("strict although two accounts have auth_api")
	}
	best, ok := all.Usable()
	if !ok || best.Username != "apiadmin" {
		t.Errorf("picked %q, want the super user", best.Username)
	}
	only := mongo.AdministratorsOf([]bson.Raw{doc(t, admin("x", field("auth_api", true), field("disabled", true)))})
	if only.Strict {
		t.Error("a disabled account with auth_api lifts strict mode")
	}
	if _, ok := only.Usable(); ok {
		t.Error("a disabled account is not usable")
	}
	if !mongo.AdministratorsOf(nil).Strict {
		t.Error("nobody at all means strict")
	}
	if _, err := all.Find("APIADMIN"); err != nil {
		t.Error(err)
	}
	_, err := all.Find("nobody")
	wantError(t, err, mongo.CauseUnknownAdmin)
}

func TestPlanEnable(t *testing.T) {
	t.Parallel()
	random := func() io.Reader { return strings.NewReader(strings.Repeat("\xff\x00\x01\x02\x3d", 400)) }
	for _, test := range []struct {
		name    string
		fields  []bson.E
		changes []string
	}{
		{"nothing", []bson.E{field("auth_api", true), field("token", fakeToken), field("secret", fakeSecret)}, nil},
		{"flag", []bson.E{field("token", fakeToken), field("secret", fakeSecret)}, []string{"set auth_api to true"}},
		{"all", nil, []string{"set auth_api to true", "make a token of 32 characters", "make a secret of 32 characters"}},
		{"short secret", []bson.E{field("auth_api", true), field("token", fakeToken), field("secret", "short")}, []string{"make a secret of 32 characters"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			all := mongo.AdministratorsOf([]bson.Raw{doc(t, admin("alice", test.fields...))})
			p, err := all.PlanEnable("alice", random())
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.changes, p.Changes()); diff != "" {
				t.Error(diff)
			}
			if p.Empty() != (test.changes == nil) {
				t.Error("Empty disagrees with Changes")
			}
			if len(p.Token) != 32 || len(p.Secret) != 32 {
				t.Errorf("the pair has %d and %d characters", len(p.Token), len(p.Secret))
			}
			if strings.Trim(string(p.Token+p.Secret), "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789") != "" {
				t.Error("the pair has other characters than letters and digits")
			}
		})
	}
	disabled := mongo.AdministratorsOf([]bson.Raw{doc(t, admin("alice", field("disabled", true)))})
	_, err := disabled.PlanEnable("alice", random())
	wantError(t, err, mongo.CauseDisabledAdmin)
	for _, bad := range []io.Reader{strings.NewReader(""), endless{}} {
		if _, err := mongo.AdministratorsOf([]bson.Raw{doc(t, admin("alice"))}).PlanEnable("alice", bad); err == nil {
			t.Error("it took bad randomness")
		}
	}
}

type endless struct{}

func (endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = 0xff
	}
	return len(p), nil
}

func TestEnableNoticesAConcurrentChange(t *testing.T) {
	t.Parallel()
	plan, err := mongo.AdministratorsOf([]bson.Raw{doc(t, admin("alice", field("token", fakeToken), field("secret", fakeSecret)))}).PlanEnable("alice", nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name  string
		now   bson.D
		cause mongo.Cause
	}{
		{"changed by somebody", admin("alice", field("token", "FAKETOKENOTHER"), field("secret", fakeSecret)), mongo.CauseChanged},
		{"sent twice by ourselves", admin("alice", field("auth_api", true), field("token", fakeToken), field("secret", fakeSecret)), ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			w := listen(t, func(command string, _ bson.Raw) reply {
				switch command {
				case "update":
					return ok(field("n", int32(0)), field("nModified", int32(0)))
				case "find":
					return batch(0, test.now)
				}
				return reply{}
			})
			err := open(t, w).Enable(t.Context(), plan)
			if test.cause == "" && err != nil {
				t.Fatal(err)
			}
			if test.cause != "" {
				wantError(t, err, test.cause)
			}
		})
	}
}

func TestLicense(t *testing.T) {
	t.Parallel()
	yes := true
	for _, test := range []struct {
		name         string
		app          bson.D
		subscription bson.D
		want         mongo.License
	}{
		{"none", nil, nil, mongo.License{Status: "unknown"}},
		{"never checked", bson.D{field("license", "fakekey"), field("license_plan", "premium")}, nil,
			mongo.License{Present: true, Key: "fakekey", Plan: "premium", Status: "unknown"}},
		{"checked", bson.D{field("license", "fakekey")}, bson.D{field("active", true), field("plan", "enterprise"), field("url_key", "fakeurl")},
			mongo.License{Present: true, Key: "fakekey", Plan: "enterprise", Active: &yes, URLKey: "fakeurl", Status: "active"}},
		{"inactive", nil, bson.D{field("active", false)}, mongo.License{Active: new(bool), Status: "inactive"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			w := listen(t, func(command string, body bson.Raw) reply {
				if command != "find" {
					return reply{}
				}
				which := test.app
				if filter, ok := body.Lookup("filter").DocumentOK(); ok && filter.Lookup("_id").StringValue() == "subscription" {
					which = test.subscription
				}
				if which == nil {
					return batch(0)
				}
				return batch(0, which)
			})
			got, err := open(t, w).License(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(&test.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestSecretsDoNotPrint(t *testing.T) {
	t.Parallel()
	a := mongo.AdministratorsOf([]bson.Raw{doc(t, admin("alice", field("token", fakeToken), field("secret", fakeSecret)))}).List[0]
	a2 := struct{ Token, Secret mongo.Secret }{a.Token, a.Secret}
	var log bytes.Buffer
	slog.New(slog.NewTextHandler(&log, nil)).Info("x", "secret", a.Secret, "admin", a2)
	encoded, err := json.Marshal(a2)
	if err != nil {
		t.Fatal(err)
	}
	all := fmt.Sprint(a.Secret, a2, log.String(), string(encoded)) + fmt.Sprintf("%s %q %v %+v %#v %x", a.Secret, a.Secret, a2, a2, a2, a.Secret)
	if strings.Contains(all, "FAKE") || strings.Contains(all, fmt.Sprintf("%x", "FAKESECRET")) {
		t.Errorf("a secret shows: %s", all)
	}
	if got := a.Secret.Masked(); got != "FAKE…" {
		t.Errorf("masked as %q", got)
	}
	if got := mongo.Secret("short").Masked(); strings.Contains(got, "sh") {
		t.Errorf("a short one is masked as %q", got)
	}
}

func TestRedactURI(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"mongodb://u:p@h:1,i:2/db?authSource=admin":        "mongodb://[redacted]@h:1,i:2/db?authSource=admin",
		"mongodb+srv://u:p@ss@h/db":                        "mongodb+srv://[redacted]@h/db",
		"mongodb://h/db?tlsCertificateKeyFilePassword=pwd": "mongodb://h/db?tlsCertificateKeyFilePassword=[redacted]",
		"u:p":             "[redacted]",
		"redis://u:p@h/1": "[redacted]",
	} {
		if got := mongo.RedactURI(in); got != want {
			t.Errorf("%s became %s", in, got)
		}
	}
}

func TestParseConf(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, in string
		want     mongo.Conf
		cause    mongo.Cause
	}{
		{"all", `{"mongodb_uri":"mongodb://h/db","mongodb_collection_prefix":"p_","mongodb_read_preference":"nearest","port":443}`,
			mongo.Conf{URI: "mongodb://h/db", Prefix: "p_", ReadPreference: "nearest"}, ""},
		{"no key at all", `{}`, mongo.Conf{URI: "mongodb://localhost:27017/pritunl"}, ""},
		{"nulls", `{"mongodb_uri":"mongodb://h/db","mongodb_collection_prefix":null,"mongodb_read_preference":null}`, mongo.Conf{URI: "mongodb://h/db"}, ""},
		{"preference nobody knows", `{"mongodb_uri":"mongodb://h/db","mongodb_read_preference":"closest"}`, mongo.Conf{URI: "mongodb://h/db"}, ""},
		{"never set up", `{"mongodb_uri":""}`, mongo.Conf{}, mongo.CauseNotConfigured},
		{"null", `{"mongodb_uri":null}`, mongo.Conf{}, mongo.CauseNotConfigured},
		{"number", `{"mongodb_uri":5}`, mongo.Conf{}, mongo.CauseAddress},
		{"no JSON", `mongodb_uri = x`, mongo.Conf{}, mongo.CauseAddress},
		{"list", `[]`, mongo.Conf{}, mongo.CauseAddress},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			got, err := mongo.ParseConf([]byte(test.in))
			if test.cause == "" && err != nil || test.cause != "" && !errors.Is(err, test.cause) {
				t.Fatalf("error is %v", err)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func FuzzParseConf(f *testing.F) {
	f.Add([]byte(`{"mongodb_uri":"mongodb://h/db"}`))
	f.Add([]byte(`{"mongodb_uri":{"a":1},"mongodb_collection_prefix":[]}`))
	f.Fuzz(func(t *testing.T, in []byte) {
		if conf, err := mongo.ParseConf(in); err == nil && conf.URI == "" {
			t.Errorf("an empty URI from %q", in)
		}
	})
}
