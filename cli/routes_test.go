package cli

import (
	"strings"
	"testing"
)

func TestServerAmongOthers(t *testing.T) {
	all := []listedServer{{ID: "5f0000000000000000000002", Name: "twin"}, {ID: "5f0000000000000000000001", Name: "twin"}, {ID: "5f0000000000000000000003", Name: "office"}}
	tests := map[string]struct {
		choice serverChoice
		id     string
		code   int
		hint   string
	}{
		"by name":        {choice: serverChoice{name: "office"}, id: "5f0000000000000000000003"},
		"by id":          {choice: serverChoice{id: "5f0000000000000000000002"}, id: "5f0000000000000000000002"},
		"ambiguous name": {choice: serverChoice{name: "twin"}, code: codeRefused, hint: "say which with --server-id: 5f0000000000000000000001, 5f0000000000000000000002"},
		"unknown name":   {choice: serverChoice{name: "Office"}, code: codeUsage, hint: "the servers are office, twin"},
		"unknown id":     {choice: serverChoice{id: "5f0000000000000000000009"}, code: codeUsage},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			server, err := tt.choice.among(all)
			if server.ID != tt.id {
				t.Errorf("server %q, want %q", server.ID, tt.id)
			}
			if code := codeOf(err); code != tt.code {
				t.Errorf("exit code %d (%v), want %d", code, err, tt.code)
			}
			if err != nil && !strings.Contains(hintOf(err), tt.hint) {
				t.Errorf("hint %q, want %q", hintOf(err), tt.hint)
			}
		})
	}
}

func codeOf(err error) int {
	if err == nil {
		return codeOK
	}
	return exitCode(err)
}

func TestListAddresses(t *testing.T) {
	tests := map[string]bool{
		"https://ip-ranges.amazonaws.com/ip-ranges.json": true,
		"http://127.0.0.1:8080/list":                     true,
		"https://user:FAKE@lists.example.com/":           false,
		"https:///list":                                  false,
		"http://[::1":                                    false,
	}
	for from, good := range tests {
		if err := checkListAddress(from); (err == nil) != good {
			t.Errorf("%s: %v", from, err)
		} else if err != nil && strings.Contains(err.Error(), "FAKE") {
			t.Errorf("the error shows the password: %v", err)
		}
	}
}
