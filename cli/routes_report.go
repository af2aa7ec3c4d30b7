package cli

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"pritunl-backup/routes"
)

// routesReport is what --json prints.
type routesReport struct {
	Server  string        `json:"server"`
	ID      string        `json:"server_id"`
	Add     []routeChange `json:"add"`
	Change  []routeChange `json:"change"`
	Remove  []routeChange `json:"remove"`
	Skipped []routeChange `json:"skipped"` // differ from the list and are left alone
	Same    int           `json:"same"`    // are as the list has them
	LeftOut routesLeftOut `json:"left_out"`
	Done    *routesDone   `json:"done,omitempty"`
}

type routeChange struct {
	routes.Route
	Reason string `json:"reason,omitempty"`
}

// routesLeftOut counts what an option left out.
type routesLeftOut struct {
	IPv6     int `json:"ipv6"`      // networks of the list, for want of --ipv6
	Other    int `json:"other"`     // networks of the list, of other regions or services
	KeptIPv6 int `json:"kept_ipv6"` // routes that pruning passed over for want of --ipv6
}

type routesDone struct {
	Added   int      `json:"added"`
	Changed int      `json:"changed"`
	Removed int      `json:"removed"`
	Stopped []string `json:"stopped,omitempty"`
	Started []string `json:"started,omitempty"`
}

func newRoutesReport(server listedServer, plan routes.Plan, left routes.LeftOut) routesReport {
	r := routesReport{Server: server.Name, ID: server.ID, Add: changes(plan.Add), Change: changes(plan.Update), Remove: changes(plan.Remove),
		Skipped: []routeChange{}, Same: len(plan.Keep) - plan.Skipped,
		LeftOut: routesLeftOut{IPv6: len(left.IPv6), Other: len(left.Other), KeptIPv6: plan.KeptIPv6}}
	for _, c := range changes(plan.Keep) {
		if c.Reason != "" {
			r.Skipped = append(r.Skipped, c)
		}
	}
	return r
}

func changes(list []routes.Change) []routeChange {
	out := make([]routeChange, 0, len(list))
	for _, c := range list {
		out = append(out, routeChange{c.Route, c.Reason})
	}
	return out
}

// write prints the plan, one route a line.
func (r routesReport) write(w io.Writer) error {
	table := tabwriter.NewWriter(w, 0, 4, 2, ' ', 0)
	for _, group := range []struct {
		verb string
		list []routeChange
	}{{"add", r.Add}, {"change", r.Change}, {"remove", r.Remove}, {"leave", r.Skipped}} {
		for _, c := range group.list {
			line := strings.Join([]string{group.verb, c.Network.String(), visible(c.Comment), visible(c.Reason)}, "\t")
			_, _ = fmt.Fprintln(table, strings.TrimRight(line, "\t"))
		}
	}
	if err := table.Flush(); err != nil {
		return err
	}
	for _, line := range r.LeftOut.lines() {
		_, _ = fmt.Fprintln(w, line)
	}
	_, err := fmt.Fprintf(w, "%s: %d to add, %d to change, %d to remove, %d left alone, %d as they should be\n",
		visible(r.Server), len(r.Add), len(r.Change), len(r.Remove), len(r.Skipped), r.Same)
	return err
}

func (l routesLeftOut) lines() []string {
	var lines []string
	say := func(n int, one, several string) {
		switch n {
		case 0:
		case 1:
			lines = append(lines, "1 "+one)
		default:
			lines = append(lines, fmt.Sprintf("%d %s", n, several))
		}
	}
	say(l.IPv6, "IPv6 network left out; --ipv6 takes it", "IPv6 networks left out; --ipv6 takes them")
	say(l.Other, "network of other regions or services left out", "networks of other regions or services left out")
	say(l.KeptIPv6, "IPv6 route stays: without --ipv6 nothing is known of it", "IPv6 routes stay: without --ipv6 nothing is known of them")
	return lines
}
