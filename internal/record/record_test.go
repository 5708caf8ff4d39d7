package record

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"

	"merlon.dev/merlon/iam"
)

// TestMain makes the test program the child of the tests as well.
func TestMain(m *testing.M) {
	switch os.Getenv("MERLON_TEST_CHILD") {
	case "":
		os.Exit(m.Run())
	case "proxy":
		os.Exit(throughProxy(os.Getenv("MERLON_TEST_URL")))
	case "metrics":
		os.Exit(sendMetrics())
	case "exit":
		os.Exit(7)
	}
}

// throughProxy makes calls as an SDK would; its exit code counts the answers of 200.
func throughProxy(base string) int {
	proxy, err := url.Parse(os.Getenv("HTTPS_PROXY"))
	if err != nil {
		return 100
	}
	bundle, err := os.ReadFile(os.Getenv("AWS_CA_BUNDLE"))
	if err != nil {
		return 101
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(bundle)
	client := &http.Client{Transport: &http.Transport{Proxy: http.ProxyURL(proxy), TLSClientConfig: &tls.Config{RootCAs: roots}}}
	good := 0
	for _, r := range []struct{ service, method, path, target, kind, body string }{
		{"dynamodb", "POST", "/", "DynamoDB_20120810.GetItem", "application/x-amz-json-1.0", `{"TableName":"orders"}`},
		{"s3", "GET", "/reports/a%2Fb/c?x-id=GetObject", "", "", ""},
		{"ec2", "POST", "/", "", "application/x-www-form-urlencoded", "Action=StopInstances&InstanceId.1=i-1&Version=2016-11-15"},
		{"kms", "POST", "/denied", "TrentService.DisableKey", "application/x-amz-json-1.1", `{"KeyId":"k-1"}`},
		{"", "GET", "/unsigned", "", "", ""},
	} {
		req, err := http.NewRequest(r.method, base+r.path, strings.NewReader(r.body))
		if err != nil {
			return 102
		}
		if r.service != "" {
			req.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=AKIASECRET/20261124/eu-west-1/"+r.service+"/aws4_request, SignedHeaders=host, Signature=abc")
		}
		if r.target != "" {
			req.Header.Set("X-Amz-Target", r.target)
		}
		if r.kind != "" {
			req.Header.Set("Content-Type", r.kind)
		}
		res, err := client.Do(req)
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 103
		}
		echo, _ := io.ReadAll(res.Body)
		res.Body.Close()
		if res.StatusCode == 200 && string(echo) == r.method+" "+r.path+" "+r.body {
			good++
		}
	}
	return good
}

func sendMetrics() int {
	conn, err := net.Dial("udp", net.JoinHostPort(os.Getenv("AWS_CSM_HOST"), os.Getenv("AWS_CSM_PORT")))
	if err != nil {
		return 100
	}
	id := os.Getenv("AWS_CSM_CLIENT_ID")
	for _, m := range []string{
		`{"Type":"ApiCallAttempt","ClientId":"` + id + `","Service":"S3","Api":"GetObject","SessionToken":"secret"}`,
		`{"Type":"ApiCall","ClientId":"` + id + `","Service":"S3","Api":"GetObject","Region":"eu-west-1"}`,
		`{"Type":"ApiCallAttempt","ClientId":"` + id + `","Service":"SQS","Api":"SendMessage"}`,
		`{"Type":"ApiCall","ClientId":"another","Service":"IAM","Api":"CreateUser"}`,
		`rubbish`,
	} {
		if _, err := conn.Write([]byte(m)); err != nil {
			return 101
		}
	}
	return 0
}

// calls keeps what is reported.
type calls struct {
	mu   sync.Mutex
	list []*iam.Call
}

func (c *calls) add(one *iam.Call) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.list = append(c.list, one)
}

func (c *calls) names() []string {
	var out []string
	for _, one := range c.list {
		out = append(out, one.Service+" "+one.Operation+" "+one.Region+" "+one.Error)
	}
	slices.Sort(out)
	return out
}

