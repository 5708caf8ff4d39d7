package live

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"
	"github.com/google/go-cmp/cmp"

	"merlon.dev/merlon"
	"merlon.dev/merlon/inventory"
)

const adminArn = "arn:aws:iam::aws:policy/AdministratorAccess"

func encoded(doc string) *string { return aws.String(url.PathEscape(doc)) }

func iamArn(rest string) *string { return aws.String("arn:aws:iam::111122223333:" + rest) }

const reportText = `user,arn,user_creation_time,password_enabled,password_last_used,password_last_changed,password_next_rotation,mfa_active,access_key_1_active,access_key_1_last_rotated,access_key_1_last_used_date,access_key_1_last_used_region,access_key_1_last_used_service,access_key_2_active,new_column
<root_account>,arn:aws:iam::111122223333:root,2020-01-01T00:00:00+00:00,not_supported,2025-12-31T10:00:00+02:00,not_supported,not_supported,true,false,N/A,N/A,N/A,N/A,false,x
alice,arn:aws:iam::111122223333:user/team/alice,2026-01-02T03:04:05+00:00,true,no_information,2025-01-01T00:00:00+00:00,N/A,false,true,2024-01-01T00:00:00+00:00,N/A,N/A,N/A,maybe,y
bob,arn:aws:iam::111122223333:user/bob,2019-01-01T00:00:00+00:00,true,N/A,N/A,N/A,true
`

