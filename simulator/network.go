package simulator

import (
	"encoding/hex"
	"errors"
	"fmt"
	"math/bits"
	"net/netip"
	"strconv"
	"strings"
)

var errNetwork = errors.New("not a network")

// parseNetwork reads a network in any notation the back end takes: an address,
// address/length, and for IPv4 address/netmask. Host bits are an error.
func parseNetwork(s string) (netip.Prefix, error) {
	p, err := parseLoose(s)
	if err != nil || p.Masked() != p {
		return netip.Prefix{}, errNetwork
	}
	return p, nil
}

func parseLoose(s string) (netip.Prefix, error) {
	before, mask, found := strings.Cut(s, "/")
	ip, err := netip.ParseAddr(before)
	if err != nil || ip.Zone() != "" {
		return netip.Prefix{}, errNetwork
	}
	length := ip.BitLen()
	if found {
		if length, err = maskLength(mask, ip); err != nil {
			return netip.Prefix{}, err
		}
	}
	return netip.PrefixFrom(ip, length), nil
}

func maskLength(mask string, ip netip.Addr) (int, error) {
	if n, err := strconv.ParseUint(mask, 10, 16); err == nil {
		if int(n) > ip.BitLen() {
			return 0, errNetwork
		}
		return int(n), nil
	}
	m, err := netip.ParseAddr(mask)
	if err != nil || !m.Is4() || !ip.Is4() {
		return 0, errNetwork
	}
	v := number4(m)
	if n := bits.LeadingZeros32(^v); v == 0xFFFFFFFF<<(32-n) || n == 32 {
		return n, nil
	}
	// A wildcard mask such as 0.0.255.255 is understood too.
	if n := bits.LeadingZeros32(v); v == 0xFFFFFFFF>>n {
		return n, nil
	}
	return 0, errNetwork
}

// networkText writes a network as Python 3.11 does: an IPv4 address inside an IPv6
// one has no decimal octets.
func networkText(p netip.Prefix) string {
	if ip := p.Addr(); ip.Is4In6() {
		n := number4(ip.Unmap())
		return fmt.Sprintf("::ffff:%x:%x/%d", n>>16, n&0xFFFF, p.Bits())
	}
	return p.String()
}

func number4(ip netip.Addr) uint32 {
	b := ip.As4()
	return uint32(b[0])<<24 | uint32(b[1])<<16 | uint32(b[2])<<8 | uint32(b[3])
}

func addr4(n uint32) netip.Addr {
	return netip.AddrFrom4([4]byte{byte(n >> 24), byte(n >> 16), byte(n >> 8), byte(n)})
}

// parseSubnet6 reads a strict IPv6 network.
func parseSubnet6(s string) (netip.Prefix, error) {
	p, err := parseNetwork(s)
	if err != nil || !p.Addr().Is6() {
		return netip.Prefix{}, errNetwork
	}
	return p, nil
}

// vpnRanges are the networks a server's network has to be inside of.
func vpnRanges() []string {
	return []string{
		"10.0.0.0/8", "100.64.0.0/10", "172.16.0.0/12", "192.0.0.0/24", "192.168.0.0/16", "198.18.0.0/15",
		"6.0.0.0/8", "7.0.0.0/8", "11.0.0.0/8", "21.0.0.0/8", "22.0.0.0/8", "26.0.0.0/8", "28.0.0.0/8",
		"29.0.0.0/8", "30.0.0.0/8", "33.0.0.0/8",
	}
}

func inVPNRange(p netip.Prefix) bool {
	for _, r := range vpnRanges() {
		if outer := netip.MustParsePrefix(r); outer.Bits() <= p.Bits() && outer.Contains(p.Addr()) {
			return true
		}
	}
	return false
}

func hexText(s string) string { return hex.EncodeToString([]byte(s)) }

// network6 derives the IPv6 network of a server from its IPv4 network. The
// digits are cut from the number's shortest hexadecimal text, so networks below
// 16.0.0.0 come out shifted; clients depend on it.
func network6(network, prefix string, routed *string) string {
	base, good := hexOf(network)
	if !good {
		return ""
	}
	if routed != nil {
		p, err := parseLoose(routedBase(*routed) + base[0] + ":" + zeroIfEmpty(base[1]) + ":0:0/96")
		if err != nil {
			return ""
		}
		return networkText(p)
	}
	out := prefix + ":" + strings.TrimLeft(base[0], "0")
	if low := strings.TrimLeft(base[1], "0"); low != "" {
		out += ":" + low
	}
	return out + "::/64"
}

// address6 derives the IPv6 address of a client in the same manner: the digits
// of the network's number, in older releases of the client's own, and after them
// its decimal octets. Routed subnets make no difference here.
func (db *database) address6(network string, client netip.Addr) string {
	if !db.is.does(netIn6) {
		network = client.String()
	}
	base, good := hexOf(network)
	if !good || !client.Is4() {
		return ""
	}
	textual := ipv6Prefix + ":" + base[0] + ":" + zeroIfEmpty(base[1]) + ":"
	for _, octet := range client.As4() {
		textual += ":" + strconv.Itoa(int(octet))
	}
	ip, err := netip.ParseAddr(textual)
	if err != nil {
		return ""
	}
	return ip.String()
}

func zeroIfEmpty(s string) string {
	if s == "" {
		return "0"
	}
	return s
}

func routedBase(routed string) string {
	base, _, _ := strings.Cut(routed, "/")
	if strings.Count(base, ":") == 5 {
		base = base[:len(base)-1]
	}
	return base
}

// hexOf returns the first four and the following digits of an IPv4 address.
func hexOf(network string) ([2]string, bool) {
	before, _, _ := strings.Cut(network, "/")
	ip, err := netip.ParseAddr(before)
	if err != nil || !ip.Is4() {
		return [2]string{}, false
	}
	digits := strconv.FormatUint(uint64(number4(ip)), 16)
	return [2]string{cut(digits, 4), digits[min(4, len(digits)):]}, true
}
