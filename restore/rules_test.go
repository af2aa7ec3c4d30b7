package restore_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"pritunl-backup/restore"
	"pritunl-backup/simulator"
	"pritunl-backup/snapshot"
)

func TestRulesRewriteWhatIsRestored(t *testing.T) {
	wanted := demo(t)
	rules, err := restore.ReadRules([]byte(`{"format":"pritunl-backup-rules","version":1,"offline":true,"rules":[
		{"name":"new port","kind":"servers","match":"office","set":{"port":2194,"network":"10.110.0.0/24"}},
		{"name":"new names","kind":"servers","match":"datacentre-*","replace":{"name":{"from":"datacentre","to":"dc"}}},
		{"kind":"server_routes","server":"office","match":"10.1.0.0/16","set":{"comment":"moved"}},
		{"kind":"hosts","replace":{"public_address":{"from":"example.com","to":"example.net"}}},
		{"kind":"settings","drop":["sso","mail"]}]}`))
	if err != nil {
		t.Fatalf("%v (%s)", err, hint(err))
	}
	s := newTarget(t, simulator.Options{Hosts: 2})
	opts := restore.PlanOptions{Rules: rules, Start: true}
	plan, _ := s.restore(wanted, opts)
	var shown strings.Builder
	if err := plan.WriteText(&shown); err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{"by rule new port: port: 1194 -> 2194", `by rule new names: name: "datacentre-east" -> "dc-east"`, `by rule rules[3]: public_address: "vpn.example.com" -> "vpn.example.net"`} {
		if !strings.Contains(shown.String(), text) {
			t.Errorf("the plan does not say %q:\n%s", text, shown.String())
		}
	}
	after := s.export()
	office := edit(t, after, snapshot.Servers, "office", nil)
	if port, _ := office.Int("port"); port != 2194 || office.String("network") != "10.110.0.0/24" || office.String("status") != "offline" {
		t.Errorf("office: %v", office)
	}
	edit(t, after, snapshot.Servers, "dc-west", nil)
	if o := edit(t, after, snapshot.Links, "branch-offices", nil); o.String("status") != "offline" {
		t.Error("the link is online")
	}
	if o := edit(t, after, snapshot.Settings, "", nil); o.String("sso") != "" || o.String("email_server") != "" || !o.Bool("restrict_client") {
		t.Errorf("settings: sso %v, mail %v", o["sso"], o["email_server"])
	}
	outcome, err := restore.Verify(plan, after)
	if err != nil || !outcome.Equal {
		t.Errorf("verify: %v %+v", err, outcome)
	}
	assertEmpty(t, s.plan(wanted, opts))
}

func TestRulesThatMatchNothing(t *testing.T) {
	wanted := demo(t)
	live := newTarget(t, simulator.Options{Hosts: 2}).export()
	for _, rule := range []string{
		`{"kind":"servers","match":"nowhere","set":{"port":1}}`,
		`{"kind":"servers","replace":{"name":{"from":"nowhere","to":"x"}}}`,
		`{"kind":"server_routes","server":"office","match":"10.99.*","set":{"nat":true}}`,
	} {
		_, err := restore.NewPlan(live, wanted, restore.PlanOptions{Rules: readRules(t, rule)})
		var wrong *restore.RulesError
		if !errors.As(err, &wrong) || wrong.Where != "rules[0]" {
			t.Errorf("%s: %v", rule, err)
		}
	}
}

// TestBadRules holds the decoder and the schema to one opinion.
func TestBadRules(t *testing.T) {
	tests := []struct {
		name, text, error string
		schemaAccepts     bool // what a schema without the catalogue cannot know
	}{
		{"no json", `{`, "parse json", false},
		{"no format", `{"version":1}`, "format", false},
		{"newer", `{"format":"pritunl-backup-rules","version":2}`, "version", false},
		{"unknown member", `{"format":"pritunl-backup-rules","version":1,"rule":[]}`, "rule: is unknown", false},
		{"offline is text", `{"format":"pritunl-backup-rules","version":1,"offline":"yes"}`, "offline", false},
		{"rules are no list", `{"format":"pritunl-backup-rules","version":1,"rules":{}}`, "rules: is not a list", false},
		{"rule is no object", rulesFile(`1`), "rules[0]: is not an object", false},
		{"unknown kind", rulesFile(`{"kind":"devices","set":{"a":1}}`), "rules[0].kind", false},
		{"does nothing", rulesFile(`{"kind":"servers"}`), "does nothing", false},
		{"unknown field", rulesFile(`{"kind":"servers","set":{"prot":1}}`), "rules[0].set.prot", true},
		{"field that is generated", rulesFile(`{"kind":"servers","set":{"status":"online"}}`), "rules[0].set.status", true},
		{"wrong type", rulesFile(`{"kind":"servers","set":{"port":"1194"}}`), "rules[0].set.port: has the wrong type", true},
		{"fraction", rulesFile(`{"kind":"servers","set":{"port":1194.0}}`), "wrong type", true},
		{"replace nothing", rulesFile(`{"kind":"servers","replace":{"name":{"from":"","to":"x"}}}`), "rules[0].replace.name", false},
		{"replace in a number", rulesFile(`{"kind":"servers","replace":{"port":{"from":"1","to":"2"}}}`), "is no text", true},
		{"bad pattern", rulesFile(`{"kind":"servers","match":"[","set":{"port":1}}`), "rules[0].match", true},
		{"drop of servers", rulesFile(`{"kind":"servers","drop":["sso"]}`), "rules[0].drop", true},
		{"drop of nothing", rulesFile(`{"kind":"settings","drop":["ssso"]}`), "rules[0].drop[0]", true},
		{"server of servers", rulesFile(`{"kind":"servers","server":"x","set":{"port":1}}`), "rules[0].server", true},
		{"good", rulesFile(`{"kind":"settings","drop":["sso","email_from"]}`), "", true},
		{"none", `{"format":"pritunl-backup-rules","version":1}`, "", true},
	}
	schema := compileSchema(t)
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := restore.ReadRules([]byte(tt.text))
			if tt.error == "" && err != nil || tt.error != "" && (err == nil || !strings.Contains(err.Error(), tt.error)) {
				t.Errorf("got %v, want %q", err, tt.error)
			}
			v, err := jsonschema.UnmarshalJSON(strings.NewReader(tt.text))
			if err == nil {
				err = schema.Validate(v)
			}
			if (err == nil) != tt.schemaAccepts {
				t.Errorf("the schema says %v", err)
			}
		})
	}
}

func rulesFile(rule string) string {
	return `{"format":"pritunl-backup-rules","version":1,"rules":[` + rule + `]}`
}

func compileSchema(t *testing.T) *jsonschema.Schema {
	t.Helper()
	v, err := jsonschema.UnmarshalJSON(strings.NewReader(restore.RulesSchema()))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("rules.json", v); err != nil {
		t.Fatal(err)
	}
	schema, err := c.Compile("rules.json")
	if err != nil {
		t.Fatal(err)
	}
	return schema
}

func FuzzReadRules(f *testing.F) {
	f.Add(rulesFile(`{"kind":"servers","match":"a*","set":{"port":1},"replace":{"name":{"from":"a","to":"b"}}}`))
	f.Add(rulesFile(`{"kind":"settings","drop":["sso"]}`))
	f.Fuzz(func(t *testing.T, text string) {
		_, err := restore.ReadRules([]byte(text))
		var wrong *restore.RulesError
		if err != nil && !errors.As(err, &wrong) {
			t.Errorf("got %T", err)
		}
	})
}