func iamFake() *fake {
	f := &fake{}
	answer(f, iamGetAccountAuthorizationDetails, func(_ Place, in *iam.GetAccountAuthorizationDetailsInput) (*iam.GetAccountAuthorizationDetailsOutput, error) {
		if aws.ToString(in.Marker) == "" {
			return &iam.GetAccountAuthorizationDetailsOutput{IsTruncated: true, Marker: aws.String("2"), UserDetailList: []types.UserDetail{
				{UserName: aws.String("alice"), Arn: iamArn("user/team/alice"), Path: aws.String("/team/"), UserId: aws.String("AIDA1"), CreateDate: &fakeNow,
					GroupList: []string{"admins"}, Tags: []types.Tag{{Key: aws.String("mail"), Value: aws.String("a@example.com")}},
					UserPolicyList:      []types.PolicyDetail{{PolicyName: aws.String("own"), PolicyDocument: encoded("\n{\"Version\":\"2012-10-17\",\"Statement\":[],\"Max\":3600}")}},
					PermissionsBoundary: &types.AttachedPermissionsBoundary{PermissionsBoundaryArn: iamArn("policy/edge")}},
				{UserName: aws.String("bob"), Arn: iamArn("user/bob"), CreateDate: &fakeNow},
				{UserName: aws.String("carol"), Arn: iamArn("user/carol"), CreateDate: &fakeNow}}}, nil
		}
		return &iam.GetAccountAuthorizationDetailsOutput{
			GroupDetailList: []types.GroupDetail{{GroupName: aws.String("admins"), Arn: iamArn("group/admins"), GroupId: aws.String("AGPA1"),
				AttachedManagedPolicies: []types.AttachedPolicy{{PolicyArn: aws.String(adminArn)}}}},
			RoleDetailList: []types.RoleDetail{{RoleName: aws.String("app"), Arn: iamArn("role/app"), RoleId: aws.String("AROA1"), Path: aws.String("/"),
				AssumeRolePolicyDocument: encoded(`{"Statement":[{"Principal":{"Service":"ec2.amazonaws.com"}}]}`),
				RoleLastUsed:             &types.RoleLastUsed{LastUsedDate: &fakeNow, Region: aws.String("eu-west-1")}}},
			Policies: []types.ManagedPolicyDetail{
				{Arn: aws.String(adminArn), PolicyName: aws.String("AdministratorAccess"), IsAttachable: true, DefaultVersionId: aws.String("v1"), AttachmentCount: aws.Int32(1),
					PolicyVersionList: []types.PolicyVersion{{VersionId: aws.String("v1"), IsDefaultVersion: true, Document: encoded(`{"Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}`)}}},
				{Arn: aws.String("arn:aws:iam::aws:policy/ReadOnlyAccess"), PolicyName: aws.String("ReadOnlyAccess")},
				{Arn: iamArn("policy/edge"), PolicyName: aws.String("edge"), PolicyVersionList: []types.PolicyVersion{
					{VersionId: aws.String("v2"), IsDefaultVersion: true, Document: encoded(`{"Statement":{"Action":"s3:*"}}`)},
					{VersionId: aws.String("v1"), Document: encoded(`{"Statement":{"Action":"*"}}`)}}}}}, nil
	})
	answer(f, iamListRoles, func(Place, *iam.ListRolesInput) (*iam.ListRolesOutput, error) {
		return &iam.ListRolesOutput{Roles: []types.Role{{RoleName: aws.String("app"), Description: aws.String("the app"), MaxSessionDuration: aws.Int32(43200)}}}, nil
	})
	answer(f, iamListServiceSpecificCredentials, func(_ Place, in *iam.ListServiceSpecificCredentialsInput) (*iam.ListServiceSpecificCredentialsOutput, error) {
		if !aws.ToBool(in.AllUsers) {
			return nil, apiError("ValidationError")
		}
		return &iam.ListServiceSpecificCredentialsOutput{ServiceSpecificCredentials: []types.ServiceSpecificCredentialMetadata{
			{UserName: aws.String("alice"), ServiceName: aws.String("bedrock.amazonaws.com"), ServiceSpecificCredentialId: aws.String("ACCA1"), Status: types.StatusTypeActive}}}, nil
	})
	answer(f, iamGetCredentialReport, func(Place, *iam.GetCredentialReportInput) (*iam.GetCredentialReportOutput, error) {
		return &iam.GetCredentialReportOutput{Content: []byte(reportText), GeneratedTime: &fakeNow}, nil
	})
	answer(f, iamListVirtualMFADevices, func(Place, *iam.ListVirtualMFADevicesInput) (*iam.ListVirtualMFADevicesOutput, error) {
		return &iam.ListVirtualMFADevicesOutput{VirtualMFADevices: []types.VirtualMFADevice{
			{SerialNumber: iamArn("mfa/root-account-mfa-device"), EnableDate: &fakeNow, User: &types.User{Arn: iamArn("root")}},
			{SerialNumber: iamArn("mfa/phones/bob"), EnableDate: &fakeNow, User: &types.User{Arn: iamArn("user/bob"), UserName: aws.String("bob")}},
			{SerialNumber: iamArn("mfa/spare")}}}, nil
	})
	answer(f, iamGetAccountPasswordPolicy, func(Place, *iam.GetAccountPasswordPolicyInput) (*iam.GetAccountPasswordPolicyOutput, error) {
		return nil, apiError("NoSuchEntity")
	})
	answer(f, iamListInstanceProfiles, func(Place, *iam.ListInstanceProfilesInput) (*iam.ListInstanceProfilesOutput, error) {
		return &iam.ListInstanceProfilesOutput{InstanceProfiles: []types.InstanceProfile{
			{InstanceProfileName: aws.String("app"), Arn: iamArn("instance-profile/app"), Roles: []types.Role{{RoleName: aws.String("app")}}}}}, nil
	})
	answer(f, iamListServerCertificates, func(Place, *iam.ListServerCertificatesInput) (*iam.ListServerCertificatesOutput, error) {
		return &iam.ListServerCertificatesOutput{ServerCertificateMetadataList: []types.ServerCertificateMetadata{
			{ServerCertificateName: aws.String("old"), Arn: iamArn("server-certificate/old"), Path: aws.String("/"), Expiration: &fakeNow}}}, nil
	})
	answer(f, iamListSAMLProviders, func(Place, *iam.ListSAMLProvidersInput) (*iam.ListSAMLProvidersOutput, error) {
		return &iam.ListSAMLProvidersOutput{SAMLProviderList: []types.SAMLProviderListEntry{{Arn: iamArn("saml-provider/idp"), ValidUntil: &fakeNow}}}, nil
	})
	answer(f, iamGetSAMLProvider, func(Place, *iam.GetSAMLProviderInput) (*iam.GetSAMLProviderOutput, error) {
		return &iam.GetSAMLProviderOutput{SAMLMetadataDocument: aws.String("<EntityDescriptor/>"), SAMLProviderUUID: aws.String("u"), Tags: []types.Tag{{Key: aws.String("k"), Value: aws.String("v")}}}, nil
	})
	answer(f, iamListOIDCProviders, func(Place, *iam.ListOpenIDConnectProvidersInput) (*iam.ListOpenIDConnectProvidersOutput, error) {
		return &iam.ListOpenIDConnectProvidersOutput{OpenIDConnectProviderList: []types.OpenIDConnectProviderListEntry{{Arn: iamArn("oidc-provider/token.actions.githubusercontent.com")}}}, nil
	})
	answer(f, iamGetOIDCProvider, func(Place, *iam.GetOpenIDConnectProviderInput) (*iam.GetOpenIDConnectProviderOutput, error) {
		return &iam.GetOpenIDConnectProviderOutput{Url: aws.String("token.actions.githubusercontent.com"), ClientIDList: []string{"sts.amazonaws.com"}, ThumbprintList: []string{"aa"}}, nil
	})
	return f
}

