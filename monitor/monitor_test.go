package monitor_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"pritunl-backup/monitor"
)

var began = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

func good() monitor.Run {
	return monitor.Run{
		Command: "export", Version: "1.2.3", Host: "vpn-a", Started: began, Finished: began.Add(1500 * time.Millisecond),
		Succeeded: true, Complete: true, Bytes: 4096, Counts: map[string]int{"users": 12, "server_routes": 3, "links": 0},
	}
}

func bad() monitor.Run {
	return monitor.Run{
		Command: "export", Version: "1.2.3", Started: began.Add(24 * time.Hour), Finished: began.Add(24*time.Hour + 2*time.Second),
		ExitCode: 5, Error: "GET /status: not authorised",
	}
}

// seen is one request that a receiver got.
type seen struct{ Method, Path, Type, Body string }

type receiver struct {
	mu     sync.Mutex
	got    []seen
	status []int // of the answers in turn; 200 afterwards
}

func (r *receiver) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	body, _ := io.ReadAll(req.Body)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.got = append(r.got, seen{req.Method, req.URL.EscapedPath(), req.Header.Get("Content-Type"), string(body)})
	if len(r.status) > 0 {
		w.WriteHeader(r.status[0])
		r.status = r.status[1:]
	}
}

func receive(t *testing.T, status ...int) (*receiver, string) {
	t.Helper()
	r := &receiver{status: status}
	s := httptest.NewServer(r)
	t.Cleanup(s.Close)
	return r, s.URL
}

func instant() monitor.Sender {
	return monitor.Sender{Sleep: func(context.Context, time.Duration) error { return nil }}
}

func TestHeartbeat(t *testing.T) {
	const text = "text/plain; charset=utf-8"
	part := good()
	part.Complete, part.Warnings = false, 2
	same := good()
	same.Unchanged, same.Counts = true, nil
	running := monitor.Run{Command: "export", Host: "vpn-a", Started: began}
	tests := map[string]struct {
		event  monitor.Event
		run    monitor.Run
		method string
		want   seen
	}{
		"start":        {monitor.Start, running, "", seen{"POST", "/fake-id/start", text, "pritunl-backup export of vpn-a started"}},
		"success":      {monitor.Success, good(), "post", seen{"POST", "/fake-id", text, "pritunl-backup export of vpn-a done, 4096 bytes in 1.5s, server routes 3, users 12"}},
		"not complete": {monitor.Success, part, "", seen{"POST", "/fake-id", text, "pritunl-backup export of vpn-a done, 4096 bytes, not complete in 1.5s, server routes 3, users 12, warnings 2"}},
		"unchanged":    {monitor.Success, same, "", seen{"POST", "/fake-id", text, "pritunl-backup export of vpn-a done, unchanged in 1.5s"}},
		"failure":      {monitor.Failure, bad(), "", seen{"POST", "/fake-id/fail", text, "pritunl-backup export failed with exit code 5: GET /status: not authorised"}},
		"get":          {monitor.Failure, bad(), "get", seen{"GET", "/fake-id/fail", "", ""}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			r, url := receive(t)
			h := monitor.Heartbeat{Start: url + "/fake-id/start", Success: url + "/fake-id", Failure: url + "/fake-id/fail", Method: tt.method, Sender: instant()}
			if w := h.Tell(t.Context(), tt.event, tt.run); w != nil {
				t.Errorf("warnings %q", w)
			}
			if d := cmp.Diff([]seen{tt.want}, r.got); d != "" {
				t.Error(d)
			}
		})
	}
	if w := (monitor.Heartbeat{}).Tell(t.Context(), monitor.Success, good()); w != nil {
		t.Errorf("warnings without a url: %q", w)
	}
}

