package api

import (
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"net/http"
	"net/url"
	"strconv"
)

// maxPasses is how often the pages of an organization are read at most.
const maxPasses = 3

// UsersPaged gives the users of an organization from pages of ten. It costs one
// request for each, and is meant for organizations that Users cannot read. Users of
// equal names may change their place between two pages; each is given once, and
// the pages are read again when the organization counts more users than were
// seen. It remembers the id of every user, unlike Users.
//
// GET /user/<organization>?page=N
func (c *Client) UsersPaged(ctx context.Context, organization string) iter.Seq2[json.RawMessage, error] {
	return func(yield func(json.RawMessage, error) bool) {
		p := &pager{client: c, organization: organization, seen: map[string]bool{}}
		for pass := 1; ; pass++ {
			more, err := p.read(ctx, yield)
			if err != nil {
				yield(nil, err)
			}
			if err != nil || !more {
				return
			}
			missing, err := p.missing(ctx)
			if err == nil && missing > 0 && pass == maxPasses {
				err = c.hide.error(&Error{
					Method: http.MethodGet, Path: "/user/" + organization, kinds: []error{ErrTruncated},
					reason: fmt.Sprintf("%d users are missing from the pages after reading them %d times", missing, pass),
					Hint:   "users are being added or renamed at the moment: run it again",
				})
			}
			if err != nil {
				yield(nil, err)
			}
			if err != nil || missing <= 0 {
				return
			}
		}
	}
}

// pager reads the pages of one organization.
type pager struct {
	client       *Client
	organization string
	seen         map[string]bool
	clients      int // users that the organization counts
}

// read gives the users of all pages that were not given before. It returns false
// when the caller wants no more.
func (p *pager) read(ctx context.Context, yield func(json.RawMessage, error) bool) (bool, error) {
	for page, last := 0, 0; page <= last; page++ {
		users, total, err := p.page(ctx, page)
		if err != nil {
			return false, err
		}
		last = total
		for _, user := range users {
			id, ok := objectID(user)
			if !ok {
				return false, p.client.shapeError(http.MethodGet, "/user/"+p.organization, "a page of users with ids")
			}
			if p.seen[id] {
				continue
			}
			p.seen[id] = true
			if !isServerUser(user) {
				p.clients++
			}
			if !yield(user, nil) {
				return false, nil
			}
		}
	}
	return true, nil
}

// page returns the users of one page and the number of the last page.
func (p *pager) page(ctx context.Context, page int) ([]json.RawMessage, int, error) {
	path, err := join("/user/%s", p.organization)
	if err != nil {
		return nil, 0, p.client.hide.error(asError(err))
	}
	query := url.Values{"page": {strconv.Itoa(page)}}
	raw, err := p.client.value(ctx, Request{Method: http.MethodGet, Path: path, Query: query})
	if err != nil {
		return nil, 0, err
	}
	var parsed struct {
		Last  *int            `json:"page_total"`
		Users json.RawMessage `json:"users"`
	}
	if json.Unmarshal(raw, &parsed) != nil || parsed.Last == nil {
		return nil, 0, p.client.shapeError(http.MethodGet, path, "a page of users")
	}
	users, ok := objects(parsed.Users)
	if !ok {
		return nil, 0, p.client.shapeError(http.MethodGet, path, "a page of users")
	}
	return users, *parsed.Last, nil
}

// missing compares what was seen with the count of the organization.
func (p *pager) missing(ctx context.Context) (int, error) {
	raw, err := p.client.Organization(ctx, p.organization)
	if err != nil {
		return 0, err
	}
	var parsed struct {
		Count *int `json:"user_count"`
	}
	if json.Unmarshal(raw, &parsed) != nil || parsed.Count == nil {
		return 0, nil // a server that does not count them
	}
	return *parsed.Count - p.clients, nil
}

func isServerUser(user json.RawMessage) bool {
	var parsed struct {
		Type string `json:"type"`
	}
	return json.Unmarshal(user, &parsed) == nil && parsed.Type == "server"
}
