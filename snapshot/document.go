package snapshot

import "io"

// Document is a whole document in memory, without database documents.
type Document struct {
	Header    Header
	Resources map[Kind][]Object
	Summary   Summary
}

// Load reads a document to its end and gives it only if it is intact. Memory
// grows with the number of users: use a Reader where that matters.
func Load(r io.Reader) (*Document, error) {
	d, err := NewReader(r)
	if err != nil {
		return nil, err
	}
	doc := &Document{Header: d.Header(), Resources: map[Kind][]Object{}}
	for e, err := range d.Elements() {
		if err != nil {
			return nil, err
		}
		if e.Collection == "" {
			doc.Resources[e.Kind] = append(doc.Resources[e.Kind], e.Object)
		}
	}
	doc.Summary = d.Summary()
	return doc, nil
}

// Names gives the names of the objects that others refer to.
func (d *Document) Names() Names {
	names := Names{}
	for _, kind := range Kinds() {
		for _, o := range d.Resources[kind] {
			if kind == Users {
				break
			}
			names.Learn(kind, o)
		}
	}
	return names
}
