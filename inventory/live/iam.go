package live

import (
	"context"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"
)

const (
	userType              = "AWS::IAM::User"
	groupType             = "AWS::IAM::Group"
	roleType              = "AWS::IAM::Role"
	managedPolicyType     = "AWS::IAM::ManagedPolicy"
	instanceProfileType   = "AWS::IAM::InstanceProfile"
	mfaDeviceType         = "AWS::IAM::VirtualMFADevice"
	serverCertificateType = "AWS::IAM::ServerCertificate"
	samlProviderType      = "AWS::IAM::SAMLProvider"
	oidcProviderType      = "AWS::IAM::OIDCProvider"
	passwordPolicyType    = "Merlon::IAM::PasswordPolicy"
	credentialReportType  = "Merlon::IAM::CredentialReportEntry"
)

const iamPasswordPolicyErrors = "https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetAccountPasswordPolicy.html (read 2026-11-24)"

var (
	iamGetAccountAuthorizationDetails = operation(iam.NewFromConfig, (*iam.Client).GetAccountAuthorizationDetails, Declaration{
		Types: []string{userType, groupType, roleType, managedPolicyType}})
	// The details leave out a role's description and how long its sessions may be.
	iamListRoles = operation(iam.NewFromConfig, (*iam.Client).ListRoles, Declaration{Optional: true,
		Per: roleType, Shared: true, Fills: []string{"properties.Description", "properties.MaxSessionDuration"}})
	iamListServiceSpecificCredentials = operation(iam.NewFromConfig, (*iam.Client).ListServiceSpecificCredentials, Declaration{Optional: true,
		Per: userType, Shared: true, Fills: []string{"observed.ServiceSpecificCredentials"}})
	iamGetCredentialReport = operation(iam.NewFromConfig, (*iam.Client).GetCredentialReport, Declaration{
		Types: []string{credentialReportType}})
	iamGenerateCredentialReport = operation(iam.NewFromConfig, (*iam.Client).GenerateCredentialReport, Declaration{
		Types: []string{credentialReportType}, Optional: true})
	iamListVirtualMFADevices = operation(iam.NewFromConfig, (*iam.Client).ListVirtualMFADevices, Declaration{
		Types: []string{mfaDeviceType}})
	iamGetAccountPasswordPolicy = operation(iam.NewFromConfig, (*iam.Client).GetAccountPasswordPolicy, Declaration{
		Types: []string{passwordPolicyType}, Absent: []string{"NoSuchEntity"}, Source: iamPasswordPolicyErrors})
	iamListInstanceProfiles = operation(iam.NewFromConfig, (*iam.Client).ListInstanceProfiles, Declaration{
		Types: []string{instanceProfileType}})
	iamListServerCertificates = operation(iam.NewFromConfig, (*iam.Client).ListServerCertificates, Declaration{
		Types: []string{serverCertificateType}})
	iamListSAMLProviders = operation(iam.NewFromConfig, (*iam.Client).ListSAMLProviders, Declaration{
		Types: []string{samlProviderType}})
	iamGetSAMLProvider = operation(iam.NewFromConfig, (*iam.Client).GetSAMLProvider, Declaration{
		Per: samlProviderType, Key: []string{"SAMLProviderArn"}, Fills: []string{"properties.SamlMetadataDocument", "properties.AssertionEncryptionMode",
			"properties.PrivateKeyList", "properties.SamlProviderUUID", "observed.CreateDate", "observed.ValidUntil", "tags"}})
	iamListOIDCProviders = operation(iam.NewFromConfig, (*iam.Client).ListOpenIDConnectProviders, Declaration{
		Types: []string{oidcProviderType}})
	iamGetOIDCProvider = operation(iam.NewFromConfig, (*iam.Client).GetOpenIDConnectProvider, Declaration{
		Per: oidcProviderType, Key: []string{"OpenIDConnectProviderArn"}, Fills: []string{"properties.Url", "properties.ClientIdList",
			"properties.ThumbprintList", "observed.CreateDate", "tags"}})
)

