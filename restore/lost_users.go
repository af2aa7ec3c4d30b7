package restore

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"pritunl-backup/snapshot"
)

// rounds is how often users that the server has lost are created again at most.
const rounds = 5

// errLost says what became of a user that is still missing after all rounds.
var errLost = errors.New("the server answered that it was created, and does not have it")

// keepUsers lists the users of every organization in which the run has created
// some. The server may answer that a user was created and then give the document to
// the next one: such users are created again, one by one, which the server does not
// lose. Network links that came to hang on the next user are taken off it. What is
// missing in the end is reported as [Lost].
func (r *runner) keepUsers(ctx context.Context) error {
	var order []*node
	created := map[*node][]*Action{}
	for _, a := range r.todo[snapshot.Users] {
		if r.entries[a].Result != Created {
			continue
		}
		if created[a.want.owner] == nil {
			order = append(order, a.want.owner)
		}
		created[a.want.owner] = append(created[a.want.owner], a)
	}
	for _, organization := range order {
		if err := r.keepUsersOf(ctx, organization, created[organization]); err != nil {
			return fmt.Errorf("look at the users of organization %s: %w", organization.path(), err)
		}
	}
	return nil
}

func (r *runner) keepUsersOf(ctx context.Context, organization *node, actions []*Action) error {
	for round := 0; ; round++ {
		raw, err := usersOf(r.client, organization.target)(ctx)
		if err != nil {
			return err
		}
		users, err := decodeAll(raw)
		if err != nil {
			return err
		}
		lost := r.lostUsers(actions, users)
		if err := r.mendLinks(ctx, actions, users); err != nil {
			return err
		}
		if len(lost) == 0 {
			return nil
		}
		if round == rounds {
			r.giveUpUsers(lost)
			return nil
		}
		for _, a := range lost {
			r.total++
			r.entries[a].Result, r.entries[a].NewID = NotReached, ""
			if err := r.createBatch(ctx, []*Action{a}); err != nil {
				return err
			}
		}
	}
}

// lostUsers gives the created users that a list does not have under their ids.
func (r *runner) lostUsers(actions []*Action, users []snapshot.Object) []*Action {
	byID := map[string]snapshot.Object{}
	for _, o := range users {
		byID[o.String("id")] = o
	}
	var lost []*Action
	for _, a := range actions {
		if r.entries[a].Result != Created {
			continue // refused in an earlier round
		}
		n := a.want
		if o := byID[n.target]; n.target != "" && o != nil && n.keyOf(o) == r.born[n] {
			continue
		}
		n.target = ""
		lost = append(lost, a)
	}
	return lost
}

// mendLinks takes network links off users that another user of the run was meant
// to have.
func (r *runner) mendLinks(ctx context.Context, actions []*Action, users []snapshot.Object) error {
	byID := map[string]snapshot.Object{}
	for _, o := range users {
		byID[o.String("id")] = o
	}
	for _, a := range actions {
		n := a.want
		o := byID[n.target]
		if o == nil || n.target == "" || !hasField(n.changes(&node{kind: snapshot.Users, object: o}), "network_links") {
			continue
		}
		err := r.replace(a,
			func() (json.RawMessage, error) { return r.client.User(ctx, n.owner.target, n.target) },
			func(body json.RawMessage) (json.RawMessage, error) {
				return r.client.PutUser(ctx, n.owner.target, n.target, body)
			})
		r.entries[a].Result = Created // what replace says of it is not what became of the action
		if err != nil && (ctx.Err() != nil || !refused(err)) {
			return fmt.Errorf("put the network links of user %s right: %w", n.path(), err)
		}
		if err != nil {
			r.report.Warnings = append(r.report.Warnings, "network links of user "+n.path()+": "+err.Error())
		}
	}
	return nil
}

func (r *runner) giveUpUsers(lost []*Action) {
	for _, a := range lost {
		e := r.entries[a]
		e.Result, e.Error, e.NewID = Lost, errLost.Error(), ""
		r.failed++
		if r.first == nil {
			r.first = fmt.Errorf("%s %s: %w", singular(a.Kind), a.Path, errLost)
		}
	}
}