func TestIAM(t *testing.T) {
	c := collect(t, iamFake(), iamService())
	if len(c.gaps) != 0 {
		t.Errorf("gaps: %+v", c.gaps)
	}
	if len(c.calls) != 13 {
		t.Errorf("%d calls for an account whose details take two pages: %v", len(c.calls), c.calls)
	}
	alice, bob := c.one(t, userType, "alice"), c.one(t, userType, "bob")
	for _, tt := range []struct {
		doc  map[string]any
		path []any
		want any
	}{
		{alice, []any{"arn"}, "arn:aws:iam::111122223333:user/team/alice"},
		{alice, []any{"region"}, "us-east-1"},
		{alice, []any{"tags", "mail"}, "a@example.com"},
		{alice, []any{"properties", "Path"}, "/team/"},
		{alice, []any{"properties", "Groups"}, []any{"admins"}},
		{alice, []any{"properties", "Policies", 0, "PolicyName"}, "own"},
		// A policy stays as it is written: the empty list, the number.
		{alice, []any{"properties", "Policies", 0, "PolicyDocument"}, map[string]any{"Version": "2012-10-17", "Statement": []any{}, "Max": 3600.0}},
		{alice, []any{"properties", "PermissionsBoundary"}, "arn:aws:iam::111122223333:policy/edge"},
		{alice, []any{"properties", "LoginProfile", "Password"}, "REDACTED"},
		{alice, []any{"observed", "ServiceSpecificCredentials", 0, "ServiceName"}, "bedrock.amazonaws.com"},
		{bob, []any{"properties", "LoginProfile"}, nil},
		{c.one(t, groupType, "admins"), []any{"properties", "ManagedPolicyArns"}, []any{adminArn}},
		{c.one(t, roleType, "app"), []any{"properties", "AssumeRolePolicyDocument", "Statement", 0, "Principal", "Service"}, "ec2.amazonaws.com"},
		{c.one(t, roleType, "app"), []any{"properties", "MaxSessionDuration"}, 43200.0},
		{c.one(t, roleType, "app"), []any{"properties", "Description"}, "the app"},
		{c.one(t, roleType, "app"), []any{"observed", "RoleLastUsed", "Region"}, "eu-west-1"},
		{c.one(t, managedPolicyType, adminArn), []any{"properties", "PolicyDocument", "Statement", 0, "Action"}, "*"},
		{c.one(t, managedPolicyType, adminArn), []any{"observed", "AwsManaged"}, true},
		{c.one(t, managedPolicyType, *iamArn("policy/edge")), []any{"properties", "ManagedPolicyName"}, "edge"},
		{c.one(t, managedPolicyType, *iamArn("policy/edge")), []any{"properties", "PolicyDocument", "Statement", "Action"}, "s3:*"},
		{c.one(t, managedPolicyType, *iamArn("policy/edge")), []any{"observed", "PolicyVersionList", 1, "Document", "Statement", "Action"}, "*"},
		{c.one(t, mfaDeviceType, *iamArn("mfa/root-account-mfa-device")), []any{"observed", "IsRoot"}, true},
		{c.one(t, mfaDeviceType, *iamArn("mfa/phones/bob")), []any{"properties", "Users"}, []any{"bob"}},
		{c.one(t, mfaDeviceType, *iamArn("mfa/phones/bob")), []any{"properties", "VirtualMfaDeviceName"}, "bob"},
		{c.one(t, mfaDeviceType, *iamArn("mfa/spare")), []any{"observed", "EnableDate"}, nil},
		{c.one(t, instanceProfileType, "app"), []any{"properties", "Roles"}, []any{"app"}},
		{c.one(t, serverCertificateType, "old"), []any{"observed", "Expiration"}, "2026-01-02T03:04:05Z"},
		{c.one(t, samlProviderType, *iamArn("saml-provider/idp")), []any{"properties", "SamlMetadataDocument"}, "<EntityDescriptor/>"},
		{c.one(t, samlProviderType, *iamArn("saml-provider/idp")), []any{"tags", "k"}, "v"},
		{c.one(t, oidcProviderType, *iamArn("oidc-provider/token.actions.githubusercontent.com")), []any{"properties", "Url"}, "https://token.actions.githubusercontent.com"},
		{c.one(t, oidcProviderType, *iamArn("oidc-provider/token.actions.githubusercontent.com")), []any{"properties", "ClientIdList"}, []any{"sts.amazonaws.com"}},
	} {
		if d := cmp.Diff(tt.want, at(tt.doc, tt.path...)); d != "" {
			t.Errorf("%v %v: %s", tt.doc["id"], tt.path, d)
		}
	}
	policies := 0
	if err := c.snapshot.Each(t.Context(), managedPolicyType, func(*merlon.Resource) error { policies++; return nil }); err != nil {
		t.Fatal(err)
	}
	if policies != 2 {
		t.Errorf("%d policies: those of AWS's own that nobody uses are not the account's", policies)
	}
}

