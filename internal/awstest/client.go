package awstest

import (
	"context"
	"io"
	"net"
	"net/http"
	"strings"
	"time"
)

// Client is an HTTP client for the SDK's clients in tests. Whatever host a request
// names, it goes to the server: S3 Control puts the account before the endpoint's host.
type Client struct{ http.Client }

// Client makes a client with connections of its own.
func (s *Server) Client() *Client {
	addr := strings.TrimPrefix(s.URL, "http://")
	t := &http.Transport{
		DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
			var d net.Dialer
			return d.DialContext(ctx, network, addr)
		},
		MaxIdleConnsPerHost: 16,
		IdleConnTimeout:     time.Second,
	}
	return &Client{http.Client{Transport: t, Timeout: 20 * time.Second}}
}

// Do hides the WriteTo of the request's body. The SDK (smithy-go v1.28.8) closes
// the body when the answer begins, and its WriteTo then gives io.EOF as an error:
// net/http closes the connection while a large answer of a fast server is
// still on its way.
func (c *Client) Do(r *http.Request) (*http.Response, error) {
	if r.Body != nil {
		r.Body = struct{ io.ReadCloser }{r.Body}
	}
	return c.Client.Do(r)
}
