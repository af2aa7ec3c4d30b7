package mongo_test

import (
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.mongodb.org/mongo-driver/v2/bson"

	"pritunl-backup/mongo"
)

func TestEveryCollectionOfARealServerIsKnown(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile("testdata/recorded/collections.txt")
	if err != nil {
		t.Fatal(err)
	}
	names := strings.Fields(string(data))
	if len(names) < 40 {
		t.Fatalf("only %d names were recorded", len(names))
	}
	for _, name := range names {
		if _, ok := mongo.LookupCollection(name); !ok {
			t.Errorf("%s is not in the table", name)
		}
	}
	if got := len(mongo.Collections()); got != 43 {
		t.Errorf("the table has %d collections, the server registers 43", got)
	}
}

func TestCollectionTable(t *testing.T) {
	t.Parallel()
	orders := map[int]string{}
	var last string
	for _, c := range mongo.Collections() {
		if c.Name <= last {
			t.Errorf("%s does not come after %s", c.Name, last)
		}
		last = c.Name
		if c.Class == 0 || c.Class == mongo.Runtime && c.Readable() {
			t.Errorf("%s: class %d, readable %v", c.Name, c.Class, c.Readable())
		}
		if c.Order > 0 && (orders[c.Order] != "" || c.IDs == "") {
			t.Errorf("%s: order %d is taken by %s, or the kind of _id is missing", c.Name, c.Order, orders[c.Order])
		}
		if (c.Class == mongo.Configuration) && c.Order == 0 {
			t.Errorf("%s is configuration and not restored", c.Name)
		}
		orders[c.Order] = c.Name
	}
	for _, c := range mongo.Collections() {
		for _, raw := range recordedIfThere(t, c.Name) {
			kind := raw.Lookup("_id").Type
			want := map[mongo.IDKind]bson.Type{mongo.ObjectIDs: bson.TypeObjectID, mongo.StringIDs: bson.TypeString, mongo.NumberIDs: bson.TypeInt32}[c.IDs]
			if kind != want {
				t.Errorf("%s has _ids of type %s", c.Name, kind)
			}
		}
	}
	order := mongo.RestoreOrder()
	if order[0].Name != "administrators" || order[len(order)-1].Name != "settings" {
		t.Errorf("restoring starts with %s and ends with %s", order[0].Name, order[len(order)-1].Name)
	}
}

func recordedIfThere(t *testing.T, name string) []bson.Raw {
	if slices.Contains(recordedNames(t), name) {
		return recorded(t, name)
	}
	return nil
}

func TestSelected(t *testing.T) {
	t.Parallel()
	names := func(s mongo.Selection) string {
		var out []string
		for _, c := range mongo.Selected(s) {
			out = append(out, c.Name)
		}
		return strings.Join(out, " ")
	}
	const base = "administrators hosts links links_hosts links_locations organizations servers servers_ip_pool settings users users_net_link"
	if got := names(mongo.Selection{}); got != base {
		t.Errorf("got %s", got)
	}
	all := names(mongo.Selection{Audit: true, Pools: true})
	if !strings.Contains(all, "dh_params") || !strings.Contains(all, "vxlans") || !strings.Contains(all, "users_audit") || strings.Contains(all, "queue") {
		t.Errorf("got %s", all)
	}
}

func TestReferencesPointIntoTheTable(t *testing.T) {
	t.Parallel()
	for _, r := range mongo.References() {
		for _, name := range append(strings.Split(r.To, "|"), r.From) {
			if c, ok := mongo.LookupCollection(name); !ok || !c.Readable() {
				t.Errorf("%s.%s: %s is not read", r.From, r.Path, name)
			}
		}
	}
	// A parent must be there before its children, or a living node would clean them away.
	place := map[string]int{}
	for _, c := range mongo.RestoreOrder() {
		place[c.Name] = c.Order
	}
	for _, pair := range [][2]string{{"organizations", "users"}, {"users", "users_net_link"}, {"servers", "servers_ip_pool"}, {"links", "links_locations"}, {"links_locations", "links_hosts"}} {
		if place[pair[0]] >= place[pair[1]] {
			t.Errorf("%s comes after %s", pair[0], pair[1])
		}
	}
}

