package storage

import (
	"errors"
	"fmt"
	"strconv"
	"time"
)

// Period is a span of calendar time, as in "1y6m14d12h".
type Period struct{ Years, Months, Days, Hours int }

// maxPeriod bounds each part: dates stay within what can be computed.
const maxPeriod = 100000

// ParsePeriod reads a period: numbers with the units y, m, d and h, the largest first or in any order.
func ParsePeriod(s string) (Period, error) {
	bad := &Error{Op: "read period", Name: s, Err: errors.New("not a period"), Hint: "for example 14d, or 1y6m; units are y, m, d and h, and there are no weeks"}
	var p Period
	if s == "" {
		return p, bad
	}
	for rest := s; rest != ""; {
		n := 0
		for n < len(rest) && rest[n] >= '0' && rest[n] <= '9' {
			n++
		}
		v, err := strconv.Atoi(rest[:n])
		if err != nil || v > maxPeriod || n == len(rest) {
			return Period{}, bad
		}
		switch rest[n] {
		case 'y':
			p.Years = v
		case 'm':
			p.Months = v
		case 'd':
			p.Days = v
		case 'h':
			p.Hours = v
		default:
			return Period{}, bad
		}
		rest = rest[n+1:]
	}
	return p, nil
}

// String gives the form that ParsePeriod reads.
func (p Period) String() string {
	s := ""
	for _, part := range []struct {
		n    int
		unit string
	}{{p.Years, "y"}, {p.Months, "m"}, {p.Days, "d"}, {p.Hours, "h"}} {
		if part.n != 0 {
			s += fmt.Sprintf("%d%s", part.n, part.unit)
		}
	}
	if s == "" {
		return "0h"
	}
	return s
}

func (p Period) before(t time.Time) time.Time {
	return t.AddDate(-p.Years, -p.Months, -p.Days).Add(-time.Duration(p.Hours) * time.Hour)
}

// ParseCount reads the count of a rule: a number, or "unlimited".
func ParseCount(s string) (int, error) {
	if s == "unlimited" {
		return -1, nil
	}
	n, err := strconv.Atoi(s)
	if err != nil || n < -1 {
		return 0, &Error{Op: "read count", Name: s, Err: errors.New("not a count"), Hint: "a number, or unlimited"}
	}
	return n, nil
}
