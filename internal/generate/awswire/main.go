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
	"compress/gzip"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"merlon.dev/merlon/internal/awstest/wire"
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
	dirs, err := filepath.Glob(pattern)
	if err != nil || len(dirs) != 1 {
		return fmt.Errorf("-botocore %q: want one folder, found %d (make test puts moto and botocore into .cache/venv)", pattern, len(dirs))
	}
	version, err := botocoreVersion(dirs[0])
	if err != nil {
		return err
	}
	var buf bytes.Buffer
	z := zip.NewWriter(&buf)
	if err := add(z, "VERSION", []byte(version+"\n")); err != nil {
		return err
	}
	var index []*wire.Service
	for _, name := range slices.Sorted(keys(services)) {
		folder := services[name]
		if folder == "" {
			folder = name
		}
		s, err := distil(filepath.Join(dirs[0], folder), name)
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

func botocoreVersion(data string) (string, error) {
	b, err := os.ReadFile(filepath.Join(filepath.Dir(data), "__init__.py"))
	if err != nil {
		return "", err
	}
	for line := range strings.Lines(string(b)) {
		if v, ok := strings.CutPrefix(strings.TrimSpace(line), "__version__ = "); ok {
			return "botocore " + strings.Trim(v, `'"`), nil
		}
	}
	return "", errors.New("botocore/__init__.py names no version")
}

// readJSON reads FILE.json or FILE.json.gz.
func readJSON(base string, into any) error {
	b, err := os.ReadFile(base + ".json")
	if errors.Is(err, fs.ErrNotExist) {
		var f *os.File
		if f, err = os.Open(base + ".json.gz"); err != nil {
			return err
		}
		defer f.Close()
		var z *gzip.Reader
		if z, err = gzip.NewReader(f); err != nil {
			return err
		}
		b, err = io.ReadAll(z)
	}
	if err != nil {
		return err
	}
	return json.Unmarshal(b, into)
}

// distil reads the newest version of a service.
func distil(folder, name string) (*wire.Service, error) {
	versions, err := filepath.Glob(filepath.Join(folder, "*", "service-2.json*"))
	if err != nil || len(versions) == 0 {
		return nil, fmt.Errorf("no service-2.json below %s", folder)
	}
	slices.Sort(versions)
	dir := filepath.Dir(versions[len(versions)-1])
	var m model
	if err := readJSON(filepath.Join(dir, "service-2"), &m); err != nil {
		return nil, err
	}
	var p struct {
		Pagination map[string]pagination `json:"pagination"`
	}
	if err := readJSON(filepath.Join(dir, "paginators-1"), &p); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	return m.service(name, p.Pagination), nil
}