func TestPointersOf(t *testing.T) {
	t.Parallel()
	org, a, b := bson.ObjectID{1}, bson.ObjectID{2}, bson.ObjectID{3}
	for _, test := range []struct {
		name, collection string
		d                bson.D
		want             []string
	}{
		{"user", "users", bson.D{{Key: "org_id", Value: org}, {Key: "resource_id", Value: nil}}, []string{"org_id organizations 01"}},
		{"service of a server", "users", bson.D{{Key: "org_id", Value: org}, {Key: "resource_id", Value: a}}, []string{"org_id organizations 01", "resource_id servers 02"}},
		{"service of a host", "users", bson.D{{Key: "resource_id", Value: "abc"}}, []string{"resource_id hosts abc"}},
		{"lists of lists", "links", bson.D{{Key: "excludes", Value: bson.A{bson.A{a, b}}}}, []string{"excludes[][] links_locations 02", "excludes[][] links_locations 03"}},
		{"lists of documents", "servers", bson.D{{Key: "links", Value: bson.A{bson.D{{Key: "server_id", Value: a}, {Key: "user_id", Value: nil}}}}}, []string{"links[].server_id servers 02"}},
		{"one document only", "settings", bson.D{{Key: "_id", Value: "app"}, {Key: "sso_org", Value: org}}, []string{"sso_org organizations 01"}},
		{"not in the others", "settings", bson.D{{Key: "_id", Value: "user"}, {Key: "sso_org", Value: org}}, nil},
		{"odd shapes", "servers", bson.D{{Key: "links", Value: "x"}, {Key: "hosts", Value: bson.D{}}}, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			var got []string
			for _, p := range mongo.PointersOf(test.collection, doc(t, test.d)) {
				id := p.ID.String()
				if oid, ok := p.ID.ObjectIDOK(); ok {
					id = oid.Hex()[:2]
				}
				got = append(got, p.Path+" "+p.To+" "+strings.Trim(id, `"`))
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestRedactTakesEverySecretOut(t *testing.T) {
	t.Parallel()
	before := 0
	for d, err := range recordedDocuments(t) {
		if err != nil {
			t.Fatal(err)
		}
		before += strings.Count(string(d.Raw), "FAKE")
		out, err := mongo.Redact(d.Collection, d.Raw)
		if err != nil {
			t.Fatal(err)
		}
		encoded, err := mongo.Encode(out)
		if err != nil {
			t.Fatal(err)
		}
		for _, mark := range []string{"FAKE", "NOTAKEY", `{\"fake\":true}`} {
			if i := strings.Index(string(encoded), mark); i >= 0 {
				t.Errorf("%s still shows a secret: %s", d.Collection, encoded[max(0, i-60):min(len(encoded), i+40)])
			}
		}
		back, err := mongo.Decode(encoded)
		if err != nil {
			t.Fatal(err)
		}
		if mongo.Equal(d.Raw, out) != (len(mongo.Redacted(back)) == 0) {
			t.Errorf("%s: Redacted finds %v", d.Collection, mongo.Redacted(back))
		}
	}
	if before < 100 {
		t.Errorf("the recording has only %d secrets", before)
	}
	nested := doc(t, bson.D{{Key: "_id", Value: 1}, {Key: "devices", Value: bson.A{bson.D{{Key: "reg_key", Value: "FAKE"}, {Key: "name", Value: "phone"}}}}})
	out, err := mongo.Redact("users", nested)
	if err != nil || strings.Contains(string(out), "FAKE") || !strings.Contains(string(out), "phone") {
		t.Errorf("got %s, %v", out, err)
	}
	if got := mongo.Redacted(out); len(got) != 1 || got[0] != "devices.0.reg_key" {
		t.Errorf("found %v", got)
	}
}

func TestResets(t *testing.T) {
	t.Parallel()
	now := bson.DateTime(1795312742957)
	for _, test := range []struct {
		name, collection string
		keep             bool
		in, want         bson.D
		changed          int
	}{
		{"running server", "servers", false,
			bson.D{{Key: "_id", Value: 1}, {Key: "status", Value: "online"}, {Key: "instances", Value: bson.A{1}}, {Key: "instances_count", Value: int32(1)}, {Key: "network_lock", Value: bson.ObjectID{1}}, {Key: "name", Value: "x"}},
			bson.D{{Key: "_id", Value: 1}, {Key: "status", Value: "offline"}, {Key: "instances", Value: bson.A{}}, {Key: "instances_count", Value: int32(0)}, {Key: "name", Value: "x"}}, 4},
		{"server that stays online", "servers", true,
			bson.D{{Key: "status", Value: "online"}, {Key: "instances_count", Value: int32(1)}}, bson.D{{Key: "status", Value: "online"}, {Key: "instances_count", Value: int32(0)}}, 1},
		{"stopped server", "servers", false, bson.D{{Key: "status", Value: "offline"}, {Key: "instances", Value: bson.A{}}}, bson.D{{Key: "status", Value: "offline"}, {Key: "instances", Value: bson.A{}}}, 0},
		{"host", "hosts", false, bson.D{{Key: "ping_timestamp", Value: now}, {Key: "cpu_usage", Value: 8.0}, {Key: "version", Value: "1"}}, bson.D{{Key: "ping_timestamp", Value: nil}, {Key: "version", Value: "1"}}, 2},
		{"sessions", "administrators", false, bson.D{{Key: "sessions", Value: bson.A{"FAKE"}}}, bson.D{{Key: "sessions", Value: bson.A{}}}, 1},
		{"odd type", "servers", false, bson.D{{Key: "instances", Value: bson.D{}}}, bson.D{{Key: "instances", Value: bson.A{}}}, 1},
		{"another collection", "organizations", false, bson.D{{Key: "status", Value: "online"}}, bson.D{{Key: "status", Value: "online"}}, 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			out, changed, err := mongo.ResetDocument(test.collection, doc(t, test.in), test.keep)
			if err != nil {
				t.Fatal(err)
			}
			if !mongo.Equal(out, doc(t, test.want)) || len(changed) != test.changed {
				t.Errorf("got %s, changed %v", bson.Raw(out), changed)
			}
			if again, changed, err := mongo.ResetDocument(test.collection, out, test.keep); err != nil || len(changed) != 0 || !mongo.Equal(again, out) {
				t.Errorf("a second time it changes %v (%v)", changed, err)
			}
		})
	}
}

func TestCompareVersions(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		a, b  string
		order int
		ok    bool
	}{
		{"1.34.4681.89", "1.34.4681.89", 0, true},
		{"1.32.4400.99", "1.34.4681.89", -1, true},
		{"1.34.4681.100", "1.34.4681.89", 1, true},
		{"1.25.0.0", "1.34.4681.89", -1, true},
		{"1.34.1rc2", "1.34.1.3", -1, true},
		{"1.34.1.2beta1", "1.34.1.2rc1", -1, true},
		{"1.32", "1.34.4681.89", -1, true}, {"1.32", "1.32.4278.46", -1, true}, {"1.32.4278", "1.32.4278.46", -1, true},
		{"1.34.4681.89", "1.34.4681", 1, true}, {"1.35", "1.35.0.0", 0, true}, {"1.35rc1", "1.35", -1, true}, {"1.35rc1", "1.34.4681.89", 1, true},
		{"1.35.1.rc2", "1.35.1rc2", 0, true}, {"1.35rc", "1.35", 0, false},
		{"", "1.2", 0, false}, {"one", "1.2", 0, false}, {"1..2", "1.2", 0, false}, {"-1.2", "1.2", 0, false},
	} {
		order, ok := mongo.CompareVersions(test.a, test.b)
		if order != test.order || ok != test.ok {
			t.Errorf("%s and %s: %d, %v", test.a, test.b, order, ok)
		}
	}
}

func TestCompareIDs(t *testing.T) {
	t.Parallel()
	rising := []any{int32(-5), int64(2), int32(3), int64(3232235521), "", "a", "b", bson.D{{Key: "a", Value: 1}}, bson.ObjectID{1}, bson.ObjectID{2}}
	values := make([]bson.RawValue, len(rising))
	for i, v := range rising {
		values[i] = doc(t, bson.D{{Key: "_id", Value: v}}).Lookup("_id")
	}
	for i := range values {
		for j := range values {
			got := mongo.CompareIDs(values[i], values[j])
			if (got < 0) != (i < j) || (got == 0) != (i == j) {
				t.Errorf("%v and %v: %d", rising[i], rising[j], got)
			}
		}
	}
	one := doc(t, bson.D{{Key: "a", Value: int32(7)}, {Key: "b", Value: int64(7)}})
	if mongo.CompareIDs(one.Lookup("a"), one.Lookup("b")) != 0 {
		t.Error("7 is not 7")
	}
}

func TestRunningHosts(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	host := func(status string, ping any) bson.Raw {
		return doc(t, bson.D{{Key: "_id", Value: "abc"}, {Key: "name", Value: "one"}, {Key: "status", Value: status}, {Key: "ping_timestamp", Value: ping}})
	}
	for _, test := range []struct {
		name    string
		host    bson.Raw
		running bool
	}{
		{"alive", host("online", bson.NewDateTimeFromTime(now.Add(-10*time.Second))), true},
		{"clock ahead", host("online", bson.NewDateTimeFromTime(now.Add(time.Minute))), true},
		{"died", host("online", bson.NewDateTimeFromTime(now.Add(-31*time.Second))), false},
		{"never alive", host("online", nil), false},
		{"went", host("offline", bson.NewDateTimeFromTime(now)), false},
	} {
		if got := mongo.RunningHosts([]bson.Raw{test.host}, now); (len(got) == 1) != test.running {
			t.Errorf("%s: %v", test.name, got)
		}
	}
}

func TestQuarantineNamesWhatItMust(t *testing.T) {
	t.Parallel()
	keys := map[string]bool{}
	for _, q := range mongo.Quarantine() {
		if q.Why == "" {
			t.Errorf("%s.%s has no reason", q.Document, q.Key)
		}
		keys[q.Document+"."+q.Key] = true
	}
	for _, key := range []string{"app.redis_uri", "app.secondary_mongodb_uri", "app.route53_zone", "app.*_secret_key", "app.acme_domain", "app.server_key", "app.cookie_secret",
		"app.influxdb_url", "app.server_sso_url", "app.oracle_private_key", "app.id", "app.license", "subscription."} {
		if !keys[key] {
			t.Errorf("%s is missing", key)
		}
	}
}
