package mongo_test

import (
	"bytes"
	"errors"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.mongodb.org/mongo-driver/v2/bson"
	"pgregory.net/rapid"

	"pritunl-backup/mongo"
)

func TestEncodeKeepsTypes(t *testing.T) {
	t.Parallel()
	id := bson.ObjectID{1, 2, 3}
	decimal, err := bson.ParseDecimal128("1.50")
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name  string
		value any
		want  string
	}{
		{"int32", int32(7), `{"$numberInt":"7"}`},
		{"int64 that would fit", int64(7), `{"$numberLong":"7"}`},
		{"int64", int64(3232235521), `{"$numberLong":"3232235521"}`},
		{"whole double", 8.0, `{"$numberDouble":"8.0"}`},
		{"double", 0.4506385572176792, `{"$numberDouble":"0.4506385572176792"}`},
		{"negative zero", math.Copysign(0, -1), `{"$numberDouble":"-0.0"}`},
		{"infinity", math.Inf(1), `{"$numberDouble":"Infinity"}`},
		{"id", id, `{"$oid":"010203000000000000000000"}`},
		{"date", bson.DateTime(1795312742957), `{"$date":{"$numberLong":"1795312742957"}}`},
		{"date before 1970", bson.DateTime(-5), `{"$date":{"$numberLong":"-5"}}`},
		{"text", "<a href=\"x\">&\u00e9\n\x00</a>", `"<a href=\"x\">&é\n\u0000</a>"`},
		{"bool", true, `true`},
		{"null", nil, `null`},
		{"binary", bson.Binary{Subtype: 4, Data: []byte{1, 2}}, `{"$binary":{"base64":"AQI=","subType":"04"}}`},
		{"decimal", decimal, `{"$numberDecimal":"1.50"}`},
		{"timestamp", bson.Timestamp{T: 5, I: 6}, `{"$timestamp":{"t":5,"i":6}}`},
		{"regex", bson.Regex{Pattern: "a", Options: "i"}, `{"$regularExpression":{"pattern":"a","options":"i"}}`},
		{"list keeps its order", bson.A{"b", "a", int32(1)}, `["b","a",{"$numberInt":"1"}]`},
		{"keys are sorted inside", bson.D{{Key: "b", Value: nil}, {Key: "a", Value: bson.A{}}}, `{"a":[],"b":null}`},
		{"minimum", bson.MinKey{}, `{"$minKey":1}`},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			raw := doc(t, bson.D{{Key: "v", Value: test.value}, {Key: "_id", Value: "x"}})
			got, err := mongo.Encode(raw)
			if err != nil {
				t.Fatal(err)
			}
			if want := `{"_id":"x","v":` + test.want + `}`; string(got) != want {
				t.Fatalf("got  %s\nwant %s", got, want)
			}
			back, err := mongo.Decode(got)
			if err != nil {
				t.Fatal(err)
			}
			if !mongo.Equal(raw, back) {
				t.Errorf("it came back as %s", back)
			}
		})
	}
}

func TestEncodeRefusesWhatJSONCannotCarry(t *testing.T) {
	t.Parallel()
	deep := bson.D{}
	for range 200 {
		deep = bson.D{{Key: "a", Value: deep}}
	}
	for _, test := range []struct {
		name string
		d    bson.D
	}{
		{"no UTF-8", bson.D{{Key: "a", Value: "\xff"}}},
		{"no UTF-8 in a name", bson.D{{Key: "\xff", Value: "a"}}},
		{"a field twice", bson.D{{Key: "a", Value: 1}, {Key: "b", Value: 1}, {Key: "a", Value: 2}}},
		{"looks like a type", bson.D{{Key: "a", Value: bson.D{{Key: "$oid", Value: "010203000000000000000000"}}}}},
		{"too deep", deep},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			out, err := mongo.Encode(doc(t, test.d))
			if !errors.Is(err, mongo.CauseDocument) {
				t.Errorf("got %s, %v", out, err)
			}
		})
	}
}

