package restore_test

import (
	"encoding/json"
	"fmt"
	"strconv"
	"testing"
	"time"

	"pritunl-backup/restore"
	"pritunl-backup/simulator"
	"pritunl-backup/snapshot"
)

// BenchmarkPlan plans 10,000 users in 100 organizations and 50 servers: against an
// empty target, and against one that is equal.
func BenchmarkPlan(b *testing.B) {
	wanted := newTarget(b, simulator.Options{Seed: "users=10000,orgs=100,servers=50"}).export()
	empty := newTarget(b, simulator.Options{}).export()
	for _, bench := range []struct {
		name string
		opts restore.PlanOptions
	}{{"fresh", restore.PlanOptions{}}, {"equal", restore.PlanOptions{Mode: restore.ModeUpdate, Prune: true}}} {
		b.Run(bench.name, func(b *testing.B) {
			live := empty
			if bench.name == "equal" {
				live = wanted
			}
			for b.Loop() {
				if _, err := restore.NewPlan(live, wanted, bench.opts); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkGrowth plans and verifies snapshots of servers, each with an organization, users, routes and a host, and
// tells how much longer twice as many take: 2 is in proportion. It is measured, not asserted.
func BenchmarkGrowth(b *testing.B) {
	for _, bench := range []struct {
		name string
		run  func(b *testing.B, live, wanted *snapshot.Document)
	}{
		{"fresh", func(b *testing.B, _, wanted *snapshot.Document) {
			b.Helper()
			planOf(b, emptyLike(wanted), wanted, restore.PlanOptions{})
		}},
		{"equal", func(b *testing.B, live, wanted *snapshot.Document) {
			b.Helper()
			planOf(b, live, wanted, restore.PlanOptions{Mode: restore.ModeUpdate, Prune: true})
		}},
		{"prune", func(b *testing.B, live, wanted *snapshot.Document) {
			b.Helper()
			planOf(b, live, emptyLike(wanted), restore.PlanOptions{Mode: restore.ModeUpdate, Prune: true})
		}},
		{"verify", func(b *testing.B, live, wanted *snapshot.Document) {
			b.Helper()
			plan := planOf(b, emptyLike(wanted), wanted, restore.PlanOptions{})
			if _, err := restore.Verify(plan, live); err != nil {
				b.Fatal(err)
			}
		}},
	} {
		b.Run(bench.name, func(b *testing.B) {
			var took [2]time.Duration
			for b.Loop() {
				for i, servers := range []int{1000, 2000} {
					wanted, live := large(servers), large(servers)
					began := time.Now()
					bench.run(b, live, wanted)
					if d := time.Since(began); took[i] == 0 || d < took[i] {
						took[i] = d
					}
				}
			}
			b.ReportMetric(float64(took[0].Milliseconds()), "ms/1000")
			b.ReportMetric(float64(took[1].Milliseconds()), "ms/2000")
			b.ReportMetric(took[1].Seconds()/took[0].Seconds(), "ratio")
		})
	}
}

func planOf(b *testing.B, live, wanted *snapshot.Document, opts restore.PlanOptions) *restore.Plan {
	b.Helper()
	plan, err := restore.NewPlan(live, wanted, opts)
	if err != nil {
		b.Fatal(err)
	}
	return plan
}

// large makes a document of that many servers, each with an organization of five users and five routes, linked in pairs.
func large(servers int) *snapshot.Document {
	doc := emptyLike(nil)
	add := func(kind snapshot.Kind, o snapshot.Object) { doc.Resources[kind] = append(doc.Resources[kind], o) }
	for h := range 2 {
		add(snapshot.Hosts, snapshot.Object{"id": fmt.Sprintf("%032x", h), "name": fmt.Sprint("vpn-", h)})
	}
	for i := range servers {
		server, org := fmt.Sprintf("%024x", 0x100000+i), fmt.Sprintf("%024x", 0x200000+i)
		add(snapshot.Organizations, snapshot.Object{"id": org, "name": fmt.Sprint("org", i)})
		add(snapshot.Servers, snapshot.Object{
			"id": server, "name": fmt.Sprint("server", i), "network": fmt.Sprintf("10.%d.%d.0/24", i/256, i%256), "port": json.Number(strconv.Itoa(10000 + i)), "protocol": "udp",
			"cipher": "aes128", "hash": "sha1", "status": "offline", "dns_servers": []any{"1.1.1.1"},
		})
		for u := range 5 {
			add(snapshot.Users, snapshot.Object{"id": fmt.Sprintf("%024x", 0x300000+i*5+u), "organization": org, "type": "client", "name": fmt.Sprint("user", u), "email": "u@example.com"})
		}
		add(snapshot.ServerOrganizations, snapshot.Object{"server": server, "id": org})
		add(snapshot.ServerHosts, snapshot.Object{"server": server, "id": fmt.Sprintf("%032x", i%2)})
		for r := range 5 {
			add(snapshot.ServerRoutes, snapshot.Object{"server": server, "network": fmt.Sprintf("172.%d.%d.%d/32", 16+r, i/256, i%256)})
		}
		if i%2 == 1 {
			add(snapshot.ServerLinks, snapshot.Object{"server": server, "id": fmt.Sprintf("%024x", 0x100000+i-1)})
		}
	}
	return doc
}

// emptyLike gives a document of a fresh instance that has the hosts of another.
func emptyLike(doc *snapshot.Document) *snapshot.Document {
	empty := &snapshot.Document{Header: snapshot.Header{Complete: true, PritunlVersion: "1.34.4681.89"}, Resources: map[snapshot.Kind][]snapshot.Object{}}
	if doc != nil {
		empty.Resources[snapshot.Hosts] = doc.Resources[snapshot.Hosts]
	}
	return empty
}
