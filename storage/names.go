package storage

import (
	"slices"
	"strings"
	"time"
)

// DefaultTemplate names a snapshot when nothing else is asked for.
const DefaultTemplate Template = "pritunl-{host}-{time}"

// timeLayout is UTC to the second, without characters that file systems or S3 dislike. Byte order is time order.
const timeLayout = "20060102T150405Z"

// Label is what a snapshot's name says about it, so that listing and retention need neither key nor content.
type Label struct {
	Host      string    `json:"host"`
	Time      time.Time `json:"time"` // UTC, to the second
	Kind      string    `json:"kind"` // source of the snapshot: "api" or "mongo"
	Tags      []string  `json:"tags,omitempty"`
	Complete  bool      `json:"complete"`
	Gzip      bool      `json:"gzip"`
	Encrypted bool      `json:"encrypted"`
	// Unchanged marks not a snapshot but the marker of a run that found nothing new.
	Unchanged bool `json:"unchanged,omitempty"`
}

// Template is the front of a snapshot's name with the placeholders {host}, {time} and {kind}. What follows it is fixed:
//
//	<template>[-mongo][_tag...][.partial].json[.gz][.age]     a snapshot
//	<template>[-mongo].unchanged                              a run that found nothing new
//
// "-mongo" is left out when the template has {kind}.
type Template string

// Check refuses a template whose names could not be told apart or read back.
func (t Template) Check() error {
	hint := "for example " + string(DefaultTemplate)
	rest := string(t)
	for _, p := range []string{"{host}", "{time}", "{kind}"} {
		if strings.Count(rest, p) > 1 {
			return &Error{Op: "use template", Name: string(t), Err: ErrName, Hint: "each placeholder once; " + hint}
		}
		rest = strings.Replace(rest, p, "", 1)
	}
	switch {
	case !strings.Contains(string(t), "{time}"):
		return &Error{Op: "use template", Name: string(t), Err: ErrName, Hint: "{time} is missing: every run would have the same name; " + hint}
	case strings.ContainsAny(rest, "{}/\\"):
		return &Error{Op: "use template", Name: string(t), Err: ErrName, Hint: "placeholders are {host}, {time} and {kind}, and there is no slash; " + hint}
	case strings.Contains(string(t), "}{"):
		return &Error{Op: "use template", Name: string(t), Err: ErrName, Hint: "put something between the placeholders; " + hint}
	}
	return CheckName(t.Name(Label{Host: "host", Time: time.Unix(0, 0), Kind: "api", Complete: true}))
}

// Name builds a name. The host is made safe: anything but letters, digits, dot and dash becomes a dash.
func (t Template) Name(l Label) string {
	kind := l.Kind
	if kind == "" {
		kind = "api"
	}
	name := strings.NewReplacer("{host}", safeHost(l.Host), "{time}", l.Time.UTC().Format(timeLayout), "{kind}", kind).Replace(string(t))
	if kind != "api" && !strings.Contains(string(t), "{kind}") {
		name += "-" + kind
	}
	if l.Unchanged {
		return name + ".unchanged"
	}
	for _, tag := range l.Tags {
		name += "_" + tag
	}
	if !l.Complete {
		name += ".partial"
	}
	name += ".json"
	if l.Gzip {
		name += ".gz"
	}
	if l.Encrypted {
		name += ".age"
	}
	return name
}

// Parse reads a name back. ok is false for a name that this template did not make.
func (t Template) Parse(name string) (l Label, ok bool) {
	l.Complete, l.Kind = true, "api"
	rest, marker := strings.CutSuffix(name, ".unchanged")
	if marker {
		l.Unchanged = true
	} else {
		rest, l.Encrypted = strings.CutSuffix(rest, ".age")
		rest, l.Gzip = strings.CutSuffix(rest, ".gz")
		if rest, ok = strings.CutSuffix(rest, ".json"); !ok {
			return Label{}, false
		}
		var partial bool
		rest, partial = strings.CutSuffix(rest, ".partial")
		l.Complete = !partial
	}
	return l, t.parseFront(rest, &l)
}