func TestDecodeRefusals(t *testing.T) {
	t.Parallel()
	for _, in := range []string{"", "{", "[]", `"x"`, `{"a":1}`, `{"a":[1.5]}`, `{} {}`, `{}]`, `{"a":{"$oid":"zz"}}`,
		`{"a":{"$numberInt":"99999999999"}}`, `{"a":{"$date":"2020-01-01"}}` + "x", strings.Repeat(`{"a":`, 500) + "{}" + strings.Repeat("}", 500)} {
		if raw, err := mongo.Decode([]byte(in)); !errors.Is(err, mongo.CauseDocument) {
			t.Errorf("%.40s: got %v, %v", in, raw, err)
		}
	}
}

func TestRecordedDocumentsSurvive(t *testing.T) {
	t.Parallel()
	count := 0
	for d, err := range recordedDocuments(t) {
		if err != nil {
			t.Fatal(err)
		}
		first, err := mongo.Encode(d.Raw)
		if err != nil {
			t.Fatal(err)
		}
		back, err := mongo.Decode(first)
		if err != nil {
			t.Fatal(err)
		}
		second, err := mongo.Encode(back)
		if err != nil || !bytes.Equal(first, second) {
			t.Fatalf("%s changes on the way: %s", d.Collection, cmp.Diff(string(first), string(second)))
		}
		count++
	}
	if count < 100 {
		t.Errorf("only %d documents were looked at", count)
	}
}

func TestEncodeDoesNotDependOnFieldOrder(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		d := genDocument(3).Draw(t, "document")
		order := rapid.Permutation(d).Draw(t, "order")
		a, errA := bson.Marshal(d)
		b, errB := bson.Marshal(append(bson.D{}, order...))
		if errA != nil || errB != nil {
			t.Fatal(errA, errB)
		}
		left, errA := mongo.Encode(a)
		right, errB := mongo.Encode(b)
		if errA != nil || errB != nil || !bytes.Equal(left, right) {
			t.Fatalf("%s (%v) is not %s (%v)", left, errA, right, errB)
		}
		back, err := mongo.Decode(left)
		if err != nil || !mongo.Equal(a, back) {
			t.Fatalf("%s came back as %s (%v)", left, back, err)
		}
	})
}

func genDocument(depth int) *rapid.Generator[bson.D] {
	return rapid.Custom(func(t *rapid.T) bson.D {
		keys := rapid.SliceOfNDistinct(rapid.StringMatching(`[a-zA-Z0-9_]{1,6}`), 0, 5, rapid.ID[string]).Draw(t, "keys")
		d := bson.D{}
		for _, key := range keys {
			d = append(d, bson.E{Key: key, Value: genValue(depth).Draw(t, key)})
		}
		return d
	})
}

func genValue(depth int) *rapid.Generator[any] {
	kinds := []*rapid.Generator[any]{
		rapid.Int32().AsAny(), rapid.Int64().AsAny(), rapid.Float64().AsAny(), rapid.String().AsAny(), rapid.Bool().AsAny(),
		rapid.Just[any](nil), rapid.Map(rapid.Int64Range(-1<<40, 1<<50), func(ms int64) any { return bson.DateTime(ms) }),
		rapid.Map(rapid.SliceOfN(rapid.Byte(), 12, 12), func(b []byte) any { return bson.ObjectID(b) }),
	}
	if depth > 0 {
		kinds = append(kinds, genDocument(depth-1).AsAny(), rapid.Map(rapid.SliceOfN(genValue(depth-1), 0, 4), func(l []any) any { return bson.A(l) }))
	}
	return rapid.OneOf(kinds...)
}

func FuzzDecode(f *testing.F) {
	for d := range recordedDocuments(f) {
		if d.Collection == "settings" || d.Collection == "hosts" {
			if out, err := mongo.Encode(d.Raw); err == nil {
				f.Add(out)
			}
		}
	}
	f.Add([]byte(`{"a":{"$redacted":"x"},"b":{"$numberDouble":"NaN"}}`))
	f.Fuzz(func(t *testing.T, in []byte) {
		raw, err := mongo.Decode(in)
		if err != nil {
			return
		}
		out, err := mongo.Encode(raw)
		if err != nil {
			return
		}
		back, err := mongo.Decode(out)
		if err != nil {
			t.Fatalf("%s does not decode: %v", out, err)
		}
		if again, err := mongo.Encode(back); err != nil || !bytes.Equal(out, again) {
			t.Fatalf("%s became %s (%v)", out, again, err)
		}
	})
}
