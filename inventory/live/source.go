package live

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"merlon.dev/merlon"
)

// Place is where a call is made.
type Place struct {
	Account merlon.AccountID
	Region  merlon.Region
}

// Stats say what a call cost.
type Stats struct {
	At        time.Time
	Took      time.Duration
	Attempts  int
	Throttles int
}

// Source answers calls: AWS, or a recording of it.
type Source interface {
	// Open gives a Caller for one place; it may keep connections and clients
	// until it is dropped.
	Open(ctx context.Context, p Place) (Caller, error)
}

// Caller makes the calls of one place. It is safe for concurrent use. The answer
// is of the operation's output type. An error that wraps an API error carries
// the service's code; [ErrNotRecorded] and [ErrExpired] are told apart.
type Caller interface {
	Call(ctx context.Context, o *Operation, in any) (out any, stats Stats, err error)
}

// Limits of a live source that tests shorten.
type Limits struct {
	// Timeout of one attempt.
	Timeout time.Duration
	// Throttles and Failures are how often a throttled and a failed call is tried in all.
	Throttles, Failures int
	// Backoff is the first pause; it doubles up to MaxBackoff.
	Backoff, MaxBackoff time.Duration
}

// DefaultLimits give up on a throttled call after about a minute and a half.
func DefaultLimits() Limits {
	return Limits{Timeout: 30 * time.Second, Throttles: 10, Failures: 3, Backoff: 100 * time.Millisecond, MaxBackoff: 20 * time.Second}
}

// AWS answers calls by making them. It is safe for concurrent use.
type AWS struct {
	limits Limits
	budget *Budget
	slots  chan struct{}

	patience *patience

	mu      sync.Mutex
	configs map[merlon.AccountID]aws.Config
	expired map[merlon.AccountID]bool
}

// NewAWS makes a source with a budget and at most parallel calls at a time.
func NewAWS(budget *Budget, limits Limits, parallel int) *AWS {
	return &AWS{limits: limits, budget: budget, slots: make(chan struct{}, parallel), patience: newPatience(limits.MaxBackoff),
		configs: map[merlon.AccountID]aws.Config{}, expired: map[merlon.AccountID]bool{}}
}

// Configure sets the configuration, with credentials, that calls in an account use.
func (a *AWS) Configure(account merlon.AccountID, cfg aws.Config) {
	// Retrying is ours: the SDK's cannot tell the budget that it was throttled.
	cfg.Retryer = func() aws.Retryer { return aws.NopRetryer{} }
	a.mu.Lock()
	defer a.mu.Unlock()
	a.configs[account] = cfg
}

// Forget drops what is kept of an account that has been read.
func (a *AWS) Forget(account merlon.AccountID) {
	a.mu.Lock()
	delete(a.configs, account)
	a.mu.Unlock()
	a.budget.forget(account)
	a.patience.forget(account)
}

// Open gives a Caller for an account that was configured.
func (a *AWS) Open(_ context.Context, p Place) (Caller, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	cfg, ok := a.configs[p.Account]
	if !ok {
		return nil, fmt.Errorf("no credentials for account %s", p.Account)
	}
	cfg.Region = string(p.Region)
	return &awsCaller{a: a, place: p, cfg: cfg, clients: map[string]any{}}, nil
}

type awsCaller struct {
	a     *AWS
	place Place
	cfg   aws.Config

	mu      sync.Mutex
	clients map[string]any
}

func (c *awsCaller) client(o *Operation) any {
	c.mu.Lock()
	defer c.mu.Unlock()
	cl := c.clients[o.Service]
	if cl == nil {
		cl = o.client(c.cfg)
		c.clients[o.Service] = cl
	}
	return cl
}

// Call makes the call, again where that may help, within the budget.
func (c *awsCaller) Call(ctx context.Context, o *Operation, in any) (any, Stats, error) {
	l := c.a.limits
	key := bucketKey{c.place.Account, c.place.Region, o.Service}
	st := Stats{At: time.Now()}
	defer func() { st.Took = time.Since(st.At) }()
	tries, refused := c.a.patience.allow(key, o.Name)
	if refused != nil {
		return nil, st, refused
	}
	failures, pause := 0, l.Backoff
	for {
		if c.hasExpired() {
			return nil, st, ErrExpired
		}
		if err := c.a.budget.wait(ctx, key); err != nil {
			return nil, st, err
		}
		st.Attempts++
		sent := time.Now()
		out, err := c.attempt(ctx, o, in, l.Timeout)
		if err == nil {
			c.a.budget.succeeded(key)
			c.a.patience.answered(key, o.Name)
			st.Took = time.Since(st.At)
			return out, st, nil
		}
		if ctx.Err() != nil {
			return nil, st, ctx.Err()
		}
		switch {
		case throttled(err):
			st.Throttles++
			// A service that throttles everything is asked once for each call.
			if inRow := c.a.budget.throttled(key, sent); inRow >= 2*l.Throttles {
				tries = 1
			}
			if st.Throttles >= min(tries, l.Throttles) {
				c.a.patience.gaveUp(key, o.Name, err)
				return nil, st, err
			}
		case slices.Contains(expiredCodes, code(err)):
			c.markExpired()
			return nil, st, fmt.Errorf("%w: %w", ErrExpired, err)
		case transient(err):
			failures++
			if failures >= min(tries, l.Failures) || malformed(err) && failures >= 2 || refusedPage(err) {
				switch {
				case timedOut(err):
					c.a.patience.gaveUp(key, o.Name, err)
				case malformed(err):
					c.a.patience.garbled(key, o.Name)
				}
				return nil, st, err
			}
		default:
			c.a.patience.answered(key, o.Name)
			return nil, st, err
		}
		// Full jitter: https://aws.amazon.com/builders-library/timeouts-retries-and-backoff-with-jitter/ (read 2026-11-24).
		if err := sleep(ctx, pause/2+rand.N(pause/2+1)); err != nil {
			return nil, st, err
		}
		pause = min(2*pause, l.MaxBackoff)
	}
}

func (c *awsCaller) attempt(ctx context.Context, o *Operation, in any, timeout time.Duration) (any, error) {
	select {
	case c.a.slots <- struct{}{}:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	defer func() { <-c.a.slots }()
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	return o.invoke(ctx, c.client(o), in)
}

func (c *awsCaller) hasExpired() bool {
	c.a.mu.Lock()
	defer c.a.mu.Unlock()
	return c.a.expired[c.place.Account]
}

func (c *awsCaller) markExpired() {
	c.a.mu.Lock()
	defer c.a.mu.Unlock()
	c.a.expired[c.place.Account] = true
}

// isCredentials reports an error of finding or refreshing credentials, which no
// other call would survive either.
func isCredentials(err error) bool {
	if err == nil {
		return false
	}
	var ce interface{ ProviderName() string }
	return errors.As(err, &ce) || strings.Contains(err.Error(), "get credentials") || strings.Contains(err.Error(), "get identity: get credentials")
}
