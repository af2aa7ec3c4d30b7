package monitor

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// WriteTextfile writes the metrics of a run where node_exporter's textfile
// collector reads them: at once, by renaming, readable for everybody, at the end
// of every run. The collector only reads files whose name ends in .prom.
func WriteTextfile(path string, r Run, labels Labels) (warnings []string) {
	previous, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		warnings = append(warnings, fmt.Sprintf("metrics of the last success are lost: read %s: %s", path, cause(err)))
	}
	if err := replace(path, Render(r, labels, previous)); err != nil {
		warnings = append(warnings, fmt.Sprintf("metrics were not written to %s: %s", path, cause(err)))
	}
	return warnings
}

func replace(path string, data []byte) (err error) {
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = f.Close()
			_ = os.Remove(f.Name())
		}
	}()
	if _, err := f.Write(data); err != nil {
		return err
	}
	// The collector runs as another user, and nothing in the text is secret.
	if err := f.Chmod(0o644); err != nil {
		return err
	}
	if err := f.Sync(); err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}

// cause leaves out the path, which the warning names already.
func cause(err error) error {
	var p *fs.PathError
	if errors.As(err, &p) {
		return p.Err
	}
	var l *os.LinkError
	if errors.As(err, &l) {
		return l.Err
	}
	return err
}

// Push sends the metrics of a run to the Pushgateway at base, under the job
// "pritunl_backup" and the labels as grouping key. A run that succeeded replaces
// its group (PUT); one that did not only replaces the metrics it has (POST), so
// that those of the last success stay.
func Push(ctx context.Context, base string, r Run, labels Labels, s Sender) (warnings []string) {
	target := strings.TrimRight(base, "/") + "/metrics/job/pritunl_backup"
	for _, name := range slices.Sorted(maps.Keys(labels)) {
		target += "/" + segment(name, labels[name])
	}
	method := http.MethodPut
	if !r.Succeeded || r.Unchanged {
		method = http.MethodPost
	}
	s = s.withDefaults()
	ctx, cancel := outlive(ctx, s.Wait)
	defer cancel()
	// The grouping key sets these labels; a sample must not contradict it.
	body := Render(r, labels, nil)
	if err := s.send(ctx, method, target, "text/plain; version=0.0.4; charset=utf-8", string(body)); err != nil {
		return []string{fmt.Sprintf("metrics were not pushed to %s: %s", place(base), err)}
	}
	return nil
}

// segment writes a label of the grouping key; a value that is empty, has a slash
// or would be taken for a step in a path needs the gateway's base64 form.
func segment(name, value string) string {
	switch {
	case value == "":
		return name + "@base64/="
	case strings.Contains(value, "/") || strings.Trim(value, ".") == "":
		return name + "@base64/" + base64.RawURLEncoding.EncodeToString([]byte(value))
	}
	return name + "/" + url.PathEscape(value)
}
