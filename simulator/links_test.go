package simulator_test

import (
	"fmt"
	"strings"
	"testing"

	"pritunl-backup/simulator"
)

// site is a link with locations named by single letters.
type site struct {
	*instance
	link string
	ids  map[string]string
}

func newSite(t *testing.T, letters string) *site {
	t.Helper()
	in := start(t, simulator.Options{})
	s := &site{instance: in, link: "/link/" + in.make("/link", `{"name":"l"}`), ids: map[string]string{}}
	for letter := range strings.SplitSeq(letters, "") {
		s.ids[letter] = in.make(s.link+"/location", `{"name":"`+letter+`"}`)
	}
	return s
}

func (s *site) exclude(a, b string) {
	s.t.Helper()
	s.must("DELETE", s.link+"/location/"+s.ids[a]+"/peer/"+s.ids[b], "")
}

func (s *site) include(a, b string) {
	s.t.Helper()
	s.must("POST", s.link+"/location/"+s.ids[a]+"/peer", `{"peer_id":"`+s.ids[b]+`"}`)
}

func (s *site) transit(a, b string) {
	s.t.Helper()
	s.must("POST", s.link+"/location/"+s.ids[a]+"/transit", `{"transit_id":"`+s.ids[b]+`"}`)
}

// peers shows who sees whom: "a:b,c+" with + for transit and (x) for through x.
func (s *site) peers() string {
	s.t.Helper()
	var out []string
	for _, v := range s.list(s.link + "/location") {
		loc := v.(map[string]any)
		var seen []string
		for _, p := range loc["peers"].([]any) {
			peer := p.(map[string]any)
			one := fmt.Sprint(peer["name"])
			if peer["transit"] == true {
				one += "+"
			}
			if peer["transited_name"] != nil {
				one += fmt.Sprintf("(%v)", peer["transited_name"])
			}
			seen = append(seen, one)
		}
		out = append(out, fmt.Sprintf("%v:%s", loc["name"], strings.Join(seen, ",")))
	}
	return strings.Join(out, " ")
}

func TestPeers(t *testing.T) {
	tests := []struct {
		name, letters, want string
		do                  func(*site)
	}{
		{"full mesh", "cab", "a:b,c b:a,c c:a,b", func(*site) {}},
		{"excluded pair", "abc", "a:c b:c c:a,b", func(s *site) { s.exclude("b", "a") }},
		{"excluded and included from the other side", "ab", "a:b b:a", func(s *site) { s.exclude("a", "b"); s.include("b", "a") }},
		{"transit", "abc", "a:b+,c b:a,c c:a,b", func(s *site) { s.transit("a", "b") }},
		{"through a third", "abc", "a:c,b(c) b:c c:a,b+", func(s *site) { s.exclude("a", "b"); s.transit("c", "b") }},
		{"through a third both ways", "abc", "a:c,b(c) b:c,a(c) c:a+,b+", func(s *site) {
			s.exclude("a", "b")
			s.transit("c", "b")
			s.transit("c", "a")
		}},
		{"second exclusion", "abc", "a:c b:c,a(c) c:a+,b+", func(s *site) {
			s.exclude("a", "b")
			s.transit("c", "b")
			s.transit("c", "a")
			s.exclude("a", "b")
		}},
		{"inclusion ends both", "abc", "a:b,c b:a,c c:a,b+", func(s *site) {
			s.exclude("a", "b")
			s.exclude("a", "b")
			s.transit("c", "b")
			s.include("a", "b")
		}},
		{"inclusion keeps the other side's transit exclusion", "abc", "a:c b:c,a(c) c:a+,b+", func(s *site) {
			s.exclude("a", "b")
			s.exclude("a", "b")
			s.transit("c", "b")
			s.transit("c", "a")
			s.include("b", "a")
			s.exclude("b", "a")
		}},
		{"excluded peers give no transit", "abc", "a: b:c c:b+", func(s *site) {
			s.exclude("a", "b")
			s.exclude("a", "c")
			s.transit("c", "b")
		}},
		{"one way is enough", "abcd", "a:c,d,b(c) b:c,d c:a,b+,d d:a,b+,c", func(s *site) {
			s.exclude("a", "b")
			s.transit("c", "b")
			s.transit("d", "b")
		}},
		{"transit to oneself shows nowhere", "ab", "a:b b:a", func(s *site) { s.transit("a", "a") }},
		{"equal names by age", "ab", "b:b b:b", func(s *site) {
			s.must("PUT", s.link+"/location/"+s.ids["a"], `{"name":"b"}`)
		}},
		{"deleted location", "abc", "a:c c:a", func(s *site) {
			s.transit("a", "b")
			s.exclude("a", "b")
			s.must("DELETE", s.link+"/location/"+s.ids["b"], "")
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := newSite(t, tt.letters)
			tt.do(s)
			if got := s.peers(); got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
		})
	}
}

