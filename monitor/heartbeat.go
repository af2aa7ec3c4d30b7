package monitor

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// Event is a moment of a run.
type Event string

// The events.
const (
	Start   Event = "start"
	Success Event = "success"
	Failure Event = "failure"
)

// Heartbeat requests a URL at each moment of a run.
type Heartbeat struct {
	// Start, Success and Failure are requested at their moment, unless empty.
	Start, Success, Failure string
	// Method is POST, with the summary as a text body, unless it is GET.
	Method string
	Sender Sender
}

// Sender says how requests are made. Its zero value is good.
type Sender struct {
	Client *http.Client  // default: one without redirects to other hosts
	Wait   time.Duration // bounds one try, default 10 s
	Tries  int           // default 3
	// Sleep waits between tries, one second, then two, then four; default a
	// real clock.
	Sleep func(ctx context.Context, d time.Duration) error
}

// CheckURL refuses what cannot be requested, without repeating it: the path of a
// heartbeat URL is its password.
func CheckURL(s string) error {
	u, err := url.Parse(s)
	switch {
	case err != nil:
		return errors.New("not a url")
	case u.Scheme != "http" && u.Scheme != "https":
		return errors.New("not an http or https url")
	case u.Host == "":
		return errors.New("url without a host")
	}
	return nil
}

// Tell requests the event's URL. It gives warnings and never an error; a
// heartbeat that cannot be sent is a reason to look, not to lose a snapshot. A
// Failure is sent even when ctx has ended, within the Sender's Wait.
func (h Heartbeat) Tell(ctx context.Context, event Event, r Run) (warnings []string) {
	target := map[Event]string{Start: h.Start, Success: h.Success, Failure: h.Failure}[event]
	if target == "" {
		return nil
	}
	method, body := http.MethodPost, r.Summary()
	if strings.EqualFold(h.Method, http.MethodGet) {
		method, body = http.MethodGet, ""
	}
	s := h.Sender.withDefaults()
	if event != Start {
		var cancel context.CancelFunc
		ctx, cancel = outlive(ctx, s.Wait)
		defer cancel()
	}
	if err := s.send(ctx, method, target, "text/plain; charset=utf-8", body); err != nil {
		return []string{fmt.Sprintf("heartbeat %s was not delivered to %s: %s", event, place(target), err)}
	}
	return nil
}

// outlive gives ctx, or a short one of its own when ctx has ended: an
// interrupted run still says so.
func outlive(ctx context.Context, wait time.Duration) (context.Context, context.CancelFunc) {
	if ctx.Err() == nil {
		return context.WithCancel(ctx)
	}
	return context.WithTimeout(context.WithoutCancel(ctx), wait)
}

func (s Sender) withDefaults() Sender {
	if s.Wait <= 0 {
		s.Wait = 10 * time.Second
	}
	if s.Tries <= 0 {
		s.Tries = 3
	}
	if s.Sleep == nil {
		s.Sleep = sleep
	}
	if s.Client == nil {
		s.Client = &http.Client{CheckRedirect: sameHost}
	}
	return s
}

// sameHost lets a service move its paths, but sends the secret path of a
// heartbeat to nobody else.
func sameHost(r *http.Request, via []*http.Request) error {
	if len(via) > 3 || r.URL.Host != via[0].URL.Host {
		return http.ErrUseLastResponse
	}
	return nil
}

func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}

// send tries until an answer of the 2xx class or one that no repetition changes.
func (s Sender) send(ctx context.Context, method, target, contentType, body string) error {
	if err := CheckURL(target); err != nil {
		return err
	}
	for try := 1; ; try++ {
		again, err := s.once(ctx, method, target, contentType, body)
		if err == nil {
			return nil
		}
		if !again || try >= s.Tries || s.Sleep(ctx, time.Second<<min(try-1, 5)) != nil {
			return err
		}
	}
}

func (s Sender) once(ctx context.Context, method, target, contentType, body string) (again bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, s.Wait)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, method, target, strings.NewReader(body))
	if err != nil {
		return false, errors.New("not a url")
	}
	if body != "" {
		req.Header.Set("Content-Type", contentType)
	}
	req.Header.Set("User-Agent", "pritunl-backup")
	res, err := s.Client.Do(req)
	if err != nil {
		return true, bare(err)
	}
	defer func() { _ = res.Body.Close() }()
	// Read, so that the connection can serve the next request; the content does
	// not matter.
	_, _ = io.Copy(io.Discard, io.LimitReader(res.Body, 1<<16))
	switch {
	case res.StatusCode < 300:
		return false, nil
	case res.StatusCode == http.StatusTooManyRequests || res.StatusCode >= 500:
		return true, fmt.Errorf("status %d", res.StatusCode)
	}
	return false, fmt.Errorf("status %d", res.StatusCode)
}

// bare takes the URL out of an error of the HTTP client.
func bare(err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		err = u.Err
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return errors.New("no answer in time")
	}
	return err
}

// place names the host of a URL and nothing that follows it.
func place(s string) string {
	u, err := url.Parse(s)
	if err != nil || u.Host == "" {
		return "the given url"
	}
	return u.Scheme + "://" + u.Host
}
