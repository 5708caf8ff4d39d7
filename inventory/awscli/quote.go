package awscli

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/url"
	"slices"
	"strings"
)

// maxName is the longest name that is written; file systems take 255 bytes, and
// a temporary file's name is longer than its own.
const maxName = 200

// quote encodes a value as Python's urllib.parse.quote_plus does. "." and "..",
// which that leaves alone, are encoded too: they would be other folders.
func quote(value string) string {
	if value != "" && strings.Trim(value, ".") == "" {
		return strings.Repeat("%2E", len(value))
	}
	var b strings.Builder
	for i := range len(value) {
		switch c := value[i]; {
		case c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.IndexByte("_.-~", c) >= 0:
			b.WriteByte(c)
		case c == ' ':
			b.WriteByte('+')
		default:
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	return b.String()
}

// unquote gives the value of a file's name; names that quote did not make are
// their own value.
func unquote(name string) string {
	if v, err := url.QueryUnescape(name); err == nil {
		return v
	}
	return name
}

// fileName is the name for the values of a level. Several are parted by commas,
// which quote leaves in no value, in an order that does not hang on the request's; a long name is cut and a hash of it put behind.
func (l level) fileName() string {
	parts := make([]string, len(l.values))
	for i, v := range l.values {
		parts[i] = quote(v)
	}
	slices.Sort(parts)
	name := strings.Join(parts, ",")
	if len(name) <= maxName {
		return name
	}
	sum := sha256.Sum256([]byte(name))
	// Half of a percent code at the end does no harm: nobody decodes a cut name.
	return name[:maxName/2] + "," + hex.EncodeToString(sum[:8])
}
