package snapshot_test

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"pritunl-backup/snapshot"
)

// bad is the table of files that must not be taken for a snapshot: how each is
// made from a good one, which error it is, and what is said about it.
var bad = []struct {
	file   string
	damage func(good string) string
	is     error
	says   string
	hint   string
}{
	{"empty.json", func(string) string { return "" }, snapshot.ErrNotSnapshot, "the file is empty", "older snapshot"},
	{"text.json", func(string) string { return "hello\n" }, snapshot.ErrNotSnapshot, "it is no json", "pritunl-backup export"},
	{"other.json", func(string) string { return "{\"a\": [1, {}]}\n" }, snapshot.ErrNotSnapshot, "json of another kind", "pritunl-backup export"},
	{"gzip.json", zipped, snapshot.ErrNotSnapshot, "gzip-compressed", ".gz"},
	{"age.json", func(string) string { return "age-encryption.org/v1\n-> X25519 FAKE\n" }, snapshot.ErrNotSnapshot, "encrypted with age", "identity"},
	{"newer.json", replace(`"version": 1`, `"version": 2`), snapshot.ErrNewer, "made by a newer pritunl-backup: version 2", "reads up to 1"},
	{"newer-compact.json", func(good string) string { return compact(strings.Replace(good, `"version": 1`, `"version": 12`, 1)) }, snapshot.ErrNewer, "version 12", "install"},
	{"version-zero.json", replace(`"version": 1`, `"version": 0`), snapshot.ErrEdited, "damaged at byte", "original file"},
	{"cut-head.json", upTo(`"header"`), snapshot.ErrCut, "cut off at header, byte 50", "fetch it again"},
	{"cut-element.json", upTo(`"name":"alice"`), snapshot.ErrCut, "cut off at users, element 3, byte", "fetch it again"},
	{"cut-trailer.json", upTo(`"content_sha256"`), snapshot.ErrCut, "cut off at trailer, byte", "fetch it again"},
	{"cut-end.json", func(good string) string { return good[:len(good)-1] }, snapshot.ErrCut, "cut off at trailer, byte", "fetch it again"},
	{"broken-element.json", replace(`"name":"zoe"`, `"name":"zoe`), snapshot.ErrDamaged, "users, element 1, byte 1038: not the json of an element", "older snapshot"},
	{"missing-line-feed.json", replace("},\n      {\"email\":\"\"", "},      {\"email\":\"\""), snapshot.ErrEdited, "users, element 2, byte", "original file"},
	{"edited-value.json", replace(`"zoe"`, `"amy"`), snapshot.ErrEdited, "users does not match its checksum", "original file"},
	{"edited-order.json", replace(`"name":"","organization"`, `"name":"x","organization"`), snapshot.ErrEdited, "users does not match its checksum", "original file"},
	{"edited-name.json", replace(`"id":"a1","name":"same"`, `"id":"a1","name":"tame"`), snapshot.ErrEdited, "organizations, element 2, byte 567: comes after", "original file"},
	{"removed-element.json", without(`      {"email":null`), snapshot.ErrEdited, "users has 2 elements, the trailer says 3", "original file"},
	{"edited-header.json", replace(`"complete": true`, `"complete": false`), snapshot.ErrEdited, "header, byte", "original file"},
	{"edited-sum.json", func(good string) string {
		return good[:len(good)-72] + strings.Repeat("0", 64) + good[len(good)-8:]
	}, snapshot.ErrEdited, "the file does not match its checksum", "original file"},
	{"reformatted.json", indented, snapshot.ErrEdited, "edited or re-formatted", "not for editing"},
	{"compact.json", compact, snapshot.ErrEdited, "edited or re-formatted", "not for editing"},
	{"line-ends.json", func(good string) string { return strings.ReplaceAll(good, "\n", "\r\n") }, snapshot.ErrEdited, "edited or re-formatted", "not for editing"},
	{"unknown-section.json", replace(`"links": []`, `"tunnels": []`), snapshot.ErrDamaged, `unknown section "tunnels"`, "original file"},
	{"missing-section.json", without(`    "links": []`), snapshot.ErrDamaged, "section links expected, found locations", "original file"},
	{"missing-last-section.json", func(good string) string {
		i, j := strings.Index(good, ",\n    \"users\""), strings.Index(good, "\n  },\n  \"trailer\"")
		return good[:i] + good[j:]
	}, snapshot.ErrDamaged, "section users is missing", "original file"},
	{"spaces.json", replace(`"name":"zoe"`, `"name": "zoe"`), snapshot.ErrEdited, "users does not match its checksum", "original file"},
	{"appended.json", func(good string) string { return good + "{}\n" }, snapshot.ErrDamaged, "something follows the end", "older snapshot"},
	{"doubled.json", func(good string) string { return good + good }, snapshot.ErrDamaged, "something follows the end", "older snapshot"},
	{"twice.json", replace(`{"email":null`, `{"email":null,"email":null`), snapshot.ErrDamaged, "users, element 2, byte 1096: not the json of an element: the same member twice", "original file"},
}

