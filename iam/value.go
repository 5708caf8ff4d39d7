package iam

import (
	"math/big"
	"net/netip"
	"strconv"
	"strings"
	"time"
)

// splitARN cuts a pattern into an ARN's six components; colons inside a
// variable do not part it. "*" alone stands for any ARN.
func splitARN(text string) ([]string, bool) {
	if text == "*" {
		return []string{"arn", "*", "*", "*", "*", "*"}, true
	}
	parts := make([]string, 0, 6)
	depth, from := 0, 0
	for i := 0; i < len(text) && len(parts) < 5; i++ {
		switch {
		case strings.HasPrefix(text[i:], "${"):
			depth++
		case text[i] == '}' && depth > 0:
			depth--
		case text[i] == ':' && depth == 0:
			parts = append(parts, text[from:i])
			from = i + 1
		}
	}
	parts = append(parts, text[from:])
	return parts, len(parts) == 6
}

// smallInteger reads a whole number of at most 18 digits without using memory.
func smallInteger(text string) (int64, bool) {
	digits := strings.TrimPrefix(text, "-")
	if digits == "" || len(digits) > 18 {
		return 0, false
	}
	for i := 0; i < len(digits); i++ {
		if digits[i] < '0' || digits[i] > '9' {
			return 0, false
		}
	}
	n, err := strconv.ParseInt(text, 10, 64)
	return n, err == nil
}

// parseNumber reads an integer or a decimal, exactly; "10abc" and "0x1f" are none.
// Longer than 64 characters is none either: no key has such values.
func parseNumber(text string) (*big.Rat, bool) {
	if text == "" || len(text) > 64 {
		return nil, false
	}
	exponent := 0
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c >= '0' && c <= '9', c == '.', c == '-', c == '+':
		case c == 'e' || c == 'E':
			n, err := strconv.Atoi(text[i+1:])
			if err != nil || n > 400 || n < -400 {
				return nil, false
			}
			exponent++
		default:
			return nil, false
		}
	}
	if exponent > 1 {
		return nil, false
	}
	return new(big.Rat).SetString(text)
}

var dateLayouts = [...]string{time.RFC3339Nano, "2006-01-02T15:04Z07:00", "2006-01-02T15:04:05", "2006-01-02T15:04", "2006-01-02", "2006-01", "2006"}

// parseDate reads a W3C date (ISO 8601) or seconds since 1970. Four digits are a year.
func parseDate(text string) (time.Time, bool) {
	if n, ok := smallInteger(text); ok && len(text) != 4 {
		return time.Unix(n, 0), true
	}
	for _, layout := range dateLayouts {
		if t, err := time.Parse(layout, text); err == nil {
			return t, true
		}
	}
	return time.Time{}, false
}

func parseBool(text string) (value, ok bool) {
	switch {
	case strings.EqualFold(text, "true"):
		return true, true
	case strings.EqualFold(text, "false"):
		return false, true
	}
	return false, false
}

// parsePrefix reads a CIDR range or one address; host bits are cut off.
func parsePrefix(text string) (netip.Prefix, bool) {
	if !strings.Contains(text, "/") {
		a, err := netip.ParseAddr(text)
		if err != nil {
			return netip.Prefix{}, false
		}
		a = a.Unmap()
		return netip.PrefixFrom(a, a.BitLen()), true
	}
	p, err := netip.ParsePrefix(text)
	if err != nil {
		return netip.Prefix{}, false
	}
	if p.Addr().Is4In6() && p.Bits() >= 96 {
		p = netip.PrefixFrom(p.Addr().Unmap(), p.Bits()-96)
	}
	return p.Masked(), true
}