func TestHeartbeatTriesAgain(t *testing.T) {
	tests := map[string]struct {
		status  []int
		tries   int
		warning string
	}{
		"once is enough":     {[]int{200}, 1, ""},
		"created":            {[]int{201}, 1, ""},
		"then it works":      {[]int{503, 429}, 3, ""},
		"never works":        {[]int{500, 502, 503, 200}, 3, "status 503"},
		"refused for good":   {[]int{404}, 1, "status 404"},
		"another host's url": {[]int{302}, 1, "status 302"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			r, url := receive(t, tt.status...)
			warnings := monitor.Heartbeat{Success: url + "/fake-id", Sender: instant()}.Tell(t.Context(), monitor.Success, good())
			if len(r.got) != tt.tries {
				t.Errorf("%d tries, want %d", len(r.got), tt.tries)
			}
			expect(t, warnings, tt.warning)
		})
	}
}

func expect(t *testing.T, warnings []string, want string) {
	t.Helper()
	switch {
	case want == "" && warnings == nil:
	case want == "" || len(warnings) != 1 || !strings.Contains(warnings[0], want):
		t.Errorf("warnings %q, want %q", warnings, want)
	case strings.Contains(warnings[0], "fake-id"):
		t.Errorf("warning %q shows the path of the url", warnings[0])
	}
}

func TestHeartbeatWarnsWithoutItsURL(t *testing.T) {
	hang := make(chan struct{})
	s := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-hang }))
	defer s.Close()
	defer close(hang)
	closed := httptest.NewServer(http.NotFoundHandler())
	closed.Close()
	for url, want := range map[string]string{
		s.URL + "/fake-id":          "no answer in time",
		closed.URL + "/fake-id":     "refused",
		"ftp://example.com/fake-id": "not an http",
		"https:///fake-id":          "without a host",
		"http://[fake-id":           "not a url",
	} {
		sender := instant()
		sender.Wait = 50 * time.Millisecond
		expect(t, monitor.Heartbeat{Failure: url, Sender: sender}.Tell(t.Context(), monitor.Failure, bad()), want)
	}
}

func TestFailureIsToldAfterAnInterrupt(t *testing.T) {
	r, url := receive(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	h := monitor.Heartbeat{Start: url, Failure: url, Sender: instant()}
	if w := h.Tell(ctx, monitor.Failure, bad()); w != nil || len(r.got) != 1 {
		t.Errorf("warnings %q, %d requests", w, len(r.got))
	}
	if w := h.Tell(ctx, monitor.Start, bad()); w == nil {
		t.Error("a start was told after an interrupt")
	}
}

func TestBetweenTriesAnInterruptCounts(t *testing.T) {
	r, url := receive(t, 500, 500, 500)
	s := monitor.Sender{Sleep: func(context.Context, time.Duration) error { return context.Canceled }}
	expect(t, monitor.Heartbeat{Success: url, Sender: s}.Tell(t.Context(), monitor.Success, good()), "status 500")
	if len(r.got) != 1 {
		t.Errorf("%d tries", len(r.got))
	}
}

func TestRedirectsStayAtTheHost(t *testing.T) {
	r, url := receive(t)
	var target string
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		http.Redirect(w, req, target, http.StatusTemporaryRedirect)
	}))
	defer s.Close()
	target = url + "/elsewhere"
	expect(t, monitor.Heartbeat{Success: s.URL + "/fake-id", Sender: instant()}.Tell(t.Context(), monitor.Success, good()), "status 307")
	if len(r.got) > 0 {
		t.Errorf("another host got %v", r.got)
	}
}

