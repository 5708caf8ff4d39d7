package live

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws/retry"
	smithy "github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"merlon.dev/merlon"
)

// ErrNotRecorded is what a Source returns for a call that its recording does not hold.
var ErrNotRecorded = errors.New("not recorded")

// ErrExpired stops the reading of an account whose credentials cannot be renewed.
var ErrExpired = errors.New("credentials have expired")

// code is the service's error code, "" where the error is not the service's.
func code(err error) string {
	var api smithy.APIError
	if errors.As(err, &api) {
		return api.ErrorCode()
	}
	return ""
}

// absent reports an error that means "not there".
func (o *Operation) absent(err error) bool {
	c := code(err)
	return c != "" && slices.ContainsFunc(o.Absent, func(a string) bool {
		want, words, _ := strings.Cut(a, ": ")
		return want == c && strings.Contains(strings.ToLower(message(err)), strings.ToLower(words))
	})
}

func status(err error) int {
	var re *smithyhttp.ResponseError
	if errors.As(err, &re) {
		return re.HTTPStatusCode()
	}
	return 0
}

// expiredCodes mean that the session is over, not that an action is denied.
//
// https://docs.aws.amazon.com/STS/latest/APIReference/CommonErrors.html (read 2026-11-24).
var expiredCodes = []string{"ExpiredToken", "ExpiredTokenException", "RequestExpired", "TokenRefreshRequired"}

// invalidCodes mean that the credentials are not known to AWS at all.
var invalidCodes = []string{"InvalidClientTokenId", "UnrecognizedClientException", "InvalidAccessKeyId", "AuthFailure", "SignatureDoesNotMatch"}

// causeFor sorts an error into the causes of a Gap.
func causeFor(err error) merlon.Cause {
	if cause, ok := recordedCause(err); ok {
		return cause
	}
	c := code(err)
	switch {
	case errors.Is(err, ErrNotRecorded):
		return merlon.CauseNotRecorded
	case slices.Contains(expiredCodes, c), errors.Is(err, ErrExpired):
		return merlon.CauseExpired
	case isPage(err):
		return merlon.CauseMalformed
	case throttled(err):
		return merlon.CauseThrottled
	case denied(c, err):
		return merlon.CauseDenied
	case timedOut(err):
		return merlon.CauseTimeout
	case malformed(err):
		return merlon.CauseMalformed
	}
	return merlon.CauseFailed
}

// denied: services spell it in many ways, EC2 with a code of its own.
func denied(c string, err error) bool {
	return strings.HasPrefix(c, "AccessDenied") || strings.HasPrefix(c, "UnauthorizedOperation") || c == "UnauthorizedException" ||
		c == "NotAuthorized" || c == "AuthorizationError" || c == "AuthorizationErrorException" || c == "OptInRequired" ||
		slices.Contains(invalidCodes, c) || c == "Forbidden" || (c == "" && status(err) == http.StatusForbidden)
}

func throttled(err error) bool {
	c := code(err)
	if _, ok := retry.DefaultThrottleErrorCodes[c]; ok && c != "" {
		return true
	}
	return c == "Throttled" || c == "RequestThrottled" || status(err) == http.StatusTooManyRequests
}

func timedOut(err error) bool {
	if errors.Is(err, context.DeadlineExceeded) || code(err) == "RequestTimeout" {
		return true
	}
	var ne net.Error
	return errors.As(err, &ne) && ne.Timeout()
}

// malformed: the answer arrived and could not be read.
func malformed(err error) bool {
	var de *smithy.DeserializationError
	return errors.As(err, &de) || isPage(err) || errors.Is(err, io.ErrUnexpectedEOF)
}

// refusedPage: a page that says 404 or the like is no failure that passes.
func refusedPage(err error) bool {
	var p *pageError
	return errors.As(err, &p) && p.status >= 400 && p.status < 500 && p.status != http.StatusRequestTimeout && p.status != http.StatusTooManyRequests
}

func isPage(err error) bool {
	var p *pageError
	return errors.As(err, &p)
}

// transient errors are worth another try soon.
func transient(err error) bool {
	if s := status(err); s >= 500 && !malformed(err) && code(err) != "NotImplemented" {
		return true
	}
	if code(err) != "" {
		return false
	}
	var ne net.Error
	return errors.As(err, &ne) || malformed(err) || errors.Is(err, context.DeadlineExceeded) || strings.Contains(err.Error(), "connection reset") || strings.Contains(err.Error(), "EOF")
}

// message is the service's own text, in one line and cut to a size fit for a report.
func message(err error) string {
	text := err.Error()
	var api smithy.APIError
	var page *pageError
	switch {
	case errors.As(err, &api):
		text = api.ErrorMessage()
	case errors.As(err, &page):
		text = page.Error()
	}
	// The ids of a request differ each time and help nobody who reads a report.
	for _, id := range []string{"RequestID: ", "HostID: "} {
		if before, after, ok := strings.Cut(text, id); ok {
			_, rest, _ := strings.Cut(after, ",")
			text = before + strings.TrimPrefix(rest, " ")
		}
	}
	text = strings.Join(strings.Fields(text), " ")
	const limit = 300
	if len(text) > limit {
		text = strings.ToValidUTF8(text[:limit], "") + "…"
	}
	return text
}
