package live

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"merlon.dev/merlon"
)

func TestCause(t *testing.T) {
	for _, c := range []struct {
		err  error
		want merlon.Cause
	}{
		{apiError("AccessDenied"), merlon.CauseDenied},
		{apiError("AccessDeniedException"), merlon.CauseDenied},
		{apiError("UnauthorizedOperation"), merlon.CauseDenied},
		{apiError("Throttling"), merlon.CauseThrottled},
		{apiError("RequestLimitExceeded"), merlon.CauseThrottled},
		{apiError("ExpiredToken"), merlon.CauseExpired},
		{apiError("InternalFailure"), merlon.CauseFailed},
		{fmt.Errorf("call: %w", ErrNotRecorded), merlon.CauseNotRecorded},
		{errors.New("what"), merlon.CauseFailed},
	} {
		if got := causeFor(c.err); got != c.want {
			t.Errorf("%v: %s, want %s", c.err, got, c.want)
		}
	}
}

func TestMessage(t *testing.T) {
	err := errors.New("operation error X: Y, https response error StatusCode: 500, RequestID: 4711, HostID: abc, deserialization failed\n at line")
	want := "operation error X: Y, https response error StatusCode: 500, deserialization failed at line"
	if got := message(err); got != want {
		t.Errorf("%q, want %q", got, want)
	}
	if got := message(errors.New(strings.Repeat("é", 1000))); len(got) > 310 || !strings.HasSuffix(got, "…") {
		t.Errorf("a long message is cut at a letter: %d bytes", len(got))
	}
}
