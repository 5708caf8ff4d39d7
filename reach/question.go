package reach

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
)

// Point is an end of a connection: exactly one of what it may be, with the
// address that is used where there are several, or an address alone.
type Point struct {
	Instance                 string `json:"instance,omitempty"`
	Interface                string `json:"interface,omitempty"`
	LoadBalancer             string `json:"load_balancer,omitempty"` // ARN
	Subnet                   string `json:"subnet,omitempty"`
	VPC                      string `json:"vpc,omitempty"`
	VPNGateway               string `json:"vpn_gateway,omitempty"`
	TransitGatewayAttachment string `json:"transit_gateway_attachment,omitempty"`
	Internet                 bool   `json:"internet,omitempty"`
	IP                       string `json:"ip,omitempty"`
	// Through is the balancer in front of a destination; the port is then its listener's.
	Through string `json:"through,omitempty"`
}

// Question asks whether a connection works, in both directions.
type Question struct {
	ID       string   `json:"id"`
	From     Point    `json:"from"`
	To       Point    `json:"to"`
	Protocol Protocol `json:"protocol"`
	Port     *int     `json:"port"` // nil: any, or none for a protocol without ports
}

// Protocol is an IP protocol number; -1 is any.
type Protocol int

// UnmarshalJSON reads tcp, udp, icmp, icmpv6, all, or a number; absent is tcp.
func (p *Protocol) UnmarshalJSON(raw []byte) error {
	text := strings.Trim(string(raw), `"`)
	n, err := ParseProtocol(text)
	*p = n
	return err
}

// ParseProtocol reads tcp, udp, icmp, icmpv6, all, or a number.
func ParseProtocol(text string) (Protocol, error) {
	if text == "" || text == "null" {
		return 6, nil
	}
	n := protocolNumber(text)
	if n == protocolUnknown {
		return 0, fmt.Errorf("protocol %q: tcp, udp, icmp or a number belongs there", text)
	}
	return Protocol(n), nil
}

func (p Protocol) String() string {
	switch p {
	case -1:
		return "all"
	case 1:
		return "icmp"
	case 6:
		return "tcp"
	case 17:
		return "udp"
	case 58:
		return "icmpv6"
	}
	return strconv.Itoa(int(p))
}

// ParseQuestion reads one line of JSON.
func ParseQuestion(line []byte) (*Question, error) {
	q := &Question{Protocol: 6}
	if err := json.Unmarshal(line, q); err != nil {
		return q, fmt.Errorf("request: %w", err)
	}
	if q.Port != nil && (*q.Port < 0 || *q.Port > 65535) {
		return q, fmt.Errorf("request %q: port %d is none", q.ID, *q.Port)
	}
	return q, nil
}

// Verdict is the answer to a question.
type Verdict string

// The verdicts.
const (
	Reachable   Verdict = "reachable"
	Unreachable Verdict = "unreachable"
	Unknown     Verdict = "unknown"
)

// Direction is which way a packet goes when something happens to it.
type Direction string

// The directions: on the way out of the source's side, into the destination's,
// or back.
const (
	Egress  Direction = "egress"
	Ingress Direction = "ingress"
	Return  Direction = "return"
)

// Stop is a component that stops a connection.
type Stop struct {
	Kind      string    `json:"kind"`
	ID        string    `json:"id"`
	Direction Direction `json:"direction"`
	Why       string    `json:"why,omitempty"`
}

// Hop is a component a packet passes, and the rule that let it.
type Hop struct {
	Kind      string    `json:"kind"`
	ID        string    `json:"id,omitempty"`
	Direction Direction `json:"direction"`
	Rule      string    `json:"rule,omitempty"`
}

// Answer says whether the exchange works, what stops it, and its path.
type Answer struct {
	ID        string    `json:"id"`
	Verdict   Verdict   `json:"verdict"`
	StoppedBy []Stop    `json:"stopped_by"`
	Missing   []Missing `json:"missing"`
	Path      []Hop     `json:"path"`
	Error     string    `json:"error,omitempty"`
}
