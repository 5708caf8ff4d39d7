package awstest

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"sync"
	"time"

	"merlon.dev/merlon"
	"merlon.dev/merlon/internal/awstest/wire"
)

// Fault is something that goes wrong with calls. Several may apply to one
// call: delays add up, and the first that ends the call does.
type Fault struct {
	Match
	// From is the first of the matching calls to be hit, counted from 1 (0 is
	// 1 too); Times how many are; 0 means all from there on.
	From, Times int
	Do          Effect
}

// Effect is what a Fault does.
type Effect func(*Server, context.Context, *Call, *injection)

// injection collects what faults do to one call.
type injection struct {
	err      *Error
	response *wire.Response
	cut      bool
	reset    bool
	repeat   bool
	gone     bool // the caller gave up
}

func (i *injection) ends() bool { return i.err != nil || i.response != nil || i.reset || i.gone }

// Injected is a fault in place.
type Injected struct {
	fault   Fault
	s       *Server
	seen    int
	hits    int
	removed bool
}

// Inject puts a fault in place, after those that are there.
func (s *Server) Inject(f Fault) *Injected {
	i := &Injected{fault: f, s: s}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = append(s.faults, i)
	return i
}

// Hits is the number of calls that the fault hit.
func (i *Injected) Hits() int {
	i.s.mu.Lock()
	defer i.s.mu.Unlock()
	return i.hits
}

// Remove ends the fault.
func (i *Injected) Remove() {
	i.s.mu.Lock()
	defer i.s.mu.Unlock()
	i.removed = true
}

// inject applies the faults to a call.
func (s *Server) inject(ctx context.Context, c *Call) injection {
	s.mu.Lock()
	var effects []Effect
	for _, f := range s.faults {
		if f.removed || !f.fault.matches(c) {
			continue
		}
		f.seen++
		first := max(f.fault.From, 1)
		if f.seen < first || f.fault.Times > 0 && f.seen >= first+f.fault.Times {
			continue
		}
		f.hits++
		effects = append(effects, f.fault.Do)
	}
	s.mu.Unlock()
	var out injection
	for _, do := range effects {
		if !out.ends() {
			do(s, ctx, c, &out)
		}
	}
	return out
}

// Deny refuses the call as IAM does, with the code and form of its service.
func Deny() Effect {
	return func(s *Server, _ context.Context, c *Call, i *injection) { i.err = s.Denied(c) }
}

// Throttle refuses the call as one too many.
func Throttle() Effect {
	return func(s *Server, _ context.Context, c *Call, i *injection) { i.err = s.Throttled(c) }
}

// Expire refuses the call because the session has ended.
func Expire() Effect {
	return func(s *Server, _ context.Context, c *Call, i *injection) { i.err = s.ExpiredToken(c) }
}

// Fail answers with an error.
func Fail(e Error) Effect {
	return func(_ *Server, _ context.Context, _ *Call, i *injection) { i.err = &e }
}

// Answer sends a body as it is, whatever the protocol.
func Answer(status int, contentType, body string) Effect {
	return func(_ *Server, _ context.Context, _ *Call, i *injection) {
		i.response = &wire.Response{Status: status, Header: http.Header{"Content-Type": {contentType}}, Body: []byte(body)}
	}
}

// HTML answers as a broken proxy or emulator does: status 500 and a page.
func HTML() Effect {
	return Answer(http.StatusInternalServerError, "text/html; charset=utf-8",
		"<!DOCTYPE html>\n<html><head><title>500 Internal Server Error</title></head><body><h1>Internal Server Error</h1><script>alert(1)</script></body></html>\n")
}

// Cut ends the connection in the middle of the body.
func Cut() Effect {
	return func(_ *Server, _ context.Context, _ *Call, i *injection) { i.cut = true }
}

// Reset breaks the connection without an answer.
func Reset() Effect {
	return func(_ *Server, _ context.Context, _ *Call, i *injection) { i.reset = true }
}

// Repeat sends the first item of each page twice.
func Repeat() Effect {
	return func(_ *Server, _ context.Context, _ *Call, i *injection) { i.repeat = true }
}

// Delay answers later.
func Delay(d time.Duration) Effect {
	return func(s *Server, ctx context.Context, _ *Call, i *injection) {
		t := time.NewTimer(d)
		defer t.Stop()
		select {
		case <-t.C:
		case <-ctx.Done():
			i.gone = true
		case <-s.closed:
			i.gone = true
		}
	}
}

// Hang does not answer until the caller gives up.
func Hang() Effect {
	return func(s *Server, ctx context.Context, _ *Call, i *injection) {
		select {
		case <-ctx.Done():
		case <-s.closed:
		}
		i.gone = true
	}
}

// Redirect is what S3 says of a bucket that is in another region.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/Redirects.html (read 2026-11-24).
func Redirect(to merlon.Region) Effect {
	return Fail(Error{
		Code: "PermanentRedirect", Status: http.StatusMovedPermanently,
		Message: "The bucket you are attempting to access must be addressed using the specified endpoint. Please send all future requests to this endpoint.",
		Fields:  map[string]string{"Endpoint": fmt.Sprintf("s3.%s.amazonaws.com", to)},
		Header:  map[string]string{"x-amz-bucket-region": string(to)},
	})
}

// Limit throttles what exceeds a rate, in calls a second for each service,
// account and region, with a bucket of burst calls: as AWS does it.
func Limit(rate float64, burst int) Effect {
	var mu sync.Mutex
	type bucket struct {
		tokens float64
		at     time.Time
	}
	buckets := map[string]*bucket{}
	return func(s *Server, _ context.Context, c *Call, i *injection) {
		mu.Lock()
		defer mu.Unlock()
		key, now := c.Service+" "+string(c.Account)+" "+string(c.Region), time.Now()
		b := buckets[key]
		if b == nil {
			b = &bucket{float64(burst), now}
			buckets[key] = b
		}
		b.tokens = min(float64(burst), b.tokens+rate*now.Sub(b.at).Seconds())
		b.at = now
		if b.tokens < 1 {
			i.err = s.Throttled(c)
			return
		}
		b.tokens--
	}
}

// write sends an answer; cut ends it half way.
func write(w http.ResponseWriter, res *wire.Response, cut, head bool) {
	h := w.Header()
	for k, v := range res.Header {
		h[k] = v
	}
	body := res.Body
	// S3 answers HEAD with the length that GET would have.
	if !head || h.Get("Content-Length") == "" {
		h.Set("Content-Length", strconv.Itoa(len(body)))
	}
	w.WriteHeader(res.Status)
	if !cut {
		// A caller that has gone cannot be told.
		_, _ = w.Write(body)
		return
	}
	_, _ = w.Write(body[:len(body)/2])
	if f, ok := w.(http.Flusher); ok {
		f.Flush()
	}
	if conn, _, ok := hijack(w); ok {
		conn.Close()
	}
}

// reset breaks the connection so that the caller sees ECONNRESET.
func reset(w http.ResponseWriter) {
	conn, _, ok := hijack(w)
	if !ok {
		return
	}
	if tcp, ok := conn.(*net.TCPConn); ok {
		// Closing with linger 0 sends RST; should it fail, the caller sees EOF.
		_ = tcp.SetLinger(0)
	}
	conn.Close()
}

func hijack(w http.ResponseWriter) (net.Conn, *bufio.ReadWriter, bool) {
	h, ok := w.(http.Hijacker)
	if !ok {
		return nil, nil, false
	}
	conn, rw, err := h.Hijack()
	return conn, rw, err == nil
}
