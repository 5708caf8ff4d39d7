package iam

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"
)

// Bounds of a file of CloudTrail. AWS's files hold at most 50 MB of events, an
// event at most 256 kB (1 MB in CloudTrail Lake).
//
// https://docs.aws.amazon.com/awscloudtrail/latest/userguide/WhatIsCloudTrail-Limits.html, read 2026-11-24
const (
	MaxTrailBytes  = 1 << 30
	maxTrailRecord = 8 << 20
)

// ErrTrail is wrapped by the errors of [ReadTrail].
var ErrTrail = errors.New("not a file of CloudTrail")

// TrailCount is what a file held.
type TrailCount struct {
	Events    int // of all kinds
	Others    int // that are no API calls: sign-ins, events of services, insights
	Malformed int // records that could not be read
	Problem   string
}

// trailEvent is what is read of an event.
//
// https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html, read 2026-11-24
type trailEvent struct {
	EventTime       time.Time     `json:"eventTime"`
	EventSource     string        `json:"eventSource"`
	EventName       string        `json:"eventName"`
	EventType       string        `json:"eventType"`
	EventCategory   string        `json:"eventCategory"`
	AWSRegion       string        `json:"awsRegion"`
	ErrorCode       string        `json:"errorCode"`
	Recipient       string        `json:"recipientAccountId"`
	ManagementEvent *bool         `json:"managementEvent"`
	Identity        trailIdentity `json:"userIdentity"`
	Request         any           `json:"requestParameters"`
	Response        any           `json:"responseElements"`
	Resources       []struct {
		ARN       string `json:"ARN"`
		ARNPrefix string `json:"ARNPrefix"`
	} `json:"resources"`
}

type trailIdentity struct {
	Type        string `json:"type"`
	PrincipalID string `json:"principalId"`
	ARN         string `json:"arn"`
	AccountID   string `json:"accountId"`
	InvokedBy   string `json:"invokedBy"`
	Session     struct {
		Issuer struct {
			Type string `json:"type"`
			ARN  string `json:"arn"`
		} `json:"sessionIssuer"`
	} `json:"sessionContext"`
}

// ReadTrail reads events as CloudTrail delivers them ({"Records": […]}), as
// `aws cloudtrail lookup-events` prints them, as a list, or one after the other,
// and hands each API call to the function. It keeps one event at a time. A record
// that cannot be read is counted and passed over; what is no JSON, or larger than
// [MaxTrailBytes], ends the reading with an error that wraps [ErrTrail]; an error
// of the function does so as it is.
func ReadTrail(r io.Reader, each func(*Call) error) (TrailCount, error) {
	t := &trailReader{bound: &boundedReader{r: r, total: MaxTrailBytes}, each: each}
	t.decoder = json.NewDecoder(t.bound)
	t.decoder.UseNumber()
	for {
		t.bound.left = maxTrailRecord
		err := t.value()
		switch {
		case errors.Is(err, io.EOF):
			return t.count, nil
		case err != nil:
			return t.count, err
		}
	}
}

// boundedReader ends with an error when a record or all of them are too long.
type boundedReader struct {
	r           io.Reader
	left, total int
}

var errTrailLong = errors.New("a record or the file is longer than is read")

func (b *boundedReader) Read(p []byte) (int, error) {
	n := min(len(p), b.left, b.total)
	if n == 0 && len(p) > 0 {
		return 0, errTrailLong
	}
	n, err := b.r.Read(p[:n])
	b.left -= n
	b.total -= n
	return n, err
}

type trailReader struct {
	decoder *json.Decoder
	bound   *boundedReader
	each    func(*Call) error
	count   TrailCount
}

func (t *trailReader) wrap(err error) error {
	if errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	return fmt.Errorf("%w: at byte %d: %w", ErrTrail, t.decoder.InputOffset(), err)
}

// value reads a value at the top: an object with a list of records in it, a list
// of records, or a record. io.EOF when there is none.
func (t *trailReader) value() error {
	token, err := t.decoder.Token()
	if err == io.EOF {
		return io.EOF
	}
	if err != nil {
		return t.wrap(err)
	}
	switch token {
	case json.Delim('['):
		return t.list()
	case json.Delim('{'):
	default:
		return t.wrap(fmt.Errorf("%v where an object belongs", token))
	}
	rest := map[string]json.RawMessage{}
	lists := false
	for t.decoder.More() {
		name, err := t.decoder.Token()
		if err != nil {
			return t.wrap(err)
		}
		if name == "Records" || name == "Events" {
			lists = true
			open, err := t.decoder.Token()
			if err != nil {
				return t.wrap(err)
			}
			if open == nil {
				continue
			}
			if open != json.Delim('[') {
				return t.wrap(fmt.Errorf("%v is not a list", name))
			}
			if err := t.list(); err != nil {
				return err
			}
			continue
		}
		var raw json.RawMessage
		if err := t.decoder.Decode(&raw); err != nil {
			return t.wrap(err)
		}
		if text, ok := name.(string); ok && len(rest) < maxParameters {
			rest[text] = raw
		}
	}
	if _, err := t.decoder.Token(); err != nil {
		return t.wrap(err)
	}
	if lists {
		return nil
	}
	raw, err := json.Marshal(rest)
	if err != nil {
		return t.wrap(err)
	}
	return t.record(raw)
}

