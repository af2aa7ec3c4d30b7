package api_test

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"pritunl-backup/api"
)

// A server that repeats what it was sent does not bring the secrets of a body into an error, and its words stay.
func TestErrorsHideSecretsOfTheBody(t *testing.T) {
	body := `{"name":"Engineering","settings":[{"influxdb_token":"FAKE-token","email_password":"FAKE-pass"}],"pin":"314159",
		"sso_google_key":"{\"fake\":\"key\"}","ping_interval":10,"reset_key":"no"}`
	for name, status := range map[string]int{"refused": 400, "unauthorized": 401, "unavailable": 502} {
		t.Run(name, func(t *testing.T) {
			c := newClient(t, serve(t, func(w http.ResponseWriter, r *http.Request) {
				sent, _ := io.ReadAll(r.Body)
				w.Header().Set("Content-Type", "application/json")
				w.WriteHeader(status)
				fmt.Fprintf(w, `{"error":"bad","error_msg":%q}`, "no good: "+string(sent))
			}), func(o *api.Options) { o.Retries = -1 })
			_, err := c.Do(t.Context(), http.MethodPut, "/settings", nil, []byte(body))
			e := asError(t, err)
			all := fmt.Sprintf("%v %+v %q %q %s %q %q", e, e.Summary(), e.Code, e.Message, e.Body, e.Hint, e.Causes)
			for _, secret := range []string{"FAKE-token", "FAKE-pass", "314159", `fake\"`, `"fake"`} {
				if strings.Contains(all, secret) {
					t.Errorf("shows %s: %s", secret, all)
				}
			}
			if status == 400 && (!strings.Contains(all, "Engineering") || !strings.Contains(all, "no good")) {
				t.Errorf("hides what is no secret: %s", all)
			}
		})
	}
}
