package live

import (
	"fmt"
	"math"
	"sync"
	"time"

	"merlon.dev/merlon"
)

// patience ends the waiting for an operation that does not answer. A call that
// is throttled or hangs is tried for a minute or more; a thousand such calls, one
// for each resource, would be tried for a day. So where an operation was given
// up twice in a row in one place, its further calls there are given up unmade,
// but for one attempt every so often that finds out whether it answers again.
// It is safe for concurrent use.
type patience struct {
	every time.Duration

	mu  sync.Mutex
	ops map[opKey]*lapse
}

type opKey struct {
	bucketKey
	name string
}

// lapse is an operation that has been given up since it last answered.
type lapse struct {
	times int
	err   error
	// garbled counts the calls that ended in an answer which is not AWS's.
	garbled int
	// probe is when the next attempt is due.
	probe time.Time
}

// lapses is how many calls in a row are given up before the others are.
const lapses = 2

func newPatience(every time.Duration) *patience {
	return &patience{every: every, ops: map[opKey]*lapse{}}
}

// allow gives how often a call may be tried, or the error of the last one where
// it is not to be made.
func (p *patience) allow(k bucketKey, name string) (tries int, refused error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	l := p.ops[opKey{k, name}]
	switch {
	case l == nil:
		return math.MaxInt, nil
	case l.times < lapses && l.garbled >= lapses:
		return 1, nil
	case l.times < lapses:
		return math.MaxInt, nil
	}
	now := time.Now()
	if now.Before(l.probe) {
		return 0, fmt.Errorf("not called again, as %d calls before it were given up: %w", l.times, l.err)
	}
	l.probe = now.Add(p.every)
	return 1, nil
}

// gaveUp notes that a call ended without an answer.
func (p *patience) gaveUp(k bucketKey, name string, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	l := p.lapse(k, name)
	l.times++
	l.err, l.probe = err, time.Now().Add(p.every)
}

// garbled notes that a call ended in an answer that is not AWS's. It came at
// once, so the next is made; but after some in a row each is tried only once.
func (p *patience) garbled(k bucketKey, name string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.lapse(k, name).garbled++
}

func (p *patience) lapse(k bucketKey, name string) *lapse {
	key := opKey{k, name}
	l := p.ops[key]
	if l == nil {
		l = &lapse{}
		p.ops[key] = l
	}
	return l
}

// answered notes that the operation answers, if only with an error.
func (p *patience) answered(k bucketKey, name string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.ops, opKey{k, name})
}

// forget drops an account that has been read.
func (p *patience) forget(account merlon.AccountID) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for k := range p.ops {
		if k.account == account {
			delete(p.ops, k)
		}
	}
}
