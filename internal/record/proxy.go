package record

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/subtle"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"time"

	"merlon.dev/merlon/iam"
)

// ProxyOptions say what a [Proxy] does.
type ProxyOptions struct {
	// Hosts are names, besides those of AWS, whose connections are looked into: an
	// emulator's or a private endpoint's.
	Hosts []string
	// Roots are whom AWS's certificates are checked with; nil: the system's.
	Roots *x509.CertPool
	// Upstream names the proxy towards AWS, if any; nil: none.
	Upstream func(*http.Request) (*url.URL, error)
	// Call is given every call when it was answered. It is not called concurrently.
	Call func(*iam.Call)
	Now  func() time.Time
}

// Proxy is a forward proxy on 127.0.0.1 that looks into connections to AWS. Others
// it passes on unread. It wants a name and a password, which [Proxy.URL] has.
type Proxy struct {
	opts      ProxyOptions
	listener  net.Listener
	server    *http.Server // what programs ask of the proxy
	inner     *http.Server // what they ask of AWS within tunnels
	tunnels   *tunnels
	authority *authority
	routes    *routeTable
	forward   *httputil.ReverseProxy
	transport *http.Transport
	secret    string

	mu       sync.Mutex
	unsigned int
	closed   bool // no call is reported any more
	wait     sync.WaitGroup
}

// awsDomains are those that AWS's endpoints stand below.
//
// https://docs.aws.amazon.com/general/latest/gr/rande.html, read 2026-11-24
func awsDomains() []string {
	return []string{"amazonaws.com", "amazonaws.com.cn", "api.aws", "api.amazonwebservices.com.cn", "amazonaws.eu"}
}

// StartProxy listens on a free port of 127.0.0.1 until [Proxy.Close].
func StartProxy(opts ProxyOptions) (*Proxy, error) {
	if opts.Now == nil {
		opts.Now = time.Now
	}
	p := &Proxy{opts: opts}
	domains := awsDomains()
	var addresses []net.IP
	for _, h := range opts.Hosts {
		if ip := net.ParseIP(h); ip == nil {
			domains = append(domains, h)
		} else if v4 := ip.To4(); v4 != nil {
			addresses = append(addresses, v4)
		} else {
			addresses = append(addresses, ip)
		}
	}
	var err error
	if p.authority, err = newAuthority(domains, addresses, opts.Now()); err != nil {
		return nil, err
	}
	if p.routes, err = loadRoutes(); err != nil {
		return nil, err
	}
	secret := make([]byte, 16)
	rand.Read(secret)
	p.secret = hex.EncodeToString(secret)
	if p.listener, err = net.Listen("tcp4", "127.0.0.1:0"); err != nil {
		return nil, fmt.Errorf("listen: %w", err)
	}
	p.transport = &http.Transport{Proxy: opts.Upstream, TLSClientConfig: &tls.Config{RootCAs: opts.Roots}, DisableCompression: true,
		MaxIdleConnsPerHost: 16, IdleConnTimeout: 30 * time.Second, TLSHandshakeTimeout: 30 * time.Second, ExpectContinueTimeout: time.Second}
	quiet := log.New(io.Discard, "", 0)
	p.forward = &httputil.ReverseProxy{Transport: p.transport, Rewrite: rewrite, ModifyResponse: p.answered, ErrorHandler: p.unanswered, ErrorLog: quiet, FlushInterval: -1}
	p.server = &http.Server{Handler: http.HandlerFunc(p.serve), ErrorLog: quiet, ReadHeaderTimeout: time.Minute}
	p.inner = &http.Server{Handler: http.HandlerFunc(p.serveInner), ErrorLog: quiet, ReadHeaderTimeout: 10 * time.Minute, ConnContext: withTunnel}
	p.tunnels = &tunnels{conns: make(chan net.Conn), closed: make(chan struct{}), addr: p.listener.Addr()}
	p.wait.Go(func() { p.server.Serve(p.listener) })
	p.wait.Go(func() { p.inner.Serve(p.tunnels) })
	return p, nil
}

// URL is what a program is told in HTTPS_PROXY, with name and password.
func (p *Proxy) URL() string { return "http://merlon:" + p.secret + "@" + p.listener.Addr().String() }

// Certificate is that of the authority which programs must trust, as PEM.
func (p *Proxy) Certificate() []byte { return p.authority.pem }

// Unsigned is how many requests to AWS carried no signature.
func (p *Proxy) Unsigned() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.unsigned
}

