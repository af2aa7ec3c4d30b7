package integration

import (
	"io"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"sync"
	"testing"
)

// s3Cutter forwards connections and cuts all of them for good once the clients have sent a number of bytes: to the
// service this is a process killed at that point.
type s3Cutter struct {
	listener net.Listener
	target   string

	mu    sync.Mutex
	left  int // bytes that may still pass
	conns []net.Conn
}

func newS3Cutter(t *testing.T, target string, after int) *s3Cutter {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	c := &s3Cutter{listener: l, target: target, left: after}
	go c.serve()
	t.Cleanup(func() { c.cut() })
	return c
}

func (c *s3Cutter) url() string { return "http://" + c.listener.Addr().String() }

func (c *s3Cutter) serve() {
	for {
		client, err := c.listener.Accept()
		if err != nil {
			return
		}
		server, err := net.Dial("tcp", c.target)
		if err != nil {
			client.Close()
			continue
		}
		c.mu.Lock()
		c.conns = append(c.conns, client, server)
		c.mu.Unlock()
		go io.Copy(client, server)
		go c.forward(server, client)
	}
}

func (c *s3Cutter) forward(server, client net.Conn) {
	buf := make([]byte, 32<<10)
	for {
		n, err := client.Read(buf)
		c.mu.Lock()
		pass := min(n, c.left)
		c.left -= pass
		over := c.left == 0
		c.mu.Unlock()
		server.Write(buf[:pass])
		if over || err != nil {
			if over {
				c.cut()
			}
			return
		}
	}
}

// cut ends all connections and takes no more.
func (c *s3Cutter) cut() {
	c.listener.Close()
	c.mu.Lock()
	defer c.mu.Unlock()
	c.left = 0
	for _, conn := range c.conns {
		conn.Close()
	}
}

// s3Loser forwards requests whole and drops the answer to the chosen ones: the service has done the work, and the client
// does not know.
type s3Loser struct {
	proxy *httputil.ReverseProxy
	lose  func(*http.Request) bool

	mu   sync.Mutex
	lost int
}

func newS3Loser(t *testing.T, endpoint string, lose func(*http.Request) bool) (*s3Loser, string) {
	t.Helper()
	target, err := url.Parse(endpoint)
	if err != nil {
		t.Fatal(err)
	}
	p := &s3Loser{lose: lose}
	p.proxy = &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.Out.URL.Scheme, r.Out.URL.Host = target.Scheme, target.Host
			r.Out.Host = r.In.Host // it is part of the signature
		},
		ModifyResponse: func(resp *http.Response) error {
			p.mu.Lock()
			defer p.mu.Unlock()
			if resp.StatusCode < 300 && p.lost == 0 && p.lose(resp.Request) {
				p.lost++
				panic(http.ErrAbortHandler)
			}
			return nil
		},
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: p.proxy}
	go server.Serve(l)
	t.Cleanup(func() { server.Close() })
	return p, "http://" + l.Addr().String()
}

func (p *s3Loser) losses() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.lost
}
