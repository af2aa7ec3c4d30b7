package mongo

import (
	"fmt"
	"strconv"
	"strings"
)

// CompareVersions compares two versions of the server, such as 1.34.4681.89: less than, equal to or greater than zero.
// The last part may carry alpha, beta or rc, as in 1.35.1rc2, and sorts before the release. ok is false when one of
// them is no version.
func CompareVersions(a, b string) (order int, ok bool) {
	left, okA := versionNumbers(a)
	right, okB := versionNumbers(b)
	if !okA || !okB {
		return 0, false
	}
	for i := range max(len(left), len(right)) {
		if l, r := at(left, i), at(right, i); l != r {
			if l < r {
				return -1, true
			}
			return 1, true
		}
	}
	return 0, true
}

func at(list []int, i int) int {
	if i < len(list) {
		return list[i]
	}
	return 0
}

// versionNumbers follows the server: the numbers one by one, the fourth raised by 4000 for a release, 3000 for a
// candidate, 2000 for a beta, 1000 for an alpha. Numbers that are left out are zero, so that 1.32 is before 1.32.4278.46.
func versionNumbers(v string) ([]int, bool) {
	const all = 4
	stage := 4000
	for name, value := range map[string]int{"alpha": 1000, "beta": 2000, "rc": 3000} {
		if before, after, found := strings.Cut(v, name); found {
			before = strings.TrimSuffix(before, ".")
			v, stage = before+strings.Repeat(".0", max(0, all-2-strings.Count(before, ".")))+"."+after, value
		}
	}
	var out []int
	for _, part := range strings.Split(v, ".") {
		n, err := strconv.Atoi(part)
		if err != nil || n < 0 || n > 999999 {
			return nil, false
		}
		out = append(out, n)
	}
	for len(out) < all {
		out = append(out, 0)
	}
	out[len(out)-1] += stage
	return out, true
}

// Target is the version of the server that will start on a database.
type Target struct {
	Version string // "" when it is not known
	From    Origin
}

// Origin says how the version of a target is known.
type Origin string

// The origins.
const (
	OriginUnknown  Origin = "unknown"  // no server has used the database, and nobody said it
	OriginDatabase Origin = "database" // the server that used the database last
	OriginOption   Origin = "option"   // RestoreOptions.TargetVersion, whatever the database says
)

// target prefers what was said to what the database says.
func (s *targetState) target(said string) Target {
	switch {
	case said != "":
		return Target{said, OriginOption}
	case s.version != "":
		return Target{s.version, OriginDatabase}
	}
	return Target{From: OriginUnknown}
}

// versionWarnings compares the snapshot's server with the one that will start on it. An unknown one has none.
func versionWarnings(snapshot, floor, target string) []string {
	if target == "" {
		return nil
	}
	if order, ok := CompareVersions(floor, target); ok && order > 0 {
		return []string{fmt.Sprintf("the snapshot needs a server of at least %s: %s will refuse to start (exit code 75)", floor, target)}
	}
	order, ok := CompareVersions(snapshot, target)
	if !ok {
		return []string{fmt.Sprintf("the versions %q and %q cannot be compared", snapshot, target)}
	}
	if order > 0 {
		return []string{fmt.Sprintf("the snapshot comes from the newer version %s: %s will start on it, with all ids, keys and devices, "+
			"but it neither applies nor shows fields that came later (they stay in the database), and may misread values it does not know", snapshot, target)}
	}
	return nil
}
