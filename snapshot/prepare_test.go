package snapshot_test

import (
	"bytes"
	"sync"
	"testing"

	"pritunl-backup/snapshot"
)

// A document of prepared elements is the document of the same elements written one by one: recorded objects, secrets
// kept and redacted, prepared by many goroutines at once.
func TestPreparedElementsMakeTheSameDocument(t *testing.T) {
	for _, secrets := range []string{snapshot.SecretsKeep, snapshot.SecretsRedact} {
		t.Run(secrets, func(t *testing.T) {
			all := recorded(t, "instance.jsonl")
			header := testHeader()
			header.Secrets = secrets
			var text bytes.Buffer
			w, err := snapshot.NewWriter(&text, header)
			if err != nil {
				t.Fatal(err)
			}
			for _, kind := range snapshot.Kinds() {
				for _, p := range prepareAll(t, w, kind, all[kind]) {
					if err := w.WritePrepared(p); err != nil {
						t.Fatal(err)
					}
				}
			}
			if _, err := w.Close(); err != nil {
				t.Fatal(err)
			}
			if want := write(t, header, all); !bytes.Equal(text.Bytes(), want) {
				t.Errorf("prepared:\n%s\nelement by element:\n%s", text.Bytes(), want)
			}
		})
	}
}

func prepareAll(t *testing.T, w *snapshot.Writer, kind snapshot.Kind, objects []snapshot.Object) []snapshot.Prepared {
	t.Helper()
	list := make([]snapshot.Prepared, len(objects))
	var group sync.WaitGroup
	for i, o := range objects {
		group.Go(func() {
			var err error
			if list[i], err = w.Prepare(kind, o); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	snapshot.SortPrepared(list)
	return list
}

// What cannot be written is refused when it is prepared, and does not spoil the writer.
func TestPrepareRefusesWhatCannotBeWritten(t *testing.T) {
	w, err := snapshot.NewWriter(&bytes.Buffer{}, testHeader())
	if err != nil {
		t.Fatal(err)
	}
	var deep any = "bottom"
	for range 300 {
		deep = []any{deep}
	}
	for name, value := range map[string]any{"a float": 1.5, "a channel": make(chan int), "too deep": deep} {
		for _, field := range []string{"unheard_of", "groups", "devices"} {
			o := snapshot.Object{"id": "u1", "organization": "o1", "name": "alice", field: []any{value, value}}
			if _, err := w.Prepare(snapshot.Users, o); err == nil {
				t.Errorf("%s in %s: prepared", name, field)
			}
		}
	}
	if err := w.WriteElement(snapshot.Users, snapshot.Object{"id": "u1", "name": "alice"}); err != nil {
		t.Errorf("write after refusals: %v", err)
	}
}
