package cli

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/urfave/cli/v2"
)

// variable is one configuration value that may come from a flag, an environment variable or a file that a
// variable names. Secret ones are never shown.
type variable struct {
	flag    string
	env     string
	usage   string
	initial string
	secret  bool
	boolean bool
}

// setting is a variable with the value that won and where it came from.
type setting struct {
	variable
	value  string
	origin string
}

// settings resolves variables for one command line: flag, then environment, then the file named by ..._FILE, then
// the secret or parameter in AWS, then the built-in value.
type settings struct {
	ctx      *cli.Context
	getenv   func(string) string
	resolved []setting
	fromAWS  *storedValues // nil until somebody asked for them
}

func (v variable) cliFlag() cli.Flag {
	usage := v.usage
	if v.env != "" {
		usage += " [$" + v.env
		if v.secret || v.flag == "url" {
			usage += ", $" + v.env + "_FILE"
		}
		usage += "]"
	}
	if v.boolean {
		return &cli.BoolFlag{Name: v.flag, Usage: usage}
	}
	return &cli.StringFlag{Name: v.flag, Usage: usage, DefaultText: v.initial}
}

func flagsOf(variables []variable) []cli.Flag {
	var flags []cli.Flag
	for _, v := range variables {
		flags = append(flags, v.cliFlag())
	}
	return flags
}

// get resolves v and remembers it for --show-config.
func (s *settings) get(v variable) (setting, error) {
	for _, r := range s.resolved {
		if r.flag == v.flag {
			return r, nil
		}
	}
	value, origin, err := s.find(v)
	if err == nil && origin == "default" && slices.Contains(storedFlags(), v.flag) {
		value, origin, err = s.orStored(v)
	}
	if err != nil {
		return setting{}, err
	}
	found := setting{variable: v, value: value, origin: origin}
	s.resolved = append(s.resolved, found)
	return found, nil
}

func (s *settings) find(v variable) (value, origin string, err error) {
	if s.ctx.IsSet(v.flag) {
		return fmt.Sprint(s.ctx.Value(v.flag)), "flag --" + v.flag, nil
	}
	if v.env == "" {
		return v.initial, "default", nil
	}
	direct, file := s.getenv(v.env), s.getenv(v.env+"_FILE")
	switch {
	case direct != "" && file != "":
		return "", "", usageError(fmt.Sprintf("%s and %s_FILE are both set", v.env, v.env), "unset one of them")
	case direct != "":
		return direct, "environment " + v.env, nil
	case file != "":
		value, err := readSmallFile(file, v.env+"_FILE")
		return value, "file " + file + " from " + v.env + "_FILE", err
	}
	return v.initial, "default", nil
}

// readSmallFile reads a secret or address from a file; one trailing line end does not belong to the value.
func readSmallFile(path, what string) (string, error) {
	const limit = 1 << 20
	f, err := os.Open(path)
	if err != nil {
		reason := err
		var pathErr *fs.PathError
		if errors.As(err, &pathErr) {
			reason = pathErr.Err
		}
		return "", usageError(fmt.Sprintf("read the file %s that %s names: %v", path, what, reason), "check the path and who may read it")
	}
	defer func() { _ = f.Close() }()
	data, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err != nil {
		return "", usageError(fmt.Sprintf("read the file %s that %s names: %v", path, what, err), "")
	}
	if len(data) > limit {
		return "", usageError(fmt.Sprintf("the file %s that %s names is larger than 1 MiB", path, what), "it should hold one value")
	}
	value := strings.TrimSpace(string(data))
	if value == "" {
		return "", usageError(fmt.Sprintf("the file %s that %s names is empty", path, what), "")
	}
	return value, nil
}

// show prints every resolved value with its origin; secrets as whether they are set.
func (s *settings) show(w io.Writer) error {
	table := tabwriter.NewWriter(w, 0, 4, 2, ' ', 0)
	for _, r := range s.resolved {
		value := r.value
		switch {
		case value == "":
			value = "(not set)"
		case r.secret:
			value = "(set, hidden)"
		case r.flag == "url", r.flag == "s3-endpoint":
			value = withoutUser(value)
		}
		if _, err := fmt.Fprintf(table, "%s\t%s\t%s\n", r.flag, visible(value), visible(r.origin)); err != nil {
			return err
		}
	}
	return table.Flush()
}

// withoutUser hides name and password in an address, whether it can be parsed or not.
func withoutUser(address string) string {
	scheme, rest, ok := strings.Cut(address, "://")
	if !ok {
		scheme, rest = "", address
	} else {
		scheme += "://"
	}
	if at := strings.LastIndex(rest, "@"); at >= 0 {
		return scheme + "(hidden)@" + rest[at+1:]
	}
	return address
}