// aws stands for AWS: it says what it was asked.
func aws(w http.ResponseWriter, r *http.Request) {
	if r.Header.Get("Proxy-Authorization") != "" {
		http.Error(w, "the proxy's password leaks", http.StatusTeapot)
		return
	}
	if r.URL.Path == "/denied" {
		w.WriteHeader(http.StatusBadRequest)
		io.WriteString(w, `{"__type":"com.amazonaws.kms#AccessDeniedException"}`)
		return
	}
	body, _ := io.ReadAll(r.Body)
	fmt.Fprintf(w, "%s %s %s", r.Method, r.RequestURI, body)
}

// runChild runs this program as a child and gives its exit code.
func runChild(t *testing.T, kind string, env ...string) int {
	t.Helper()
	c := &Child{Args: []string{os.Args[0]}, Env: append(env, "MERLON_TEST_CHILD="+kind), Stderr: os.Stderr}
	code, err := c.Run(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	return code
}

func TestProxy(t *testing.T) {
	secure := httptest.NewTLSServer(http.HandlerFunc(aws))
	defer secure.Close()
	plain := httptest.NewServer(http.HandlerFunc(aws))
	defer plain.Close()
	roots := x509.NewCertPool()
	roots.AddCert(secure.Certificate())
	for name, base := range map[string]string{"TLS": secure.URL, "plain": plain.URL} {
		t.Run(name, func(t *testing.T) {
			var seen calls
			p, err := StartProxy(ProxyOptions{Hosts: []string{"127.0.0.1"}, Roots: roots, Call: seen.add})
			if err != nil {
				t.Fatal(err)
			}
			defer p.Close()
			bundle, err := p.WriteBundle(t.TempDir(), nil)
			if err != nil {
				t.Fatal(err)
			}
			if code := runChild(t, "proxy", append(p.Environment(bundle), "MERLON_TEST_URL="+base)...); code != 4 {
				t.Errorf("the child counts %d good answers, want 4", code)
			}
			if err := p.Close(); err != nil {
				t.Error(err)
			}
			want := []string{"S3 GetObject eu-west-1 ", "dynamodb GetItem eu-west-1 ", "ec2 StopInstances eu-west-1 ", "kms DisableKey eu-west-1 AccessDeniedException"}
			if got := seen.names(); !slices.Equal(got, want) {
				t.Errorf("calls %q, want %q", got, want)
			}
			for _, c := range seen.list {
				text := fmt.Sprintf("%+v", *c)
				if strings.Contains(text, "AKIASECRET") {
					t.Errorf("a credential is kept: %s", text)
				}
				switch c.Operation {
				case "GetItem":
					if !slices.Equal(c.Parameters["tablename"], []string{"orders"}) {
						t.Errorf("parameters of GetItem: %v", c.Parameters)
					}
				case "GetObject":
					if !slices.Equal(c.Parameters["bucket"], []string{"reports"}) || !slices.Equal(c.Parameters["key"], []string{"a/b/c"}) {
						t.Errorf("parameters of GetObject: %v", c.Parameters)
					}
				case "StopInstances":
					if !slices.Equal(c.Parameters["instanceid"], []string{"i-1"}) {
						t.Errorf("parameters of StopInstances: %v", c.Parameters)
					}
				}
			}
			if p.Unsigned() != 1 {
				t.Errorf("%d unsigned requests, want 1", p.Unsigned())
			}
		})
	}
}

func TestProxyServesOneProgram(t *testing.T) {
	plain := httptest.NewServer(http.HandlerFunc(aws))
	defer plain.Close()
	secure := httptest.NewTLSServer(http.HandlerFunc(aws))
	defer secure.Close()
	var seen calls
	p, err := StartProxy(ProxyOptions{Call: seen.add})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	if host, _, err := net.SplitHostPort(p.listener.Addr().String()); err != nil || host != "127.0.0.1" {
		t.Errorf("the proxy listens on %s", p.listener.Addr())
	}
	// Without the password nothing is passed on.
	stranger := &http.Client{Transport: &http.Transport{Proxy: http.ProxyURL(&url.URL{Scheme: "http", Host: p.listener.Addr().String()})}}
	res, err := stranger.Get(plain.URL)
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	if res.StatusCode != http.StatusProxyAuthRequired {
		t.Errorf("without the password: %s", res.Status)
	}
	// A host that is not AWS's is reached with its own certificate, unread.
	proxy, err := url.Parse(p.URL())
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(secure.Certificate())
	own := &http.Client{Transport: &http.Transport{Proxy: http.ProxyURL(proxy), TLSClientConfig: &tls.Config{RootCAs: roots}}}
	res, err = own.Get(secure.URL + "/x")
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(res.Body)
	res.Body.Close()
	if err != nil || string(body) != "GET /x " {
		t.Errorf("past the proxy: %q %v", body, err)
	}
	if len(seen.list) != 0 {
		t.Errorf("calls: %q", seen.names())
	}
	for host, want := range map[string]bool{"s3.eu-west-1.amazonaws.com": true, "b.s3.amazonaws.com.": true, "STS.amazonaws.com": true, "ec2.cn-north-1.amazonaws.com.cn": true,
		"evilamazonaws.com": false, "amazonaws.com.evil.example": false, "registry.terraform.io": false} {
		if got := p.looksInto(host); got != want {
			t.Errorf("looks into %s: %v, want %v", host, got, want)
		}
	}
}

func TestAuthorityIsForAWSAlone(t *testing.T) {
	p, err := StartProxy(ProxyOptions{Call: func(*iam.Call) {}})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(p.Certificate())
	for host, want := range map[string]bool{"s3.amazonaws.com": true, "bank.example": false, "127.0.0.1": false} {
		c, err := p.authority.leaf(host)
		if err != nil {
			t.Fatal(err)
		}
		leaf, err := x509.ParseCertificate(c.Certificate[0])
		if err != nil {
			t.Fatal(err)
		}
		_, err = leaf.Verify(x509.VerifyOptions{DNSName: host, Roots: roots})
		if (err == nil) != want {
			t.Errorf("certificate for %s: %v", host, err)
		}
	}
}

func TestMetrics(t *testing.T) {
	var seen calls
	m, err := ListenMetrics(0, seen.add)
	if err != nil {
		t.Fatal(err)
	}
	if code := runChild(t, "metrics", m.Environment()...); code != 0 {
		t.Fatalf("the child ended with %d", code)
	}
	if err := m.Close(); err != nil {
		t.Fatal(err)
	}
	if got, want := seen.names(), []string{"S3 GetObject eu-west-1 ", "SQS SendMessage  "}; !slices.Equal(got, want) {
		t.Errorf("calls %q, want %q", got, want)
	}
	if m.Refused() != 2 {
		t.Errorf("%d datagrams refused, want 2", m.Refused())
	}
}

func TestChild(t *testing.T) {
	if code := runChild(t, "exit"); code != 7 {
		t.Errorf("exit code %d, want 7", code)
	}
	if _, err := (&Child{Args: []string{"./no-such-program"}}).Run(context.Background()); err == nil {
		t.Error("a program that is not there was run")
	}
}

func TestIdentify(t *testing.T) {
	table, err := loadRoutes()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ service, method, host, path, header, operation, parameter, value string }{
		{"s3", "GET", "logs.s3.eu-west-1.amazonaws.com", "/k", "", "S3 GetObject", "bucket", "logs"},
		{"s3", "GET", "a.s3.b.s3.eu-west-1.amazonaws.com", "/k", "", "S3 GetObject", "bucket", "a.s3.b"},
		{"s3", "GET", "logs.s3.amazonaws.com", "/?list-type=2&prefix=x", "", "S3 ListObjectsV2", "bucket", "logs"},
		{"s3", "GET", "s3.amazonaws.com", "/logs?policy", "", "S3 GetBucketPolicy", "bucket", "logs"},
		{"s3", "PUT", "s3.amazonaws.com", "/logs/k", "X-Amz-Copy-Source: from/k", "S3 CopyObject", "x-amz-copy-source", "from/k"},
		{"s3", "PUT", "s3.amazonaws.com", "/logs/k?partNumber=1&uploadId=u", "", "S3 UploadPart", "key", "k"},
		{"s3", "GET", "s3.amazonaws.com", "/", "", "S3 ListBuckets", "", ""},
		{"s3", "GET", "my-point-111122223333.s3-accesspoint.eu-west-1.amazonaws.com", "/k", "", "S3 GetObject", "", ""},
		{"s3", "GET", "111122223333.s3-control.eu-west-1.amazonaws.com", "/v20180820/configuration/publicAccessBlock", "X-Amz-Account-Id: 111122223333", "S3 Control GetPublicAccessBlock", "", ""},
		{"lambda", "POST", "lambda.eu-west-1.amazonaws.com", "/2015-03-31/functions/f%3Alive/invocations", "", "Lambda Invoke", "functionname", "f:live"},
		{"apigateway", "GET", "apigateway.eu-west-1.amazonaws.com", "/restapis/a1/stages", "", "API Gateway GetStages", "restapiid", "a1"},
		{"apigateway", "GET", "apigateway.eu-west-1.amazonaws.com", "/v2/apis/a1", "", "ApiGatewayV2 GetApi", "apiid", "a1"},
		{"eks", "GET", "eks.eu-west-1.amazonaws.com", "/clusters/c", "", "EKS DescribeCluster", "name", "c"},
		{"execute-api", "GET", "a1.execute-api.eu-west-1.amazonaws.com", "/prod/x", "", "execute-api Invoke", "", ""},
		{"monitoring", "POST", "monitoring.eu-west-1.amazonaws.com", "/service/GraniteServiceVersion20100801/operation/PutMetricData", "Smithy-Protocol: rpc-v2-cbor", "monitoring PutMetricData", "", ""},
		{"sts", "GET", "sts.amazonaws.com", "/?Action=AssumeRole&RoleArn=arn&Version=2011-06-15", "", "sts AssumeRole", "rolearn", "arn"},
		{"lambda", "GET", "lambda.eu-west-1.amazonaws.com", "/nothing/of/the/kind", "", "lambda GET /nothing/of/the/kind", "", ""},
		{"nonesuch", "POST", "x.amazonaws.com", "/", "X-Amz-Target: a.\x1b[31m", "nonesuch POST /", "", ""},
	} {
		r, err := http.NewRequest(c.method, "https://"+c.host+c.path, nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=A/20261124/eu-west-1/"+c.service+"/aws4_request, SignedHeaders=host, Signature=abc")
		if name, value, ok := strings.Cut(c.header, ": "); ok {
			r.Header.Set(name, value)
		}
		call, err := table.identify(r, c.host, nil)
		if err != nil {
			t.Errorf("%s %s: %v", c.method, c.path, err)
			continue
		}
		if got := call.Service + " " + call.Operation; got != c.operation {
			t.Errorf("%s %s%s: %q, want %q", c.method, c.host, c.path, got, c.operation)
		}
		if strings.Contains(c.host, "accesspoint") {
			if want := []iam.CallResource{{ARN: "arn:aws:s3:eu-west-1:111122223333:accesspoint/my-point/object/k"}}; !slices.Equal(call.Resources, want) || call.Parameters["bucket"] != nil {
				t.Errorf("%s: resources %v, parameters %v", c.host, call.Resources, call.Parameters)
			}
		}
		if c.parameter != "" && !slices.Equal(call.Parameters[c.parameter], []string{c.value}) {
			t.Errorf("%s %s%s: parameters %v, want %s %s", c.method, c.host, c.path, call.Parameters, c.parameter, c.value)
		}
	}
}

func FuzzIdentify(f *testing.F) {
	f.Add("POST", "s3", "b.s3.amazonaws.com", "/a?x=%zz", "application/x-www-form-urlencoded", "T.x", "Action=a&b.1=c")
	f.Add("GET", "lambda", "x", "/2015-03-31/functions/f/invocations", "application/json", "", `{"a":[{"b":"c"}]}`)
	table, err := loadRoutes()
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, method, service, host, path, kind, target, body string) {
		u, err := url.ParseRequestURI(path)
		if err != nil {
			return
		}
		r := &http.Request{Method: method, URL: u, Host: host, Header: http.Header{}}
		r.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=A/20261124/eu-west-1/"+service+"/aws4_request")
		r.Header.Set("Content-Type", kind)
		if target != "" {
			r.Header.Set("X-Amz-Target", target)
		}
		c, err := table.identify(r, host, []byte(body))
		if err != nil {
			return
		}
		if c.Operation == "" || strings.ContainsAny(c.Service, "\x1b\n") || strings.ContainsAny(c.Operation[min(len(c.Operation), len(method)):], "\x1b\n") {
			t.Fatalf("let through: %q %q", c.Service, c.Operation)
		}
	})
}