// parseFront matches the template, the kind and the tags against all of s.
func (t Template) parseFront(s string, l *Label) bool {
	front, rest, _ := strings.Cut(string(t), "{time}")
	for _, at := range times(s) {
		stamp, err := time.Parse(timeLayout, s[at:at+len(timeLayout)])
		if err != nil {
			continue
		}
		c := *l
		c.Time = stamp
		end, ok := matchFront(front, s[:at], &c)
		if !ok || end != at {
			continue
		}
		if t.parseBack(rest, s[at+len(timeLayout):], &c) {
			*l = c
			return true
		}
	}
	return false
}

// parseBack matches what follows the time: the rest of the template, then "-mongo" and tags.
func (t Template) parseBack(pattern, s string, c *Label) bool {
	parts := strings.Split(s, "_")
	for i := 1; i <= len(parts); i++ {
		got := *c
		head, tags := strings.Join(parts[:i], "_"), parts[i:]
		if !strings.Contains(string(t), "{kind}") {
			if cut, ok := strings.CutSuffix(head, "-mongo"); ok {
				head, got.Kind = cut, "mongo"
			}
		}
		if end, ok := matchFront(pattern, head, &got); !ok || end != len(head) {
			continue
		}
		if slices.ContainsFunc(tags, func(tag string) bool { return CheckTag(tag) != nil }) || len(tags) > 0 && got.Unchanged {
			continue
		}
		if len(tags) > 0 {
			got.Tags = tags
		}
		*c = got
		return true
	}
	return false
}

// matchFront matches a pattern that may hold {host} and {kind} against all of s.
func matchFront(pattern, s string, l *Label) (end int, ok bool) {
	lit, next, found := cutPlaceholder(pattern)
	if !strings.HasPrefix(s, lit) {
		return 0, false
	}
	if found == "" {
		return len(lit), len(lit) == len(s)
	}
	for n := len(s); n > len(lit); n-- {
		value := s[len(lit):n]
		c := *l
		switch {
		case found == "{host}":
			c.Host = value
		case value == "api" || value == "mongo":
			c.Kind = value
		default:
			continue
		}
		if more, ok := matchFront(next, s[n:], &c); ok {
			*l = c
			return n + more, true
		}
	}
	return 0, false
}

func cutPlaceholder(pattern string) (lit, rest, found string) {
	h, k := strings.Index(pattern, "{host}"), strings.Index(pattern, "{kind}")
	at := max(h, k)
	if h >= 0 && k >= 0 {
		at = min(h, k)
	}
	if at < 0 {
		return pattern, "", ""
	}
	return pattern[:at], pattern[at+6:], pattern[at : at+6]
}

// times gives the places where a time may stand, the last one first: a host may look like one.
func times(s string) []int {
	var at []int
	for i := len(s) - len(timeLayout); i >= 0; i-- {
		if s[i+8] == 'T' && s[i+15] == 'Z' {
			at = append(at, i)
		}
	}
	return at
}

// ParseName reads a name made by DefaultTemplate.
func ParseName(name string) (Label, bool) { return DefaultTemplate.Parse(name) }

// Wrapping tells from a file name whether it is to be packed (.gz) and encrypted (.age).
func Wrapping(name string) (gzip, encrypted bool) {
	rest, encrypted := strings.CutSuffix(name, ".age")
	return strings.HasSuffix(rest, ".gz"), encrypted
}

// CheckTag tells whether a tag can be part of a name: 1 to 40 letters, digits and dashes, a letter or digit first.
func CheckTag(tag string) error {
	ok := tag != "" && len(tag) <= 40 && tag[0] != '-'
	for _, r := range tag {
		ok = ok && (r == '-' || r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z')
	}
	if ok {
		return nil
	}
	return &Error{Op: "use tag", Name: tag, Err: ErrName, Hint: "a tag is part of the name: up to 40 letters, digits and dashes"}
}

// safeHost makes a host name fit for names. An address or name without a single usable character becomes "unknown".
func safeHost(host string) string {
	safe := strings.Map(func(r rune) rune {
		if r == '.' || r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' {
			return r
		}
		return '-'
	}, host)
	safe = strings.Trim(safe, "-.")
	if len(safe) > 63 {
		safe = strings.Trim(safe[:63], "-.")
	}
	if safe == "" {
		return "unknown"
	}
	return safe
}
