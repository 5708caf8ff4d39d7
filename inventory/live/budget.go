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
		b.all = newBucket(perSecond, max(1, perSecond/4), now())
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
		t = newBucket(rate, burst, b.now())
		b.buckets[k] = t
	}
	return t
}

// wait takes a token, sleeping until there is one.
func (b *Budget) wait(ctx context.Context, k bucketKey) error {
	b.mu.Lock()
	own := b.bucket(k)
	b.mu.Unlock()
	if err := b.queue(ctx, own); err != nil || b.all == nil {
		return err
	}
	return b.queue(ctx, b.all)
}

// recheck is how long a call sleeps at most before it looks at its bucket again,
// whose rate may have changed.
const recheck = 250 * time.Millisecond

// queue waits for a bucket's next token, first come, first served.
func (b *Budget) queue(ctx context.Context, t *bucket) error {
	b.mu.Lock()
	ticket := t.take(b.now())
	d := t.delay(ticket)
	b.mu.Unlock()
	for d > 0 {
		if err := sleep(ctx, min(d, recheck)); err != nil {
			return err
		}
		b.mu.Lock()
		t.refill(b.now())
		d = t.delay(ticket)
		b.mu.Unlock()
	}
	return ctx.Err()
}

// throttled halves the rate of a bucket, down to one call in two seconds, and
// gives how often in a row that happened there. Of the calls that were under way
// together only the first slows it down and counts: sent is when this one was made.
func (b *Budget) throttled(k bucketKey, sent time.Time) (inRow int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	t := b.bucket(k)
	if sent.Before(t.slowed) {
		return t.inRow
	}
	t.inRow++
	t.refill(b.now())
	t.rate, t.slowed = max(0.5, t.rate/2), b.now()
	t.served = min(t.served, t.issued)
	return t.inRow
}

// succeeded lets a slowed bucket recover: a hundred calls bring it back.
func (b *Budget) succeeded(k bucketKey) {
	b.mu.Lock()
	defer b.mu.Unlock()
	t := b.bucket(k)
	t.rate = min(t.ceiling, t.rate+t.ceiling/100)
	t.inRow = 0
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

// bucket is a token bucket with a queue: who takes a ticket may go when as many
// tokens have been served.
type bucket struct {
	rate, ceiling, burst float64
	issued, served       float64
	last, slowed         time.Time
	// inRow counts the slow-downs since the last good answer.
	inRow int
}

func newBucket(rate, burst float64, now time.Time) *bucket {
	return &bucket{rate: rate, ceiling: rate, burst: burst, served: burst, last: now}
}

// refill serves what the time since the last look is worth, at most burst ahead.
func (t *bucket) refill(now time.Time) {
	t.served = min(t.issued+t.burst, t.served+now.Sub(t.last).Seconds()*t.rate)
	t.last = now
}

// take gives a ticket.
func (t *bucket) take(now time.Time) float64 {
	t.refill(now)
	t.issued++
	return t.issued
}

// delay is how long it is at this rate until a ticket is served.
func (t *bucket) delay(ticket float64) time.Duration {
	return time.Duration((ticket - t.served) / t.rate * float64(time.Second))
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
