package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"merlon.dev/merlon/iam/reference"
	"merlon.dev/merlon/internal/generate/botocore"
)

func TestTable(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) {
		t.Helper()
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write("__init__.py", "x = 1\n__version__ = '9.8.7'\n")
	write("data/lambda/2014-11-11/service-2.json", `{`) // an old one is not read
	write("data/lambda/2015-03-31/service-2.json", `{"metadata":{"serviceId":"Lambda","endpointPrefix":"lambda"},
		"operations":{"CreateFunction":{"input":{"shape":"Create"}},"Plain":{"input":{"shape":"Plain"}},"GetFunction":{"input":{"shape":"Create"}},"Deep":{"input":{"shape":"Deep"}},"None":{}},
		"shapes":{"Create":{"type":"structure","members":{"Role":{"shape":"S"}}},"Plain":{"type":"structure","members":{"RoleType":{"shape":"S"},"Role":{"shape":"E"},"Again":{"shape":"Plain"}}},
			"Deep":{"type":"structure","members":{"L":{"shape":"L"}}},"L":{"type":"list","member":{"shape":"M"}},"M":{"type":"map","value":{"shape":"Create"}},
			"S":{"type":"string"},"E":{"type":"string","enum":["A"]}}}`)
	write("data/apigateway/2015-07-09/service-2.json", `{"metadata":{"serviceId":"API Gateway","endpointPrefix":"apigateway"},
		"operations":{"GetRestApi":{"http":{"method":"GET"}},"CreateRestApi":{"http":{"method":"POST"}},"GetPortal":{"http":{"method":"GET"}}}}`)
	write("data/cloudwatch/2010-08-01/service-2.json", `{"metadata":{"serviceId":"CloudWatch","endpointPrefix":"monitoring"}}`)
	write("data/gone/2020-01-01/service-2.json", `{"metadata":{"serviceId":"Gone","endpointPrefix":"gone"}}`)
	write("data/ses/2020-01-01/service-2.json", `{"metadata":{"serviceId":"SES","endpointPrefix":"email","signingName":"ses"}}`)
	write("data/endpoints.json", `{}`)

	data, err := botocore.Find(filepath.Join(dir, "data"))
	if err != nil {
		t.Fatal(err)
	}
	models, err := readModels(data)
	if err != nil {
		t.Fatal(err)
	}
	ref, err := reference.Load()
	if err != nil {
		t.Fatal(err)
	}
	got, err := table(ref, models, data.Version)
	if err != nil {
		t.Fatal(err)
	}
	want := strings.Join([]string{
		"# Distilled from the service models of botocore 9.8.7 (Apache-2.0, Amazon.com, Inc.).",
		"service\tAPI Gateway\tapigateway\tapigateway\tapigateway",
		"verb\tAPI Gateway\tapigateway:GET\tGetRestApi",
		"verb\tAPI Gateway\tapigateway:POST\tCreateRestApi",
		"service\tCloudWatch\tmonitoring\tmonitoring\tcloudwatch",
		"service\tLambda\tlambda\tlambda\tlambda",
		"passes\tLambda\tCreateFunction Deep",
		"service\tSES\temail\tses\tses",
		"",
	}, "\n")
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Error(diff)
	}
	again, err := table(ref, models, data.Version)
	if err != nil || !bytes.Equal(got, again) {
		t.Errorf("not the same twice: %v", err)
	}
}
