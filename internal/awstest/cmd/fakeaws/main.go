// Command fakeaws serves a made-up organization on a port, for benchmarks and for
// trying things out: the accounts, regions and answers of package awstest.
//
//	go run ./internal/awstest/cmd/fakeaws -accounts 200 -regions 17 -latency 20ms
//
// It prints the environment that makes AWS clients talk to it, and when it is
// interrupted what was called. Writes are answered, recorded and change nothing.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"time"

	"merlon.dev/merlon/internal/awstest"
)

// config is what the flags say.
type config struct {
	addr    string
	fleet   awstest.Fleet
	latency time.Duration
	page    int
	rate    float64
	burst   int
}

func main() {
	var c config
	flag.StringVar(&c.addr, "addr", "127.0.0.1:4600", "`address` to listen on")
	flag.IntVar(&c.fleet.Accounts, "accounts", 200, "accounts of the organization, the management account among them")
	flag.IntVar(&c.fleet.Regions, "regions", 17, "regions that the accounts have, at most 17")
	flag.IntVar(&c.fleet.Busy, "busy", 2, "regions of each account that have resources")
	flag.IntVar(&c.fleet.Items, "items", 3, "resources of each kind in those regions")
	flag.DurationVar(&c.latency, "latency", 0, "time that each answer takes")
	flag.IntVar(&c.page, "page", 0, "items on a page at most; 0 leaves it to the caller")
	flag.Float64Var(&c.rate, "rate", 0, "calls a second for each service, account and region before they are throttled; 0 is no limit")
	flag.IntVar(&c.burst, "burst", 20, "calls that -rate lets through at once")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, c, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "fakeaws:", err)
		os.Exit(1)
	}
}

// run serves until the context ends.
func run(ctx context.Context, c config, out io.Writer) error {
	if c.fleet.Accounts < 1 || c.fleet.Regions < 1 {
		return errors.New("there must be an account and a region")
	}
	s, err := awstest.New()
	if err != nil {
		return err
	}
	s.Populate(c.fleet)
	s.PageSize(c.page)
	if c.latency > 0 {
		s.Inject(awstest.Fault{Do: awstest.Delay(c.latency)})
	}
	if c.rate > 0 {
		s.Inject(awstest.Fault{Do: awstest.Limit(c.rate, c.burst)})
	}
	l, err := net.Listen("tcp", c.addr)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "export AWS_ENDPOINT_URL=http://%s AWS_REGION=us-east-1 AWS_ACCESS_KEY_ID=%s AWS_SECRET_ACCESS_KEY=secret\n# the role in each account: %s\n",
		l.Addr(), awstest.AccessKey(awstest.Management), awstest.FleetRole)
	h := &http.Server{Handler: s, ReadHeaderTimeout: 10 * time.Second}
	failed := make(chan error, 1)
	go func() { failed <- h.Serve(l) }()
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	s.Close()
	short, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Second)
	defer cancel()
	if err := h.Shutdown(short); err != nil && !errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	report(out, s)
	return nil
}

// report prints the calls by number, the writes among them, and what went wrong.
func report(out io.Writer, s *awstest.Server) {
	total := 0
	byCall := map[string]int{}
	for _, c := range s.Calls() {
		byCall[c.Call] += c.N
		total += c.N
	}
	var lines []string
	for call, n := range byCall {
		lines = append(lines, fmt.Sprintf("%9d %s", n, call))
	}
	slices.SortFunc(lines, func(a, b string) int { return strings.Compare(b, a) })
	fmt.Fprintln(out, strings.Join(lines, "\n"))
	fmt.Fprintf(out, "%9d calls, %d at once at most, %d writes\n", total, s.Peak(), len(s.Mutations()))
	for _, p := range s.Problems() {
		fmt.Fprintln(out, "problem:", p)
	}
}