// TestIAMPolicyOfAWS: a policy of AWS's own has one ARN everywhere, and in each
// account those it is attached to there.
func TestIAMPolicyOfAWS(t *testing.T) {
	schemas, err := inventory.LoadSchemas()
	if err != nil {
		t.Fatal(err)
	}
	meta := inventory.Meta{Kind: inventory.KindLive, Started: fakeNow, Finished: fakeNow, Services: []inventory.Service{iamService().Meta()}}
	w := &Walk{Services: []*Service{iamService()}, Source: iamFake(), Schemas: schemas, Progress: NoProgress{}, Accounts: 1, Units: 1, Now: func() time.Time { return fakeNow }}
	for _, id := range []merlon.AccountID{"111122223333", "999988887777"} {
		w.Targets = append(w.Targets, Target{ID: id, Partition: "aws", Regions: []merlon.Region{"us-east-1"}})
		meta.Accounts = append(meta.Accounts, inventory.Account{ID: id, Regions: []merlon.Region{"us-east-1"}})
	}
	path := t.TempDir() + "/s.db"
	b, err := inventory.Create(t.Context(), path, schemas, meta)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Run(t.Context(), b); err != nil {
		t.Fatal(err)
	}
	if err := b.Finish(t.Context(), meta); err != nil {
		t.Fatal(err)
	}
	s, err := inventory.Open(t.Context(), path, schemas)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	policies := 0
	err = s.Documents(t.Context(), managedPolicyType, func(d *inventory.Document) error {
		p, err := d.Resource()
		if err != nil || p.ID != adminArn {
			return err
		}
		policies++
		from := inventory.Subject{Row: d.Row, Type: p.Type, ID: p.ID, ARN: p.ARN, Account: p.Account, Region: p.Region}
		groups := 0
		_, err = s.Related(t.Context(), from, "groups", func(x *inventory.Document) error {
			groups++
			g, err := x.Resource()
			if err == nil && g.Account != p.Account {
				t.Errorf("a group of %s has the policy in %s", g.Account, p.Account)
			}
			return err
		})
		if groups != 1 {
			t.Errorf("%d groups in %s", groups, p.Account)
		}
		return err
	})
	if err != nil || policies != 2 {
		t.Errorf("%d policies, error %v", policies, err)
	}
}

