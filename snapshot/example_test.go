package snapshot_test

import (
	"bytes"
	"fmt"
	"time"

	"pritunl-backup/snapshot"
)

func Example() {
	var file bytes.Buffer
	w, err := snapshot.NewWriter(&file, snapshot.Header{
		CreatedAt: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC), Tool: "pritunl-backup",
		Source: snapshot.Source{Kind: snapshot.SourceAPI}, Complete: true, Secrets: snapshot.SecretsRedact,
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	user, _ := snapshot.DecodeObject([]byte(`{"id": "u1", "name": "alice", "otp_secret": "FAKE", "last_active": 1700000000}`))
	if err := w.WriteElement(snapshot.Users, user); err != nil {
		fmt.Println(err)
	}
	if _, err := w.Close(); err != nil {
		fmt.Println(err)
	}

	r, err := snapshot.NewReader(&file)
	if err != nil {
		fmt.Println(err)
		return
	}
	for e, err := range r.Elements() {
		if err != nil {
			fmt.Println(err, snapshot.Hint(err))
			return
		}
		fmt.Printf("%s %s\n", e.Kind, e.Raw)
	}
	fmt.Println(r.Summary().Counts[snapshot.Users])
	// Output:
	// users {"id":"u1","name":"alice","otp_secret":{"$redacted":"users.otp_secret"}}
	// 1
}

func ExampleDiff() {
	one, _ := snapshot.DecodeObject([]byte(`{"id": "s1", "name": "office", "port": 1194, "email_password": null}`))
	two, _ := snapshot.DecodeObject([]byte(`{"id": "s9", "name": "office", "port": 1195}`))
	a := &snapshot.Document{Resources: map[snapshot.Kind][]snapshot.Object{snapshot.Servers: {one}}}
	b := &snapshot.Document{Resources: map[snapshot.Kind][]snapshot.Object{snapshot.Servers: {two}}}
	for _, c := range snapshot.Diff(a, b, snapshot.DiffOptions{}).Changes {
		fmt.Println(c.Action, c.Kind, c.Key, c.Fields[0].Path, c.Fields[0].Old, c.Fields[0].New)
	}
	// Output: changed servers [office] port 1194 1195
}
