package cli

import (
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"
	"sync"
	"time"

	"golang.org/x/term"
)

// The forms of what is said on standard error.
const (
	logText = "text"
	logJSON = "json"
)

// printer writes the words for people on standard error and keeps a progress line from tearing them. Data never
// goes through it: data belongs on standard output. A job's words can go to a log as JSON instead.
type printer struct {
	mu       sync.Mutex
	w        io.Writer
	log      *slog.Logger // nil: words for people
	warned   int
	terminal bool
	color    bool
	quiet    bool
	steps    bool   // whether progress is shown at all
	line     string // the progress text standing on the terminal, "" when none
	last     string // the last step announced without a terminal
}

func newPrinter(stdio Stdio, getenv func(string) string) *printer {
	tty := isTerminal(stdio.Err)
	p := &printer{w: stdio.Err, terminal: tty, steps: true, color: tty && getenv("NO_COLOR") == "" && getenv("TERM") != "dumb"}
	p.setFormat(getenv(logFormatVariable().env))
	return p
}

// setFormat chooses between words for people and a log for machines, where one line is one JSON object.
func (p *printer) setFormat(format string) {
	if format == logJSON {
		p.log, p.terminal, p.color = slog.New(slog.NewJSONHandler(p.w, nil)), false, false
	}
}

// warnings is how many were printed so far.
func (p *printer) warnings() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.warned
}

func isTerminal(stream any) bool {
	if in, ok := stream.(*input); ok {
		stream = in.src
	}
	f, ok := stream.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// say prints one line that is left out under --quiet.
func (p *printer) say(format string, args ...any) {
	if !p.quiet {
		p.print("", fmt.Sprintf(format, args...))
	}
}

// warn prints one line even under --quiet: the user has to know.
func (p *printer) warn(format string, args ...any) {
	p.mu.Lock()
	p.warned++
	p.mu.Unlock()
	p.print("\x1b[33m", "warning: "+fmt.Sprintf(format, args...))
}

func (p *printer) fail(err error) {
	if isReported(err) {
		return
	}
	if p.log != nil {
		p.log.Error(words(err), "hint", hintOf(err), "exit_code", exitCode(err))
		return
	}
	p.print("\x1b[31m", toolName+": "+words(err))
	if hint := hintOf(err); hint != "" {
		p.print("", "hint: "+hint)
	}
}

func (p *printer) print(color, text string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.log != nil {
		if warning, ok := strings.CutPrefix(text, "warning: "); ok {
			p.log.Warn(warning)
		} else {
			p.log.Info(text)
		}
		return
	}
	p.clear()
	text = visible(text)
	if color != "" && p.color {
		head, rest, _ := strings.Cut(text, ":")
		text = color + head + ":\x1b[0m" + rest
	}
	_, _ = fmt.Fprintln(p.w, text)
	if p.line != "" {
		_, _ = fmt.Fprint(p.w, p.line)
	}
}

// progress shows how far a step is: a bar that rewrites itself on a terminal, one line per step elsewhere. A total
// of 0 means that the end is not known.
func (p *printer) progress(step string, done, total int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.quiet || !p.steps {
		return
	}
	if !p.terminal {
		if step != p.last {
			p.last = step
			if p.log != nil {
				p.log.Info(step)
				return
			}
			_, _ = fmt.Fprintln(p.w, visible(step))
		}
		return
	}
	at := milestone(step, done, total)
	if at == p.last && p.line != "" {
		return
	}
	p.last = at
	p.clear()
	p.line = bar(visible(step), done, total)
	_, _ = fmt.Fprint(p.w, p.line)
}

// milestone is the same for progress that is not worth drawing anew: thousands of users within a second would slow
// the terminal down.
func milestone(step string, done, total int) string {
	if total <= 0 {
		return fmt.Sprint(step, done/100)
	}
	return fmt.Sprint(step, done*100/total)
}

func (p *printer) endProgress() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.clear()
	p.line = ""
}

func (p *printer) clear() {
	if p.line != "" {
		_, _ = fmt.Fprint(p.w, "\r\x1b[2K")
	}
}

func bar(step string, done, total int) string {
	const width = 24
	switch {
	case total <= 0 && done <= 0:
		return step + " …"
	case total <= 0:
		return fmt.Sprintf("%-28s %d", step, done)
	}
	full := min(width, done*width/total)
	return fmt.Sprintf("%-28s [%s%s] %d/%d", step, strings.Repeat("█", full), strings.Repeat("·", width-full), done, total)
}

// visible keeps control characters of server-given names from moving the cursor or forging lines.
func visible(text string) string {
	return strings.Map(func(r rune) rune {
		if r == '\n' || r == '\t' {
			return r
		}
		if r < 0x20 || r == 0x7f || (r >= 0x80 && r < 0xa0) || (r >= 0x202a && r <= 0x202e) || (r >= 0x2066 && r <= 0x2069) {
			return '�'
		}
		return r
	}, text)
}

func writeJSON(w io.Writer, v any) error {
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	return encoder.Encode(v)
}

func timeText(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05 UTC") }
