package awstest

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"merlon.dev/merlon"
)

// sessions are what AssumeRole gave out.
type sessions struct {
	byKey map[string]session
	// expired is the number of the last session that has ended.
	expired int
}

type session struct {
	number     int
	role, name string
}

func newSessions() sessions { return sessions{byKey: map[string]session{}} }

// ExpireSessions ends all sessions that AssumeRole has given so far: calls
// with them answer ExpiredToken, and new sessions are good again.
func (s *Server) ExpireSessions() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sessions.expired = len(s.sessions.byKey)
}

// DisableRegion makes a region one that the accounts have not opted in to:
// every call there is refused, and DescribeRegions says so.
func (s *Server) DisableRegion(r ...merlon.Region) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.disabled = append(s.disabled, r...)
}

// credentials refuses calls of ended sessions and in disabled regions.
func (s *Server) credentials(c *Call) error {
	s.mu.Lock()
	sess, ok := s.sessions.byKey[c.AccessKey]
	expired := ok && sess.number <= s.sessions.expired
	disabled := slices.Contains(s.disabled, c.Region)
	s.mu.Unlock()
	switch {
	case expired:
		return s.ExpiredToken(c)
	case disabled:
		return s.disabledRegion(c)
	}
	return nil
}

// assumeRole gives a session in the account of the role, whoever asks. The
// access key carries the account.
// https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html (read 2026-11-24).
func (s *Server) assumeRole(c *Call) (any, error) {
	arn, err := merlon.ParseARN(c.Text("RoleArn"))
	path, isRole := strings.CutPrefix(arn.Resource, "role/")
	if err != nil || !isRole || !arn.Account.Valid() || arn.Service != "iam" {
		return nil, &Error{Code: "ValidationError", Message: c.Text("RoleArn") + " is invalid", Status: 400}
	}
	role := path[strings.LastIndexByte(path, '/')+1:]
	name := c.Text("RoleSessionName")
	hours := time.Hour
	if d, ok := c.Value("DurationSeconds").(int64); ok {
		hours = time.Duration(d) * time.Second
	}
	s.mu.Lock()
	n := len(s.sessions.byKey) + 1
	key := fmt.Sprintf("ASIA%s%s", arn.Account, base32of(n))
	s.sessions.byKey[key] = session{n, role, name}
	s.mu.Unlock()
	return map[string]any{
		"Credentials": map[string]any{
			"AccessKeyId": key, "SecretAccessKey": "secret", "SessionToken": fmt.Sprintf("session-%d", n),
			"Expiration": time.Now().Add(hours),
		},
		"AssumedRoleUser": map[string]any{
			"Arn":           fmt.Sprintf("arn:%s:sts::%s:assumed-role/%s/%s", arn.Partition, arn.Account, role, name),
			"AssumedRoleId": "AROA" + strings.Repeat("A", 13) + base32of(n) + ":" + name,
		},
	}, nil
}

// base32of is a number in four characters of access keys.
func base32of(n int) string {
	const digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
	var b [4]byte
	for i := range b {
		b[3-i] = digits[n%32]
		n /= 32
	}
	return string(b[:])
}
