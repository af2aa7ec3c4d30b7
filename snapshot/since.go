package snapshot

import (
	"slices"
	"strconv"
	"strings"
)

// unreleased is the Since of a field that no release has yet. The code that has it calls itself by the version of the
// release before, so that release may have it or not.
const unreleased = "after 1.34.4681"

// KnownTo tells whether a Pritunl of that version, such as "1.34.4681.89", has the field. It is false only for a
// version that is certainly older than the field: a version that is empty or no version counts as new.
func (f Field) KnownTo(version string) bool {
	since, ok := versionNumbers(strings.TrimPrefix(f.Since, "after "))
	have, valid := versionNumbers(version)
	if !ok || !valid {
		return true
	}
	n := min(len(since), len(have)) // a version without its last part stands for all that have one
	return slices.Compare(have[:n], since[:n]) >= 0
}

// versionNumbers gives the parts of a version; what follows the digits of a part, as in 1.35.1rc2, does not count.
func versionNumbers(version string) (numbers []int, ok bool) {
	for part := range strings.SplitSeq(version, ".") {
		if end := strings.IndexFunc(part, func(r rune) bool { return r < '0' || r > '9' }); end > 0 {
			part = part[:end]
		}
		n, err := strconv.Atoi(part)
		if err != nil {
			return nil, false
		}
		numbers = append(numbers, n)
	}
	return numbers, true
}
