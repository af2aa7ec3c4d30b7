package simulator_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/netip"
	"slices"
	"testing"

	"pritunl-backup/simulator"
)

// TestNetworksInUse compares which networks are refused with what the list of
// servers says, while servers come, move and go.
func TestNetworksInUse(t *testing.T) {
	in := start(t, simulator.Options{})
	random := rand.New(rand.NewPCG(1, 2))
	byID := map[string]string{}
	free := func(network, but string) bool {
		for id, other := range byID {
			if id != but && overlap(network, other) {
				return false
			}
		}
		return true
	}
	for i := range 400 {
		network := netip.PrefixFrom(netip.AddrFrom4([4]byte{10, byte(random.IntN(4)), byte(random.IntN(256))}), 14+random.IntN(11)).Masked().String()
		body := serverBody(fmt.Sprintf(`"network":%q,"port":%d`, network, 10000+i))
		method, path, id := "POST", "/server", ""
		if ids := slices.Sorted(maps.Keys(byID)); len(ids) > 0 {
			id = ids[random.IntN(len(ids))]
		}
		switch {
		case id == "" || random.IntN(3) > 0:
			id = ""
		case random.IntN(3) == 0:
			in.must("DELETE", "/server/"+id, "")
			delete(byID, id)
			continue
		default:
			method, path = "PUT", "/server/"+id
		}
		status, text := in.raw(method, path, body)
		if (status == http.StatusOK) != free(network, id) {
			t.Fatalf("%s %s beside %v: %d %s", method, network, byID, status, text)
		}
		var v struct{ ID string }
		if err := json.Unmarshal([]byte(text), &v); err == nil && v.ID != "" {
			byID[v.ID] = network
		}
	}
	if len(byID) < 5 {
		t.Errorf("%d servers in the end", len(byID))
	}
}