func TestRender(t *testing.T) {
	got := string(monitor.Render(good(), monitor.Labels{"job_name": "night \"ly\"\n\\"}, nil))
	values, err := strict(got)
	if err != nil {
		t.Fatalf("%v in\n%s", err, got)
	}
	const l = `job_name="night \"ly\"\n\\"`
	want := map[string]float64{
		`pritunl_backup_build_info{host="vpn-a",` + l + `,version="1.2.3"}`: 1,
		"pritunl_backup_last_run_timestamp_seconds{" + l + "}":              1767323046.5,
		"pritunl_backup_last_run_exit_code{" + l + "}":                      0,
		"pritunl_backup_last_run_duration_seconds{" + l + "}":               1.5,
		"pritunl_backup_last_success_timestamp_seconds{" + l + "}":          1767323046.5,
		"pritunl_backup_snapshot_bytes{" + l + "}":                          4096,
		"pritunl_backup_snapshot_objects{" + l + `,kind="links"}`:           0,
		"pritunl_backup_snapshot_objects{" + l + `,kind="server_routes"}`:   3,
		"pritunl_backup_snapshot_objects{" + l + `,kind="users"}`:           12,
		"pritunl_backup_snapshot_complete{" + l + "}":                       1,
		"pritunl_backup_snapshot_unchanged{" + l + "}":                      0,
		"pritunl_backup_snapshot_warnings{" + l + "}":                       0,
	}
	if d := cmp.Diff(want, values); d != "" {
		t.Error(d)
	}
	if again := string(monitor.Render(good(), monitor.Labels{"job_name": "night \"ly\"\n\\"}, nil)); again != got {
		t.Error("not the same twice")
	}
}

func TestFailureKeepsTheLastSuccess(t *testing.T) {
	path := filepath.Join(t.TempDir(), "pritunl.prom")
	if w := monitor.WriteTextfile(path, good(), nil); w != nil {
		t.Fatal(w)
	}
	first := read(t, path)
	for range 2 { // also when the file is that of a failure
		if w := monitor.WriteTextfile(path, bad(), nil); w != nil {
			t.Fatal(w)
		}
	}
	got := read(t, path)
	for name, v := range first {
		if strings.HasPrefix(name, "pritunl_backup_snapshot") || strings.HasPrefix(name, "pritunl_backup_last_success") {
			if have, ok := got[name]; !ok || have != v {
				t.Errorf("%s was %v, is %v", name, v, have)
			}
		}
	}
	if got["pritunl_backup_last_run_exit_code"] != 5 || got["pritunl_backup_last_run_timestamp_seconds"] != 1767409447 {
		t.Errorf("the failed run is not told: %v", got)
	}
	if w := monitor.WriteTextfile(path, good(), nil); w != nil {
		t.Fatal(w)
	}
	if d := cmp.Diff(first, read(t, path)); d != "" {
		t.Errorf("success after failure: %s", d)
	}
}

func TestFirstFailureHasNoSuccess(t *testing.T) {
	path := filepath.Join(t.TempDir(), "pritunl.prom")
	if w := monitor.WriteTextfile(path, bad(), nil); w != nil {
		t.Fatal(w)
	}
	for name := range read(t, path) {
		if strings.Contains(name, "success") || strings.Contains(name, "snapshot") {
			t.Errorf("%s without any success", name)
		}
	}
}

func TestUnchangedKeepsTheSize(t *testing.T) {
	path := filepath.Join(t.TempDir(), "pritunl.prom")
	same := good()
	same.Unchanged, same.Bytes = true, 0
	_ = monitor.WriteTextfile(path, good(), nil)
	_ = monitor.WriteTextfile(path, same, nil)
	got := read(t, path)
	if got["pritunl_backup_snapshot_bytes"] != 4096 || got["pritunl_backup_snapshot_unchanged"] != 1 {
		t.Errorf("metrics %v", got)
	}
}

func read(t *testing.T, path string) map[string]float64 {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	values, err := strict(string(data))
	if err != nil {
		t.Fatalf("%v in\n%s", err, data)
	}
	return values
}

func TestTextfileIsReadableAndAlone(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "pritunl.prom")
	_ = monitor.WriteTextfile(path, good(), nil)
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if runtime.GOOS != "windows" && info.Mode().Perm() != 0o644 {
		t.Errorf("mode %v", info.Mode())
	}
	names(t, dir, []string{"pritunl.prom"})
}

func names(t *testing.T, dir string, want []string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, e := range entries {
		got = append(got, e.Name())
	}
	if !slices.Equal(got, want) {
		t.Errorf("directory has %v, want %v", got, want)
	}
}

