package cli

import (
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"merlon.dev/merlon"
)

// counts are the numbers of a running scan. They are safe for concurrent use.
type counts struct {
	accounts int
	started  time.Time

	planned, done, calls, throttles atomic.Int64

	mu      sync.Mutex
	entered map[merlon.AccountID]bool
	regions map[string]bool
}

func newCounts(accounts int, now func() time.Time) *counts {
	return &counts{accounts: accounts, started: now(), entered: map[merlon.AccountID]bool{}, regions: map[string]bool{}}
}

func (c *counts) called(account merlon.AccountID, region merlon.Region, attempts, throttles int) {
	c.calls.Add(int64(max(1, attempts)))
	c.throttles.Add(int64(throttles))
	c.mu.Lock()
	defer c.mu.Unlock()
	c.entered[account] = true
	c.regions[string(account)+string(region)] = true
}

// line is the state in one line. The time left supposes that what is planned now
// is all and that it goes on as it went.
func (c *counts) line(now time.Time) string {
	c.mu.Lock()
	entered, regions := len(c.entered), len(c.regions)
	c.mu.Unlock()
	planned, done := c.planned.Load(), c.done.Load()
	s := fmt.Sprintf("accounts %d/%d · regions %d · services %s/%s · calls %s", entered, c.accounts, regions, thousands(done), thousands(planned), thousands(c.calls.Load()))
	if t := c.throttles.Load(); t > 0 {
		s += fmt.Sprintf(" · throttled %s", thousands(t))
	}
	if elapsed := now.Sub(c.started); done > 0 && elapsed > 2*time.Second {
		// Accounts that were not entered yet are not planned yet.
		whole := float64(planned) / float64(max(1, entered)) * float64(max(c.accounts, entered))
		left := time.Duration(float64(elapsed) * (whole/float64(done) - 1)).Round(time.Second)
		s += fmt.Sprintf(" · about %s left", left)
	}
	return s
}