func TestIAMCredentialReport(t *testing.T) {
	c := collect(t, iamFake(), iamService())
	root, alice := c.one(t, credentialReportType, "<root_account>"), c.one(t, credentialReportType, "alice")
	for _, tt := range []struct {
		doc  map[string]any
		path []any
		want any
	}{
		{root, []any{"properties", "IsRoot"}, true},
		{root, []any{"properties", "PasswordEnabled"}, nil},
		{root, []any{"properties", "PasswordLastUsed"}, "2025-12-31T08:00:00Z"},
		{root, []any{"observed", "NewColumn"}, "x"},
		{alice, []any{"properties", "MfaActive"}, false},
		{alice, []any{"properties", "PasswordLastUsed"}, nil},
		{alice, []any{"properties", "AccessKey1LastRotated"}, "2024-01-01T00:00:00Z"},
		{alice, []any{"properties", "AccessKey2Active"}, nil},
	} {
		if d := cmp.Diff(tt.want, at(tt.doc, tt.path...)); d != "" {
			t.Errorf("%v %v: %s", tt.doc["id"], tt.path, d)
		}
	}
	if u := alice["unknowns"].(map[string]any); len(u) != 1 || u["/properties/AccessKey2Active"] == nil {
		t.Errorf("what cannot be read is unknown: %v", u)
	}
	// carol has no row, and bob's is of an earlier user of that name.
	for _, id := range []string{"bob", "carol"} {
		row := c.one(t, credentialReportType, id)
		u := row["unknowns"].(map[string]any)
		if u["/properties/MfaActive"] == nil || u["/properties/AccessKey1Active"] == nil || at(row, "properties", "MfaActive") != nil {
			t.Errorf("%s is younger than the report, so its row is unknown: %v", id, row)
		}
		if u := c.one(t, userType, id)["unknowns"].(map[string]any); u["/properties/LoginProfile"] == nil {
			t.Errorf("whether %s has a password is unknown: %v", id, u)
		}
	}
}

func TestIAMCredentialReportWithoutRoot(t *testing.T) {
	f := iamFake()
	answer(f, iamGetCredentialReport, func(Place, *iam.GetCredentialReportInput) (*iam.GetCredentialReportOutput, error) {
		return &iam.GetCredentialReportOutput{Content: []byte("user,arn,mfa_active\n"), GeneratedTime: &fakeNow}, nil
	})
	root := collect(t, f, iamService()).one(t, credentialReportType, "<root_account>")
	if at(root, "properties", "IsRoot") != true || at(root, "unknowns", "/properties/PasswordLastUsed") == nil {
		t.Errorf("a report without the root user says nothing of it: %v", root)
	}
}

func TestIAMCredentialReportWait(t *testing.T) {
	short := reportWait{first: time.Millisecond, limit: 20 * time.Millisecond}
	for _, tt := range []struct {
		name     string
		answers  []string // codes of GetCredentialReport in turn, "" for the report; the last one repeats
		generate string
		generated,
		rows int
		cause merlon.Cause
	}{
		{"there is one", []string{""}, "", 0, 4, ""},
		{"the first one ever", []string{"ReportNotPresent", "ReportInProgress", "ReportInProgress", ""}, "", 1, 4, ""},
		{"an old one", []string{"ReportExpired", ""}, "", 1, 4, ""},
		{"never ready", []string{"ReportNotPresent", "ReportInProgress"}, "", 1, 0, merlon.CauseTimeout},
		{"may not be made", []string{"ReportNotPresent"}, "AccessDenied", 1, 0, merlon.CauseDenied},
		{"may not be read", []string{"AccessDenied"}, "", 0, 0, merlon.CauseDenied},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f := iamFake()
			n := 0
			answer(f, iamGetCredentialReport, func(Place, *iam.GetCredentialReportInput) (*iam.GetCredentialReportOutput, error) {
				code := tt.answers[min(n, len(tt.answers)-1)]
				n++
				if code != "" {
					return nil, apiError(code)
				}
				return &iam.GetCredentialReportOutput{Content: []byte(reportText), GeneratedTime: &fakeNow}, nil
			})
			answer(f, iamGenerateCredentialReport, func(Place, *iam.GenerateCredentialReportInput) (*iam.GenerateCredentialReportOutput, error) {
				if tt.generate != "" {
					return nil, apiError(tt.generate)
				}
				return &iam.GenerateCredentialReportOutput{State: types.ReportStateTypeStarted}, nil
			})
			c := collect(t, f, iamServiceWaiting(short))
			rows, generated := 0, 0
			if err := c.snapshot.Each(t.Context(), credentialReportType, func(*merlon.Resource) error { rows++; return nil }); err != nil {
				t.Fatal(err)
			}
			for _, call := range c.calls {
				if call == "iam:GenerateCredentialReport" {
					generated++
				}
			}
			if rows != tt.rows || generated != tt.generated {
				t.Errorf("%d rows, %d times generated; want %d, %d", rows, generated, tt.rows, tt.generated)
			}
			cover := c.snapshot.Coverage(credentialReportType, "111122223333", "us-east-1")
			if tt.cause == "" {
				if len(c.gaps) != 0 || !cover.Complete {
					t.Errorf("gaps %+v", c.gaps)
				}
				return
			}
			if len(c.gaps) != 1 || c.gaps[0].Cause != tt.cause || cover.Complete {
				t.Fatalf("gaps %+v, want one of cause %s that covers the report", c.gaps, tt.cause)
			}
			if u := c.one(t, userType, "alice")["unknowns"].(map[string]any); u["/properties/LoginProfile"] == nil {
				t.Errorf("without a report, whether there is a password is unknown: %v", u)
			}
		})
	}
}