// iamPage is the largest page that IAM gives; its own choice would be 100.
var iamPage = aws.Int32(1000)

// iamService reads the users, groups, roles and policies of an account in one
// call a thousand of them, and the state of all credentials from the credential
// report: no call is made for each user, role or policy.
func iamService() *Service { return iamServiceWaiting(defaultReportWait) }

func iamServiceWaiting(wait reportWait) *Service { return iamServiceReading(wait, false) }

const iamName = "iam"

// iamServiceReading also reads what each user and role used where accessed is set.
func iamServiceReading(wait reportWait, accessed bool) *Service {
	svc := &Service{
		Name: iamName, Title: "IAM", Global: true,
		Operations: []*Operation{iamGetAccountAuthorizationDetails.Operation, iamListRoles.Operation, iamListServiceSpecificCredentials.Operation,
			iamGetCredentialReport.Operation, iamGenerateCredentialReport.Operation, iamListVirtualMFADevices.Operation,
			iamGetAccountPasswordPolicy.Operation, iamListInstanceProfiles.Operation, iamListServerCertificates.Operation,
			iamListSAMLProviders.Operation, iamGetSAMLProvider.Operation, iamListOIDCProviders.Operation, iamGetOIDCProvider.Operation},
		Collect: func(ctx context.Context, s *Scope) error { return collectIAM(ctx, s, wait, accessed) },
	}
	if accessed {
		svc.Operations = append(svc.Operations, iamGenerateUserAccess.Operation, iamGetUserAccess.Operation,
			iamGenerateRoleAccess.Operation, iamGetRoleAccess.Operation)
	}
	return svc
}

func collectIAM(ctx context.Context, s *Scope, wait reportWait, accessed bool) error {
	steps := []func(context.Context) error{
		func(ctx context.Context) error { return s.iamPrincipals(ctx, wait, accessed) },
		s.iamMFADevices,
		s.iamPasswordPolicy,
		s.iamInstanceProfiles,
		s.iamServerCertificates,
		s.iamSAMLProviders,
		s.iamOIDCProviders,
	}
	return each(ctx, s, steps, func(ctx context.Context, step func(context.Context) error) error { return step(ctx) })
}

func (s *Scope) iamMFADevices(ctx context.Context) error {
	return iamListVirtualMFADevices.List(ctx, s, &iam.ListVirtualMFADevicesInput{MaxItems: iamPage}, func(out *iam.ListVirtualMFADevicesOutput) error {
		for _, m := range out.VirtualMFADevices {
			serial := aws.ToString(m.SerialNumber)
			_, name := splitPath(serial, ":mfa")
			d := s.Draft(mfaDeviceType, serial, serial, name).From(iamListVirtualMFADevices.Operation, s)
			d.Set("SerialNumber", serial)
			d.Set("VirtualMfaDeviceName", name)
			d.Observe("EnableDate", m.EnableDate)
			d.Tag(m.Tags)
			if u := m.User; u != nil {
				root := isRoot(aws.ToString(u.Arn))
				d.Observe("IsRoot", root)
				if !root {
					d.Set("Users", []string{aws.ToString(u.UserName)})
				}
			}
			if err := s.Put(ctx, d); err != nil {
				return err
			}
		}
		return nil
	})
}

func (s *Scope) iamPasswordPolicy(ctx context.Context) error {
	return iamGetAccountPasswordPolicy.List(ctx, s, &iam.GetAccountPasswordPolicyInput{}, func(out *iam.GetAccountPasswordPolicyOutput) error {
		if out.PasswordPolicy == nil {
			return nil
		}
		d := s.Draft(passwordPolicyType, string(s.Account), "", "password policy").From(iamGetAccountPasswordPolicy.Operation, s)
		d.Set("AccountId", string(s.Account))
		d.Fold(out.PasswordPolicy, Folding{})
		return s.Put(ctx, d)
	})
}

