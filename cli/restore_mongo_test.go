package cli

import (
	"testing"

	"pritunl-backup/mongo"
)

func TestVersionsOfADatabaseRestore(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		target mongo.Target
		want   string
	}{
		{mongo.Target{Version: "1.32.4278.46", From: mongo.OriginDatabase}, "the snapshot is of Pritunl 1.34.4681.89, the database was last used by 1.32.4278.46"},
		{mongo.Target{Version: "1.32", From: mongo.OriginOption}, "the snapshot is of Pritunl 1.34.4681.89, 1.32 will start on it, as --target-version says"},
		{mongo.Target{From: mongo.OriginUnknown}, "the snapshot is of Pritunl 1.34.4681.89; which version will start on it is not known, as none has used the database: --target-version says it"},
	} {
		if got := versionsOf(&mongo.RestorePlan{Version: "1.34.4681.89", Target: test.target}); got != test.want {
			t.Errorf("%s", got)
		}
	}
}
