package access

import (
	"context"
	"slices"
	"strings"
	"testing"

	"merlon.dev/merlon"
	"merlon.dev/merlon/iam"
)

// whoCan gives the answers as "principal decision chain", in order.
func whoCan(t *testing.T, x *Index, action, resource string) string {
	t.Helper()
	list, _, err := x.WhoCan(context.Background(), action, resource, nil)
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for _, w := range list {
		name := w.Principal[strings.LastIndexAny(w.Principal, ":")+1:]
		line := name + " " + w.Decision.String()
		for _, step := range w.Chain {
			line += " > " + step[strings.LastIndexAny(step, ":")+1:]
		}
		lines = append(lines, line)
	}
	return strings.Join(lines, "\n")
}

var bucket = thing{typ: "AWS::S3::Bucket", id: "b", arn: "arn:aws:s3:::b", properties: `{"BucketName":"b"}`}

func TestWhoCan(t *testing.T) {
	x := load(t, bucket,
		user("alice", allow("s3:GetObject", "arn:aws:s3:::b/*")),
		user("bob", allow("sts:AssumeRole", "*")),
		user("carol", ""), user("dave", "", `"Groups":["readers"]`),
		thing{typ: typeGroup, id: "readers", arn: "arn:aws:iam::" + ours + ":group/readers", properties: `{"GroupName":"readers","ManagedPolicyArns":["arn:aws:iam::aws:policy/AdministratorAccess"]}`},
		role("first", trust(`{"AWS":"`+ours+`"}`), allow("sts:AssumeRole", "arn:aws:iam::"+ours+":role/last")),
		role("last", trust(`{"AWS":"arn:aws:iam::`+ours+`:role/first"}`), allow("s3:*", "*")),
		role("partner", trust(`{"AWS":"999988887777"}`), allow("s3:*", "*")),
	)
	got := whoCan(t, x, "s3:GetObject", "arn:aws:s3:::b/k")
	want := strings.Join([]string{
		"root Allowed", "role/last Allowed", "role/partner Allowed", "user/alice Allowed", "user/dave Allowed",
		"999988887777 Allowed > role/partner", "role/first Allowed > role/last",
		"user/bob Allowed > role/first > role/last",
	}, "\n")
	if sorted(got) != sorted(want) {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func sorted(text string) string {
	lines := strings.Split(text, "\n")
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}

func TestUnknownPolicies(t *testing.T) {
	unread := user("eve", "")
	unread.unknowns = []merlon.Unknown{{Path: "/properties/Policies", Reason: "iam:GetUserPolicy was denied"}}
	x := load(t, bucket, unread, user("fay", "", `"ManagedPolicyArns":["arn:aws:iam::`+ours+`:policy/gone"]`))
	got := whoCan(t, x, "s3:GetObject", "arn:aws:s3:::b/k")
	if want := "root Allowed\nuser/eve Unknown\nuser/fay Unknown"; got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	answer, err := x.Can(context.Background(), x.Principal("arn:aws:iam::"+ours+":user/eve"), "s3:GetObject", "arn:aws:s3:::b/k", nil)
	if err != nil {
		t.Fatal(err)
	}
	if answer.Trace.Decision != iam.Unknown || !strings.Contains(answer.Trace.Why, "iam:GetUserPolicy was denied") {
		t.Errorf("%v: %s", answer.Trace.Decision, answer.Trace.Why)
	}
}

func TestOrganization(t *testing.T) {
	org := func(account, observed string) thing {
		return thing{typ: typeOrganization, id: "o-1", account: account, properties: `{"Id":"o-1","ManagementAccountId":"` + theirs + `"}`, observed: observed}
	}
	tree := []thing{
		org(theirs, `{"TreeRead":true}`), org(ours, `{}`),
		{typ: typeOrgRoot, id: "r-1", account: theirs, properties: `{"Id":"r-1","PolicyTypes":[{"Type":"SERVICE_CONTROL_POLICY","Status":"ENABLED"}]}`},
		{typ: typeUnit, id: "ou-1", account: theirs, properties: `{"Id":"ou-1","ParentId":"r-1"}`},
		{typ: typeOrgAccount, id: theirs, account: theirs, properties: `{"AccountId":"` + theirs + `","ParentIds":["r-1"]}`},
		{typ: typeOrgAccount, id: ours, account: theirs, properties: `{"AccountId":"` + ours + `","ParentIds":["ou-1"]}`},
		{typ: typeOrgPolicy, id: "p-full", account: theirs, properties: `{"Name":"full","Type":"SERVICE_CONTROL_POLICY","TargetIds":["r-1","ou-1","` + ours + `"],"Content":` + allow("*", "*") + `}`},
		{typ: typeOrgPolicy, id: "p-1", account: theirs, properties: `{"Name":"no-s3","Type":"SERVICE_CONTROL_POLICY","TargetIds":["ou-1"],"Content":{"Version":"2012-10-17","Statement":{"Effect":"Deny","Action":"s3:*","Resource":"*"}}}`},
		bucket, user("alice", allow("s3:*", "*")),
	}
	x := load(t, tree...)
	if got := whoCan(t, x, "s3:GetObject", "arn:aws:s3:::b/k"); got != "" {
		t.Errorf("the SCP binds nobody:\n%s", got)
	}
	// The management account is bound by none, whatever hangs above it.
	if a := x.Account(theirs); !a.Management || a.SCPs != nil || a.Unread != "" {
		t.Errorf("the management account: %+v", a)
	}
	if a := x.Account(ours); len(a.SCPs) != 3 || a.RCPs != nil || a.Path != "o-1/r-1/ou-1/" {
		t.Errorf("%+v", a)
	}
	// Where the tree was not read, the default counts, and is said.
	lone := load(t, org(ours, `{}`), bucket, user("alice", allow("s3:*", "*")))
	list, notes, err := lone.WhoCan(context.Background(), "s3:GetObject", "arn:aws:s3:::b/k", nil)
	if err != nil || len(list) != 2 || len(notes) != 2 {
		t.Errorf("%v %v %v", list, notes, err)
	}
	strict, err := Load(context.Background(), lone.snapshot, Options{StrictGuardrails: true})
	if err != nil {
		t.Fatal(err)
	}
	if got := whoCan(t, strict, "s3:GetObject", "arn:aws:s3:::b/k"); !strings.Contains(got, "user/alice Unknown") {
		t.Errorf("got %s", got)
	}
}

func TestBucket(t *testing.T) {
	public := thing{typ: "AWS::S3::BucketPolicy", id: "b", properties: `{"Bucket":"b","PolicyDocument":{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":"*","Action":"s3:GetObject","Resource":"arn:aws:s3:::b/*"}}}`}
	acl := `{"Acl":{"Owner":{"ID":"me"},"Grants":[{"Permission":"READ","Grantee":{"Type":"Group","URI":"http://acs.amazonaws.com/groups/global/AllUsers"}}]}}`
	with := func(properties, observed string) thing {
		b := bucket
		b.properties, b.observed = `{"BucketName":"b"`+properties+`}`, observed
		return b
	}
	for _, test := range []struct {
		name   string
		action string
		things []thing
		want   string
	}{
		{"a public policy", "s3:GetObject", []thing{bucket, public}, "anonymous Allowed"},
		{"restricted by the bucket", "s3:GetObject", []thing{with(`,"PublicAccessBlockConfiguration":{"RestrictPublicBuckets":true}`, ""), public}, ""},
		{"restricted by the account", "s3:GetObject", []thing{bucket, public,
			{typ: typeAccountBlock, id: ours, properties: `{"AccountId":"` + ours + `","RestrictPublicBuckets":true}`}}, ""},
		{"an ACL lists", "s3:ListBucket", []thing{with("", acl)}, "anonymous Allowed"},
		{"an ACL does not read", "s3:GetObject", []thing{with("", acl)}, ""},
		{"the owner is enforced", "s3:ListBucket", []thing{with(`,"OwnershipControls":{"Rules":[{"ObjectOwnership":"BucketOwnerEnforced"}]}`, acl)}, ""},
		{"public ACLs are ignored", "s3:ListBucket", []thing{with(`,"PublicAccessBlockConfiguration":{"IgnorePublicAcls":true}`, acl)}, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			x := load(t, test.things...)
			resource := "arn:aws:s3:::b"
			if test.action == "s3:GetObject" {
				resource += "/k"
			}
			var got string
			for _, line := range strings.Split(whoCan(t, x, test.action, resource), "\n") {
				if strings.HasPrefix(line, "anonymous") {
					got = line
				}
			}
			if got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

func TestKeyAndGrants(t *testing.T) {
	key := thing{typ: "AWS::KMS::Key", id: "k", arn: "arn:aws:kms:us-east-1:" + ours + ":key/k",
		properties: `{"KeyPolicy":{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::` + ours + `:user/alice"},"Action":"kms:*","Resource":"*"}}}`}
	grant := thing{typ: "Merlon::KMS::Grant", id: "g", properties: `{"GrantId":"g","KeyId":"` + key.arn + `","GranteePrincipal":"arn:aws:iam::` + ours + `:user/bob","Operations":["Decrypt"]}`}
	x := load(t, key, grant, user("alice", ""), user("bob", ""), user("carol", allow("kms:*", "*")))
	if got := whoCan(t, x, "kms:Decrypt", key.arn); got != "user/alice Allowed\nuser/bob Allowed" {
		t.Errorf("got\n%s", got)
	}
}

// TestNoMFA: someone without any device cannot satisfy a condition on MFA.
func TestNoMFA(t *testing.T) {
	policy := `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"s3:*","Resource":"*","Condition":{"Bool":{"aws:MultiFactorAuthPresent":"true"}}}}`
	entry := func(name, active string) thing {
		return thing{typ: typeReportEntry, id: name, properties: `{"User":"` + name + `","Arn":"arn:aws:iam::` + ours + `:user/` + name + `","MfaActive":` + active + `,"IsRoot":false}`}
	}
	x := load(t, bucket, user("alice", policy), user("bob", policy), entry("alice", "true"), entry("bob", "false"))
	if got := whoCan(t, x, "s3:GetObject", "arn:aws:s3:::b/k"); got != "root Allowed\nuser/alice Unknown" {
		t.Errorf("got\n%s", got)
	}
}

// TestUnreadACL: an ACL that was not read may let anyone list, and nobody read.
func TestUnreadACL(t *testing.T) {
	b := bucket
	b.unknowns = []merlon.Unknown{{Path: "/observed/Acl", Reason: "s3:GetBucketAcl was denied"}}
	x := load(t, b)
	if got := whoCan(t, x, "s3:GetObject", "arn:aws:s3:::b/k"); got != "root Allowed" {
		t.Errorf("read: %s", got)
	}
	list, _, err := x.WhoCan(context.Background(), "s3:ListBucket", "arn:aws:s3:::b", nil)
	if err != nil {
		t.Fatal(err)
	}
	var why string
	for _, w := range list {
		if w.Principal == "anonymous" && w.Decision == iam.Unknown {
			why = w.Why
		}
	}
	if why != "resource policy ACL of arn:aws:s3:::b could not be read: s3:GetBucketAcl was denied" {
		t.Errorf("list: %q", why)
	}
}

// TestRestrictedBucket: RestrictPublicBuckets keeps out whoever is not of the
// account, but no AWS service.
func TestRestrictedBucket(t *testing.T) {
	b := bucket
	b.properties = `{"BucketName":"b","PublicAccessBlockConfiguration":{"RestrictPublicBuckets":true}}`
	policy := thing{typ: "AWS::S3::BucketPolicy", id: "b", properties: `{"Bucket":"b","PolicyDocument":{"Version":"2012-10-17","Statement":[
		{"Effect":"Allow","Principal":"*","Action":"s3:GetObject","Resource":"arn:aws:s3:::b/*"},
		{"Effect":"Allow","Principal":{"Service":"logging.s3.amazonaws.com"},"Action":"s3:GetObject","Resource":"arn:aws:s3:::b/*"}]}}`}
	x := load(t, b, policy, user("alice", ""))
	if got := whoCan(t, x, "s3:GetObject", "arn:aws:s3:::b/k"); got != "logging.s3.amazonaws.com Allowed\nroot Allowed\nuser/alice Allowed" {
		t.Errorf("got\n%s", got)
	}
}

// TestUnreadAccountBlock: what the account's Block Public Access does may keep
// the public out.
func TestUnreadAccountBlock(t *testing.T) {
	policy := thing{typ: "AWS::S3::BucketPolicy", id: "b", properties: `{"Bucket":"b","PolicyDocument":{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":"*","Action":"s3:GetObject","Resource":"arn:aws:s3:::b/*"}}}`}
	gap := &merlon.Gap{Call: "s3control:GetPublicAccessBlock", Account: ours, Region: "us-east-1", Types: []string{typeAccountBlock}, Cause: "AccessDenied"}
	x, err := Load(context.Background(), worldWithGaps(t, []*merlon.Gap{gap}, bucket, policy), Options{})
	if err != nil {
		t.Fatal(err)
	}
	if got := whoCan(t, x, "s3:GetObject", "arn:aws:s3:::b/k"); !strings.Contains(got, "anonymous Unknown") {
		t.Errorf("got\n%s", got)
	}
}

// TestGrantConstraint: a grant holds for its encryption context only.
func TestGrantConstraint(t *testing.T) {
	key := thing{typ: "AWS::KMS::Key", id: "k", arn: "arn:aws:kms:us-east-1:" + ours + ":key/k",
		properties: `{"KeyPolicy":{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::` + ours + `:user/alice"},"Action":"kms:*","Resource":"*"}}}`}
	grant := thing{typ: "Merlon::KMS::Grant", id: "g", properties: `{"GrantId":"g","KeyId":"` + key.arn + `","GranteePrincipal":"arn:aws:iam::` + ours + `:user/bob","Operations":["Decrypt"],"Constraints":{"EncryptionContextEquals":{"app":"shop"}}}`}
	x := load(t, key, grant, user("alice", ""), user("bob", ""))
	r, err := x.Resource(context.Background(), key.arn)
	if err != nil {
		t.Fatal(err)
	}
	bob := x.Principal("arn:aws:iam::" + ours + ":user/bob")
	for value, want := range map[string]iam.Decision{"shop": iam.Allowed, "other": iam.ImplicitlyDenied} {
		if got := x.Decide(bob, "kms:Decrypt", r, map[string][]string{"kms:EncryptionContext:app": {value}}); got != want {
			t.Errorf("with the context %s: %v, want %v", value, got, want)
		}
	}
	if got := x.Decide(bob, "kms:Decrypt", r, nil); got != iam.Unknown {
		t.Errorf("with a context that is not known: %v", got)
	}
}

// TestSessionTags: a session may bring tags where the role's trust lets it.
func TestSessionTags(t *testing.T) {
	policy := `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"s3:*","Resource":"*","Condition":{"StringEquals":{"aws:PrincipalTag/team":"a"}}}}`
	tagging := strings.Replace(trust(`{"AWS":"`+ours+`"}`), `"sts:AssumeRole"`, `["sts:AssumeRole","sts:TagSession"]`, 1)
	unread := role("unread", "null", policy)
	unread.unknowns = []merlon.Unknown{{Path: "/properties/AssumeRolePolicyDocument", Reason: "a parameter"}}
	x := load(t, bucket, role("plain", trust(`{"AWS":"`+ours+`"}`), policy), role("tagging", tagging, policy), unread)
	if got := whoCan(t, x, "s3:GetObject", "arn:aws:s3:::b/k"); got != "root Allowed\nrole/tagging Unknown\nrole/unread Unknown\nrole/plain Unknown > role/unread" {
		t.Errorf("got\n%s", got)
	}
}

// TestPeople: someone in Identity Center gets there by its group's permission
// set, also where the reserved role was not read.
func TestPeople(t *testing.T) {
	set := "arn:aws:sso:::permissionSet/i/p"
	x := load(t, bucket,
		thing{typ: typePermissionSet, id: "i|p", properties: `{"InstanceArn":"arn:aws:sso:::instance/i","PermissionSetArn":"` + set + `","Name":"Readers","InlinePolicy":` + allow("s3:Get*", "*") + `}`},
		thing{typ: typeStoreUser, id: "u1", arn: "arn:aws:identitystore:::user/u1", properties: `{"UserId":"u1","UserName":"ann","IdentityStoreId":"d"}`},
		thing{typ: typeStoreUser, id: "u2", arn: "arn:aws:identitystore:::user/u2", properties: `{"UserId":"u2","UserName":"ben","IdentityStoreId":"d","UserStatus":"DISABLED"}`},
		thing{typ: typeStoreUser, id: "u3", arn: "arn:aws:identitystore:::user/u3", properties: `{"UserId":"u3","UserName":"cat","IdentityStoreId":"d"}`},
		thing{typ: typeStoreGroup, id: "g1", properties: `{"GroupId":"g1","DisplayName":"readers","IdentityStoreId":"d"}`},
		thing{typ: typeMembership, id: "m1", properties: `{"GroupId":"g1","IdentityStoreId":"d","MemberId":{"UserId":"u1"}}`},
		thing{typ: typeMembership, id: "m2", properties: `{"GroupId":"g1","IdentityStoreId":"d","MemberId":{"UserId":"u2"}}`},
		thing{typ: typeAssignment, id: "a1", properties: `{"InstanceArn":"arn:aws:sso:::instance/i","PermissionSetArn":"` + set + `","PrincipalId":"g1","PrincipalType":"GROUP","TargetId":"` + ours + `","TargetType":"AWS_ACCOUNT"}`},
	)
	want := "role/aws-reserved/sso.amazonaws.com/AWSReservedSSO_Readers_* Allowed\nroot Allowed\n" +
		"ann Allowed > permission set Readers by group readers > role/aws-reserved/sso.amazonaws.com/AWSReservedSSO_Readers_*"
	if got := whoCan(t, x, "s3:GetObject", "arn:aws:s3:::b/k"); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}
