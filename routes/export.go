package routes

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Export writes the routes stored with a server in a format Parse reads again
// without loss: CSV and JSON with every member, Text with networks and comments
// alone. Derived routes are left out.
func Export(existing []Existing, format Format) ([]byte, error) {
	var rs []Route
	for _, e := range existing {
		if e.Derived == "" {
			rs = append(rs, e.Route)
		}
	}
	sortRoutes(rs)
	switch format {
	case JSON:
		return exportJSON(rs)
	case CSV:
		return exportCSV(rs)
	case Text:
		return exportText(rs), nil
	}
	return nil, fmt.Errorf("write the routes: format %q cannot be written: %w", format, ErrFormat)
}

func exportJSON(rs []Route) ([]byte, error) {
	if rs == nil {
		rs = []Route{}
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(rs); err != nil {
		return nil, fmt.Errorf("write the routes: %w", err)
	}
	return b.Bytes(), nil
}

func exportCSV(rs []Route) ([]byte, error) {
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	rows := [][]string{{
		"network", "comment", "nat", "nat_interface", "nat_netmap", "net_gateway", "metric", "advertise", "advertise_resource",
	}}
	for _, r := range rs {
		metric := ""
		if r.Metric != 0 {
			metric = strconv.FormatInt(r.Metric, 10)
		}
		rows = append(rows, []string{
			r.Network.String(), oneLine(r.Comment), strconv.FormatBool(r.nat()), r.NATInterface, r.NATNetmap,
			strconv.FormatBool(r.NetGateway), metric, strconv.FormatBool(r.Advertise), strings.Join(r.AdvertiseResource, " "),
		})
	}
	if err := w.WriteAll(rows); err != nil {
		return nil, fmt.Errorf("write the routes: %w", err)
	}
	return b.Bytes(), nil
}

func exportText(rs []Route) []byte {
	var b bytes.Buffer
	for _, r := range rs {
		b.WriteString(r.Network.String())
		if c := oneLine(r.Comment); c != "" {
			b.WriteString(" # " + c)
		}
		b.WriteByte('\n')
	}
	return b.Bytes()
}

func oneLine(s string) string {
	return strings.Join(strings.Fields(s), " ")
}

// maxBody bounds one request, in bytes. The server's own limit is 50,000.
const maxBody = 49_000

// Bodies packs routes into bodies of POST /server/<id>/routes, each below the
// server's limit. Each body is taken as a whole or not at all.
func Bodies(rs []Route) ([]json.RawMessage, error) {
	var out []json.RawMessage
	var body []byte
	for _, r := range rs {
		nat := r.nat()
		r.NAT = &nat // absent would be false; say so
		one, err := json.Marshal(r)
		if err != nil {
			return nil, fmt.Errorf("write route %s: %w", r.Network, err)
		}
		if len(one)+2 > maxBody {
			return nil, fmt.Errorf("write route %s: larger than the server takes", r.Network)
		}
		if len(body)+len(one)+2 > maxBody {
			out = append(out, slices.Concat(body, []byte("]")))
			body = nil
		}
		sep := byte(',')
		if body == nil {
			sep = '['
		}
		body = append(append(body, sep), one...)
	}
	if body != nil {
		out = append(out, append(body, ']'))
	}
	return out, nil
}
