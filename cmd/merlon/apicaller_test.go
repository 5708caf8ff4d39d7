package main

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
)

// apicaller is a program that calls AWS, for scripts: "apicaller metrics|proxy CODE"
// sends what an SDK would and exits with the code.
func apicaller() {
	if err := callAPI(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, "apicaller:", err)
		os.Exit(99)
	}
	fmt.Println("called")
	code, _ := strconv.Atoi(os.Args[2])
	os.Exit(code)
}

func callAPI(kind string) error {
	if kind == "metrics" {
		conn, err := net.Dial("udp", net.JoinHostPort(os.Getenv("AWS_CSM_HOST"), os.Getenv("AWS_CSM_PORT")))
		if err != nil {
			return err
		}
		defer conn.Close()
		_, err = fmt.Fprintf(conn, `{"Version":1,"Type":"ApiCall","ClientId":%q,"Service":"SQS","Api":"SendMessage","Region":"eu-west-1"}`, os.Getenv("AWS_CSM_CLIENT_ID"))
		return err
	}
	proxy, err := url.Parse(os.Getenv("HTTP_PROXY"))
	if err != nil {
		return err
	}
	req, err := http.NewRequest(http.MethodPost, os.Getenv("FAKEAWS")+"/", strings.NewReader(`{"TableName":"orders"}`))
	if err != nil {
		return err
	}
	req.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential="+os.Getenv("FAKEKEY")+"/20261124/eu-west-1/dynamodb/aws4_request, SignedHeaders=host, Signature=abc")
	req.Header.Set("X-Amz-Target", "DynamoDB_20120810.DescribeTable")
	req.Header.Set("Content-Type", "application/x-amz-json-1.0")
	res, err := (&http.Client{Transport: &http.Transport{Proxy: http.ProxyURL(proxy)}}).Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	_, err = io.Copy(io.Discard, res.Body)
	return err
}
