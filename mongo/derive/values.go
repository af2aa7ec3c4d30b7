package derive

import (
	"encoding/json"
	"strconv"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"pritunl-backup/mongo/internal/lenient"
)

// object is one answer of the API.
type object = map[string]any

func id(v bson.RawValue) string {
	s, _ := plain(v).(string)
	return s
}

func idOf(raw bson.Raw) string { return id(lenient.Value(raw, "_id")) }

func ids(raw bson.Raw, key string) []string {
	var out []string
	for _, v := range lenient.List(lenient.Value(raw, key)) {
		out = append(out, id(v))
	}
	return out
}

func documents(raw bson.Raw, key string) []bson.Raw {
	var out []bson.Raw
	for _, v := range lenient.List(lenient.Value(raw, key)) {
		if d, ok := v.DocumentOK(); ok {
			out = append(out, d)
		}
	}
	return out
}

// plain gives a stored value as JSON of the API shows it.
func plain(v bson.RawValue) any {
	switch v.Type {
	case bson.TypeString:
		return v.StringValue()
	case bson.TypeBoolean:
		return v.Boolean()
	case bson.TypeInt32, bson.TypeInt64:
		return json.Number(strconv.FormatInt(v.AsInt64(), 10))
	case bson.TypeDouble:
		return number(v.Double())
	case bson.TypeObjectID:
		return v.ObjectID().Hex()
	case bson.TypeDateTime:
		return stamp(v.Time())
	case bson.TypeArray:
		return plainList(v)
	case bson.TypeEmbeddedDocument:
		return plainDocument(v.Document())
	}
	return nil
}

func plainList(v bson.RawValue) any {
	values, err := v.Array().Values()
	if err != nil {
		return nil
	}
	out := make([]any, 0, len(values))
	for _, value := range values {
		out = append(out, plain(value))
	}
	return out
}

func plainDocument(raw bson.Raw) any {
	elements, err := raw.Elements()
	if err != nil {
		return nil
	}
	out := object{}
	for _, e := range elements {
		out[e.Key()] = plain(e.Value())
	}
	return out
}

// number writes a double the way the server's JSON does: a whole one keeps its ".0". What is no number is null.
func number(f float64) any {
	out, err := json.Marshal(f)
	if err != nil {
		return nil
	}
	if f == float64(int64(f)) && len(out) < 17 {
		return json.Number(string(out) + ".0")
	}
	return json.Number(out)
}

// stamp writes a time the way the server does, in UTC and with microseconds only where there are any.
func stamp(t time.Time) string {
	t = t.UTC()
	if t.Nanosecond() == 0 {
		return t.Format("2006-01-02 15:04:05")
	}
	return t.Format("2006-01-02 15:04:05.000000")
}

// take copies fields from a document; one that is absent or null there gets the default.
func take(o object, raw bson.Raw, fields ...defaulted) {
	for _, f := range fields {
		o[f.name] = plain(lenient.Value(raw, f.name))
		if o[f.name] == nil {
			o[f.name] = f.value
		}
	}
}

// defaulted is a field with what the server shows where nothing is stored.
type defaulted struct {
	name  string
	value any
}

// absentAs gives fields one common default.
func absentAs(value any, names ...string) []defaulted {
	out := make([]defaulted, 0, len(names))
	for _, name := range names {
		out = append(out, defaulted{name, value})
	}
	return out
}

func whole(n int) json.Number { return json.Number(strconv.Itoa(n)) }