// Close ends the listening and cuts what is still under way. No call is reported
// after it.
func (p *Proxy) Close() error {
	err := errors.Join(p.server.Close(), p.inner.Close())
	p.tunnels.Close()
	p.transport.CloseIdleConnections()
	p.wait.Wait()
	p.mu.Lock()
	defer p.mu.Unlock()
	p.closed = true
	return err
}

func (p *Proxy) authorized(r *http.Request) bool {
	want := "Basic " + base64.StdEncoding.EncodeToString([]byte("merlon:"+p.secret))
	return subtle.ConstantTimeCompare([]byte(r.Header.Get("Proxy-Authorization")), []byte(want)) == 1
}

// serve answers what is asked of the proxy itself.
func (p *Proxy) serve(w http.ResponseWriter, r *http.Request) {
	if !p.authorized(r) {
		w.Header().Set("Proxy-Authenticate", `Basic realm="merlon"`)
		http.Error(w, "this proxy serves one program", http.StatusProxyAuthRequired)
		return
	}
	switch {
	case r.Method == http.MethodConnect:
		p.connect(w, r)
	case r.URL.Scheme == "http" && r.URL.Host != "":
		p.pass(w, r)
	default:
		http.Error(w, "not a request to a proxy", http.StatusBadRequest)
	}
}

// connect opens a tunnel: into this program for AWS, past it for others.
func (p *Proxy) connect(w http.ResponseWriter, r *http.Request) {
	host, _, err := net.SplitHostPort(r.Host)
	if err != nil {
		http.Error(w, "a host and a port belong here", http.StatusBadRequest)
		return
	}
	var far net.Conn
	if !p.looksInto(host) {
		dialer := &net.Dialer{Timeout: 30 * time.Second}
		if far, err = dialer.DialContext(r.Context(), "tcp", r.Host); err != nil {
			http.Error(w, "the host does not answer", http.StatusBadGateway)
			return
		}
	}
	near, buffered, err := http.NewResponseController(w).Hijack()
	if err != nil {
		if far != nil {
			far.Close()
		}
		return
	}
	if _, err := io.WriteString(near, "HTTP/1.1 200 Connection established\r\n\r\n"); err != nil || buffered.Reader.Buffered() > 0 {
		near.Close()
		if far != nil {
			far.Close()
		}
		return
	}
	if far != nil {
		join(near, far)
		return
	}
	conn := &tunnel{Conn: tls.Server(near, &tls.Config{MinVersion: tls.VersionTLS12, NextProtos: []string{"http/1.1"},
		GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return p.authority.leaf(host) }}), host: r.Host}
	if !p.tunnels.push(conn) {
		near.Close()
	}
}

// looksInto reports whether connections to the host are AWS's.
func (p *Proxy) looksInto(host string) bool {
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	for _, d := range append(awsDomains(), p.opts.Hosts...) {
		if host == d || strings.HasSuffix(host, "."+d) {
			return true
		}
	}
	return false
}

// join copies both ways until either side ends.
func join(a, b net.Conn) {
	done := make(chan struct{})
	go func() {
		io.Copy(a, b)
		a.Close()
		b.Close()
		close(done)
	}()
	io.Copy(b, a)
	a.Close()
	b.Close()
	<-done
}

// serveInner answers a request within a tunnel. The host is the tunnel's: a
// request must not lead elsewhere.
func (p *Proxy) serveInner(w http.ResponseWriter, r *http.Request) {
	t, ok := r.Context().Value(tunnelKey{}).(*tunnel)
	if !ok {
		http.Error(w, "no tunnel", http.StatusBadGateway)
		return
	}
	r.URL.Scheme, r.URL.Host = "https", t.host
	p.pass(w, r)
}

// telling reports whether a body may hold the operation or its parameters.
func telling(h http.Header) bool {
	t := h.Get("Content-Type")
	return h.Get("X-Amz-Target") != "" || strings.Contains(t, "json") || strings.HasPrefix(t, "application/x-www-form-urlencoded")
}

// callKey is where a request's call waits for the answer.
type callKey struct{}

