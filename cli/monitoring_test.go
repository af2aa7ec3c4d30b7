package cli

import (
	"context"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestHeartbeatsOfOneAddress(t *testing.T) {
	tests := map[string][3]string{
		"https://hc.example.com/ping/FAKE":   {"https://hc.example.com/ping/FAKE/start", "https://hc.example.com/ping/FAKE", "https://hc.example.com/ping/FAKE/fail"},
		"https://hc.example.com/ping/FAKE/":  {"https://hc.example.com/ping/FAKE/start", "https://hc.example.com/ping/FAKE/", "https://hc.example.com/ping/FAKE/fail"},
		"https://hc.example.com/p?create=1":  {"https://hc.example.com/p/start?create=1", "https://hc.example.com/p?create=1", "https://hc.example.com/p/fail?create=1"},
		"https://hc.example.com/p?a=1&b=x?y": {"https://hc.example.com/p/start?a=1&b=x?y", "https://hc.example.com/p?a=1&b=x?y", "https://hc.example.com/p/fail?a=1&b=x?y"},
		"":                                   {},
	}
	for base, want := range tests {
		h := heartbeats(base)
		if diff := cmp.Diff(want, [3]string{h.Start, h.Success, h.Failure}); diff != "" {
			t.Errorf("%s: %s", base, diff)
		}
	}
}

func TestRunCode(t *testing.T) {
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	tests := map[string]struct {
		ctx  context.Context
		err  error
		want int
	}{
		"done":                        {t.Context(), nil, codeOK},
		"done at the last moment":     {ended, nil, codeOK},
		"usage":                       {t.Context(), usageError("x", ""), codeUsage},
		"interrupted":                 {ended, errors.New("x"), codeInterrupted},
		"interrupted after the words": {ended, reportedError(codePartial, "x"), codePartial},
	}
	for name, tt := range tests {
		if got := runCode(tt.ctx, tt.err); got != tt.want {
			t.Errorf("%s: %d, want %d", name, got, tt.want)
		}
	}
}
