package snapshot_test

import (
	"bytes"
	"fmt"
	"io"
	"testing"

	"pritunl-backup/snapshot"
)

// tenThousand gives an instance of that many users of the recorded shape.
func tenThousand(b *testing.B) resources {
	all := recorded(b, "instance.jsonl")
	users := all[snapshot.Users]
	for i := range 10_000 {
		u := users[i%len(users)].Clone()
		u["id"], u["name"] = fmt.Sprintf("%024x", i), fmt.Sprintf("user-%06d", i)
		all[snapshot.Users] = append(all[snapshot.Users], u)
	}
	return all
}

func BenchmarkWrite(b *testing.B) {
	all := tenThousand(b)
	b.SetBytes(int64(len(write(b, testHeader(), all))))
	for b.Loop() {
		if _, err := snapshot.WriteAll(io.Discard, testHeader(), all); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkVerify(b *testing.B) {
	text := write(b, testHeader(), tenThousand(b))
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		if _, err := snapshot.Verify(bytes.NewReader(text)); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkDiff(b *testing.B) {
	text := write(b, testHeader(), tenThousand(b))
	b.SetBytes(int64(2 * len(text)))
	for b.Loop() {
		x, err := snapshot.NewReader(bytes.NewReader(text))
		if err != nil {
			b.Fatal(err)
		}
		y, _ := snapshot.NewReader(bytes.NewReader(text))
		if d, err := snapshot.DiffReaders(x, y, snapshot.DiffOptions{}); err != nil || !d.Empty() {
			b.Fatal(err, d)
		}
	}
}