// pass notes which call a request is and sends it on.
func (p *Proxy) pass(w http.ResponseWriter, r *http.Request) {
	var head []byte
	if r.Body != nil && telling(r.Header) {
		var err error
		if head, err = io.ReadAll(io.LimitReader(r.Body, maxBody)); err != nil {
			http.Error(w, "the request's body could not be read", http.StatusBadRequest)
			return
		}
		r.Body = struct {
			io.Reader
			io.Closer
		}{io.MultiReader(bytes.NewReader(head), r.Body), r.Body}
	}
	c, err := p.routes.identify(r, r.Host, head)
	if err != nil {
		p.mu.Lock()
		p.unsigned++
		p.mu.Unlock()
	} else {
		c.Time = p.opts.Now().UTC()
		r = r.WithContext(context.WithValue(r.Context(), callKey{}, c))
	}
	p.forward.ServeHTTP(w, r)
}

// rewrite leaves the request as its program signed it.
func rewrite(r *httputil.ProxyRequest) {
	r.Out.URL.RawQuery = r.In.URL.RawQuery
	r.Out.Host = r.In.Host
	if _, ok := r.Out.Header["User-Agent"]; !ok {
		r.Out.Header["User-Agent"] = nil // none rather than Go's
	}
}

// maxError is how much of an answer is looked at for AWS's error code.
const maxError = 64 << 10

// answered reports the call with the error that AWS answered.
func (p *Proxy) answered(r *http.Response) error {
	c, ok := r.Request.Context().Value(callKey{}).(*iam.Call)
	if !ok {
		return nil
	}
	if r.StatusCode >= 400 {
		head, err := io.ReadAll(io.LimitReader(r.Body, maxError))
		r.Body = struct {
			io.Reader
			io.Closer
		}{io.MultiReader(bytes.NewReader(head), r.Body), r.Body}
		if err != nil {
			r.Body.Close()
			return err
		}
		c.Error = errorCode(r, head)
	}
	p.report(c)
	return nil
}

// unanswered reports a call of which it is not known what AWS would have said.
func (p *Proxy) unanswered(w http.ResponseWriter, r *http.Request, err error) {
	if c, ok := r.Context().Value(callKey{}).(*iam.Call); ok {
		c.Error = "NoAnswer"
		p.report(c)
	}
	http.Error(w, "merlon record: no answer from the host", http.StatusBadGateway)
}

func (p *Proxy) report(c *iam.Call) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.closed {
		p.opts.Call(c)
	}
}

// xmlCode finds the code in an XML answer.
var xmlCode = regexp.MustCompile(`<Code>([\w.]{1,128})</Code>`)

// errorCode reads AWS's code from an answer; the status where there is none.
//
// https://smithy.io/2.0/aws/protocols/aws-json-1_0-protocol.html#operation-error-serialization, read 2026-11-24
func errorCode(r *http.Response, body []byte) string {
	code := r.Header.Get("X-Amzn-Errortype")
	if code == "" {
		var j struct {
			Type string `json:"__type"`
			Code string `json:"code"`
		}
		if json.Unmarshal(body, &j) == nil {
			code = j.Type
			if code == "" {
				code = j.Code
			}
		}
	}
	if m := xmlCode.FindSubmatch(body); code == "" && m != nil {
		return string(m[1])
	}
	code, _, _ = strings.Cut(code, ":")
	code = code[strings.LastIndexByte(code, '#')+1:]
	if !isWord(strings.ReplaceAll(code, ".", "")) {
		return fmt.Sprint(r.StatusCode)
	}
	return code
}

// tunnels hands hijacked connections to a server.
type tunnels struct {
	conns  chan net.Conn
	closed chan struct{}
	once   sync.Once
	addr   net.Addr
}

func (t *tunnels) push(c net.Conn) bool {
	select {
	case t.conns <- c:
		return true
	case <-t.closed:
		return false
	}
}

// Accept waits for a tunnel.
func (t *tunnels) Accept() (net.Conn, error) {
	select {
	case c := <-t.conns:
		return c, nil
	case <-t.closed:
		return nil, net.ErrClosed
	}
}

// Close ends the accepting.
func (t *tunnels) Close() error {
	t.once.Do(func() { close(t.closed) })
	return nil
}

// Addr is the proxy's.
func (t *tunnels) Addr() net.Addr { return t.addr }

// tunnel is a connection that remembers where it was meant to go.
type tunnel struct {
	net.Conn
	host string
}

type tunnelKey struct{}

// withTunnel is the server's ConnContext.
func withTunnel(ctx context.Context, c net.Conn) context.Context {
	if t, ok := c.(*tunnel); ok {
		return context.WithValue(ctx, tunnelKey{}, t)
	}
	return ctx
}
