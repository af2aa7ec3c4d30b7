package api_test

import (
	"context"
	"errors"
	"net/http"
	"testing"

	"pritunl-backup/api"
)

// A request that is given up because another failed does not take the other's error for its own, let alone change it.
func TestErrorsOfOthersAreLeftAlone(t *testing.T) {
	waiting := make(chan struct{})
	c := newClient(t, serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/host" {
			close(waiting)
			<-r.Context().Done()
			return
		}
		w.WriteHeader(http.StatusUnauthorized)
	}), func(o *api.Options) { o.Retries = -1 })
	ctx, cancel := context.WithCancelCause(t.Context())
	ended := make(chan error)
	go func() {
		_, err := c.Get(ctx, "/host")
		ended <- err
	}()
	<-waiting
	_, err := c.Get(t.Context(), "/admin")
	first := asError(t, err)
	cancel(first)
	second := asError(t, <-ended)
	if first == second || first.Path != "/admin" || second.Path != "/host" {
		t.Errorf("first %v, second %v", first, second)
	}
	if errors.Is(second, api.ErrUnauthorized) || !errors.Is(second, context.Canceled) {
		t.Errorf("the second says %v", second)
	}
}
