package monitor_test

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// strict parses a text that is at once Prometheus text format and OpenMetrics,
// and refuses whatever one of the two would refuse or read differently: order of
// the lines of a family, one family in two places, a unit that the name does not
// end in, a gauge named like a counter, samples twice, an end that is missing.
// It gives the samples by name and labels.
func strict(text string) (map[string]float64, error) {
	if !strings.HasSuffix(text, "\n# EOF\n") && text != "# EOF\n" {
		return nil, fmt.Errorf("does not end in # EOF and a line feed")
	}
	samples := make(map[string]float64)
	closed := make(map[string]bool)
	var family string
	var described map[string]bool
	lines := strings.Split(strings.TrimSuffix(text, "# EOF\n"), "\n")
	for i, line := range lines[:len(lines)-1] {
		fail := func(format string, args ...any) (map[string]float64, error) {
			return nil, fmt.Errorf("line %d: %s: %q", i+1, fmt.Sprintf(format, args...), line)
		}
		if m := describedLine.FindStringSubmatch(line); m != nil {
			if m[2] != family {
				if closed[m[2]] {
					return fail("family in two places")
				}
				family, described = m[2], map[string]bool{}
				closed[family] = true
			}
			if described[m[1]] || described["sample"] {
				return fail("%s twice or after a sample", m[1])
			}
			described[m[1]] = true
			switch {
			case m[1] == "TYPE" && m[3] != "gauge":
				return fail("type")
			case m[1] == "UNIT" && !strings.HasSuffix(family, "_"+m[3]):
				return fail("unit is not the end of the name")
			case m[1] == "HELP" && regexp.MustCompile(`\\[^\\n]`).MatchString(m[3]):
				return fail("escape")
			}
			for _, reserved := range []string{"_total", "_created", "_count", "_sum", "_bucket", "_info"} {
				// A gauge called _info is what Prometheus programs use; OpenMetrics
				// only reserves the suffix for the type of that name.
				if strings.HasSuffix(family, reserved) && reserved != "_info" {
					return fail("gauge with a reserved suffix")
				}
			}
			continue
		}
		m := sampleLine.FindStringSubmatch(line)
		if m == nil {
			return fail("not a sample")
		}
		if m[1] != family || !described["TYPE"] || !described["HELP"] {
			return fail("sample outside its family")
		}
		described["sample"] = true
		names := make(map[string]bool)
		for _, label := range labelPair.FindAllStringSubmatch(m[2], -1) {
			if names[label[1]] {
				return fail("label twice")
			}
			names[label[1]] = true
		}
		v, err := strconv.ParseFloat(m[3], 64)
		if err != nil {
			return fail("value")
		}
		if _, ok := samples[m[1]+m[2]]; ok {
			return fail("sample twice")
		}
		samples[m[1]+m[2]] = v
	}
	return samples, nil
}

const (
	nameForm  = `[a-zA-Z_:][a-zA-Z0-9_:]*`
	valueForm = `"(?:[^"\\\n]|\\[\\"n])*"`
)

var (
	describedLine = regexp.MustCompile(`^# (HELP|TYPE|UNIT) (` + nameForm + `) (.*)$`)
	sampleLine    = regexp.MustCompile(`^(` + nameForm + `)(\{(?:[a-zA-Z_][a-zA-Z0-9_]*=` + valueForm + `)(?:,[a-zA-Z_][a-zA-Z0-9_]*=` + valueForm + `)*\})? (-?[0-9][0-9.eE+-]*)$`)
	labelPair     = regexp.MustCompile(`([a-zA-Z_][a-zA-Z0-9_]*)=` + valueForm)
)
