package restore_test

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"

	"pritunl-backup/mongo"
	"pritunl-backup/restore"
	"pritunl-backup/simulator"
	"pritunl-backup/snapshot"
)

// settingsInside are the settings that act on the instance alone; settingsOutside those that act on anything else. A
// new setting of the catalogue has to be put into one of the two.
func settingsInside() []string {
	return strings.Fields(`theme auditing pin_mode ipv6 restrict_import restrict_client drop_permissions client_reconnect
		reverse_proxy server_port server_cert server_key`)
}

func settingsOutside() []string {
	outside := strings.Fields(`acme_domain monitoring influxdb_url influxdb_token influxdb_org influxdb_bucket
		email_from email_server email_username email_password
		sso sso_match sso_org sso_azure_directory_id sso_azure_app_id sso_azure_app_secret sso_azure_region sso_azure_version
		sso_authzero_domain sso_authzero_app_id sso_authzero_app_secret sso_google_key sso_google_email sso_duo_token
		sso_duo_secret sso_duo_host sso_duo_mode sso_yubico_client sso_yubico_secret sso_saml_url sso_saml_issuer_url
		sso_saml_cert sso_okta_app_id sso_okta_token sso_okta_mode sso_onelogin_app_id sso_onelogin_id sso_onelogin_secret
		sso_onelogin_mode sso_jumpcloud_app_id sso_jumpcloud_secret sso_radius_secret sso_radius_host server_sso_url
		sso_cache sso_client_cache cloud_provider route53_region route53_zone oracle_user_ocid pritunl_cloud_host
		pritunl_cloud_token pritunl_cloud_secret`)
	for _, region := range strings.Fields(`us_east_1 us_east_2 us_west_1 us_west_2 us_gov_east_1 us_gov_west_1 eu_north_1 eu_west_1
		eu_west_2 eu_west_3 eu_central_1 ca_central_1 cn_north_1 cn_northwest_1 ap_northeast_1 ap_northeast_2 ap_southeast_1
		ap_southeast_2 ap_southeast_3 ap_east_1 ap_south_1 sa_east_1`) {
		outside = append(outside, region+"_access_key", region+"_secret_key")
	}
	return outside
}

func TestEverySettingIsInsideOrOutside(t *testing.T) {
	inside, outside := settingsInside(), settingsOutside()
	var all []string
	for _, f := range snapshot.Fields(snapshot.Settings) {
		if !f.Restorable() {
			continue
		}
		all = append(all, f.Path)
		if slices.Contains(inside, f.Path) == slices.Contains(outside, f.Path) {
			t.Errorf("%s: say whether it acts on anything but the instance", f.Path)
		}
	}
	for _, name := range slices.Concat(inside, outside) {
		if !slices.Contains(all, name) {
			t.Errorf("%s is no setting that is restored", name)
		}
	}
}

// TestExternalSettingsAreAllThatACloneGoesWithout holds the group to the list that a database restore beside a living
// production leaves out.
func TestExternalSettingsAreAllThatACloneGoesWithout(t *testing.T) {
	own := []string{"server_cert", "server_key"} // the copy's own identity; a restore holds them back by itself
	looked := 0
	for _, q := range mongo.Quarantine() {
		suffix, wild := strings.CutPrefix(q.Key, "*")
		for _, f := range snapshot.Fields(snapshot.Settings) {
			if q.Key == "" || !f.Restorable() || slices.Contains(own, f.Path) || f.Path != q.Key && !(wild && strings.HasSuffix(f.Path, suffix)) {
				continue
			}
			looked++
			if !slices.Contains(settingsOutside(), f.Path) {
				t.Errorf("%s: a clone goes without it (%s), and --drop external keeps it", f.Path, q.Why)
			}
		}
	}
	if looked < 50 {
		t.Errorf("looked at %d settings", looked)
	}
}

// TestExternalSettingsAreNotSent restores a snapshot in which every setting is set: of those that act on the world
// outside none is in any request.
func TestExternalSettingsAreNotSent(t *testing.T) {
	wanted := demo(t)
	set := map[string]any{}
	for _, f := range snapshot.Fields(snapshot.Settings) {
		switch {
		case !f.Restorable() || f.Ref != "" || slices.Contains([]string{"server_cert", "server_key", "server_port", "theme"}, f.Path):
		case f.Wire == snapshot.Bool:
			set[f.Path] = true
		case f.Wire == snapshot.Int:
			set[f.Path] = json.Number("1")
		case f.Wire == snapshot.Strings:
			set[f.Path] = []any{"planted.example.com"}
		default:
			set[f.Path] = "planted.example.com"
		}
	}
	set["sso"], set["cloud_provider"], set["monitoring"] = "saml", "aws", "influxdb"
	edit(t, wanted, snapshot.Settings, "", set)
	for name, rules := range map[string]func() (*restore.Rules, error){
		"a rule":    func() (*restore.Rules, error) { return readRules(t, `{"kind":"settings","drop":["external"]}`), nil },
		"an option": func() (*restore.Rules, error) { return (*restore.Rules)(nil).Drop("external") },
		"an option beside rules": func() (*restore.Rules, error) {
			return readRules(t, `{"kind":"servers","match":"office","set":{"port":2194}}`).Drop("external")
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := newTarget(t, simulator.Options{Hosts: 2})
			before := edit(t, s.export(), snapshot.Settings, "", nil)
			r, err := rules()
			if err != nil {
				t.Fatal(err)
			}
			opts := restore.PlanOptions{Rules: r, WithConnectionSettings: true}
			plan, _ := s.restore(wanted, opts)
			after := edit(t, s.export(), snapshot.Settings, "", nil)
			for _, field := range settingsOutside() {
				if before.String(field) != after.String(field) || before.Bool(field) != after.Bool(field) {
					t.Errorf("%s was %v and is %v", field, before[field], after[field])
				}
			}
			for _, a := range plan.Actions {
				for _, c := range a.Fields {
					if (a.Kind == snapshot.Settings || a.Kind == restore.ConnectionSettings) && slices.Contains(settingsOutside(), c.Path) {
						t.Errorf("the plan changes %s", c.Path)
					}
				}
			}
			if !after.Bool("restrict_import") {
				t.Error("what acts on the instance alone is not restored")
			}
			proved(t, s, plan)
		})
	}
}

func TestDropRefusesWhatIsNoSetting(t *testing.T) {
	_, err := (*restore.Rules)(nil).Drop("externl")
	var usage *restore.UsageError
	if !errors.As(err, &usage) || !strings.Contains(hint(err), "external") {
		t.Errorf("got %v, hint %q", err, hint(err))
	}
	wanted := demo(t)
	delete(wanted.Resources, snapshot.Settings)
	wanted.Header.Skipped = []snapshot.Kind{snapshot.Settings}
	rules, err := (*restore.Rules)(nil).Drop("external")
	if err != nil {
		t.Fatal(err)
	}
	if err := restore.CheckSelection(wanted, restore.PlanOptions{Rules: rules}); err != nil {
		t.Errorf("a snapshot without settings: %v", err)
	}
}