// list reads records up to the end of the list.
func (t *trailReader) list() error {
	for t.decoder.More() {
		t.bound.left = maxTrailRecord
		var raw json.RawMessage
		if err := t.decoder.Decode(&raw); err != nil {
			return t.wrap(err)
		}
		if err := t.record(raw); err != nil {
			return err
		}
	}
	if _, err := t.decoder.Token(); err != nil {
		return t.wrap(err)
	}
	return nil
}

func (t *trailReader) record(raw json.RawMessage) error {
	// lookup-events prints the event itself as a string.
	var outer struct{ CloudTrailEvent string }
	if json.Unmarshal(raw, &outer) == nil && outer.CloudTrailEvent != "" {
		raw = json.RawMessage(outer.CloudTrailEvent)
	}
	t.count.Events++
	var e trailEvent
	err := json.Unmarshal(raw, &e)
	if err == nil && (e.EventSource == "" || e.EventName == "") {
		err = errors.New("no event: eventSource or eventName is missing")
	}
	if err != nil {
		t.count.Malformed++
		if t.count.Problem == "" {
			t.count.Problem = err.Error()
		}
		return nil
	}
	// An absent type is that of old events, which were all API calls.
	if e.EventType != "" && e.EventType != "AwsApiCall" && e.EventType != "AwsConsoleAction" || e.EventCategory == "Insight" {
		t.count.Others++
		return nil
	}
	return t.each(e.call())
}

func (e *trailEvent) call() *Call {
	c := &Call{Service: e.EventSource, Operation: e.EventName, Region: e.AWSRegion, Account: e.Recipient, Time: e.EventTime, Error: e.ErrorCode,
		Complete: true, Data: e.EventCategory == "Data" || e.ManagementEvent != nil && !*e.ManagementEvent}
	id := &e.Identity
	if c.Account == "" {
		c.Account = id.AccountID
	}
	c.Principal, c.Session = id.who()
	if strings.HasPrefix(c.Principal, "arn:") && id.InvokedBy != "" && id.InvokedBy != "AWS Internal" {
		c.Via = id.InvokedBy
	}
	if p := strings.SplitN(id.ARN, ":", 3); len(p) == 3 && p[0] == "arn" {
		c.Partition = p[1]
	}
	for _, r := range e.Resources {
		if r.ARN != "" {
			c.Resources = append(c.Resources, CallResource{ARN: r.ARN})
		}
		if r.ARNPrefix != "" {
			c.Resources = append(c.Resources, CallResource{r.ARNPrefix, true})
		}
		if len(c.Resources) >= maxParameters {
			break
		}
	}
	c.SetParameters(e.Request)
	if e.EventSource == "iam.amazonaws.com" {
		// Requests name roles and users without their paths; answers know them.
		answer := &Call{}
		answer.SetParameters(e.Response)
		for _, arn := range answer.Parameters["arn"] {
			c.Resources = append(c.Resources, CallResource{ARN: arn})
		}
	}
	return c
}

// who is the user or role, and the session.
// https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-user-identity.html, read 2026-11-24
func (id *trailIdentity) who() (principal, session string) {
	switch {
	case id.Session.Issuer.ARN != "" && (id.Type == "AssumedRole" || id.Type == "FederatedUser"):
		return id.Session.Issuer.ARN, id.ARN
	case id.ARN != "":
		return id.ARN, ""
	case id.InvokedBy != "":
		return id.InvokedBy, ""
	case id.Type == "" && id.PrincipalID == "":
		return "unknown", ""
	}
	name := id.PrincipalID
	if name == "" {
		name = id.AccountID
	}
	return id.Type + " " + name, ""
}

// IsBy reports whether the call was made by the principal: a user, a role in any of
// its sessions, or one session of it.
func (c *Call) IsBy(principal string) bool {
	if principal == c.Principal || principal == c.Session && c.Session != "" {
		return true
	}
	// An event without the session's issuer only has the session's ARN, in which
	// the role's path is missing.
	p, err := ParsePrincipal(c.Principal)
	return err == nil && p.Kind == Session && p.namedBy(principal) == byRole
}
