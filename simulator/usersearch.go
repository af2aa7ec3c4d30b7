package simulator

import (
	"slices"
	"strings"
)

// search answers a search. A page parameter beside it wins for the form of the
// answer, as on the server.
func (ctx orgContext) search(search string, limit int, p paging) reply {
	found, good := ctx.find(search)
	if !good {
		return crash()
	}
	shown := found
	size := limit
	if size == 0 {
		size = userPage
	}
	switch {
	case size < 0:
		shown = nil
	case len(shown) > size:
		shown = shown[:size]
	}
	if p.wanted {
		return ok(map[string]any{
			"page": p.page, "page_total": pageTotal(len(ctx.org.users), userPage),
			"server_count": len(ctx.servers), "users": ctx.details(shown),
		})
	}
	return ok(map[string]any{
		"search": search, "search_more": limit < len(found), "search_limit": limit, "search_count": len(found),
		"search_time": 0.01, "server_count": len(ctx.servers), "users": ctx.details(shown),
	})
}

// find reads the words of a search that have a meaning; what is left has to be
// part of the name, whatever its case. An id that is none crashes the handler.
func (ctx orgContext) find(search string) (found []*user, good bool) {
	id, search := searchWord(search, "id:")
	if id != "" && !isObjectID(id) {
		return nil, false
	}
	kind, search := searchWord(search, "type:")
	group, search := searchWord(search, "group:")
	email, search := searchWord(search, "email:")
	asked := strings.Contains(search, "status:")
	status, search := searchWord(search, "status:")
	if asked {
		state, of, given := strings.Cut(status, ":")
		if (state != online && state != offline) || (given && len(of) != 24) {
			return nil, true
		}
		if state == online { // nobody is ever connected
			return nil, true
		}
	}
	if kind != "" && kind != "client" {
		return nil, true
	}
	name := strings.ToLower(strings.TrimRight(search, " "))
	return slices.DeleteFunc(slices.Clone(ctx.org.byName()), func(u *user) bool {
		return (id != "" && u.id != strings.ToLower(id)) ||
			(group != "" && !slices.Contains(u.groups, group)) ||
			(email != "" && (u.email == nil || !contains(strings.ToLower(*u.email), strings.ToLower(email)))) ||
			!contains(strings.ToLower(u.name), name)
	}), true
}

// searchWord takes "key:value" out of a search.
func searchWord(search, key string) (value, rest string) {
	before, after, found := strings.Cut(search, key)
	if !found {
		return "", search
	}
	if words := strings.Fields(after); len(words) > 0 {
		value = words[0]
	}
	return value, before + strings.TrimSpace(after[min(len(value), len(after)):])
}