func (s *Scope) iamInstanceProfiles(ctx context.Context) error {
	return iamListInstanceProfiles.List(ctx, s, &iam.ListInstanceProfilesInput{MaxItems: iamPage}, func(out *iam.ListInstanceProfilesOutput) error {
		for _, p := range out.InstanceProfiles {
			name := aws.ToString(p.InstanceProfileName)
			d := s.Draft(instanceProfileType, name, aws.ToString(p.Arn), name).From(iamListInstanceProfiles.Operation, s)
			var roles []string
			for _, r := range p.Roles {
				roles = append(roles, aws.ToString(r.RoleName))
			}
			d.Set("Roles", roles)
			d.Fold(p, Folding{Drop: []string{"Roles"}})
			if err := s.Put(ctx, d); err != nil {
				return err
			}
		}
		return nil
	})
}

// tagsNotListed is why a resource's tags are unknown: IAM's list calls leave them
// out, and a call for each resource is too much for what they tell.
const tagsNotListed = "IAM lists these without their tags"

func (s *Scope) iamServerCertificates(ctx context.Context) error {
	return iamListServerCertificates.List(ctx, s, &iam.ListServerCertificatesInput{MaxItems: iamPage}, func(out *iam.ListServerCertificatesOutput) error {
		for _, c := range out.ServerCertificateMetadataList {
			name := aws.ToString(c.ServerCertificateName)
			d := s.Draft(serverCertificateType, name, aws.ToString(c.Arn), name).From(iamListServerCertificates.Operation, s)
			d.Fold(c, Folding{})
			d.UnknownBecause("tags", tagsNotListed)
			if err := s.Put(ctx, d); err != nil {
				return err
			}
		}
		return nil
	})
}

func (s *Scope) iamSAMLProviders(ctx context.Context) error {
	return iamListSAMLProviders.List(ctx, s, &iam.ListSAMLProvidersInput{}, func(out *iam.ListSAMLProvidersOutput) error {
		return each(ctx, s, out.SAMLProviderList, func(ctx context.Context, p types.SAMLProviderListEntry) error {
			arn := aws.ToString(p.Arn)
			_, name := splitPath(arn, ":saml-provider")
			d := s.Draft(samlProviderType, arn, arn, name).From(iamListSAMLProviders.Operation, s)
			d.Set("Arn", arn)
			d.Set("Name", name)
			d.Observe("CreateDate", p.CreateDate)
			d.Observe("ValidUntil", p.ValidUntil)
			err := iamGetSAMLProvider.Get(ctx, s, d, &iam.GetSAMLProviderInput{SAMLProviderArn: &arn}, func(out *iam.GetSAMLProviderOutput) error {
				// A private key is given by its id only.
				d.Fold(out, Folding{})
				return nil
			})
			if err != nil {
				return err
			}
			return s.Put(ctx, d)
		})
	})
}

func (s *Scope) iamOIDCProviders(ctx context.Context) error {
	return iamListOIDCProviders.List(ctx, s, &iam.ListOpenIDConnectProvidersInput{}, func(out *iam.ListOpenIDConnectProvidersOutput) error {
		return each(ctx, s, out.OpenIDConnectProviderList, func(ctx context.Context, p types.OpenIDConnectProviderListEntry) error {
			arn := aws.ToString(p.Arn)
			_, name, _ := strings.Cut(arn, ":oidc-provider/")
			d := s.Draft(oidcProviderType, arn, arn, name).From(iamListOIDCProviders.Operation, s)
			d.Set("Arn", arn)
			err := iamGetOIDCProvider.Get(ctx, s, d, &iam.GetOpenIDConnectProviderInput{OpenIDConnectProviderArn: &arn}, func(out *iam.GetOpenIDConnectProviderOutput) error {
				d.Set("Url", withScheme(aws.ToString(out.Url)))
				d.Fold(out, Folding{Drop: []string{"Url"}})
				return nil
			})
			if err != nil {
				return err
			}
			return s.Put(ctx, d)
		})
	})
}
