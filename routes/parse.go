package routes

import (
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"slices"
	"strconv"
	"strings"
)

// Format is how a list of networks is written.
type Format string

// The formats of lists.
const (
	AWS  Format = "aws"  // the ip-ranges.json that Amazon publishes
	JSON Format = "json" // a list of texts, or of objects as Export writes them
	CSV  Format = "csv"  // with a header line that has a column "network", or without: network, comment
	Text Format = "text" // one network a line, "# comment" after it
)

// Formats lists what Parse reads. Export writes all but AWS.
func Formats() []Format { return []Format{AWS, JSON, CSV, Text} }

// Filter chooses among the entries of a list. Regions and services exist in AWS
// lists only and are compared without regard to case; an empty list takes all.
type Filter struct {
	Regions  []string
	Services []string
	// IPv6 takes IPv6 networks too; without it they are left out.
	IPv6 bool
}

// List is a list of networks as a filter leaves it.
type List struct {
	Routes  []Route
	LeftOut LeftOut
}

// LeftOut holds the networks of a list that a filter left out, each once. They
// have not left the list.
type LeftOut struct {
	IPv6  []netip.Prefix // for want of Filter.IPv6
	Other []netip.Prefix // of other regions or services, of both families
}

// ErrNoMatch says that a filter names a region or service that the list does not have, or
// the filters together leave nothing.
var ErrNoMatch = errors.New("nothing in the list matches")

// ErrFormat says that the list is not written in the format it is said to be in.
var ErrFormat = errors.New("not in the expected format")

// maxList bounds a list in memory, in bytes; ip-ranges.json has about 2 MiB.
const maxList = 64 << 20

// Parse reads a list. Its error is ErrFormat, with the line where there are
// lines, or ErrNoMatch.
func Parse(r io.Reader, format Format, f Filter) (List, error) {
	data, err := io.ReadAll(io.LimitReader(r, maxList+1))
	if err != nil {
		return List{}, fmt.Errorf("read the list: %w", err)
	}
	if len(data) > maxList {
		return List{}, fmt.Errorf("read the list: larger than %d MiB: %w", maxList>>20, ErrFormat)
	}
	if format != AWS && len(f.Regions)+len(f.Services) > 0 {
		return List{}, fmt.Errorf("filter the list: a list in format %s has no regions or services: %w", format, ErrNoMatch)
	}
	var out List
	switch format {
	case AWS:
		out, err = parseAWS(data, f)
	case JSON:
		out.Routes, err = parseJSON(data)
	case CSV:
		out.Routes, err = parseCSV(string(data))
	case Text:
		out.Routes, err = parseText(string(data))
	default:
		return List{}, fmt.Errorf("read the list: format %q is not known: %w", format, ErrFormat)
	}
	if err != nil {
		return List{}, err
	}
	if !f.IPv6 {
		out.dropIPv6()
	}
	return out, nil
}

func (l *List) dropIPv6() {
	l.Routes = slices.DeleteFunc(l.Routes, func(r Route) bool {
		if r.Network.Addr().Is6() {
			l.LeftOut.IPv6 = append(l.LeftOut.IPv6, r.Network)
		}
		return r.Network.Addr().Is6()
	})
	l.LeftOut.IPv6 = distinct(l.LeftOut.IPv6)
}

func distinct(networks []netip.Prefix) []netip.Prefix {
	slices.SortFunc(networks, compare)
	return slices.Compact(networks)
}

type awsRanges struct {
	Prefixes []awsPrefix `json:"prefixes"`
	IPv6     []awsPrefix `json:"ipv6_prefixes"`
}

type awsPrefix struct {
	V4      string `json:"ip_prefix"`
	V6      string `json:"ipv6_prefix"`
	Region  string `json:"region"`
	Service string `json:"service"`
}

func parseAWS(data []byte, f Filter) (List, error) {
	var doc awsRanges
	if err := json.Unmarshal(data, &doc); err != nil {
		return List{}, fmt.Errorf("read the aws list: %w: %w", ErrFormat, err)
	}
	if len(doc.Prefixes)+len(doc.IPv6) == 0 {
		return List{}, fmt.Errorf("read the aws list: it has no prefixes: %w", ErrFormat)
	}
	all := append(slices.Clone(doc.Prefixes), doc.IPv6...)
	if err := f.known(all); err != nil {
		return List{}, err
	}
	var out List
	taken := map[netip.Prefix]bool{} // a network may be listed under several services
	for _, p := range all {
		n, err := ParseNetwork(p.V4 + p.V6)
		if err != nil {
			return List{}, fmt.Errorf("read the aws list: %w: %w", ErrFormat, err)
		}
		if f.takes(p) {
			taken[n] = true
			out.Routes = append(out.Routes, Route{Network: n})
			continue
		}
		out.LeftOut.Other = append(out.LeftOut.Other, n)
	}
	out.LeftOut.Other = slices.DeleteFunc(distinct(out.LeftOut.Other), func(n netip.Prefix) bool { return taken[n] })
	if len(out.Routes) == 0 {
		return List{}, fmt.Errorf("filter the aws list: no prefix has both the region and the service: %w", ErrNoMatch)
	}
	return out, nil
}

