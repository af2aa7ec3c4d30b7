package api_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"

	"pritunl-backup/api"
)

// example is a server with one organization of two users.
func example() *httptest.Server {
	answers := map[string]string{
		"/organization":                    `[{"id":"5f0000000000000000000001","name":"staff"}]`,
		"/user/5f0000000000000000000001":   `[{"name":"alice"},{"name":"bob"}]`,
		"/server/5f0000000000000000000002": `{}`,
	}
	return httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if body, ok := answers[r.URL.Path]; ok {
			answerJSON(200, body)(w, r)
			return
		}
		answerWith(404, "text/html; charset=utf-8", "404: Not Found")(w, r)
	}))
}

func Example() {
	server := example()
	defer server.Close()
	client, err := api.New(api.Options{URL: server.URL, Token: fakeToken, Secret: fakeSecret})
	if err != nil {
		fmt.Println(err)
		return
	}
	ctx := context.Background()
	organizations, err := client.Organizations(ctx)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, raw := range organizations {
		var organization struct{ ID, Name string }
		if err := json.Unmarshal(raw, &organization); err != nil {
			fmt.Println(err)
			return
		}
		for user, err := range client.Users(ctx, organization.ID) {
			if err != nil {
				fmt.Println(err)
				return
			}
			fmt.Println(organization.Name, string(user))
		}
	}
	// Output:
	// staff {"name":"alice"}
	// staff {"name":"bob"}
}

func ExampleError() {
	server := example()
	defer server.Close()
	client, err := api.New(api.Options{URL: server.URL, Token: fakeToken, Secret: fakeSecret})
	if err != nil {
		fmt.Println(err)
		return
	}
	_, err = client.Links(context.Background())
	var refused *api.Error
	if errors.Is(err, api.ErrNotLicensed) && errors.As(err, &refused) {
		fmt.Println("error:", refused)
		fmt.Println("hint:", refused.Hint)
	}
	// Output:
	// error: GET /link: 404, site links are not part of the licence
	// hint: links need an enterprise subscription; everything else works without
}

func ExampleReadOnlyTransport() {
	server := example()
	defer server.Close()
	client, err := api.New(api.Options{URL: server.URL, Token: fakeToken, Secret: fakeSecret, Wrap: api.ReadOnlyTransport})
	if err != nil {
		fmt.Println(err)
		return
	}
	err = client.DeleteServer(context.Background(), "5f0000000000000000000002")
	fmt.Println(err)
	fmt.Println(client.Requests(), "requests")
	// Output:
	// DELETE /server/5f0000000000000000000002: refused, this connection may only read
	// 0 requests
}