func TestTransitNull(t *testing.T) {
	s := newSite(t, "ab")
	path := s.link + "/location/" + s.ids["a"] + "/transit"
	steps := []struct{ body, want string }{
		{`{"transit_id":"zz"}`, "Internal Server Error"},
		{`{"transit_id":"` + unknownID + `"}`, "OK"},
		{`{}`, "Internal Server Error"}, // null cannot be sorted with an id
	}
	for _, step := range steps {
		if got := s.outcome("POST", path, step.body); got != step.want {
			t.Errorf("%s: got %s, want %s", step.body, got, step.want)
		}
	}
	s.must("DELETE", path+"/"+unknownID, "")
	if got := s.outcome("POST", path, `{}`); got != "OK" {
		t.Errorf("null alone: %s", got)
	}
}

func TestLinkParents(t *testing.T) {
	s := newSite(t, "a")
	other := "/link/" + s.make("/link", `{"name":"other","protocol":"wg","wg_port":5}`)
	straight := "/link/" + s.make("/link", `{"name":"d","type":"direct"}`)
	loc := "/location/" + s.ids["a"]
	host := s.make(s.link+loc+"/host", `{"name":"h","timeout":-5}`)
	const gone = "Not Found"
	tests := []struct{ name, method, path, body, want string }{
		{"rename through another link", "PUT", other + loc, `{"name":"b"}`, "OK"},
		{"route through another link", "POST", other + loc + "/route", `{"network":"10.1.0.0/16"}`, "OK"},
		{"host through another link", "PUT", other + loc + "/host/" + host, `{"name":"h2"}`, "OK"},
		{"uri through another link", "GET", other + loc + "/host/" + host + "/uri", "", gone},
		{"uri", "GET", s.link + loc + "/host/" + host + "/uri", "", "OK"},
		{"conf", "GET", s.link + loc + "/host/" + host + "/conf", "", "OK"},
		{"through an unknown link", "PUT", "/link/" + unknownID + loc, `{}`, gone},
		{"rename through a direct link", "PUT", straight + loc, `{}`, gone},
		{"transit on a direct link", "POST", straight + loc + "/transit", `{}`, gone},
		{"route with host bits", "POST", s.link + loc + "/route", `{"network":"10.1.0.1/16"}`, "Bad Request link_network_invalid"},
		{"bare address", "POST", s.link + loc + "/route", `{"network":"10.1.0.1"}`, "OK"},
		{"unknown route", "DELETE", s.link + loc + "/route/zz", "", "Internal Server Error"},
		{"malformed link", "GET", "/link/zzzzzzzzzzzzzzzz/location", "", "OK"},
		{"bad peer", "POST", s.link + loc + "/peer", `{"peer_id":"zz"}`, "Internal Server Error"},
		{"delete through another link", "DELETE", other + loc, "", "OK"},
		{"gone", "PUT", s.link + loc, `{}`, gone},
		{"its host too", "PUT", s.link + loc + "/host/" + host, `{}`, gone},
		{"link state of an unknown client", "PUT", "/link/state", `{}`, gone},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := s.outcome(tt.method, tt.path, tt.body); got != tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
		})
	}
}

func TestLinkValues(t *testing.T) {
	in := start(t, simulator.Options{})
	tests := []struct{ name, body, key, want string }{
		{"low port", `{"wg_port":1}`, "wg_port", "1"},
		{"high port", `{"wg_port":65535}`, "wg_port", "65535"},
		{"protocol", `{"protocol":"WG"}`, "protocol", "ipsec"},
		{"type", `{"type":"mesh"}`, "type", "site_to_site"},
		{"ike", `{"preferred_ike":"aes-256, x_y!"}`, "preferred_ike", "aes-256x_y"},
		{"name", `{"name":" ,"}`, "name", "undefined"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := fmt.Sprint(in.object("POST", "/link", tt.body)[tt.key]); got != tt.want {
				t.Errorf("%s is %s, want %s", tt.key, got, tt.want)
			}
		})
	}
	for _, port := range []string{"0", "-1", "65536"} {
		got, _ := in.object("POST", "/link", `{"wg_port":`+port+`}`)["wg_port"].(float64)
		if got < 30000 || got > 32500 {
			t.Errorf("port %s became %v", port, got)
		}
	}
}

func TestLicence(t *testing.T) {
	in := start(t, simulator.Options{})
	in.make("/link", `{"name":"l"}`)
	in.must("DELETE", "/subscription", "")
	for _, path := range []string{"/link", "/link/" + unknownID + "/location"} {
		if got := in.outcome("GET", path, ""); got != "Not Found" {
			t.Errorf("%s without licence: %s", path, got)
		}
	}
	if got := in.outcome("POST", "/subscription", `{"license":"-- --"}`); got != "Internal Server Error license_invalid" {
		t.Error(got)
	}
	in.must("POST", "/subscription", `{"license":"FAKE"}`)
	if links, _ := in.object("GET", "/link", "")["links"].([]any); len(links) != 1 {
		t.Error("the links did not survive")
	}
}
