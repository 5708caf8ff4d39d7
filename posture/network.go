package posture

import (
	"net/netip"
	"strings"

	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
)

// prefix reads a range ("10.0.0.0/8", "::/0") or a single address. A range of
// IPv4 addresses written as IPv6 is one of IPv4.
func prefix(v ref.Val) (netip.Prefix, *types.Err) {
	s, ok := v.(types.String)
	if !ok {
		return netip.Prefix{}, badRange(v)
	}
	text := string(s)
	if !strings.Contains(text, "/") {
		a, err := netip.ParseAddr(text)
		if err != nil || a.Zone() != "" {
			return netip.Prefix{}, badRange(v)
		}
		a = a.Unmap()
		return netip.PrefixFrom(a, a.BitLen()), nil
	}
	p, err := netip.ParsePrefix(text)
	if err != nil {
		return netip.Prefix{}, badRange(v)
	}
	if p.Addr().Is4In6() && p.Bits() >= 96 {
		p = netip.PrefixFrom(p.Addr().Unmap(), p.Bits()-96)
	}
	return p.Masked(), nil
}

func badRange(v ref.Val) *types.Err {
	e, _ := types.NewErr("%.60q is no range of addresses", v.Value()).(*types.Err)
	return e
}

// notPublic are the ranges that no packet on the internet comes from or goes to.
//
// IANA special-purpose registries (read 2026-11-24):
// https://www.iana.org/assignments/iana-ipv4-special-registry and
// https://www.iana.org/assignments/iana-ipv6-special-registry.
var notPublic = [...]netip.Prefix{
	netip.MustParsePrefix("0.0.0.0/8"), netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("100.64.0.0/10"),
	netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("169.254.0.0/16"), netip.MustParsePrefix("172.16.0.0/12"),
	netip.MustParsePrefix("192.0.0.0/24"), netip.MustParsePrefix("192.0.2.0/24"), netip.MustParsePrefix("192.168.0.0/16"),
	netip.MustParsePrefix("198.18.0.0/15"), netip.MustParsePrefix("198.51.100.0/24"), netip.MustParsePrefix("203.0.113.0/24"),
	netip.MustParsePrefix("224.0.0.0/3"),
	// All but 2000::/3, and of that what is for documentation.
	netip.MustParsePrefix("::/3"), netip.MustParsePrefix("4000::/2"), netip.MustParsePrefix("8000::/1"),
	netip.MustParsePrefix("2001:db8::/32"), netip.MustParsePrefix("3fff::/20"),
}

// isPublicRange: some address of the range is one of the internet's.
func isPublicRange(v ref.Val) ref.Val {
	p, bad := prefix(v)
	if bad != nil {
		return bad
	}
	return types.Bool(public(p))
}

func public(p netip.Prefix) bool {
	holds := false
	for _, n := range notPublic {
		if n.Bits() <= p.Bits() && n.Contains(p.Addr()) {
			return false
		}
		holds = holds || p.Bits() < n.Bits() && p.Contains(n.Addr())
	}
	if !holds {
		return true
	}
	// Some of it is not public: look at the halves.
	low := netip.PrefixFrom(p.Addr(), p.Bits()+1)
	last := p.Addr().AsSlice()
	last[p.Bits()/8] |= 0x80 >> (p.Bits() % 8)
	high, _ := netip.AddrFromSlice(last)
	return public(low) || public(netip.PrefixFrom(high, p.Bits()+1))
}

// isAnywhere: the range is so large that it can only mean the internet: at least
// a 256th of the IPv4 addresses, or a 65,536th of the IPv6 ones, and public. So
// 0.0.0.0/1 beside 128.0.0.0/1 is no way around the rule.
func isAnywhere(v ref.Val) ref.Val {
	p, bad := prefix(v)
	if bad != nil {
		return bad
	}
	if p.Addr().Is4() && p.Bits() > 8 || p.Addr().Is6() && p.Bits() > 16 {
		return types.False
	}
	return isPublicRange(v)
}

// cidrContains: every address of the second range is in the first.
func cidrContains(outer, inner ref.Val) ref.Val {
	o, bad := prefix(outer)
	if bad != nil {
		return bad
	}
	i, bad := prefix(inner)
	if bad != nil {
		return bad
	}
	return types.Bool(o.Bits() <= i.Bits() && o.Contains(i.Addr()))
}