func TestTextfileThatCannotBeWritten(t *testing.T) {
	dir := t.TempDir()
	taken := filepath.Join(dir, "taken.prom")
	if err := os.Mkdir(taken, 0o700); err != nil {
		t.Fatal(err)
	}
	if w := monitor.WriteTextfile(taken, good(), nil); len(w) != 2 {
		t.Errorf("warnings %q, want one for reading and one for writing", w)
	}
	names(t, dir, []string{"taken.prom"})
	if w := monitor.WriteTextfile(filepath.Join(dir, "none", "x.prom"), good(), nil); len(w) != 1 {
		t.Errorf("warnings %q", w)
	}
}

func TestPush(t *testing.T) {
	unchanged := good()
	unchanged.Unchanged = true
	labels := monitor.Labels{"site": "a/b", "instance": "vpn a", "empty": ""}
	const path = "/push/metrics/job/pritunl_backup/empty@base64/=/instance/vpn%20a/site@base64/YS9i"
	tests := map[string]struct {
		run    monitor.Run
		method string
	}{
		"success replaces the group":           {good(), "PUT"},
		"failure keeps the last success":       {bad(), "POST"},
		"unchanged keeps the size of the last": {unchanged, "POST"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			r, url := receive(t, 500, 200)
			if w := monitor.Push(t.Context(), url+"/push/", tt.run, labels, instant()); w != nil {
				t.Fatal(w)
			}
			if len(r.got) != 2 || r.got[1].Method != tt.method || r.got[1].Path != path {
				t.Fatalf("requests %+v", r.got)
			}
			if _, err := strict(r.got[1].Body); err != nil {
				t.Errorf("%v in\n%s", err, r.got[1].Body)
			}
			if r.got[1].Type != "text/plain; version=0.0.4; charset=utf-8" {
				t.Errorf("content type %q", r.got[1].Type)
			}
		})
	}
	_, url := receive(t, 400)
	expect(t, monitor.Push(t.Context(), url+"/fake-id", good(), nil, instant()), "status 400")
}

func TestCheckLabel(t *testing.T) {
	for name, ok := range map[string]bool{"job_name": true, "_x": true, "": false, "9x": false, "a-b": false, "__name__": false, "kind": false, "host": false, "a:b": false} {
		if err := monitor.CheckLabel(name, "x"); (err == nil) != ok {
			t.Errorf("label %q: %v", name, err)
		}
	}
	if err := monitor.CheckLabel("x", "\xff"); err == nil {
		t.Error("a value that is no text is taken")
	}
}

func TestCheckURLDoesNotRepeatIt(t *testing.T) {
	for _, s := range []string{"http://[fake-id", "fake-id", "file:///fake-id"} {
		if err := monitor.CheckURL(s); err == nil || strings.Contains(err.Error(), "fake-id") {
			t.Errorf("%q: error %v", s, err)
		}
	}
	if err := errors.Join(monitor.CheckURL("https://example.com/x"), monitor.CheckURL("http://[::1]:8000")); err != nil {
		t.Error(err)
	}
}

func FuzzRender(f *testing.F) {
	f.Add(string(monitor.Render(good(), nil, nil)), "vpn-a", "1.0", 3)
	f.Add("pritunl_backup_snapshot_bytes{a=\"\\\\\"} 1e3\npritunl_backup_snapshot_bytes{a=\"b\" 7\n", "a\"\n", "\xff", -1)
	f.Fuzz(func(t *testing.T, previous, host, kind string, code int) {
		for _, r := range []monitor.Run{bad(), good()} {
			r.Host, r.ExitCode, r.Counts = host, code, map[string]int{kind: 1}
			out := string(monitor.Render(r, monitor.Labels{"x": kind}, []byte(previous)))
			if _, err := strict(out); err != nil {
				t.Errorf("%v in\n%s", err, out)
			}
		}
	})
}
