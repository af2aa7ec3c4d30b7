package cli

import (
	"context"
	"io"
	"os"
)

// input is a stream that an interruption ends. A plain read would go on waiting for the other side.
type input struct {
	ctx context.Context
	src io.Reader
}

func (in *input) Read(p []byte) (int, error) {
	type result struct {
		n   int
		err error
	}
	buffer, done := make([]byte, len(p)), make(chan result, 1)
	go func() {
		n, err := in.src.Read(buffer)
		done <- result{n, err}
	}()
	select {
	case r := <-done:
		return copy(p, buffer[:r.n]), r.err
	case <-in.ctx.Done():
		return 0, in.ctx.Err()
	}
}

// output is standard output. It remembers why writing failed, so that no command can report success for words that
// nobody got.
type output struct {
	w   io.Writer
	err error
}

func (o *output) Write(p []byte) (int, error) {
	n, err := o.w.Write(p)
	if err != nil && o.err == nil {
		o.err = err
	}
	return n, err
}

// replayed is a stream that can be read again from its beginning: what was read is held in memory.
type replayed struct {
	src  io.Reader
	seen []byte
	err  error
}

// again gives a reader that starts at the beginning.
func (r *replayed) again() io.Reader { return &replay{of: r} }

type replay struct {
	of *replayed
	at int
}

func (r *replay) Read(p []byte) (int, error) {
	if r.at < len(r.of.seen) {
		n := copy(p, r.of.seen[r.at:])
		r.at += n
		return n, nil
	}
	if r.of.err != nil {
		return 0, r.of.err
	}
	n, err := r.of.src.Read(p)
	r.of.seen, r.of.err = append(r.of.seen, p[:n]...), err
	r.at += n
	return n, err
}

// isPipe tells a path that gives its content once only, as the shell's <(command) does.
func isPipe(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode()&os.ModeNamedPipe != 0
}
