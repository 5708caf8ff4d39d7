package live

import (
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/acm"
	"github.com/aws/aws-sdk-go-v2/service/acm/types"
	"github.com/google/go-cmp/cmp"
)

const certARN = "arn:aws:acm:eu-west-1:111122223333:certificate/c1"

func acmFake(t *testing.T) *fake {
	f := &fake{}
	end := time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC)
	answer(f, acmListCertificates, func(p Place, in *acm.ListCertificatesInput) (*acm.ListCertificatesOutput, error) {
		if len(in.Includes.KeyTypes) < 7 {
			t.Errorf("keys asked for: %v", in.Includes.KeyTypes)
		}
		if p.Region != "eu-west-1" {
			return &acm.ListCertificatesOutput{}, nil
		}
		return &acm.ListCertificatesOutput{CertificateSummaryList: []types.CertificateSummary{{CertificateArn: aws.String(certARN), DomainName: aws.String("example.com"), InUse: aws.Bool(true),
			ExportOption: types.CertificateExportDisabled, KeyAlgorithm: "RSA-2048", NotAfter: &end, Status: types.CertificateStatusIssued, Type: types.CertificateTypeAmazonIssued}}}, nil
	})
	answer(f, acmDescribeCertificate, func(_ Place, in *acm.DescribeCertificateInput) (*acm.DescribeCertificateOutput, error) {
		return &acm.DescribeCertificateOutput{Certificate: &types.CertificateDetail{CertificateArn: in.CertificateArn, DomainName: aws.String("example.com"), SubjectAlternativeNames: []string{"example.com", "*.example.com"},
			DomainValidationOptions: []types.DomainValidation{{DomainName: aws.String("example.com"), ValidationMethod: types.ValidationMethodDns, ValidationStatus: types.DomainStatusSuccess}},
			InUseBy:                 []string{"arn:aws:elasticloadbalancing:eu-west-1:111122223333:loadbalancer/app/web/1"}, KeyAlgorithm: types.KeyAlgorithmRsa2048, NotAfter: &end, Status: types.CertificateStatusIssued,
			//lint:ignore SA1019 certificates that were made with it off still say so
			Options: &types.CertificateOptions{CertificateTransparencyLoggingPreference: types.CertificateTransparencyLoggingPreferenceDisabled, Export: types.CertificateExportEnabled}}}, nil
	})
	return f
}

func TestACM(t *testing.T) {
	c := collect(t, acmFake(t), acmService())
	if len(c.gaps) != 0 || len(c.calls) != 3 {
		t.Errorf("gaps %v, calls %v", c.gaps, c.calls)
	}
	d := c.one(t, certificateType, certARN)
	want := map[string]any{"CertificateArn": certARN, "DomainName": "example.com", "SubjectAlternativeNames": []any{"example.com", "*.example.com"}, "KeyAlgorithm": "RSA_2048",
		"ValidationMethod": "DNS", "CertificateTransparencyLoggingPreference": "DISABLED", "CertificateExport": "ENABLED",
		"DomainValidationOptions": []any{map[string]any{"DomainName": "example.com"}}}
	if diff := cmp.Diff(want, d["properties"]); diff != "" {
		t.Error(diff)
	}
	if at(d, "observed", "NotAfter") != "2026-06-01T00:00:00Z" || at(d, "observed", "InUseBy", 0) == nil || at(d, "observed", "DomainValidationOptions", 0, "ValidationStatus") != "SUCCESS" {
		t.Errorf("observed %v", d["observed"])
	}
}

func TestACMGaps(t *testing.T) {
	f := acmFake(t)
	answer(f, acmDescribeCertificate, func(Place, *acm.DescribeCertificateInput) (*acm.DescribeCertificateOutput, error) {
		return nil, apiError("AccessDeniedException")
	})
	c := collect(t, f, acmService())
	d := c.one(t, certificateType, certARN)
	if at(d, "unknowns", "/properties/CertificateTransparencyLoggingPreference") == nil || at(d, "unknowns", "/observed/InUseBy") == nil || len(c.gaps) != 1 {
		t.Errorf("unknowns %v, gaps %v", d["unknowns"], c.gaps)
	}
	if at(d, "observed", "NotAfter") == nil || at(d, "properties", "KeyAlgorithm") != "RSA_2048" {
		t.Errorf("what the list says is known: %v", d)
	}
	answer(f, acmListCertificates, func(Place, *acm.ListCertificatesInput) (*acm.ListCertificatesOutput, error) {
		return nil, apiError("AccessDeniedException")
	})
	if c := collect(t, f, acmService()); len(c.gaps) != 2 || c.gaps[0].Types[0] != certificateType {
		t.Errorf("gaps %v", c.gaps)
	}
}
