package snapshot

import (
	"errors"
	"fmt"
	"strings"
)

// What can be wrong with a document. Every one of the others is ErrIntegrity
// too, so that one question is enough to choose an exit code.
var (
	ErrIntegrity   = errors.New("not an intact snapshot")
	ErrNotSnapshot = errors.New("not a snapshot")
	ErrNewer       = errors.New("made by a newer pritunl-backup")
	ErrCut         = errors.New("snapshot is cut off")
	ErrDamaged     = errors.New("snapshot is damaged")
	// ErrEdited is a case of ErrDamaged: the text is still good JSON, but not
	// the text that was written.
	ErrEdited = errors.New("snapshot was changed after it was written")
)

// Hint gives the next step for an error of this package, "" when it knows none.
func Hint(err error) string {
	var h interface{ Hint() string }
	if errors.As(err, &h) {
		return h.Hint()
	}
	return ""
}

// NotSnapshotError says what the input is instead of a snapshot.
type NotSnapshotError struct{ Reason, Advice string }

func (e *NotSnapshotError) Error() string { return "not a snapshot: " + e.Reason }

// Is makes the error match ErrNotSnapshot and ErrIntegrity.
func (e *NotSnapshotError) Is(t error) bool { return t == ErrNotSnapshot || t == ErrIntegrity }

// Hint gives the next step.
func (e *NotSnapshotError) Hint() string {
	if e.Advice != "" {
		return e.Advice
	}
	return "give a file that pritunl-backup export has written"
}

// NewerError says that the document has a version this package does not know.
type NewerError struct{ Version int }

func (e *NewerError) Error() string {
	return fmt.Sprintf("made by a newer pritunl-backup: version %d", e.Version)
}

// Is makes the error match ErrNewer and ErrIntegrity.
func (e *NewerError) Is(t error) bool { return t == ErrNewer || t == ErrIntegrity }

// Hint gives the next step.
func (e *NewerError) Hint() string {
	return fmt.Sprintf("install a pritunl-backup that reads version %d; this one reads up to %d", e.Version, Version)
}

// Where is a place in a document. Unknown parts are zero.
type Where struct {
	Section string // "header", a kind, "collections.<name>", "trailer" or ""
	Element int    // 1 is the section's first element
	Offset  int64  // bytes from the start of the document
}

func (w Where) String() string {
	var parts []string
	if w.Section != "" {
		parts = append(parts, w.Section)
	}
	if w.Element > 0 {
		parts = append(parts, fmt.Sprintf("element %d", w.Element))
	}
	return strings.Join(append(parts, fmt.Sprintf("byte %d", w.Offset)), ", ")
}

// CutError says where a document ends too early.
type CutError struct{ Where Where }

func (e *CutError) Error() string { return "snapshot is cut off at " + e.Where.String() }

// Is makes the error match ErrCut and ErrIntegrity.
func (e *CutError) Is(t error) bool { return t == ErrCut || t == ErrIntegrity }

// Hint gives the next step.
func (e *CutError) Hint() string {
	return "the copy was interrupted or the disk was full: fetch it again, or take an older snapshot"
}

// DamagedError says where a document is not what was written.
type DamagedError struct {
	Where  Where
	Reason string
	Edited bool // still good JSON: an edit or a tool is likelier than a fault
}

func (e *DamagedError) Error() string {
	return fmt.Sprintf("snapshot is damaged at %s: %s", e.Where, e.Reason)
}

// Is makes the error match ErrDamaged, ErrIntegrity and perhaps ErrEdited.
func (e *DamagedError) Is(t error) bool {
	return t == ErrDamaged || t == ErrIntegrity || e.Edited && t == ErrEdited
}

// Hint gives the next step.
func (e *DamagedError) Hint() string {
	if e.Edited {
		return "snapshots are not for editing or re-formatting: take the original file, and leave changes to the restore's rules"
	}
	return "fetch the file again, or take an older snapshot"
}
