// Command awswire distils the service models of botocore into the table of
// package internal/awstest/wire: operations, shapes, error codes and paging,
// without documentation.
//
//	go run ./internal/generate/awswire -botocore '.cache/venv/lib/python3*/site-packages/botocore/data' -o internal/awstest/wire/models.zip
//
// botocore (Apache-2.0, Copyright Amazon.com, Inc. or its affiliates) comes with
// moto; the version that the committed table was made from stands in it as
// VERSION. The format of its files:
// https://github.com/boto/botocore/tree/develop/botocore/data (read 2026-11-24).
package main

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"merlon.dev/merlon/internal/awstest/wire"
	"merlon.dev/merlon/internal/generate/botocore"
)

// services are the SDK's package names, and botocore's folders where the two differ.
var services = map[string]string{
	"accessanalyzer": "", "account": "", "acm": "", "acmpca": "acm-pca", "apigateway": "", "apigatewayv2": "", "athena": "",
	"autoscaling": "", "backup": "", "cloudformation": "", "cloudfront": "", "cloudtrail": "", "cloudwatch": "",
	"cloudwatchlogs": "logs", "codebuild": "", "cognitoidentityprovider": "cognito-idp", "configservice": "config",
	"detective": "", "dynamodb": "", "ec2": "", "ecr": "", "ecs": "", "efs": "", "eks": "", "elasticache": "",
	"elasticloadbalancing": "elb", "elasticloadbalancingv2": "elbv2", "emr": "", "eventbridge": "events", "firehose": "",
	"fms": "", "glue": "", "guardduty": "", "iam": "", "identitystore": "", "inspector2": "", "kinesis": "", "kms": "",
	"lambda": "", "macie2": "", "networkfirewall": "network-firewall", "opensearch": "", "organizations": "", "ram": "",
	"rds": "", "redshift": "", "route53": "", "s3": "", "s3control": "", "sagemaker": "", "secretsmanager": "",
	"securityhub": "", "sesv2": "", "sfn": "stepfunctions", "sns": "", "sqs": "", "ssm": "", "sso": "", "ssoadmin": "sso-admin",
	"sts": "", "wafv2": "",
}

func main() {
	data := flag.String("botocore", "", "folder `DIR` of botocore's data (a pattern is resolved)")
	out := flag.String("o", "models.zip", "`file` to write")
	flag.Parse()
	if err := run(*data, *out); err != nil {
		fmt.Fprintln(os.Stderr, "awswire:", err)
		os.Exit(1)
	}
}

func run(pattern, out string) error {
	data, err := botocore.Find(pattern)
	if err != nil {
		return err
	}
	var buf bytes.Buffer
	z := zip.NewWriter(&buf)
	if err := add(z, "VERSION", []byte("botocore "+data.Version+"\n")); err != nil {
		return err
	}
	var index []*wire.Service
	for _, name := range slices.Sorted(keys(services)) {
		folder := services[name]
		if folder == "" {
			folder = name
		}
		s, err := distil(data, folder, name)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		b, err := json.Marshal(s)
		if err != nil {
			return err
		}
		if err := add(z, name+".json", b); err != nil {
			return err
		}
		head := *s
		head.Operations, head.Shapes, head.Errors, head.QueryErrors = nil, nil, nil, nil
		index = append(index, &head)
	}
	b, err := json.Marshal(index)
	if err != nil {
		return err
	}
	if err := add(z, "index.json", b); err != nil {
		return err
	}
	if err := z.Close(); err != nil {
		return err
	}
	return os.WriteFile(out, buf.Bytes(), 0o644)
}

func keys(m map[string]string) func(func(string) bool) {
	return func(yield func(string) bool) {
		for k := range m {
			if !yield(k) {
				return
			}
		}
	}
}

// add writes an entry without a time, so that the same input gives the same file.
func add(z *zip.Writer, name string, b []byte) error {
	w, err := z.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Deflate})
	if err != nil {
		return err
	}
	_, err = w.Write(b)
	return err
}

// distil reads the newest version of a service.
func distil(data botocore.Data, folder, name string) (*wire.Service, error) {
	dir, err := data.Newest(folder)
	if err != nil || dir == "" {
		return nil, fmt.Errorf("no service-2.json below %s", folder)
	}
	var m model
	if err := botocore.Read(filepath.Join(dir, "service-2.json"), &m); err != nil {
		return nil, err
	}
	var p struct {
		Pagination map[string]pagination `json:"pagination"`
	}
	if err := botocore.Read(filepath.Join(dir, "paginators-1.json"), &p); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	return m.service(name, p.Pagination), nil
}
