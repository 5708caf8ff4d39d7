package awscli

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// timeLayouts are the forms in which times are found in AWS CLI output and in
// what Python prints; one without a zone is in UTC, as AWS's times are.
var timeLayouts = [...]string{
	time.RFC3339Nano,
	"2006-01-02T15:04:05.999999999Z0700",
	"2006-01-02T15:04:05.999999999",
	"2006-01-02 15:04:05.999999999Z07:00",
	"2006-01-02 15:04:05.999999999",
	"2006-01-02T15:04Z07:00",
	"2006-01-02",
	time.RFC1123,
	time.RFC1123Z,
}

// parseTime reads a time in any of the forms, or seconds since 1970.
func parseTime(text string) (time.Time, error) {
	text = strings.TrimSpace(text)
	for _, layout := range timeLayouts {
		if t, err := time.Parse(layout, text); err == nil {
			return t.UTC(), nil
		}
	}
	if n, err := strconv.ParseFloat(text, 64); err == nil {
		return epoch(n)
	}
	return time.Time{}, fmt.Errorf("%s is not a time", quoteShort(text))
}

// epoch reads seconds since 1970, or milliseconds where seconds would lie
// thousands of years ahead.
func epoch(n float64) (time.Time, error) {
	const (
		farSeconds = 1e11 // the year 5138; as milliseconds, 1973
		farMillis  = 1e14
	)
	if math.IsNaN(n) || math.Abs(n) >= farMillis {
		return time.Time{}, fmt.Errorf("%v is not a time", n)
	}
	if math.Abs(n) >= farSeconds {
		return time.UnixMilli(int64(n)).UTC(), nil
	}
	sec, frac := math.Modf(n)
	// Six digits are all that a float of this size holds.
	return time.Unix(int64(sec), int64(math.Round(frac*1e6))*1000).UTC(), nil
}

// quoteShort is a text for an error: quoted, so that nothing in it is taken for
// the message or for a terminal's commands, and cut.
func quoteShort(s string) string {
	const limit = 60
	if len(s) > limit {
		s = strings.ToValidUTF8(s[:limit], "") + "…"
	}
	return strconv.QuoteToASCII(s)
}
