package snapshot_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"pritunl-backup/snapshot"
)

func TestRedact(t *testing.T) {
	for _, c := range []struct {
		name  string
		kind  snapshot.Kind
		in    string
		want  string
		paths []string
	}{
		{
			"a secret is marked", snapshot.Users, `{"id":"1","otp_secret":"FAKE"}`,
			`{"id":"1","otp_secret":{"$redacted":"users.otp_secret"}}`, []string{"otp_secret"},
		},
		{"a secret that is not set stays", snapshot.Settings, `{"email_password":null,"server_key":""}`, `{"email_password":null,"server_key":""}`, nil},
		{"a pin is a boolean", snapshot.Users, `{"pin":true}`, `{"pin":true}`, nil},
		{
			"nested", snapshot.Locations, `{"hosts":[{"name":"a","uri":"pritunl://FAKE"},{"name":"b","uri":null}]}`,
			`{"hosts":[{"name":"a","uri":{"$redacted":"locations.hosts[].uri"}},{"name":"b","uri":null}]}`, []string{"hosts[].uri"},
		},
		{
			"unknown with a telling name", snapshot.Servers, `{"id":"1","tls_private":"FAKE","colour":"red"}`,
			`{"id":"1","tls_private":{"$redacted":"servers.tls_private"},"colour":"red"}`, []string{"tls_private"},
		},
		{
			"unknown and nested", snapshot.Hosts, `{"cloud":{"zones":[{"api_key":"FAKE","name":"a"}],"key_count":true}}`,
			`{"cloud":{"zones":[{"api_key":{"$redacted":"hosts.cloud.zones[].api_key"},"name":"a"}],"key_count":true}}`,
			[]string{"cloud.zones[].api_key"},
		},
		{
			"unknown in a known list", snapshot.Users, `{"devices":[{"id":"d","reg_key":"FAKE","pub":"x"}]}`,
			`{"devices":[{"id":"d","reg_key":{"$redacted":"users.devices[].reg_key"},"pub":"x"}]}`, []string{"devices[].reg_key"},
		},
		{
			"a region that came later", snapshot.Settings, `{"me_south_1_secret_key":"FAKE"}`,
			`{"me_south_1_secret_key":{"$redacted":"settings.me_south_1_secret_key"}}`, []string{"me_south_1_secret_key"},
		},
		{
			"twice is once", snapshot.Users, `{"otp_secret":{"$redacted":"users.otp_secret"}}`,
			`{"otp_secret":{"$redacted":"users.otp_secret"}}`, []string{"otp_secret"},
		},
		{
			"a structure where a secret is expected", snapshot.Administrators, `{"token":{"a":"FAKE"},"secret":["FAKE"]}`,
			`{"token":{"$redacted":"administrators.token"},"secret":{"$redacted":"administrators.secret"}}`, []string{"secret", "token"},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			in := object(t, c.in)
			got := snapshot.Redact(c.kind, in)
			if diff := cmp.Diff(object(t, c.want), got); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff(c.paths, snapshot.ContainsRedacted(got)); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff(object(t, c.in), in); diff != "" {
				t.Errorf("the argument was changed: %s", diff)
			}
		})
	}
}

func TestRedactedDocumentHoldsNoSecret(t *testing.T) {
	all := recorded(t, "instance.jsonl")
	h := testHeader()
	plain := string(write(t, h, all))
	h.Secrets = snapshot.SecretsRedact
	text := string(write(t, h, all))
	for _, secret := range []string{"FAKETOKEN", "FAKESECRET", "FAKEOTP", "FAKEORGTOKEN", "FAKEORGSECRET", `{\"fake\":true}`} {
		if !strings.Contains(plain, secret) {
			t.Errorf("%s is not even in the plain document", secret)
		}
		if strings.Contains(text, secret) {
			t.Errorf("%s is in the redacted document", secret)
		}
	}
	doc, err := snapshot.Load(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	if again := write(t, doc.Header, doc.Resources); !bytes.Equal([]byte(text), again) {
		t.Error("redacting twice changes the document")
	}
}

func TestDocumentKeepsTheUsersOwnAddress(t *testing.T) {
	row := `{"id":"%","server_id":"s1","status":true,"virt_address":"@","connected_since":1}`
	var rows []string
	for _, r := range []string{"10.0.0.200", "10.0.0.9", "10.0.0.10"} {
		rows = append(rows, strings.NewReplacer("%", "c"+r, "@", r).Replace(row))
	}
	doc, err := snapshot.Load(bytes.NewReader(write(t, testHeader(), map[snapshot.Kind][]snapshot.Object{
		snapshot.Users: {object(t, `{"id":"u","name":"alice","servers":[`+strings.Join(rows, ",")+`,{"server_id":"s0"}]}`)},
	})))
	if err != nil {
		t.Fatal(err)
	}
	want := object(t, `{"id":"u","name":"alice","servers":[{"server_id":"s0"},{"server_id":"s1","virt_address":"10.0.0.9"}]}`)
	if diff := cmp.Diff(want, doc.Resources[snapshot.Users][0]); diff != "" {
		t.Error(diff)
	}
}
