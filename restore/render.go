package restore

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode"
)

// WriteJSON writes the plan for machines: the same plan gives the same bytes.
func (p *Plan) WriteJSON(w io.Writer) error { return writeJSON(w, p) }

// WriteJSON writes the report for machines.
func (r *Report) WriteJSON(w io.Writer) error { return writeJSON(w, r) }

// WriteJSON writes the outcome for machines.
func (o *Outcome) WriteJSON(w io.Writer) error { return writeJSON(w, o) }

func writeJSON(w io.Writer, v any) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(v)
}

// printer keeps the first error, so that not every line has to ask for it.
type printer struct {
	w     *bufio.Writer
	limit int // how many of one sort are listed
	err   error
}

func (p *printer) printf(format string, args ...any) {
	if p.err == nil {
		_, p.err = fmt.Fprintf(p.w, format, args...)
	}
}

func (p *printer) end() error {
	if p.err != nil {
		return p.err
	}
	return p.w.Flush()
}

// show gives a value on one line, not longer than a reader likes.
func show(v any) string {
	var s string
	switch v := v.(type) {
	case nil:
		return "none"
	case string:
		s = strconv.QuoteToGraphic(v)
	default:
		raw, err := json.Marshal(v)
		if err != nil {
			return "?"
		}
		s = string(raw)
	}
	if r := []rune(s); len(r) > 80 {
		return string(r[:77]) + "..."
	}
	return printable(s)
}

// printable keeps names from steering a terminal.
func printable(s string) string {
	if strings.IndexFunc(s, func(r rune) bool { return !unicode.IsPrint(r) }) < 0 {
		return s
	}
	quoted := strconv.QuoteToGraphic(s)
	return quoted[1 : len(quoted)-1]
}

// thousands gives a count with commas: 7,980.
func thousands(n int) string {
	digits := strconv.Itoa(n)
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return digits
}

// of gives the word for one or for several.
func of(n int, one, several string) string {
	if n == 1 {
		return one
	}
	return several
}
