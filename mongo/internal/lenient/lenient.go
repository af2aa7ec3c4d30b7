// Package lenient reads fields of documents that other programs wrote: what is not there, or is of another type, is the
// zero value. It decides nothing about what a value means.
package lenient

import "go.mongodb.org/mongo-driver/v2/bson"

// Value gives the value of a field, the zero value when there is none or the document is damaged.
func Value(raw bson.Raw, key string) bson.RawValue {
	value, err := raw.LookupErr(key)
	if err != nil {
		return bson.RawValue{}
	}
	return value
}

// Text gives a text, "" for anything else.
func Text(raw bson.Raw, key string) string {
	s, _ := Value(raw, key).StringValueOK()
	return s
}

// Flag gives a boolean, false for anything else.
func Flag(raw bson.Raw, key string) bool {
	b, _ := Value(raw, key).BooleanOK()
	return b
}

// List gives the values of an array, nothing for any other value.
func List(v bson.RawValue) []bson.RawValue {
	array, ok := v.ArrayOK()
	if !ok {
		return nil
	}
	values, err := array.Values()
	if err != nil {
		return nil
	}
	return values
}
