package mongo

import (
	"slices"
	"strconv"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"pritunl-backup/mongo/internal/lenient"
)

func date(raw bson.Raw, key string) (time.Time, bool) {
	return lenient.Value(raw, key).TimeOK()
}

func isNull(v bson.RawValue) bool {
	return v.Type == 0 || v.Type == bson.TypeNull || v.Type == bson.TypeUndefined
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
