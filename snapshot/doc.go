// Package snapshot is the document that holds the configuration of one Pritunl
// instance: its format, a streaming writer and reader, the catalogue of every
// field Pritunl shows, verification, comparison and redaction.
//
// It is pure: it speaks to no server, opens no file, knows no compression and
// no encryption. It reads from an io.Reader and writes to an io.Writer.
//
// # Format, version 1
//
// One JSON document of lines that end with a line feed. The frame is indented
// by two spaces, every element stands on one line of its own with its members
// sorted, so that a line oriented diff shows objects:
//
//	{
//	  "format": "pritunl-backup",
//	  "version": 1,
//	  "header": {
//	    "created_at": "2026-01-02T03:04:05Z",
//	    ...
//	    "sha256": "<of the header's bytes before this value>"
//	  },
//	  "resources": {
//	    "subscription": [
//	      {"active":true,...}
//	    ],
//	    ... every kind, in the order of Kinds, [] when there is none ...
//	  },
//	  "collections": { ... database documents by collection, only when present ... },
//	  "trailer": {
//	    "resources": {
//	      "subscription": {"count":1,"sha256":"<of each element and a line feed>"},
//	      ...
//	    },
//	    "collections": { ... },
//	    "content_sha256": "<of the lines from resources to the one before trailer>",
//	    "sha256": "<of every byte before this value, without the header's object>"
//	  }
//	}
//
// Nothing but these bytes is accepted: any byte that is flipped, missing or
// added is found, because it stands in the header (its own sum), in the fixed
// frame (compared literally) or under the sum of the trailer. As the sum of the
// trailer leaves the header out, two snapshots of an unchanged instance are the
// same apart from their headers.
//
// The sums tell accidents and edits, not forgeries: whoever can write the file
// can write its sums. Encrypt or sign it where that matters.
//
// A reader of this package reads every older version and refuses a newer one
// by name. One golden file per version stays in testdata for good.
package snapshot