func (f Filter) takes(p awsPrefix) bool {
	return (len(f.Regions) == 0 || containsFold(f.Regions, p.Region)) &&
		(len(f.Services) == 0 || containsFold(f.Services, p.Service))
}

// known makes a misspelt region an error instead of an empty list, which with
// pruning would remove every route.
func (f Filter) known(all []awsPrefix) error {
	for _, want := range f.Regions {
		if !slices.ContainsFunc(all, func(p awsPrefix) bool { return strings.EqualFold(p.Region, want) }) {
			return fmt.Errorf("filter the aws list: no prefix of region %q: %w", want, ErrNoMatch)
		}
	}
	for _, want := range f.Services {
		if !slices.ContainsFunc(all, func(p awsPrefix) bool { return strings.EqualFold(p.Service, want) }) {
			return fmt.Errorf("filter the aws list: no prefix of service %q: %w", want, ErrNoMatch)
		}
	}
	return nil
}

func containsFold(list []string, s string) bool {
	return slices.ContainsFunc(list, func(e string) bool { return strings.EqualFold(e, s) })
}

func parseJSON(data []byte) ([]Route, error) {
	var items []json.RawMessage
	if err := json.Unmarshal(data, &items); err != nil {
		return nil, fmt.Errorf("read the json list: %w: %w", ErrFormat, err)
	}
	out := make([]Route, 0, len(items))
	for i, raw := range items {
		var text string
		var r struct {
			Route
			Network string `json:"network"`
		}
		if json.Unmarshal(raw, &text) == nil {
			r.Network = text
		} else if err := json.Unmarshal(raw, &r); err != nil {
			return nil, fmt.Errorf("read the json list: element %d: %w: %w", i+1, ErrFormat, err)
		}
		n, err := ParseNetwork(r.Network)
		if err != nil {
			return nil, fmt.Errorf("read the json list: element %d: %w: %w", i+1, ErrFormat, err)
		}
		r.Route.Network = n
		out = append(out, r.Route)
	}
	return out, nil
}

func parseText(data string) ([]Route, error) {
	var out []Route
	for i, line := range strings.Split(strings.TrimPrefix(data, "\ufeff"), "\n") {
		network, comment, _ := strings.Cut(line, "#")
		if strings.TrimSpace(network) == "" {
			continue
		}
		n, err := ParseNetwork(network)
		if err != nil {
			return nil, fmt.Errorf("read the list: line %d: %w: %w", i+1, ErrFormat, err)
		}
		out = append(out, Route{Network: n, Comment: strings.TrimSpace(comment)})
	}
	return out, nil
}

func parseCSV(data string) ([]Route, error) {
	r := csv.NewReader(strings.NewReader(strings.TrimPrefix(data, "\ufeff")))
	r.FieldsPerRecord, r.TrimLeadingSpace, r.Comment = -1, true, '#'
	columns := []string{"network", "comment"}
	var out []Route
	for first := true; ; first = false {
		fields, err := r.Read()
		if errors.Is(err, io.EOF) {
			return out, nil
		}
		if err != nil {
			return nil, fmt.Errorf("read the csv list: %w: %w", ErrFormat, err)
		}
		if first && slices.ContainsFunc(fields, func(f string) bool { return strings.EqualFold(strings.TrimSpace(f), "network") }) {
			columns = fields
			continue
		}
		line, _ := r.FieldPos(0)
		route, err := csvRoute(columns, fields)
		if err != nil {
			return nil, fmt.Errorf("read the csv list: line %d: %w: %w", line, ErrFormat, err)
		}
		out = append(out, route)
	}
}

func csvRoute(columns, fields []string) (Route, error) {
	var r Route
	for i, value := range fields {
		if i >= len(columns) {
			return Route{}, fmt.Errorf("%d values for %d columns", len(fields), len(columns))
		}
		if err := r.set(strings.ToLower(strings.TrimSpace(columns[i])), strings.TrimSpace(value)); err != nil {
			return Route{}, err
		}
	}
	if r.Network == (netip.Prefix{}) {
		return Route{}, errors.New("no network")
	}
	return r, nil
}

// set sets the member of that column. Columns this package does not know are
// passed over, so that a list may carry more than routes.
func (r *Route) set(column, value string) (err error) {
	if value == "" {
		return nil
	}
	switch column {
	case "network":
		r.Network, err = ParseNetwork(value)
		return err
	case "comment":
		r.Comment = value
	case "nat":
		var b bool
		b, err = strconv.ParseBool(value)
		r.NAT = &b
	case "nat_interface":
		r.NATInterface = value
	case "nat_netmap":
		r.NATNetmap = value
	case "net_gateway":
		r.NetGateway, err = strconv.ParseBool(value)
	case "metric":
		r.Metric, err = strconv.ParseInt(value, 10, 32)
	case "advertise":
		r.Advertise, err = strconv.ParseBool(value)
	case "advertise_resource":
		r.AdvertiseResource = strings.Fields(value)
	}
	if err != nil {
		return fmt.Errorf("column %s: %q is not understood", column, shorten(value))
	}
	return nil
}
