package awstest_test

import (
	"context"
	"errors"
	"net/http"
	"reflect"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/accessanalyzer"
	"github.com/aws/aws-sdk-go-v2/service/backup"
	"github.com/aws/aws-sdk-go-v2/service/cloudfront"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/eks"
	"github.com/aws/aws-sdk-go-v2/service/guardduty"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/route53"
	"github.com/aws/aws-sdk-go-v2/service/s3control"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/smithy-go"

	"merlon.dev/merlon/internal/awstest"
)

// TestEveryRead makes each Describe, Get and List call that the clients have and
// that needs nothing but texts: an account that has nothing answers, or says in
// the service's own words that something is not there.
func TestEveryRead(t *testing.T) {
	s := awstest.Start(t)
	cfg := config(s, testAccount, "eu-central-1")
	// Paths of these do not say which API they are of, or the models are older
	// than the client.
	unrouted := map[string]bool{
		"backup:DescribeBackupAccessPoint": true, "backup:GetPITRMalwareScanResults": true, "backup:ListBackupAccessPoints": true,
		"backup:ListBackupAccessPointsByRecoveryPoint": true, "backup:ListBackupAccessPointsByResource": true,
		"eks:DescribeCertificateAuthority": true, "eks:ListCertificateAuthorities": true,
		"lambda:GetResourcePolicy": true, "s3:GetObjectAnnotation": true, "s3:ListObjectAnnotations": true,
	}
	total := 0
	for service, client := range map[string]any{
		"accessanalyzer": accessanalyzer.NewFromConfig(cfg), "backup": backup.NewFromConfig(cfg), "cloudfront": cloudfront.NewFromConfig(cfg),
		"cloudwatch": cloudwatch.NewFromConfig(cfg), "dynamodb": dynamodb.NewFromConfig(cfg), "ec2": ec2.NewFromConfig(cfg),
		"eks": eks.NewFromConfig(cfg), "guardduty": guardduty.NewFromConfig(cfg), "iam": iam.NewFromConfig(cfg), "kms": kms.NewFromConfig(cfg),
		"lambda": lambda.NewFromConfig(cfg), "route53": route53.NewFromConfig(cfg), "s3": s3Client(cfg),
		"s3control": s3control.NewFromConfig(cfg),
		"sns":       sns.NewFromConfig(cfg), "sqs": sqs.NewFromConfig(cfg),
	} {
		v := reflect.ValueOf(client)
		for i := range v.NumMethod() {
			name := v.Type().Method(i).Name
			if !strings.HasPrefix(name, "Describe") && !strings.HasPrefix(name, "Get") && !strings.HasPrefix(name, "List") || unrouted[service+":"+name] {
				continue
			}
			in := reflect.New(v.Method(i).Type().In(1).Elem())
			fill(in.Elem(), 0)
			res := v.Method(i).Call([]reflect.Value{reflect.ValueOf(context.Background()), in})
			err, _ := res[1].Interface().(error)
			if !answered(err) {
				// What the client refuses to send is not the server's matter.
				if err != nil && strings.Contains(err.Error(), "https response error") {
					t.Errorf("%s:%s: %v", service, name, err)
				}
				continue
			}
			total++
		}
	}
	if total < 650 {
		t.Errorf("only %d operations were answered", total)
	}
	if m := s.Mutations(); len(m) != 0 {
		t.Errorf("taken for writes: %v", m)
	}
}

// answered: an output came, or an error of the service that is the client's matter.
func answered(err error) bool {
	if err == nil {
		return true
	}
	var api smithy.APIError
	var status interface{ HTTPStatusCode() int }
	return errors.As(err, &api) && errors.As(err, &status) && status.HTTPStatusCode() < 500 && api.ErrorCode() != "UnknownError" && api.ErrorCode() != http.StatusText(404)
}

// fill sets every text, and the structures that hold them.
func fill(v reflect.Value, depth int) {
	for i := range v.NumField() {
		f := v.Field(i)
		if !f.CanSet() || depth > 3 {
			continue
		}
		switch f.Kind() {
		case reflect.String:
			f.SetString("x")
		case reflect.Pointer:
			switch f.Type().Elem().Kind() {
			case reflect.String:
				text := "x"
				if name := v.Type().Field(i).Name; name == "AccountId" {
					text = string(testAccount)
				} else if strings.Contains(name, "Token") || strings.Contains(name, "Marker") {
					continue
				}
				f.Set(reflect.ValueOf(&text))
			case reflect.Struct:
				if f.Type().Elem().PkgPath() != "time" {
					f.Set(reflect.New(f.Type().Elem()))
					fill(f.Elem(), depth+1)
				}
			}
		case reflect.Slice:
			if e := f.Type().Elem(); e.Kind() == reflect.String {
				f.Set(reflect.MakeSlice(f.Type(), 1, 1))
				f.Index(0).SetString("x")
			}
		}
	}
}
