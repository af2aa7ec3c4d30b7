package mongo

import (
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

// versionNumbers follows the server: the numbers one by one, the last raised by 4000 for a release, 3000 for a
// candidate, 2000 for a beta, 1000 for an alpha.
func versionNumbers(v string) ([]int, bool) {
	stage := 4000
	for name, value := range map[string]int{"alpha": 1000, "beta": 2000, "rc": 3000} {
		if strings.Contains(v, name) {
			v, stage = strings.Replace(v, name, ".", 1), value
			v = strings.ReplaceAll(v, "..", ".")
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
	out[len(out)-1] += stage
	return out, true
}
