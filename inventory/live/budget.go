package live

import (
	"context"
	"sync"
	"time"

	"merlon.dev/merlon"
)

// Budget limits how fast calls are made: a token bucket for every service,
// account and region, which slows down when AWS throttles and recovers slowly,
// and one for all together. It is safe for concurrent use.
type Budget struct {
	perSecond float64 // all together; 0 for no limit
	now       func() time.Time

	mu      sync.Mutex
	all     *bucket
	buckets map[bucketKey]*bucket
}

type bucketKey struct {
	account merlon.AccountID
	region  merlon.Region
	service string
}

// NewBudget makes a budget of at most perSecond calls in all; 0 means no such limit.
func NewBudget(perSecond float64, now func() time.Time) *Budget {
	b := &Budget{perSecond: perSecond, now: now, buckets: map[bucketKey]*bucket{}}
	if perSecond > 0 {
		b.all = &bucket{rate: perSecond, ceiling: perSecond, burst: max(1, perSecond/4), tokens: max(1, perSecond/4), last: now()}
	}
	return b
}

// initialRate is the calls a second a service starts with. EC2 refills 20
// describe calls a second from a bucket of 100 and leaves the account's other
// users their share of it:
// https://docs.aws.amazon.com/ec2/latest/devguide/ec2-api-throttling.html (read 2026-11-24).
// S3 allows thousands a prefix. The others start in the middle and find their
// level by being throttled.
func initialRate(service string) (rate, burst float64) {
	switch service {
	case "s3":
		return 150, 150
	case "ec2":
		return 20, 60
	default:
		return 40, 80
	}
}

func (b *Budget) bucket(k bucketKey) *bucket {
	t := b.buckets[k]
	if t == nil {
		rate, burst := initialRate(k.service)
		t = &bucket{rate: rate, ceiling: rate, burst: burst, tokens: burst, last: b.now()}
		b.buckets[k] = t
	}
	return t
}

// wait takes a token, sleeping until there is one.
func (b *Budget) wait(ctx context.Context, k bucketKey) error {
	b.mu.Lock()
	now := b.now()
	d := b.bucket(k).take(now)
	if b.all != nil {
		d = max(d, b.all.take(now))
	}
	b.mu.Unlock()
	return sleep(ctx, d)
}

// throttled halves the rate of a bucket, down to one call in two seconds.
func (b *Budget) throttled(k bucketKey) {
	b.mu.Lock()
	defer b.mu.Unlock()
	t := b.bucket(k)
	t.rate = max(0.5, t.rate/2)
	t.tokens = min(t.tokens, 0)
}

// succeeded lets a slowed bucket recover: a hundred calls bring it back.
func (b *Budget) succeeded(k bucketKey) {
	b.mu.Lock()
	defer b.mu.Unlock()
	t := b.bucket(k)
	t.rate = min(t.ceiling, t.rate+t.ceiling/100)
}

// forget drops the buckets of an account that has been read.
func (b *Budget) forget(account merlon.AccountID) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for k := range b.buckets {
		if k.account == account {
			delete(b.buckets, k)
		}
	}
}

// bucket is a token bucket; tokens may be negative, which is a queue.
type bucket struct {
	rate, ceiling, burst, tokens float64
	last                         time.Time
}

// take removes a token and says how long to wait for it.
func (t *bucket) take(now time.Time) time.Duration {
	t.tokens = min(t.burst, t.tokens+now.Sub(t.last).Seconds()*t.rate)
	t.last = now
	t.tokens--
	if t.tokens >= 0 {
		return 0
	}
	return time.Duration(-t.tokens / t.rate * float64(time.Second))
}

func sleep(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return ctx.Err()
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
