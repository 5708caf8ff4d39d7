package awstest

import (
	"errors"
	"fmt"
	"strings"

	"merlon.dev/merlon"
	"merlon.dev/merlon/internal/awstest/wire"
)

// Error is an error answer of a service; a [Handler] returns it as its error.
type Error = wire.Error

// ErrPass is what a [Handler] returns to leave a call to the one registered
// before it, and in the end to the default answer.
var ErrPass = errors.New("left to the default answer")

// Handler answers a call with the operation's output: a map[string]any with AWS's member
// names (in any case), or anything with such a JSON form; nil for the empty output. Lists are
// paged by the server. An [*Error] is answered in the call's protocol; any other
// error but [ErrPass] becomes a problem of the test. Handlers run concurrently.
type Handler func(*Call) (any, error)

// Call is one request that reached the server.
type Call struct {
	// Service is the name of the SDK's package ("cloudwatchlogs"), Operation as
	// AWS names it ("DescribeLogGroups").
	Service, Operation string
	Account            merlon.AccountID
	Region             merlon.Region
	AccessKey          string
	// Input is what was asked, by the model's member names.
	Input map[string]any
	// N counts the calls of this operation in this account and region, from 1.
	N int
	// Role is the name of the role and Session of the session that an
	// AssumeRole on this server gave; empty for other credentials.
	Role, Session string
}

// Name is "service:Operation".
func (c *Call) Name() string { return c.Service + ":" + c.Operation }

// Value is what stands in the input at a dotted path, without regard to case.
func (c *Call) Value(path string) any {
	v, _ := wire.Get(c.Input, path)
	return v
}

// Text is the input's value at a path as text; "" when it is not there.
func (c *Call) Text(path string) string {
	switch v := c.Value(path).(type) {
	case nil:
		return ""
	case string:
		return v
	case []byte:
		return string(v)
	default:
		return fmt.Sprint(v)
	}
}

// Texts is the list of texts at a path; nil when there is none.
func (c *Call) Texts(path string) []string {
	list, _ := c.Value(path).([]any)
	var out []string
	for _, v := range list {
		out = append(out, fmt.Sprint(v))
	}
	return out
}

// Caller is the ARN of who made the call.
func (c *Call) Caller() string {
	partition := merlon.PartitionOf(c.Region)
	if c.Role != "" {
		return fmt.Sprintf("arn:%s:sts::%s:assumed-role/%s/%s", partition, c.Account, c.Role, c.Session)
	}
	return fmt.Sprintf("arn:%s:iam::%s:user/merlon", partition, c.Account)
}

// Match says which calls are meant; what is empty matches all.
type Match struct {
	// Call is "service:Operation", "service:*" or "service:Prefix*".
	Call    string
	Account merlon.AccountID
	Region  merlon.Region
	// Input are values that the call's input must have, by dotted paths: a call
	// on one resource.
	Input map[string]string
}

func (m *Match) matches(c *Call) bool {
	if m.Account != "" && m.Account != c.Account || m.Region != "" && m.Region != c.Region {
		return false
	}
	if prefix, ok := strings.CutSuffix(m.Call, "*"); ok {
		if !strings.HasPrefix(c.Name(), prefix) {
			return false
		}
	} else if m.Call != "" && m.Call != c.Name() {
		return false
	}
	for path, want := range m.Input {
		if c.Text(path) != want {
			return false
		}
	}
	return true
}

// AccessKey is an access key id that carries an account: whoever signs with it
// is in that account. Secrets may be anything.
func AccessKey(account merlon.AccountID) string { return "AKIA" + string(account) + "TEST" }

// accountOf reads the account from an access key id of [AccessKey] or of a session.
func accountOf(key string) (merlon.AccountID, bool) {
	if len(key) != 20 {
		return "", false
	}
	a := merlon.AccountID(key[4:16])
	return a, a.Valid()
}