func replace(from, to string) func(string) string {
	return func(good string) string { return strings.Replace(good, from, to, 1) }
}

func upTo(mark string) func(string) string {
	return func(good string) string {
		before, _, _ := strings.Cut(good, mark)
		return before
	}
}

// without takes out the line that starts so.
func without(start string) func(string) string {
	return func(good string) string {
		var out strings.Builder
		for line := range strings.Lines(good) {
			if !strings.HasPrefix(line, start) {
				out.WriteString(line)
			}
		}
		return out.String()
	}
}

func indented(good string) string {
	var out bytes.Buffer
	if err := json.Indent(&out, []byte(good), "", "  "); err != nil {
		return err.Error()
	}
	return out.String()
}

func compact(good string) string {
	var out bytes.Buffer
	if err := json.Compact(&out, []byte(good)); err != nil {
		return err.Error()
	}
	return out.String() + "\n"
}

func zipped(good string) string {
	var out bytes.Buffer
	z := gzip.NewWriter(&out)
	if _, err := z.Write([]byte(good)); err != nil {
		return err.Error()
	}
	if err := z.Close(); err != nil {
		return err.Error()
	}
	return out.String()
}

func TestBadFiles(t *testing.T) {
	good, err := os.ReadFile("testdata/v1/small.json")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range bad {
		t.Run(c.file, func(t *testing.T) {
			file := filepath.Join("testdata", "bad", c.file)
			if *update {
				if err := os.WriteFile(file, []byte(c.damage(string(good))), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			_, err = snapshot.Verify(bytes.NewReader(text))
			if !errors.Is(err, c.is) || !errors.Is(err, snapshot.ErrIntegrity) {
				t.Fatalf("is not %q: %v", c.is, err)
			}
			if !strings.Contains(err.Error(), c.says) {
				t.Errorf("says %q, not %q", err, c.says)
			}
			if !strings.Contains(snapshot.Hint(err), c.hint) {
				t.Errorf("hints %q, not %q", snapshot.Hint(err), c.hint)
			}
			if errors.Is(err, snapshot.ErrEdited) != (strings.Contains(snapshot.Hint(err), "original file")) {
				t.Errorf("hint and error disagree: %q", snapshot.Hint(err))
			}
		})
	}
}

// failing is a disk or network that gives up.
type failing struct{ text []byte }

func (f *failing) Read(p []byte) (int, error) {
	if len(f.text) == 0 {
		return 0, errors.New("input/output error")
	}
	n := copy(p, f.text)
	f.text = f.text[n:]
	return n, nil
}

func TestReadErrorIsNotDamage(t *testing.T) {
	text := write(t, testHeader(), small(t))
	for i := range len(text) + 1 {
		_, err := snapshot.Load(&failing{text[:i]})
		if err == nil || !strings.Contains(err.Error(), "input/output error") || errors.Is(err, snapshot.ErrIntegrity) {
			t.Fatalf("after %d bytes: %v", i, err)
		}
	}
}
