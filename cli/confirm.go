package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"pritunl-backup/api"
	"pritunl-backup/mongo"
)

// confirm asks a person. Without a terminal nobody is asked and nothing is written, unless --yes was given.
func (env *environment) confirm(what string, yes bool) error {
	if yes {
		return nil
	}
	answer, err := env.ask(what + "? [y/N] ")
	if err != nil {
		return err
	}
	if answer = strings.ToLower(answer); answer != "y" && answer != "yes" {
		return &exitError{code: codeRefused, err: errors.New("nothing was written")}
	}
	return nil
}

func (env *environment) ask(question string) (string, error) {
	if !isTerminal(env.stdio.In) || !isTerminal(env.stdio.Err) {
		return "", &exitError{code: codeRefused, err: errors.New("nothing was written: there is no terminal to ask on"), hint: "--yes goes on without asking"}
	}
	env.out.endProgress()
	_, _ = fmt.Fprint(env.stdio.Err, question)
	line, err := bufio.NewReader(env.stdio.In).ReadString('\n')
	if err != nil {
		return "", &exitError{code: codeRefused, err: errors.New("nothing was written: no answer")}
	}
	return strings.TrimSpace(line), nil
}

// writeNewFile writes a file for its owner alone and never over another one.
func writeNewFile(path string, content []byte) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, os.ErrExist) {
		return existsError(path)
	}
	if err != nil {
		return usageError(err.Error(), "")
	}
	if _, err = f.Write(content); err == nil {
		err = f.Sync()
	}
	if closed := f.Close(); err == nil {
		err = closed
	}
	if err != nil {
		_ = os.Remove(path)
		return fmt.Errorf("write %s: %w", path, err)
	}
	return nil
}

// with gives the connection other credentials.
func (conn connection) with(token, secret string) connection {
	conn.options.Token, conn.options.Secret = api.Secret(token), api.Secret(secret)
	return conn
}

// parseProving resolves a connection whose credentials will come from the database.
func parseProving(s *settings) (connection, error) {
	value := map[string]setting{}
	for _, v := range provingVariables() {
		found, err := s.get(v)
		if err != nil {
			return connection{}, err
		}
		value[v.flag] = found
	}
	return newConnection(value)
}

// strictModeLasts is how long the front end may take to notice its first API administrator, and some more.
const strictModeLasts = 75 * time.Second

// waitAccepted polls until the front end has noticed the change, which it looks for once a minute.
func (env *environment) waitAccepted(ctx context.Context, conn connection, plan *mongo.EnablePlan) error {
	if conn.options.URL == "" {
		return nil
	}
	client, err := env.connect(conn.with(plan.Token.Reveal(), plan.Secret.Reveal()))
	if err != nil {
		return err
	}
	deadline := env.now().Add(strictModeLasts)
	for seconds := 0; ; seconds++ {
		_, err := client.Get(ctx, "/status")
		if err == nil {
			env.out.say("proved: %s accepts them", client.Address())
			return nil
		}
		if ctx.Err() != nil || env.now().After(deadline) || !errors.Is(err, api.ErrUnauthorized) && !errors.Is(err, api.ErrUnavailable) && !errors.Is(err, api.ErrConnection) {
			return fmt.Errorf("prove the credentials: %w", err)
		}
		env.out.progress("waiting for the console to notice", seconds, int(strictModeLasts/time.Second))
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(time.Second):
		}
	}
}
