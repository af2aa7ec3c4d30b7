package snapshot

import (
	"encoding/json"
	"maps"
	"strconv"
)

// Object is one JSON object as the server gave it. Its values are nil, bool,
// json.Number (the digits as they came), string, []any and map[string]any.
type Object map[string]any

// String gives a member that is a string, else "".
func (o Object) String(key string) string {
	s, _ := o[key].(string)
	return s
}

// Bool gives a member that is a boolean, else false.
func (o Object) Bool(key string) bool {
	b, _ := o[key].(bool)
	return b
}

// Int gives a member that is an integer within 64 bits.
func (o Object) Int(key string) (int64, bool) {
	n, ok := o[key].(json.Number)
	if !ok {
		return 0, false
	}
	i, err := strconv.ParseInt(string(n), 10, 64)
	return i, err == nil
}

// Strings gives the strings of a member that is a list, else nil.
func (o Object) Strings(key string) []string {
	var out []string
	list, _ := o[key].([]any)
	for _, v := range list {
		if s, ok := v.(string); ok {
			out = append(out, s)
		}
	}
	return out
}

// Objects gives the objects of a member that is a list, else nil.
func (o Object) Objects(key string) []Object {
	var out []Object
	list, _ := o[key].([]any)
	for _, v := range list {
		if m, ok := asMap(v); ok {
			out = append(out, m)
		}
	}
	return out
}

// Clone gives a deep copy.
func (o Object) Clone() Object {
	if o == nil {
		return nil
	}
	return Object(cloneValue(map[string]any(o)).(map[string]any))
}

func cloneValue(v any) any {
	switch v := v.(type) {
	case Object:
		return cloneValue(map[string]any(v))
	case map[string]any:
		out := maps.Clone(v)
		for k, e := range out {
			out[k] = cloneValue(e)
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i, e := range v {
			out[i] = cloneValue(e)
		}
		return out
	}
	return v
}

func asMap(v any) (Object, bool) {
	switch v := v.(type) {
	case Object:
		return v, v != nil
	case map[string]any:
		return v, v != nil
	}
	return nil, false
}
