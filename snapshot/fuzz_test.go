package snapshot_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"pritunl-backup/snapshot"
)

// FuzzReader holds that nothing is accepted but what was written: whoever gets
// another text through has broken SHA-256, or the frame.
func FuzzReader(f *testing.F) {
	written := map[string]bool{}
	for name, text := range goldens(f) {
		if name != "full.json" && name != "redacted.json" { // the small ones are mutated faster
			f.Add(text)
		}
		written[string(text)] = true
	}
	files, err := filepath.Glob("testdata/bad/*")
	if err != nil || len(files) == 0 {
		f.Fatal("no bad files", err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		_, err := snapshot.Load(bytes.NewReader(text))
		_, verr := snapshot.Verify(bytes.NewReader(text))
		if (err == nil) != (verr == nil) {
			t.Fatalf("load: %v, verify: %v", err, verr)
		}
		if err == nil && !written[string(text)] {
			t.Fatal("a text that was never written is accepted")
		}
		if err != nil && (!errors.Is(err, snapshot.ErrIntegrity) || snapshot.Hint(err) == "") {
			t.Fatalf("no integrity error with a hint: %v", err)
		}
	})
}

// FuzzDecodeObject holds the decoder against the standard library's.
func FuzzDecodeObject(f *testing.F) {
	for _, s := range []string{
		`{}`, ` {"a":[1,-0.5e+10,"x",null,true,false,{}]} `, `{"a":1,"a":2}`, `{"\ud83d\ude00":"\ud800\u0041"}`, `{"a":01}`, `{"a":1}x`, "{\"a\":\"\xff\"}",
		`[]`, `{"a"`, `{"a":}`, `{"a":1,}`, `{"a":"\x"}`, `{"a":tru}`, "{\"a\":\"\n\"}", `{"a":-}`, `{"a":1.}`, `{"a":1e}`, `{"a":"\ud83d\u0041\/\b"}`,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		o, err := snapshot.DecodeObject(text)
		std, stdErr := decodeStd(text)
		if err != nil {
			if stdErr == nil && utf8.Valid(text) && !errorIs(err, "the same member twice", "nested too deep") {
				t.Fatalf("%q: %v, but encoding/json reads it", text, err)
			}
			return
		}
		if stdErr != nil {
			t.Fatalf("%q is accepted, but %v", text, stdErr)
		}
		encoded, err := o.Encode()
		if err != nil {
			t.Fatal(err)
		}
		back, err := snapshot.DecodeObject(encoded)
		if err != nil || !cmp.Equal(o, back) {
			t.Fatalf("%q becomes %q: %v", text, encoded, err)
		}
		if again, err := decodeStd(encoded); err != nil || !cmp.Equal(std, again) {
			t.Fatalf("%q becomes %q for encoding/json: %v", text, encoded, err)
		}
	})
}

func decodeStd(text []byte) (map[string]any, error) {
	if !json.Valid(text) {
		return nil, errors.New("not json")
	}
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	var o map[string]any
	if err := d.Decode(&o); err != nil {
		return nil, err
	}
	if o == nil {
		return nil, errors.New("null")
	}
	return o, nil
}

func errorIs(err error, reasons ...string) bool {
	var syntax *snapshot.SyntaxError
	if !errors.As(err, &syntax) {
		return false
	}
	for _, r := range reasons {
		if syntax.Reason == r {
			return true
		}
	}
	return false
}
