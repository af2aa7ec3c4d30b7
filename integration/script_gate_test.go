package integration_test

import (
	"io"
	"net"
	"sync"
	"testing"
)

// gate stands between the program and a server. It lets so many answers through and then holds everything that the
// server says, so that the program can be killed at a known place.
type gate struct {
	listener net.Listener
	target   string
	reached  chan struct{} // closed when the first answer is held

	mu      sync.Mutex
	let     int // answers that may pass
	seen    int
	conns   []net.Conn
	running sync.WaitGroup
}

func newGate(t testing.TB, target string, let int) *gate {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	g := &gate{listener: l, target: target, let: let, reached: make(chan struct{})}
	g.running.Go(func() {
		for {
			client, err := l.Accept()
			if err != nil {
				return
			}
			server, err := net.Dial("tcp", target)
			if err != nil {
				_ = client.Close()
				continue
			}
			g.mu.Lock()
			g.conns = append(g.conns, client, server)
			g.mu.Unlock()
			g.running.Go(func() { _, _ = io.Copy(server, client); _ = server.Close() })
			g.running.Go(func() { g.answers(client, server) })
		}
	})
	t.Cleanup(func() {
		_ = l.Close()
		g.mu.Lock()
		for _, c := range g.conns {
			_ = c.Close()
		}
		g.mu.Unlock()
		g.running.Wait()
	})
	return g
}

func (g *gate) address() string { return g.listener.Addr().String() }

func (g *gate) count() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.seen
}

// answers copies what the server says; beyond the limit it reads on and passes nothing.
func (g *gate) answers(client, server net.Conn) {
	defer func() { _ = client.Close() }()
	buffer := make([]byte, 64<<10)
	for {
		n, err := server.Read(buffer)
		if n > 0 && g.pass() {
			if _, err := client.Write(buffer[:n]); err != nil {
				return
			}
		}
		if err != nil {
			return
		}
	}
}

func (g *gate) pass() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.seen++
	if g.seen == g.let+1 {
		close(g.reached)
	}
	return g.seen <= g.let
}
