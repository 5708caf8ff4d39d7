package merlon

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
)

// Cause says why something could not be read.
type Cause string

// The causes of a Gap. A call's own error code is kept in [Gap.Code].
const (
	CauseDenied      Cause = "AccessDenied"
	CauseThrottled   Cause = "Throttled"
	CauseTimeout     Cause = "Timeout"
	CauseExpired     Cause = "ExpiredCredentials"
	CauseFailed      Cause = "Failed"      // any other error of the service
	CauseMalformed   Cause = "Malformed"   // an answer that could not be read
	CauseNotRecorded Cause = "NotRecorded" // a recording without this call
	CauseTooLarge    Cause = "TooLarge"    // more than a limit of Merlon's own
	CauseUnsupported Cause = "Unsupported" // a part of a template that Merlon cannot read
)

// Gap is something that should have been read and was not. A Gap without a
// Resource stands for a list call: no resource of Types could be judged in that
// account and region.
type Gap struct {
	// Call is "service:Operation".
	Call    string    `json:"call"`
	Account AccountID `json:"account,omitempty"`
	Region  Region    `json:"region,omitempty"`
	// Resource is the Key of the resource the call was about; empty for a list call.
	Resource string `json:"resource,omitempty"`
	// Types are the resource types that are missing for it.
	Types []string `json:"types,omitempty"`
	Cause Cause    `json:"cause"`
	// Code and Message are what the service answered, shortened, unescaped.
	Code    string `json:"code,omitempty"`
	Message string `json:"message,omitempty"`
	// Actions are the IAM actions that would have been needed, Statement the
	// policy statement that would grant them; both for denied calls only.
	Actions   []string `json:"actions,omitempty"`
	Statement string   `json:"statement,omitempty"`
	// Accepted names who accepted the gap in merlon.yaml.
	Accepted string `json:"accepted,omitempty"`
}

// Key identifies the gap within a snapshot.
func (g *Gap) Key() string {
	return HashID(g.Call, string(g.Account), string(g.Region), g.Resource)
}

// Text says in one line what is missing and why.
func (g *Gap) Text() string {
	var b strings.Builder
	b.WriteString(g.Call)
	if g.Resource != "" {
		b.WriteString(" on ")
		b.WriteString(g.Resource)
	} else if g.Account != "" {
		b.WriteString(" in ")
		b.WriteString(string(g.Account))
		if g.Region != "" {
			b.WriteString("/")
			b.WriteString(string(g.Region))
		}
	}
	switch g.Cause {
	case CauseDenied:
		b.WriteString(" was denied")
	case CauseThrottled:
		b.WriteString(" was throttled until Merlon gave up")
	case CauseTimeout:
		b.WriteString(" got no answer in time")
	case CauseExpired:
		b.WriteString(": the credentials had expired")
	case CauseNotRecorded:
		b.WriteString(" is not in the recording")
	case CauseMalformed:
		b.WriteString(" gave an answer that could not be read")
	case CauseTooLarge:
		b.WriteString(" gave more than Merlon reads")
	case CauseUnsupported:
		b.WriteString(" holds what Merlon cannot read")
	default:
		b.WriteString(" failed")
	}
	if g.Code != "" && g.Code != string(g.Cause) {
		b.WriteString(" (" + g.Code + ")")
	}
	return b.String()
}

// HashID is the short, stable identifier of a list of words: 16 hexadecimal
// digits. The words cannot be shifted into one another.
func HashID(words ...string) string {
	h := sha256.New()
	for _, w := range words {
		h.Write([]byte(w))
		h.Write([]byte{0})
	}
	return hex.EncodeToString(h.Sum(nil)[:8])
}
