package mongo

import (
	"slices"
	"strconv"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// lookup gives the value of a field, the zero value when there is none or the document is damaged.
func lookup(raw bson.Raw, key string) bson.RawValue {
	value, err := raw.LookupErr(key)
	if err != nil {
		return bson.RawValue{}
	}
	return value
}

func text(raw bson.Raw, key string) string {
	s, _ := lookup(raw, key).StringValueOK()
	return s
}

func flag(raw bson.Raw, key string) bool {
	b, _ := lookup(raw, key).BooleanOK()
	return b
}

func date(raw bson.Raw, key string) (time.Time, bool) {
	return lookup(raw, key).TimeOK()
}

func isNull(v bson.RawValue) bool {
	return v.Type == 0 || v.Type == bson.TypeNull || v.Type == bson.TypeUndefined
}

// elements lists the values of an array, nothing for any other value.
func elements(v bson.RawValue) []bson.RawValue {
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

// idText writes an _id the way the API does: hex for an ObjectId, the text, or the number.
func idText(v bson.RawValue) string {
	if id, ok := v.ObjectIDOK(); ok {
		return id.Hex()
	}
	if s, ok := v.StringValueOK(); ok {
		return s
	}
	if n, ok := v.AsInt64OK(); ok {
		return strconv.FormatInt(n, 10)
	}
	if v.Type == 0 {
		return ""
	}
	return v.String()
}

func contains(list []string, s string) bool { return slices.Contains(list, s) }

func sortedUnique(list []string) []string {
	slices.Sort(list)
	return slices.Compact(list)
}