func TestIAMGaps(t *testing.T) {
	f := iamFake()
	answer(f, iamListRoles, func(Place, *iam.ListRolesInput) (*iam.ListRolesOutput, error) { return nil, apiError("AccessDenied") })
	answer(f, iamGetOIDCProvider, func(Place, *iam.GetOpenIDConnectProviderInput) (*iam.GetOpenIDConnectProviderOutput, error) {
		return nil, apiError("AccessDenied")
	})
	answer(f, iamListVirtualMFADevices, func(Place, *iam.ListVirtualMFADevicesInput) (*iam.ListVirtualMFADevicesOutput, error) {
		return nil, apiError("AccessDenied")
	})
	c := collect(t, f, iamService())
	if len(c.gaps) != 3 {
		t.Fatalf("gaps %+v", c.gaps)
	}
	role := c.one(t, roleType, "app")["unknowns"].(map[string]any)
	if role["/properties/MaxSessionDuration"] == nil || role["/properties/ManagedPolicyArns"] != nil {
		t.Errorf("only what ListRoles tells is unknown: %v", role)
	}
	if !c.snapshot.Coverage(roleType, "111122223333", "us-east-1").Complete {
		t.Error("all roles are known, whatever ListRoles said")
	}
	oidc := c.one(t, oidcProviderType, *iamArn("oidc-provider/token.actions.githubusercontent.com"))["unknowns"].(map[string]any)
	if oidc["/properties/ClientIdList"] == nil {
		t.Errorf("denied details are unknown: %v", oidc)
	}
	if c.snapshot.Coverage(mfaDeviceType, "111122223333", "us-east-1").Complete {
		t.Error("the MFA devices could not be listed")
	}
}

func TestParseReport(t *testing.T) {
	for _, tt := range []struct {
		name, text string
		rows       int
		wrong      bool
	}{
		{"empty", "", 0, true},
		{"another file", "<html>\n<body>", 0, true},
		{"no rows", "user,arn\n", 0, false},
		{"short and long rows", "user,arn,mfa_active\na,b\nc,d,true,more\n", 2, false},
		{"a row without a user", "user,arn\n,x\n", 0, false},
		{"byte order mark and CRLF", "\xef\xbb\xbfuser,arn\r\na,b\r\n", 1, false},
		{"quotes in a name", "user,arn\na\"b,c\n", 1, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			rows, err := parseReport([]byte(tt.text))
			if (err != nil) != tt.wrong || len(rows) != tt.rows {
				t.Errorf("%d rows, error %v", len(rows), err)
			}
		})
	}
}

func FuzzParseReport(f *testing.F) {
	f.Add([]byte(reportText))
	f.Add([]byte("user,arn\n\"a\nb\",c"))
	f.Fuzz(func(t *testing.T, content []byte) {
		rows, err := parseReport(content)
		if err != nil && len(rows) > 0 {
			t.Error("rows beside an error")
		}
		for _, row := range rows {
			if row["user"] == "" || row["arn"] == "" {
				t.Errorf("a row without a user: %q", row)
			}
			for column := range row {
				if strings.ContainsAny(camel(column), "/~. \"") {
					t.Errorf("column %q makes the name %q", column, camel(column))
				}
			}
		}
	})
}
