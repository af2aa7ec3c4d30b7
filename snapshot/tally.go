package snapshot

import (
	"crypto/sha256"
	"encoding/hex"
	"hash"
	"maps"
	"slices"
	"strconv"
)

// Summary is what a document's trailer says.
type Summary struct {
	Counts      map[Kind]int   `json:"counts"`
	Collections map[string]int `json:"collections,omitempty"`
	// ContentSHA256 is the same for two documents that differ in nothing but
	// their headers. In hex.
	ContentSHA256 string `json:"content_sha256"`
	SHA256        string `json:"sha256"` // the trailer's own sum, in hex
}

// section is one array of the document, while and after it passes by.
type section struct {
	name  string
	count int
	sum   string
}

// tally sums a document line by line, for the writer and the reader alike.
type tally struct {
	total, content, current hash.Hash
	inContent               bool
	groups                  [2][]section // resources, collections
	hasCollections          bool
}

const (
	resources = iota
	collections
)

func newTally() *tally {
	return &tally{total: sha256.New(), content: sha256.New(), current: sha256.New()}
}

// add takes bytes of the document in their order; the header's object is left out.
func (t *tally) add(b []byte) {
	t.total.Write(b)
	if t.inContent {
		t.content.Write(b)
	}
}

func (t *tally) open(group int, name string) {
	t.current.Reset()
	t.groups[group] = append(t.groups[group], section{name: name})
}

func (t *tally) element(group int, raw []byte) {
	t.groups[group][len(t.groups[group])-1].count++
	t.current.Write(raw)
	t.current.Write([]byte{'\n'})
}

func (t *tally) close(group int) {
	t.groups[group][len(t.groups[group])-1].sum = hexSum(t.current)
}

func hexSum(h hash.Hash) string { return hex.EncodeToString(h.Sum(nil)) }

// trailer gives the lines from the trailer's name up to the sum over everything
// before that sum.
func (t *tally) trailer() []byte {
	out := []byte("  \"trailer\": {\n")
	for group, name := range []string{"resources", "collections"} {
		if group == collections && !t.hasCollections {
			continue
		}
		out = append(out, `    "`+name+"\": {\n"...)
		for i, s := range t.groups[group] {
			out = append(appendString(append(out, "      "...), s.name), `: {"count":`...)
			out = strconv.AppendInt(out, int64(s.count), 10)
			out = append(out, `,"sha256":"`+s.sum+`"}`...)
			out = append(out, comma(i < len(t.groups[group])-1)...)
		}
		out = append(out, "    },\n"...)
	}
	return append(out, `    "content_sha256": "`+hexSum(t.content)+"\",\n    \"sha256\": \""...)
}

const documentEnd = "\"\n  }\n}\n"

// comma ends a line.
func comma(more bool) string {
	if more {
		return ",\n"
	}
	return "\n"
}

func (t *tally) summary() Summary {
	s := Summary{Counts: map[Kind]int{}, ContentSHA256: hexSum(t.content), SHA256: hexSum(t.total)}
	for _, sec := range t.groups[resources] {
		s.Counts[Kind(sec.name)] = sec.count
	}
	if t.hasCollections {
		s.Collections = map[string]int{}
		for _, sec := range t.groups[collections] {
			s.Collections[sec.name] = sec.count
		}
	}
	return s
}

// Clone gives an independent copy.
func (s Summary) Clone() Summary {
	s.Counts, s.Collections = maps.Clone(s.Counts), maps.Clone(s.Collections)
	return s
}

// CollectionNames gives the names of the collections, sorted.
func (s Summary) CollectionNames() []string { return slices.Sorted(maps.Keys(s.Collections)) }
