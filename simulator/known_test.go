package simulator_test

// knownDifferences lists recorded requests that the simulator does not answer
// as the server did, by file and number, with the reason.
var knownDifferences = map[string]string{
	"errors:136":      pooledBefore,
	"1.32/errors:136": pooledBefore,
	"1.32/errors:141": pooledBefore,

	"1.32/errors:468": stillCreating,
	"1.32/errors:469": stillCreating,
	"1.32/errors:472": stillCreating,

	"1.32/fresh:4":        playedLicence,
	"1.32/fresh:23":       playedLicence,
	"1.32/lifecycle:443":  playedLicence,
	"1.32/lifecycle:509":  playedLicence,
	"1.32/seeded-gets:8":  playedLicence,
	"1.32/seeded-gets:84": playedLicence,
	"1.32/auth:38":        otherData,
	"1.32/auth:39":        otherData,
}

const (
	pooledBefore = "the server took this user from a pool it had filled before the organization was renamed, " +
		"and its answer shows the old name; whether that happens is a matter of timing (it does not in lifecycle)"
	stillCreating = "read while users were still being made in the background"
	playedLicence = "the licence was played: subscription and user are those of the recording's set-up"
	otherData     = "recorded on an instance with other organizations and settings"
)
