package simulator

import (
	"encoding/json"
	"io"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// maxBody is the number of bytes of a request body that the front end reads.
const maxBody = 50_000

// portForward is one element of a user's port_forwarding list. The front end
// takes strings only.
type portForward struct {
	Protocol string `json:"protocol"`
	Port     string `json:"port"`
	Dport    string `json:"dport"`
}

// shape describes the body of one route: the keys the front end knows with
// their types. A body of another type is refused before anything else happens.
type shape struct {
	keys []string
	typ  reflect.Type
	many bool
}

// fields is a decoded body. Every key of the shape is present, absent ones with
// their zero value, because that is what the front end forwards.
type fields map[string]any

func (f fields) str(key string) string        { v, _ := f[key].(string); return v }
func (f fields) num(key string) int           { v, _ := f[key].(int); return v }
func (f fields) flag(key string) bool         { v, _ := f[key].(bool); return v }
func (f fields) strs(key string) []string     { v, _ := f[key].([]string); return v }
func (f fields) ports() (v []portForward)     { v, _ = f["port_forwarding"].([]portForward); return v }
func (f fields) opt(key string) *string       { return orNil(f.str(key)) }
func (f fields) filtered(k string) string     { return filterText(f.str(k)) }
func (f fields) filteredOpt(k string) *string { return orNil(filterText(f.str(k))) }

// object makes the shape of a JSON object from a list of "key:type" words. The
// types are s string, i int, b bool, l list of strings, a anything, f list of
// port forwardings.
func object(words string) *shape {
	kinds := map[string]reflect.Type{
		"s": reflect.TypeFor[string](), "i": reflect.TypeFor[int](),
		"b": reflect.TypeFor[bool](), "l": reflect.TypeFor[[]string](),
		"a": reflect.TypeFor[any](), "f": reflect.TypeFor[[]portForward](),
	}
	sh := &shape{}
	var members []reflect.StructField
	for i, word := range strings.Fields(words) {
		key, kind, _ := strings.Cut(word, ":")
		sh.keys = append(sh.keys, key)
		members = append(members, reflect.StructField{
			Name: "F" + strconv.Itoa(i),
			Type: kinds[kind],
			Tag:  reflect.StructTag(`json:"` + key + `"`),
		})
	}
	sh.typ = reflect.StructOf(members)
	return sh
}

// list makes the shape of a JSON array of such objects.
func list(words string) *shape {
	sh := object(words)
	sh.many = true
	return sh
}

// decode reads the first JSON value of the body. What follows it is ignored. A
// list that was the JSON text null stays nil, and so do its elements.
func (sh *shape) decode(r io.Reader) ([]fields, error) {
	target := sh.typ
	if sh.many {
		target = reflect.SliceOf(reflect.PointerTo(sh.typ))
	}
	value := reflect.New(target)
	if err := json.NewDecoder(r).Decode(value.Interface()); err != nil {
		return nil, err
	}
	value = value.Elem()
	if !sh.many {
		return []fields{sh.fields(value)}, nil
	}
	if value.IsNil() {
		return nil, nil
	}
	out := make([]fields, value.Len())
	for i := range out {
		if element := value.Index(i); !element.IsNil() {
			out[i] = sh.fields(element.Elem())
		}
	}
	return out, nil
}

func (sh *shape) fields(v reflect.Value) fields {
	f := make(fields, len(sh.keys))
	for i, key := range sh.keys {
		f[key] = v.Field(i).Interface()
	}
	return f
}

// without is the shape of a front end that does not know some keys: it drops
// them whatever their type.
func (sh *shape) without(absent []string) *shape {
	out := &shape{many: sh.many}
	var members []reflect.StructField
	for i, key := range sh.keys {
		if !slices.Contains(absent, key) {
			out.keys = append(out.keys, key)
			member := sh.typ.Field(i)
			members = append(members, reflect.StructField{Name: member.Name, Type: member.Type, Tag: member.Tag})
		}
	}
	out.typ = reflect.StructOf(members)
	return out
}
