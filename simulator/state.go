package simulator

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"
)

// State counts what an instance holds, for assertions.
type State struct {
	Administrators int `json:"administrators"`
	Organizations  int `json:"organizations"`
	Users          int `json:"users"`
	Hosts          int `json:"hosts"`
	Servers        int `json:"servers"`
	ServersOnline  int `json:"servers_online"`
	ServerLinks    int `json:"server_links"` // pairs
	Links          int `json:"links"`
	Locations      int `json:"locations"`
	Requests       int `json:"requests"`
	Writes         int `json:"writes"`
	// Working counts the requests that are not carried out to their end yet,
	// whether somebody waits for their answer or not, and what they left to do
	// beside them: users to create, parameters to make.
	Working int `json:"working"`
	// Pins maps user ids to their pins in clear, which no API shows.
	Pins map[string]string `json:"-"`
}

// State returns the counts of this moment.
func (s *Simulator) State() State {
	s.mu.Lock()
	defer s.mu.Unlock()
	db := s.db
	db.run()
	st := State{
		Administrators: len(db.admins), Organizations: len(db.orgs), Users: len(db.users), Hosts: len(db.hosts),
		Servers: len(db.servers), Links: len(db.links), Requests: len(s.log), Writes: s.writes, Pins: map[string]string{},
	}
	for _, v := range db.servers {
		if v.status == online {
			st.ServersOnline++
		}
		st.ServerLinks += len(v.links)
	}
	st.ServerLinks /= 2
	for _, l := range db.links {
		st.Locations += len(l.locations)
	}
	for _, w := range db.working {
		if !w.silent {
			st.Working++
		}
	}
	for id, u := range db.users {
		if u.pin != "" {
			st.Pins[id] = u.pin
		}
	}
	return st
}

// Serve answers requests on an address such as "127.0.0.1:0" until stop is
// called or ctx ends. url is where clients find it.
func Serve(ctx context.Context, s *Simulator, addr string) (url string, stop func() error, err error) {
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", addr)
	if err != nil {
		return "", nil, fmt.Errorf("serve simulator: %w", err)
	}
	server := &http.Server{Handler: s, ReadHeaderTimeout: 2 * time.Minute}
	done := make(chan error, 1)
	go func() { done <- server.Serve(listener) }()
	release := context.AfterFunc(ctx, func() { _ = server.Close() })
	stop = func() error {
		release()
		if err := server.Close(); err != nil {
			return fmt.Errorf("stop simulator: %w", err)
		}
		if err := <-done; !errors.Is(err, http.ErrServerClosed) {
			return fmt.Errorf("serve simulator: %w", err)
		}
		return nil
	}
	return "http://" + listener.Addr().String(), stop, nil
}
