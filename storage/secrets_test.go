package storage_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"

	"pritunl-backup/storage"
)

// A file of another kind, named by mistake, is not read out.
func TestRecipientsFileIsNotReadOut(t *testing.T) {
	_, err := storage.ReadRecipients(strings.NewReader("# to\ncorrect FAKE horse\n"), "file")
	if err == nil || strings.Contains(err.Error(), "FAKE") || !strings.Contains(err.Error(), "line 2") {
		t.Errorf("error %v", err)
	}
}

// A store that repeats the request, session token and all, does not bring it into an error.
func TestS3WordsHoldNoCredentials(t *testing.T) {
	_, opts := newWire(t, func(w http.ResponseWriter, r *http.Request, _ int) bool {
		refuse(w, 403, "AccessDenied", fmt.Sprintf("you sent %s and %s and %s", r.Header.Get("X-Amz-Security-Token"), r.Header.Get("Authorization"), strings.Repeat("a lot ", 500)))
		return true
	})
	opts.Credentials = aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
		return aws.Credentials{AccessKeyID: testKey, SecretAccessKey: testSecret, SessionToken: "FAKE-session"}, nil
	})
	store, err := storage.NewS3Store(t.Context(), "bucket", "", opts)
	if err != nil {
		t.Fatal(err)
	}
	for _, err := range store.List(t.Context()) {
		text := err.Error()
		if strings.Contains(text, "FAKE-session") || strings.Contains(text, "Signature=") || !strings.Contains(text, "you sent") || len(text) > 700 {
			t.Errorf("error %v", err)
		}
	}
}
