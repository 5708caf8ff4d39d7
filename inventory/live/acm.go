package live

import (
	"context"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/acm"
	"github.com/aws/aws-sdk-go-v2/service/acm/types"
)

const certificateType = "AWS::CertificateManager::Certificate"

var (
	acmListCertificates = operation(acm.NewFromConfig, (*acm.Client).ListCertificates, Declaration{
		Types: []string{certificateType}})
	acmDescribeCertificate = operation(acm.NewFromConfig, (*acm.Client).DescribeCertificate, Declaration{
		Per: certificateType, Fills: []string{"properties.SubjectAlternativeNames", "properties.DomainValidationOptions", "properties.ValidationMethod",
			"properties.CertificateAuthorityArn", "properties.CertificateTransparencyLoggingPreference", "observed.InUseBy", "observed.RenewalSummary",
			"observed.Issuer", "observed.SignatureAlgorithm", "observed.FailureReason"}})
)

// acmService reads certificates. The list tells of expiry and key; a call each
// tells who uses the certificate and how it is renewed.
func acmService() *Service {
	return &Service{
		Name: "acm", Title: "Certificate Manager",
		Operations: []*Operation{acmListCertificates.Operation, acmDescribeCertificate.Operation},
		Collect:    collectACM,
	}
}

func collectACM(ctx context.Context, s *Scope) error {
	// Unasked, the list leaves out every key but RSA of 1,024 and 2,048 bits:
	// https://docs.aws.amazon.com/acm/latest/APIReference/API_Filters.html (read 2026-11-24).
	in := &acm.ListCertificatesInput{MaxItems: aws.Int32(1000), Includes: &types.Filters{KeyTypes: types.KeyAlgorithm("").Values()}}
	return acmListCertificates.List(ctx, s, in, func(out *acm.ListCertificatesOutput) error {
		return each(ctx, s, out.CertificateSummaryList, s.certificate)
	})
}

func (s *Scope) certificate(ctx context.Context, c types.CertificateSummary) error {
	arn := aws.ToString(c.CertificateArn)
	d := s.Draft(certificateType, arn, arn, aws.ToString(c.DomainName)).From(acmListCertificates.Operation, s)
	algorithm := func(a types.KeyAlgorithm) {
		// Of imported certificates AWS writes "RSA-2048", of its own and in CloudFormation "RSA_2048".
		d.Set("KeyAlgorithm", strings.ReplaceAll(string(a), "-", "_"))
	}
	d.Fold(c, Folding{Rename: map[string]string{"ExportOption": "CertificateExport"}, Drop: []string{"KeyAlgorithm"}})
	algorithm(c.KeyAlgorithm)
	d.UnknownBecause("tags", tagsApart)
	err := acmDescribeCertificate.Get(ctx, s, d, &acm.DescribeCertificateInput{CertificateArn: &arn}, func(out *acm.DescribeCertificateOutput) error {
		x := out.Certificate
		if x == nil {
			return nil
		}
		d.Fold(x, Folding{Drop: []string{"KeyAlgorithm", "Options"}})
		algorithm(x.KeyAlgorithm)
		if o := x.Options; o != nil {
			//lint:ignore SA1019 certificates that were made with it off still say so
			d.Set("CertificateTransparencyLoggingPreference", o.CertificateTransparencyLoggingPreference)
			d.Set("CertificateExport", o.Export)
		}
		for _, v := range x.DomainValidationOptions {
			d.Set("ValidationMethod", v.ValidationMethod)
		}
		return nil
	})
	if err != nil {
		return err
	}
	return s.Put(ctx, d)
}
