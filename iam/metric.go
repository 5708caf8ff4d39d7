package iam

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"
)

// ErrMetric is wrapped by the errors of [ParseMetric].
var ErrMetric = errors.New("not a client-side metric of an SDK")

// Metric is a message of the SDKs' client-side monitoring that tells of a call.
type Metric struct {
	Call   *Call
	Client string // the id that the program was told to send
	// Attempt says that it is one of perhaps several attempts at a call, of which a
	// message of its own tells afterwards.
	Attempt bool
}

// maxMetric is what one datagram may hold; the SDKs send at most 8 kB.
const maxMetric = 64 << 10

// ParseMetric reads one datagram. Messages carry an access key and a session token
// as well; they are not read. The error wraps [ErrMetric].
//
// https://docs.aws.amazon.com/sdk-for-java/v1/developer-guide/generating-sdk-metrics.html and
// the SDK for Go v1's package aws/csm, read 2026-11-24
func ParseMetric(datagram []byte) (*Metric, error) {
	if len(datagram) > maxMetric {
		return nil, fmt.Errorf("%w: %d bytes", ErrMetric, len(datagram))
	}
	var m struct {
		Type, Service, API, ClientID, Region string
		Timestamp                            int64 // milliseconds
		FinalAwsException, AwsException      string
		FinalHTTPStatusCode, HTTPStatusCode  int
	}
	if err := json.Unmarshal(datagram, &m); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrMetric, err)
	}
	if m.Type != "ApiCall" && m.Type != "ApiCallAttempt" {
		return nil, fmt.Errorf("%w: type %.40q", ErrMetric, m.Type)
	}
	if !isName(m.Service, " -.") || !isName(m.API, "_") || m.Region != "" && !isName(m.Region, "-") {
		return nil, fmt.Errorf("%w: service %.80q, operation %.80q, region %.80q", ErrMetric, m.Service, m.API, m.Region)
	}
	c := &Call{Service: m.Service, Operation: m.API, Region: m.Region, Error: m.FinalAwsException}
	if m.Timestamp > 0 {
		c.Time = time.UnixMilli(m.Timestamp).UTC()
	}
	attempt := m.Type == "ApiCallAttempt"
	if attempt {
		c.Error = m.AwsException
	}
	if len(c.Error) > 128 {
		c.Error = c.Error[:128]
	}
	return &Metric{Call: c, Client: m.ClientID, Attempt: attempt}, nil
}

// isName holds foreign names to letters, digits and a few characters more.
func isName(s, more string) bool {
	if s == "" || len(s) > 128 {
		return false
	}
	for i := 0; i < len(s); i++ {
		c := s[i]
		if (c < '0' || c > '9') && (c < 'A' || c > 'Z') && (c < 'a' || c > 'z') && strings.IndexByte(more, c) < 0 {
			return false
		}
	}
	return true
}
