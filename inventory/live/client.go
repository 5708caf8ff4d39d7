package live

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
)

// MaxBody is the largest answer that is read, in bytes.
const MaxBody = 256 << 20

// pageError is an answer that is not AWS's: a proxy's page, or nothing at all. The
// SDK takes both for an empty list where the protocol is XML.
type pageError struct {
	status int
	what   string
}

func (e *pageError) Error() string {
	return fmt.Sprintf("%s with status %d instead of AWS's answer", e.what, e.status)
}

// limitedClient refuses answers that are larger than MaxBody or not AWS's.
type limitedClient struct{ aws.HTTPClient }

func (l limitedClient) Do(r *http.Request) (*http.Response, error) {
	if r.Body != nil {
		// The SDK closes the body when the answer begins; its WriteTo then gives
		// io.EOF as an error, for which net/http closes the connection under the
		// answer. Without WriteTo a body that is closed is only at its end.
		r.Body = struct{ io.ReadCloser }{r.Body}
	}
	resp, err := l.HTTPClient.Do(r)
	if err != nil {
		return nil, err
	}
	body := bufio.NewReader(http.MaxBytesReader(nil, resp.Body, MaxBody))
	if what := foreign(resp, body, r); what != "" {
		resp.Body.Close()
		return nil, &pageError{resp.StatusCode, what}
	}
	resp.Body = struct {
		io.Reader
		io.Closer
	}{body, resp.Body}
	return resp, nil
}

// foreign says what an answer is that no AWS service gives, "" for AWS's own.
func foreign(resp *http.Response, body *bufio.Reader, r *http.Request) string {
	// A shorter body ends the look early; its error comes up again when it is read.
	head, err := body.Peek(256)
	text := strings.ToLower(strings.TrimSpace(string(head)))
	page := strings.HasPrefix(text, "<!doctype html") || strings.HasPrefix(text, "<html") ||
		strings.HasPrefix(text, "<?xml") && (strings.Contains(text, "<!doctype html") || strings.Contains(text, "<html"))
	if kind, _, _ := strings.Cut(resp.Header.Get("Content-Type"), ";"); strings.EqualFold(strings.TrimSpace(kind), "text/html") {
		// Emulators call JSON and XML so where they do not say what it is.
		data := strings.HasPrefix(text, "{") || strings.HasPrefix(text, "[") || strings.HasPrefix(text, "<?xml")
		if page || !data {
			return "an HTML page"
		}
	}
	if r.Method == http.MethodHead || resp.StatusCode == http.StatusNoContent || resp.StatusCode >= 300 {
		return ""
	}
	switch {
	case page:
		return "an HTML page"
	case text == "" && errors.Is(err, io.EOF):
		return "an empty body"
	case strings.HasPrefix(r.Header.Get("Content-Type"), "application/x-www-form-urlencoded") && text != "" && text[0] != '<':
		return "a text that is not XML"
	}
	return ""
}

// HTTPClient gives the client that calls go through: the one that the SDK's
// configuration made, so that AWS_CA_BUNDLE and proxies count, with room for many
// connections and a limit on what is read.
func HTTPClient(from aws.HTTPClient, parallel int) aws.HTTPClient {
	b, ok := from.(*awshttp.BuildableClient)
	if !ok {
		b = awshttp.NewBuildableClient()
	}
	return limitedClient{b.WithTransportOptions(func(t *http.Transport) {
		t.MaxIdleConns = 4 * parallel
		t.MaxIdleConnsPerHost = parallel
		t.IdleConnTimeout = 30 * time.Second
	})}
}
