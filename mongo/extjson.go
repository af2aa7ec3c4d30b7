package mongo

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// deepest is how far documents may nest; MongoDB itself stops at 100.
const deepest = 120

// redactedKey marks a value that was taken out: {"$redacted": "users.private_key"}.
const redactedKey = "$redacted"

// Encode writes a document as canonical Extended JSON v2 in one line, with sorted keys at every level: equal documents
// give equal bytes, whatever order the server stored their fields in. Types are kept apart (int32, int64, double,
// ObjectId, string, date and the rest). A document that JSON cannot carry without loss (text that is not UTF-8, a field
// twice, a field whose name starts with "$") is an error with CauseDocument.
func Encode(raw bson.Raw) ([]byte, error) {
	var e encoder
	if err := raw.Validate(); err != nil {
		return nil, newError("encode a document", CauseDocument, "it is damaged")
	}
	if err := e.document(raw, 0); err != nil {
		return nil, err
	}
	return e.out.Bytes(), nil
}

// Decode reads what Encode wrote. Relaxed Extended JSON, which loses number types, is refused.
func Decode(extJSON []byte) (bson.Raw, error) {
	const op = "decode a document"
	decoder := json.NewDecoder(bytes.NewReader(extJSON))
	if err := checkCanonical(decoder); err != nil {
		return nil, newError(op, CauseDocument, err.Error())
	}
	var d bson.D
	if err := bson.UnmarshalExtJSON(extJSON, true, &d); err != nil {
		return nil, newError(op, CauseDocument, "it is not canonical Extended JSON")
	}
	raw, err := bson.Marshal(d)
	if err != nil {
		return nil, newError(op, CauseDocument, "it cannot be stored as BSON")
	}
	return raw, nil
}

// checkCanonical refuses bare numbers, of which canonical Extended JSON has next to none, and text behind the document.
func checkCanonical(decoder *json.Decoder) error {
	decoder.UseNumber()
	depth := 0
	var recent [3]string // the last texts, newest first
	for first := true; first || depth > 0; first = false {
		token, err := decoder.Token()
		if err != nil {
			return errors.New("it is not JSON")
		}
		switch t := token.(type) {
		case json.Delim:
			if t == '{' || t == '[' {
				depth++
			} else {
				depth--
			}
		case string:
			recent = [3]string{t, recent[0], recent[1]}
		case json.Number:
			if !numberFits(recent) {
				return errors.New("it holds a number without a type")
			}
		}
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return errors.New("something follows the document")
	}
	return nil
}

// numberFits knows the three types that canonical Extended JSON writes with bare numbers.
func numberFits(recent [3]string) bool {
	switch recent[0] {
	case "$minKey", "$maxKey":
		return true
	case "t":
		return recent[1] == "$timestamp"
	case "i":
		return recent[1] == "t" && recent[2] == "$timestamp"
	}
	return false
}

type encoder struct{ out bytes.Buffer }

func (e *encoder) document(raw bson.Raw, depth int) error {
	elements, err := raw.Elements()
	if err != nil {
		return newError("encode a document", CauseDocument, "it is damaged")
	}
	if depth > deepest {
		return newError("encode a document", CauseDocument, "it nests too deep")
	}
	slices.SortStableFunc(elements, func(a, b bson.RawElement) int { return strings.Compare(a.Key(), b.Key()) })
	e.out.WriteByte('{')
	for i, element := range elements {
		key := element.Key()
		if i > 0 {
			if elements[i-1].Key() == key {
				return newError("encode a document", CauseDocument, "it has the field "+key+" twice")
			}
			e.out.WriteByte(',')
		}
		if strings.HasPrefix(key, "$") && key != redactedKey {
			return newError("encode a document", CauseDocument, "it has a field named "+key)
		}
		if err := e.text(key); err != nil {
			return err
		}
		e.out.WriteByte(':')
		if err := e.value(element.Value(), depth); err != nil {
			return err
		}
	}
	e.out.WriteByte('}')
	return nil
}

func (e *encoder) value(v bson.RawValue, depth int) error {
	switch v.Type {
	case bson.TypeEmbeddedDocument:
		return e.document(v.Document(), depth+1)
	case bson.TypeArray:
		return e.array(v, depth)
	case bson.TypeString:
		return e.text(v.StringValue())
	case bson.TypeNull:
		e.out.WriteString("null")
	case bson.TypeBoolean:
		e.out.WriteString(strconv.FormatBool(v.Boolean()))
	case bson.TypeInt32:
		e.wrapped("$numberInt", strconv.FormatInt(int64(v.Int32()), 10))
	case bson.TypeInt64:
		e.wrapped("$numberLong", strconv.FormatInt(v.Int64(), 10))
	case bson.TypeObjectID:
		e.wrapped("$oid", v.ObjectID().Hex())
	case bson.TypeDateTime:
		e.out.WriteString(`{"$date":`)
		e.wrapped("$numberLong", strconv.FormatInt(v.DateTime(), 10))
		e.out.WriteByte('}')
	default:
		return e.rare(v)
	}
	return nil
}

func (e *encoder) wrapped(key, value string) {
	fmt.Fprintf(&e.out, `{"%s":"%s"}`, key, value)
}

func (e *encoder) array(v bson.RawValue, depth int) error {
	if depth > deepest {
		return newError("encode a document", CauseDocument, "it nests too deep")
	}
	values, err := v.Array().Values()
	if err != nil {
		return newError("encode a document", CauseDocument, "an array in it is damaged")
	}
	e.out.WriteByte('[')
	for i, value := range values {
		if i > 0 {
			e.out.WriteByte(',')
		}
		if err := e.value(value, depth+1); err != nil {
			return err
		}
	}
	e.out.WriteByte(']')
	return nil
}

// text writes a JSON string without the escapes that are only good for HTML.
func (e *encoder) text(s string) error {
	if !utf8.ValidString(s) {
		return newError("encode a document", CauseDocument, "a text in it is not UTF-8")
	}
	encoder := json.NewEncoder(&e.out)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(s); err != nil {
		return newError("encode a document", CauseDocument, "a text in it cannot be written")
	}
	e.out.Truncate(e.out.Len() - 1) // the encoder ends each value with a line feed
	return nil
}

// rare leaves doubles and the types that no known field has to the driver.
func (e *encoder) rare(v bson.RawValue) error {
	out, err := bson.MarshalExtJSON(bson.D{{Key: "v", Value: v}}, true, false)
	if err != nil {
		return newError("encode a document", CauseDocument, fmt.Sprintf("a %s in it cannot be written", v.Type))
	}
	var compact bytes.Buffer
	if err := json.Compact(&compact, out); err != nil {
		return newError("encode a document", CauseDocument, fmt.Sprintf("a %s in it cannot be written", v.Type))
	}
	inner := bytes.TrimSuffix(bytes.TrimPrefix(compact.Bytes(), []byte(`{"v":`)), []byte("}"))
	e.out.Write(inner)
	return nil
}

// Equal tells whether two documents hold the same fields, types and values, in whatever order the fields stand.
func Equal(a, b bson.Raw) bool {
	if bytes.Equal(a, b) {
		return true
	}
	left, err := Encode(a)
	if err != nil {
		return false
	}
	right, err := Encode(b)
	return err == nil && bytes.Equal(left, right)
}
