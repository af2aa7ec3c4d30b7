// Package deploy_test checks the examples of nightly jobs: their syntax, that every
// command, flag and variable in them exists, and that none of them runs as root or
// writes where it may not.
package deploy_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"pritunl-backup/cli"
)

// flags are those of the commands that the examples use; true means that the flag
// takes a value.
var flags = map[string]map[string]bool{
	"export": {"to": true, "encrypt-to": true, "if-changed": false, "metrics-file": true, "heartbeat": true, "quiet": false, "aws-secret": true},
	"prune":  {"keep-daily": true, "keep-weekly": true, "keep-monthly": true, "yes": false, "quiet": false},
}

var variables = []string{"PRITUNL_URL", "PRITUNL_TOKEN_FILE", "PRITUNL_SECRET_FILE"}

// checkCommand holds the words of one call against flags, and gives the command.
func checkCommand(words []string) (string, error) {
	if len(words) == 0 {
		return "", fmt.Errorf("no command")
	}
	known, ok := flags[words[0]]
	if !ok {
		return "", fmt.Errorf("no command %q", words[0])
	}
	positional, given := []string{}, map[string]string{}
	for i := 1; i < len(words); i++ {
		name, isFlag := strings.CutPrefix(words[i], "--")
		if !isFlag {
			positional = append(positional, words[i])
			continue
		}
		takesValue, ok := known[name]
		if !ok {
			return "", fmt.Errorf("%s has no flag --%s", words[0], name)
		}
		given[name] = ""
		if takesValue {
			if i++; i == len(words) || strings.HasPrefix(words[i], "--") {
				return "", fmt.Errorf("--%s has no value", name)
			}
			given[name] = words[i]
		}
	}
	location := given["to"]
	if words[0] == "prune" {
		if len(positional) != 1 {
			return "", fmt.Errorf("prune takes one location, not %q", positional)
		}
		location = positional[0]
		if _, yes := given["yes"]; !yes {
			return "", fmt.Errorf("prune would ask nobody")
		}
	} else if len(positional) > 0 {
		return "", fmt.Errorf("%s takes no %q", words[0], positional)
	}
	if !strings.HasSuffix(location, "/") {
		return "", fmt.Errorf("location %q does not end in a slash", location)
	}
	return words[0], nil
}

// checkJob holds all calls of one example: a snapshot first, then pruning of the
// same place.
func checkJob(t *testing.T, calls [][]string) {
	t.Helper()
	var got []string
	places := map[string]bool{}
	for _, words := range calls {
		command, err := checkCommand(words)
		if err != nil {
			t.Errorf("%q: %v", words, err)
			continue
		}
		got = append(got, command)
		for _, w := range words {
			if strings.HasPrefix(w, "s3://") {
				places[w] = true
			}
		}
	}
	if !slices.Equal(got, []string{"export", "prune"}) {
		t.Errorf("commands %q", got)
	}
	if len(places) != 1 {
		t.Errorf("snapshots are stored and pruned in different places: %v", places)
	}
}

func TestCheckCommandCanFail(t *testing.T) {
	for _, line := range []string{
		"", "backup --to x/", "export --to", "export --to --quiet", "export --to x/ --nonsense", "export x --to y/", "export --to x",
		"prune --yes", "prune x/ y/ --yes", "prune x/ --keep-daily 3",
	} {
		if _, err := checkCommand(strings.Fields(line)); err == nil {
			t.Errorf("%q is taken", line)
		}
	}
}

// TestFlagsExist holds the table above to the program: an unknown flag is an error even where help is asked for.
func TestFlagsExist(t *testing.T) {
	for command, known := range flags {
		for name, takesValue := range known {
			args := []string{command, "--" + name}
			if takesValue {
				args = append(args, "1")
			}
			if code := run(append(args, "--help")...); code != 0 {
				t.Errorf("%s has no flag --%s: exit code %d", command, name, code)
			}
		}
		if code := run(command, "--nonsense", "--help"); code == 0 {
			t.Errorf("%s takes an unknown flag", command)
		}
	}
}

func run(args ...string) int {
	nothing := cli.Stdio{In: strings.NewReader(""), Out: io.Discard, Err: io.Discard}
	return cli.Main(context.Background(), args, func(string) string { return "" }, nothing)
}

func checkVariable(t *testing.T, name string) {
	t.Helper()
	if strings.HasPrefix(name, "PRITUNL_") && !slices.Contains(variables, name) {
		t.Errorf("no variable %s", name)
	}
}

func read(t *testing.T, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if bytes.ContainsAny(data, "\t\r") || !bytes.HasSuffix(data, []byte("\n")) {
		t.Errorf("%s has tabs, carriage returns or no line feed at its end", path)
	}
	return string(data)
}

// unit parses a systemd unit: sections of Key=value lines, where a key may repeat.
func unit(t *testing.T, path string, keys map[string]string) map[string][]string {
	t.Helper()
	section, values := "", map[string][]string{}
	for i, line := range strings.Split(strings.TrimSpace(read(t, path)), "\n") {
		switch key, value, ok := strings.Cut(line, "="); {
		case line == "" || strings.HasPrefix(line, "#"):
		case strings.HasPrefix(line, "[") && strings.HasSuffix(line, "]"):
			section = line
		case !ok || !slices.Contains(strings.Fields(keys[section]), key):
			t.Errorf("%s:%d: %q has no %q", path, i+1, section, line)
		default:
			values[key] = append(values[key], value)
		}
	}
	return values
}

