package awstest

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"merlon.dev/merlon"
	"merlon.dev/merlon/internal/awstest/wire"
)

// Management is the account of calls whose access key carries none.
const Management merlon.AccountID = "111111111111"

// maxBody bounds a request.
const maxBody = 64 << 20

// Server is an [http.Handler] that answers as AWS. Its methods may be used
// concurrently with calls.
type Server struct {
	// URL is the endpoint for clients, set by [Start].
	URL string

	catalog  *wire.Catalog
	requests atomic.Int64
	closed   chan struct{}

	mu       sync.Mutex
	handlers map[string][]handler
	faults   []*Injected
	counts   map[Count]int
	writes   []Call
	problems []string
	pageSize int
	inFlight int
	peak     int
	sessions sessions
	regions  []merlon.Region
	disabled []merlon.Region
	org      *Organization
}

// handler is a [Handler] with the calls it is for.
type handler struct {
	match Match
	h     Handler
}

// New makes a server with the answers that are built in: an empty account
// in [Regions].
func New() (*Server, error) {
	catalog, err := wire.Open()
	if err != nil {
		return nil, err
	}
	s := &Server{
		catalog: catalog, closed: make(chan struct{}), handlers: map[string][]handler{}, counts: map[Count]int{},
		sessions: newSessions(), regions: Regions(),
	}
	s.builtins()
	return s, nil
}

// Start runs a server on 127.0.0.1 for a test. When the test ends the server
// stops, and the test fails if there were [Server.Problems] that nobody took.
func Start(tb testing.TB) *Server {
	tb.Helper()
	s, err := New()
	if err != nil {
		tb.Fatal(err)
	}
	h := httptest.NewServer(s)
	s.URL = h.URL
	tb.Cleanup(func() {
		s.Close()
		h.CloseClientConnections()
		h.Close()
		for _, p := range s.Problems() {
			tb.Error("awstest:", p)
		}
	})
	return s
}

// Close ends calls that hang.
func (s *Server) Close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	select {
	case <-s.closed:
	default:
		close(s.closed)
	}
}

// Handle answers the calls that match; the last one registered is asked first.
// m.Call must name one operation.
func (s *Server) Handle(m Match, h Handler) {
	service, operation, _ := strings.Cut(m.Call, ":")
	model, err := s.catalog.Service(service)
	if err == nil && model.Operations[operation] == nil {
		err = fmt.Errorf("the models have no operation %q of %s", operation, service)
	}
	if err != nil {
		s.problem("handle %q: %v", m.Call, err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.handlers[m.Call] = append(s.handlers[m.Call], handler{m, h})
}

// Put answers the calls that match with one output.
func (s *Server) Put(m Match, output any) {
	s.Handle(m, func(*Call) (any, error) { return output, nil })
}

// PageSize makes every paged answer carry at most n items, whatever the
// caller asks for; 0 leaves it to the caller, with 1000 at most.
func (s *Server) PageSize(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.pageSize = n
}

// Problems takes the list of what went wrong on the side of the test: data that does not
// fit the models, handlers for operations that do not exist, requests that
// could not be routed.
func (s *Server) Problems() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.problems
	s.problems = nil
	return p
}

func (s *Server) problem(format string, args ...any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	// A broken handler that is called in a loop needs no more than a few.
	if len(s.problems) < 20 {
		s.problems = append(s.problems, fmt.Sprintf(format, args...))
	}
}

// ServeHTTP answers one call.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		return
	}
	id := fmt.Sprintf("00000000-0000-4000-8000-%012d", s.requests.Add(1))
	req, err := s.catalog.Route(r, body)
	if err != nil {
		s.problem("%v", err)
		w.Header().Set("x-amzn-RequestId", id)
		http.Error(w, "<UnknownOperationException/>", http.StatusNotFound)
		return
	}
	call := s.begin(req)
	defer s.end()
	answer := s.inject(r.Context(), call)
	if answer.gone {
		// Whoever is still there must not take silence for an empty answer.
		reset(w)
		return
	}
	res := answer.response
	if res == nil {
		res = s.answer(req, call, &answer, r.Method == http.MethodHead, id)
	}
	if answer.reset {
		reset(w)
		return
	}
	write(w, res, answer.cut, r.Method == http.MethodHead)
}

// begin makes a Call of a request and counts it.
func (s *Server) begin(req *wire.Request) *Call {
	c := &Call{
		Service: req.Service.Name, Operation: req.Operation.Name, Region: merlon.Region(req.Scope.Region),
		AccessKey: req.Scope.AccessKey, Input: req.Input, Account: Management,
	}
	if a, ok := accountOf(req.Scope.AccessKey); ok {
		c.Account = a
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if sess, ok := s.sessions.byKey[c.AccessKey]; ok {
		c.Role, c.Session = sess.role, sess.name
	}
	key := Count{Call: c.Name(), Account: c.Account, Region: c.Region}
	s.counts[key]++
	c.N = s.counts[key]
	if !wire.IsRead(c.Service, c.Operation) {
		s.writes = append(s.writes, *c)
	}
	s.inFlight++
	s.peak = max(s.peak, s.inFlight)
	return c
}

func (s *Server) end() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.inFlight--
}

// answer asks the handlers and encodes what they say.
func (s *Server) answer(req *wire.Request, c *Call, a *injection, head bool, id string) *wire.Response {
	out, err := s.output(req, c, a)
	var fault *Error
	if errors.As(err, &fault) {
		return req.Service.EncodeError(req.Protocol, fault, head, id)
	}
	var res *wire.Response
	if err == nil {
		res, err = req.Service.Encode(req.Protocol, req.Operation, out, id)
	}
	if err != nil {
		s.problem("%v", err)
		return req.Service.EncodeError(req.Protocol, &Error{Code: "InternalFailure", Message: "awstest: " + err.Error(), Status: 500}, head, id)
	}
	return res
}

// output is what a call answers, paged.
func (s *Server) output(req *wire.Request, c *Call, a *injection) (map[string]any, error) {
	if a.err != nil {
		return nil, a.err
	}
	if err := s.credentials(c); err != nil {
		return nil, err
	}
	if limit, ok := pageLimit(req); ok {
		if message, ok := req.Service.CheckLimit(req.Operation, limit); !ok {
			return nil, invalid(req, message)
		}
	}
	s.mu.Lock()
	list, size := slices.Clone(s.handlers[c.Name()]), s.pageSize
	s.mu.Unlock()
	for _, h := range slices.Backward(list) {
		if !h.match.matches(c) {
			continue
		}
		v, err := h.h(c)
		if errors.Is(err, ErrPass) {
			continue
		}
		if err != nil {
			return nil, err
		}
		if v == nil {
			break
		}
		out, err := wire.Object(v)
		if err != nil {
			return nil, fmt.Errorf("%w: the answer to %s: %w", wire.ErrValue, c.Name(), err)
		}
		return page(req, c, out, size, a.repeat)
	}
	return page(req, c, req.Service.Empty(req.Operation), size, a.repeat)
}
