package cli

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/urfave/cli/v2"

	"pritunl-backup/snapshot"
	"pritunl-backup/storage"
)

// rowsAtOnce bounds how many rows wait for their column widths, so that a long list of users is shown as it is read.
const rowsAtOnce = 500

type showOptions struct {
	snapshot string
	place    placeOptions
	kinds    []snapshot.Kind // whose tables are shown
	json     bool
}

func showCommand(env *environment) *cli.Command {
	return &cli.Command{
		Name:      "show",
		Usage:     "print what a snapshot holds, without its secrets",
		ArgsUsage: "SNAPSHOT",
		Description: `Prints the header, the counts and a table for each kind. SNAPSHOT is a file, an s3:// address,
or - for standard input. To read single values use jq: the snapshot is one JSON document.`,
		Flags: append([]cli.Flag{
			&cli.StringFlag{Name: "only", Usage: "only the tables of these `KINDS`: " + kindNames()},
			&cli.StringFlag{Name: "skip", Usage: "leave out the tables of these `KINDS`"},
			jsonFlag(),
		}, placeFlags()...),
		Action: func(c *cli.Context) error {
			opts, err := parseShow(c, env.settings(c))
			if err != nil {
				return err
			}
			return runShow(c.Context, env, opts)
		},
	}
}

func parseShow(c *cli.Context, s *settings) (showOptions, error) {
	opts := showOptions{json: c.Bool("json")}
	var err error
	if opts.snapshot, err = oneSnapshot(c); err != nil {
		return opts, err
	}
	if opts.kinds, err = selectKinds(c.String("only"), c.String("skip")); err != nil {
		return opts, err
	}
	if opts.kinds == nil {
		opts.kinds = snapshot.Kinds()
	}
	opts.place, err = parsePlace(c, s)
	return opts, err
}

// runShow reads the whole snapshot before it shows anything: what is damaged is never shown as if it were whole. Names
// are gathered before the tables, because settings refer to an organization that stands behind them.
func runShow(ctx context.Context, env *environment, opts showOptions) error {
	source, err := env.openTwice(ctx, opts.snapshot, opts.place)
	if err != nil {
		return err
	}
	report, err := env.verifyFrom(source)
	if err != nil {
		return ofSnapshot(opts.snapshot, err)
	}
	if opts.json {
		return writeJSON(env.stdio.Out, struct {
			Snapshot string           `json:"snapshot"`
			Header   snapshot.Header  `json:"header"`
			Summary  snapshot.Summary `json:"summary"`
		}{opts.snapshot, report.Header, report.Summary})
	}
	if err := showHeader(env.stdio.Out, opts.snapshot, report); err != nil {
		return err
	}
	names, err := namesIn(source)
	if err != nil {
		return err
	}
	document, err := source()
	if err != nil {
		return err
	}
	defer func() { _ = document.Close() }()
	return showTables(env.stdio.Out, document, opts.kinds, names)
}

// namesIn gives the names of everything that others refer to. It stands before the users, who are not read.
func namesIn(source func() (*storage.Reader, error)) (snapshot.Names, error) {
	document, err := source()
	if err != nil {
		return nil, err
	}
	defer func() { _ = document.Close() }()
	reader, err := snapshot.NewReader(document)
	if err != nil {
		return nil, err
	}
	for element, err := range reader.Elements() {
		if err != nil {
			return nil, err
		}
		if element.Kind == snapshot.Users || element.Collection != "" {
			break
		}
	}
	return reader.Names(), nil
}

func showHeader(w io.Writer, place string, report *snapshot.Report) error {
	h := report.Header
	table := tabwriter.NewWriter(w, 0, 4, 2, ' ', 0)
	rows := [][2]string{
		{"snapshot", place},
		{"taken", timeText(h.CreatedAt) + " by " + h.Tool},
		{"from", strings.TrimSpace(h.Source.Kind + " " + h.Source.Address + " " + h.Source.Reason)},
		{"pritunl", h.PritunlVersion + " on host " + h.Host},
		{"complete", yesNo(h.Complete)},
		{"secrets", map[string]string{snapshot.SecretsKeep: "kept, in the clear", snapshot.SecretsRedact: "redacted: cannot be restored"}[h.Secrets]},
	}
	if len(h.Tags) > 0 {
		rows = append(rows, [2]string{"tags", strings.Join(h.Tags, ", ")})
	}
	for _, u := range h.Unreadable {
		rows = append(rows, [2]string{"not in it", unreadableText(u)})
	}
	for _, k := range h.Skipped {
		rows = append(rows, [2]string{"left out", string(k)})
	}
	for _, warning := range h.Warnings {
		rows = append(rows, [2]string{"warning", warning})
	}
	for _, row := range rows {
		_, _ = fmt.Fprintf(table, "%s\t%s\n", row[0], visible(strings.ReplaceAll(row[1], "\n", " ")))
	}
	_, _ = fmt.Fprintln(table)
	for _, kind := range snapshot.Kinds() {
		_, _ = fmt.Fprintf(table, "%s\t%d\n", kind, report.Summary.Counts[kind])
	}
	for _, name := range sortedKeys(report.Summary.Collections) {
		_, _ = fmt.Fprintf(table, "collection %s\t%d\n", name, report.Summary.Collections[name])
	}
	return table.Flush()
}

func showTables(w io.Writer, document io.Reader, kinds []snapshot.Kind, names snapshot.Names) error {
	reader, err := snapshot.NewReader(document)
	if err != nil {
		return err
	}
	var kind snapshot.Kind
	table := tabwriter.NewWriter(w, 0, 4, 2, ' ', 0)
	waiting := 0
	for element, err := range reader.Elements() {
		if err != nil {
			return err
		}
		if element.Collection != "" || !slices.Contains(kinds, element.Kind) {
			continue
		}
		if element.Kind != kind || waiting == rowsAtOnce {
			if err := table.Flush(); err != nil {
				return err
			}
			waiting = 0
		}
		if element.Kind != kind {
			kind = element.Kind
			_, _ = fmt.Fprintf(w, "\n%s\n", strings.ToUpper(strings.ReplaceAll(string(kind), "_", " ")))
			_, _ = fmt.Fprintln(table, "  "+strings.Join(snapshot.Columns(kind), "\t"))
		}
		_, _ = fmt.Fprintln(table, "  "+strings.Join(snapshot.Row(kind, element.Object, names), "\t"))
		waiting++
	}
	return table.Flush()
}

func yesNo(yes bool) string {
	if yes {
		return "yes"
	}
	return "no"
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for key := range m {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys
}
