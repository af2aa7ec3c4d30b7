package simulator_test

import (
	"fmt"
	"net/http"
	"testing"

	"pritunl-backup/simulator"
)

// TestNullElements sends lists with an element that is null: the front end fails,
// with an empty answer, and forwards nothing.
func TestNullElements(t *testing.T) {
	in := start(t, simulator.Options{})
	org, server := in.make("/organization", `{"name":"o"}`), in.server(`"network":"10.1.0.0/24"`)
	if status, text := in.raw("POST", "/user/"+org+"/multi", `[{"name":"a"},null,{"name":"b"}]`); status != 510 || text != "" {
		t.Errorf("users: %d %q", status, text)
	}
	if n := len(in.list("/user/" + org)); n != 0 {
		t.Errorf("%d users created", n)
	}
	for body, want := range map[string]int{`[{"network":"10.2.0.0/16"},null]`: 510, `[null]`: 510, `[]`: 500, `null`: 500} {
		if status, text := in.raw("POST", "/server/"+server+"/routes", body); status != want || status == 510 && text != "" {
			t.Errorf("routes %s: %d %q", body, status, text)
		}
	}
	if got := names(in.list("/server/"+server+"/route"), "network"); got != "0.0.0.0/0 10.1.0.0/24 8.8.8.8/32" {
		t.Errorf("routes: %s", got)
	}
}

// TestLinkOfGateway: a host of a location shows the link in whose path it was added.
func TestLinkOfGateway(t *testing.T) {
	in := start(t, simulator.Options{})
	own, other := in.make("/link", `{"name":"own"}`), in.make("/link", `{"name":"other"}`)
	location := in.make("/link/"+own+"/location", `{"name":"x"}`)
	made := in.object("POST", "/link/"+other+"/location/"+location+"/host", `{"name":"g"}`)
	shown := in.list("/link/" + own + "/location")[0].(map[string]any)["hosts"].([]any)[0].(map[string]any)
	for _, g := range []map[string]any{made, shown} {
		if g["link_id"] != other || g["location_id"] != location {
			t.Errorf("host %v", g)
		}
	}
}

// TestNumbersWithUnderscores reads them as Python does.
func TestNumbersWithUnderscores(t *testing.T) {
	in := start(t, simulator.Options{})
	for page, want := range map[string]string{"1_0": "10", "%201": "1", "1__0": "", "_1": "", "1_": ""} {
		status, _ := in.raw("GET", "/organization?page="+page, "")
		if want == "" {
			if status != http.StatusInternalServerError {
				t.Errorf("page %q: %d", page, status)
			}
			continue
		}
		if got := fmt.Sprint(in.object("GET", "/organization?page="+page, "")["page"]); got != want {
			t.Errorf("page %q: %s", page, got)
		}
	}
}

// TestAddressesInTinyNetworks: a network of two addresses has one for a user, and to
// one of a single address no organization can be attached.
func TestAddressesInTinyNetworks(t *testing.T) {
	in := start(t, simulator.Options{})
	org := in.make("/organization", `{"name":"o"}`)
	for _, name := range []string{"a", "b"} {
		in.must("POST", "/user/"+org, `{"name":"`+name+`"}`)
	}
	two, one, bare := in.server(`"network":"10.9.1.0/31","ipv6":true`), in.server(`"network":"10.9.2.7/32"`), in.server(`"network":"10.9.3.0"`)
	in.must("PUT", "/server/"+two+"/organization/"+org, "")
	for _, server := range []string{one, bare} {
		if got := in.outcome("PUT", "/server/"+server+"/organization/"+org, ""); got != http.StatusText(500) {
			t.Errorf("attached: %s", got)
		}
		if n := len(in.list("/server/" + server + "/organization")); n != 0 {
			t.Errorf("%d organizations", n)
		}
	}
	var got []string
	for _, u := range in.list("/user/" + org) {
		got = append(got, names(u.(map[string]any)["servers"].([]any), "virt_address"), names(u.(map[string]any)["servers"].([]any), "virt_address6"))
	}
	if fmt.Sprint(got) != "[10.9.1.1 fd00:a090:100:0:10:9:1:1  ]" {
		t.Errorf("addresses %q", got)
	}
}

// TestLongIDsThatAreNone in the place of an organization or a user stand for a new
// one: a PUT creates a user without a certificate, or moves one out of sight.
func TestLongIDsThatAreNone(t *testing.T) {
	in := start(t, simulator.Options{})
	org := in.make("/organization", `{"name":"o"}`)
	id := in.must("POST", "/user/"+org, `{"name":"u"}`).([]any)[0].(map[string]any)["id"].(string)
	const junk = "not-an-id-at-all"
	if u := in.object("GET", "/user/"+junk+"/"+id, ""); u["name"] != "u" || u["organization_name"] != nil || u["organization"] == org {
		t.Errorf("without an organization: %v", u)
	}
	if got := in.outcome("POST", "/user/"+junk+"/multi", "[]"); got != "OK" {
		t.Errorf("nobody: %s", got)
	}
	made := in.object("PUT", "/user/"+org+"/"+junk, `{"name":"n"}`)
	if made["name"] != "n" || made["otp_secret"] != nil || names(in.list("/user/"+org), "name") != "n u" {
		t.Errorf("made: %v", made)
	}
	in.must("DELETE", "/user/"+org+"/"+junk, "")
	in.must("PUT", "/user/"+junk+"/"+id, `{"name":"u"}`)
	if got := names(in.list("/user/"+org), "name"); got != "n" {
		t.Errorf("left: %s", got)
	}
	in.must("DELETE", "/user/"+junk+"/"+id, "")
	if got := in.outcome("GET", "/user/"+org+"/"+id, ""); got != "Not Found" {
		t.Errorf("deleted: %s", got)
	}
}

// TestKeyLinksOfNobody: asking for temporary links of a user that does not exist
// makes the server fail.
func TestKeyLinksOfNobody(t *testing.T) {
	in := start(t, simulator.Options{})
	org := in.make("/organization", `{"name":"o"}`)
	for _, path := range []string{org + "/" + unknownID, org + "/zz", "zz/" + unknownID} {
		if got := in.outcome("GET", "/data/"+path, ""); got != http.StatusText(500) {
			t.Errorf("%s: %s", path, got)
		}
	}
}
