package mongo

import "go.mongodb.org/mongo-driver/v2/bson"

// Document is one document together with the collection it belongs to (named without prefix).
type Document struct {
	Collection string
	Raw        bson.Raw
}