func TestSystemd(t *testing.T) {
	service := unit(t, "systemd/pritunl-backup.service", map[string]string{
		"[Unit]": "Description Wants After",
		"[Service]": "Type User LoadCredential Environment EnvironmentFile StateDirectory StateDirectoryMode ExecStart TimeoutStartSec " +
			"NoNewPrivileges ProtectSystem ProtectHome PrivateTmp PrivateDevices ProtectKernelTunables ProtectKernelModules ProtectControlGroups " +
			"RestrictAddressFamilies RestrictNamespaces LockPersonality MemoryDenyWriteExecute SystemCallFilter CapabilityBoundingSet UMask",
	})
	var calls [][]string
	for _, line := range service["ExecStart"] {
		words := strings.Fields(line)
		if words[0] != "/usr/local/bin/pritunl-backup" {
			t.Errorf("ExecStart is not an absolute path to the program: %s", line)
		}
		calls = append(calls, words[1:])
		if strings.ContainsAny(line, `"'\%$;|&`) {
			t.Errorf("ExecStart needs a shell or quoting: %s", line)
		}
		for i, w := range words {
			if w == "--metrics-file" && !strings.HasPrefix(words[i+1], "/var/lib/"+service["StateDirectory"][0]+"/") {
				t.Errorf("%s is not below the state directory, the only place that can be written", words[i+1])
			}
		}
	}
	checkJob(t, calls)
	for _, e := range service["Environment"] {
		name, value, _ := strings.Cut(e, "=")
		checkVariable(t, name)
		if credential, ok := strings.CutPrefix(value, "%d/"); ok && !slices.ContainsFunc(service["LoadCredential"], func(c string) bool {
			return strings.HasPrefix(c, credential+":/")
		}) {
			t.Errorf("%s names a credential that is not loaded", e)
		}
	}
	if service["Type"][0] != "oneshot" || service["User"][0] == "root" {
		t.Errorf("type %s of user %s", service["Type"], service["User"])
	}
	timer := unit(t, "systemd/pritunl-backup.timer", map[string]string{
		"[Unit]": "Description", "[Timer]": "OnCalendar RandomizedDelaySec Persistent", "[Install]": "WantedBy",
	})
	if !regexp.MustCompile(`^\*-\*-\* \d\d:\d\d:\d\d$`).MatchString(timer["OnCalendar"][0]) || timer["WantedBy"][0] != "timers.target" {
		t.Errorf("timer %v", timer)
	}
}

func TestCrontab(t *testing.T) {
	jobs := 0
	for line := range strings.Lines(read(t, "cron/pritunl-backup")) {
		line = strings.TrimSuffix(line, "\n")
		if strings.HasPrefix(line, "#") {
			continue
		}
		if name, _, ok := strings.Cut(line, "="); ok && regexp.MustCompile(`^[A-Z_]+$`).MatchString(name) {
			checkVariable(t, name)
			continue
		}
		jobs++
		if strings.Contains(line, "%") {
			t.Error("cron takes % for the end of the line")
		}
		fields := strings.Fields(line)
		for i, highest := range []int{59, 23, 31, 12, 7} {
			if n, err := strconv.Atoi(fields[i]); fields[i] != "*" && (err != nil || n < 0 || n > highest) {
				t.Errorf("time field %q", fields[i])
			}
		}
		if fields[5] == "root" {
			t.Error("runs as root")
		}
		var calls [][]string
		for call := range strings.SplitSeq(strings.Join(fields[6:], " "), " && ") {
			words := strings.Fields(call)
			if words[0] != "/usr/local/bin/pritunl-backup" {
				t.Errorf("cron's PATH is short: %s", words[0])
			}
			calls = append(calls, words[1:])
		}
		checkJob(t, calls)
	}
	if jobs != 1 {
		t.Errorf("%d jobs", jobs)
	}
}

func TestImage(t *testing.T) {
	docker, err := os.ReadFile("../Dockerfile")
	if err != nil {
		t.Fatal(err)
	}
	var from, copies, users []string
	for line := range strings.Lines(string(docker)) {
		switch word, rest, _ := strings.Cut(strings.TrimSpace(line), " "); word {
		case "FROM":
			from = append(from, rest)
		case "COPY", "ADD", "RUN":
			copies = append(copies, rest)
		case "USER":
			users = append(users, rest)
		}
	}
	if !slices.Equal(from, []string{"scratch"}) || len(copies) != 1 || !slices.Equal(users, []string{"65532:65532"}) {
		t.Errorf("from %q, layers %q, user %q", from, copies, users)
	}
	ignore, err := os.ReadFile("../.dockerignore")
	if err != nil {
		t.Fatal(err)
	}
	// Snapshots or keys that lie about must not travel to the Docker daemon.
	if string(ignore) != "*\n!dist/image\n" {
		t.Errorf(".dockerignore:\n%s", ignore)
	}
}

func TestReadmeHasThreeLinesEach(t *testing.T) {
	text := read(t, "README.md")
	sections := strings.Split(text, "\n## ")[1:]
	if len(sections) != 5 {
		t.Fatalf("%d sections", len(sections))
	}
	for _, s := range sections {
		title, body, _ := strings.Cut(s, "\n")
		var numbered []string
		for line := range strings.Lines(body) {
			if strings.TrimSpace(line) != "" {
				numbered = append(numbered, line[:2])
			}
		}
		if !slices.Equal(numbered, []string{"1.", "2.", "3."}) {
			t.Errorf("%s has lines %q", title, numbered)
		}
	}
}
