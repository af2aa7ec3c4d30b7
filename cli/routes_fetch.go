package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"
)

const (
	// listLimit bounds a list of networks in bytes; the whole of Amazon's is below 3 MiB.
	listLimit = 64 << 20
	// listWait bounds fetching one from elsewhere.
	listWait = time.Minute
)

// isAddress tells an address on the web from a file name.
func isAddress(from string) bool {
	return strings.HasPrefix(from, "https://") || strings.HasPrefix(from, "http://")
}

// openList gives a list of networks from a file, an address, or standard input ("-").
func (env *environment) openList(ctx context.Context, from string) (io.Reader, error) {
	var raw []byte
	var err error
	switch {
	case from == "-":
		raw, err = readBounded(env.stdio.In, "standard input")
	case isAddress(from):
		raw, err = fetchList(ctx, from)
	default:
		var f *os.File
		if f, err = os.Open(from); err != nil {
			return nil, usageError(fmt.Sprintf("read the list: %v", err), "")
		}
		defer func() { _ = f.Close() }()
		raw, err = readBounded(f, from)
	}
	return bytes.NewReader(raw), err
}

func readBounded(r io.Reader, name string) ([]byte, error) {
	raw, err := io.ReadAll(io.LimitReader(r, listLimit+1))
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", name, err)
	}
	if len(raw) > listLimit {
		return nil, fmt.Errorf("read %s: the list is larger than 64 MiB", name)
	}
	return raw, nil
}

// checkListAddress refuses an address that would carry a password to the list's server.
func checkListAddress(from string) error {
	u, err := url.Parse(from)
	if err != nil || u.Host == "" {
		return usageError("--from is no address that can be fetched", "for example https://ip-ranges.amazonaws.com/ip-ranges.json")
	}
	if u.User != nil {
		return usageError("--from holds a user name or password", "fetch the list yourself and give it as --from FILE or --from -")
	}
	return nil
}

// fetchList asks for a list as anybody would: no credential of this run is ever part of the request.
func fetchList(ctx context.Context, from string) ([]byte, error) {
	name, _, _ := strings.Cut(from, "?") // a query may hold a key of the list's server
	ctx, cancel := context.WithTimeout(ctx, listWait)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, from, http.NoBody)
	if err != nil {
		return nil, usageError("--from is no address that can be fetched", "")
	}
	request.Header.Set("User-Agent", toolName+"/"+Version)
	client := &http.Client{CheckRedirect: func(next *http.Request, via []*http.Request) error {
		if len(via) > 5 {
			return errors.New("redirected too often")
		}
		if via[0].URL.Scheme == "https" && next.URL.Scheme != "https" {
			return errors.New("redirected from https to " + next.URL.Scheme)
		}
		return nil
	}}
	response, err := client.Do(request)
	if err != nil {
		var inner *url.Error // its text holds the whole address
		if errors.As(err, &inner) {
			err = inner.Err
		}
		return nil, fmt.Errorf("fetch %s: %w", name, err)
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("fetch %s: the answer is %s", name, response.Status)
	}
	return readBounded(response.Body, name)
}
