package awstest_test

import (
	"context"
	"encoding/json"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/organizations"
	orgtypes "github.com/aws/aws-sdk-go-v2/service/organizations/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"merlon.dev/merlon/internal/awstest"
)

// TestFleet walks a made-up organization as a scan does: the tree from the root,
// a session in each account, two calls in each region.
func TestFleet(t *testing.T) {
	const accounts = 7
	s := awstest.Start(t)
	s.Populate(awstest.Fleet{Accounts: accounts, Regions: 4, Busy: 1, Items: 2})
	s.PageSize(2)
	ctx := t.Context()
	base := config(s, awstest.Management, "us-east-1")
	org := organizations.NewFromConfig(base)

	found := map[string]bool{}
	walk(t, org, "r-test", found)
	if len(found) != accounts {
		t.Errorf("the tree holds %d accounts", len(found))
	}
	regions, err := ec2.NewFromConfig(base).DescribeRegions(ctx, nil)
	if err != nil || len(regions.Regions) != 4 {
		t.Fatalf("%v, %v", regions, err)
	}
	groups, buckets := 0, 0
	for id := range found {
		cfg := base
		if id != string(awstest.Management) {
			out, err := sts.NewFromConfig(base).AssumeRole(ctx, &sts.AssumeRoleInput{RoleArn: aws.String("arn:aws:iam::" + id + ":role/" + awstest.FleetRole), RoleSessionName: aws.String("t")})
			if err != nil {
				t.Fatal(err)
			}
			cfg.Credentials = credentials.NewStaticCredentialsProvider(*out.Credentials.AccessKeyId, "s", *out.Credentials.SessionToken)
		}
		list := s3.NewListBucketsPaginator(s3Client(cfg), &s3.ListBucketsInput{})
		for list.HasMorePages() {
			page, err := list.NextPage(ctx)
			if err != nil {
				t.Fatal(err)
			}
			buckets += len(page.Buckets)
		}
		for _, r := range regions.Regions {
			cfg.Region = *r.RegionName
			p := ec2.NewDescribeSecurityGroupsPaginator(ec2.NewFromConfig(cfg), &ec2.DescribeSecurityGroupsInput{})
			for p.HasMorePages() {
				page, err := p.NextPage(ctx)
				if err != nil {
					t.Fatal(err)
				}
				for _, g := range page.SecurityGroups {
					if *g.OwnerId != id {
						t.Errorf("account %s has a group of %s", id, *g.OwnerId)
					}
				}
				groups += len(page.SecurityGroups)
			}
		}
	}
	// A default group in each region, two of its own in the busy one.
	if want := accounts * (4 + 2); groups != want {
		t.Errorf("%d groups, want %d", groups, want)
	}
	if want := accounts * 2; buckets != want {
		t.Errorf("%d buckets, want %d", buckets, want)
	}
	if m := s.Mutations(); len(m) != 0 {
		t.Errorf("mutations %v", m)
	}
}

// walk collects the accounts below a parent.
func walk(t *testing.T, org *organizations.Client, parent string, found map[string]bool) {
	t.Helper()
	ctx := context.Background()
	for p := organizations.NewListAccountsForParentPaginator(org, &organizations.ListAccountsForParentInput{ParentId: &parent}); p.HasMorePages(); {
		page, err := p.NextPage(ctx)
		if err != nil {
			t.Fatal(err)
		}
		for _, a := range page.Accounts {
			if found[*a.Id] || a.Status != "ACTIVE" {
				t.Errorf("account %s twice, or %s", *a.Id, a.Status)
			}
			found[*a.Id] = true
		}
	}
	for p := organizations.NewListOrganizationalUnitsForParentPaginator(org, &organizations.ListOrganizationalUnitsForParentInput{ParentId: &parent}); p.HasMorePages(); {
		page, err := p.NextPage(ctx)
		if err != nil {
			t.Fatal(err)
		}
		for _, u := range page.OrganizationalUnits {
			walk(t, org, *u.Id, found)
		}
	}
}

func TestOrganization(t *testing.T) {
	s := awstest.Start(t)
	ctx := t.Context()
	client := func(c aws.Config) *organizations.Client { return organizations.NewFromConfig(c) }
	management, member := client(config(s, awstest.Management, "us-east-1")), client(config(s, "200000000001", "us-east-1"))

	_, err := management.DescribeOrganization(ctx, nil)
	wantCode(t, err, "AWSOrganizationsNotInUseException", 400)

	s.SetOrganization(&awstest.Organization{
		ID: "o-x", Management: awstest.Management, Delegated: nil,
		Accounts: []awstest.Account{{ID: awstest.Management, Name: "root"}, {ID: "200000000001", Name: "a", Parent: "ou-1", Tags: map[string]string{"k": "v"}}, {ID: "200000000002", Name: "b", Status: "SUSPENDED"}},
		Units:    []awstest.Unit{{ID: "ou-1", Name: "u"}},
		Policies: []awstest.Policy{{ID: "p-1", Name: "deny", Type: "SERVICE_CONTROL_POLICY", Content: map[string]any{"Version": "2012-10-17"}, Targets: []string{"ou-1"}}},
	})
	d, err := member.DescribeOrganization(ctx, nil)
	if err != nil || *d.Organization.MasterAccountId != string(awstest.Management) {
		t.Errorf("%v, %v", d, err)
	}
	_, err = member.ListAccounts(ctx, nil)
	wantCode(t, err, "AccessDeniedException", 400)
	list, err := management.ListAccounts(ctx, nil)
	if err != nil || len(list.Accounts) != 3 || list.Accounts[2].Status != "SUSPENDED" {
		t.Errorf("%v, %v", list, err)
	}
	parents, err := management.ListParents(ctx, &organizations.ListParentsInput{ChildId: aws.String("200000000001")})
	if err != nil || *parents.Parents[0].Id != "ou-1" || parents.Parents[0].Type != "ORGANIZATIONAL_UNIT" {
		t.Errorf("%v, %v", parents, err)
	}
	children, err := management.ListChildren(ctx, &organizations.ListChildrenInput{ParentId: aws.String("r-test"), ChildType: "ORGANIZATIONAL_UNIT"})
	if err != nil || len(children.Children) != 1 || *children.Children[0].Id != "ou-1" {
		t.Errorf("%v, %v", children, err)
	}
	for target, want := range map[string]int{"ou-1": 1, "r-test": 0} {
		p, err := management.ListPoliciesForTarget(ctx, &organizations.ListPoliciesForTargetInput{TargetId: &target, Filter: orgtypes.PolicyTypeServiceControlPolicy})
		if err != nil || len(p.Policies) != want {
			t.Errorf("%s: %v, %v", target, p, err)
		}
	}
	p, err := management.DescribePolicy(ctx, &organizations.DescribePolicyInput{PolicyId: aws.String("p-1")})
	if err != nil || !json.Valid([]byte(*p.Policy.Content)) {
		t.Errorf("%v, %v", p, err)
	}
	on, err := management.ListTargetsForPolicy(ctx, &organizations.ListTargetsForPolicyInput{PolicyId: aws.String("p-1")})
	if err != nil || len(on.Targets) != 1 || on.Targets[0].Type != "ORGANIZATIONAL_UNIT" {
		t.Errorf("%v, %v", on, err)
	}
	tags, err := management.ListTagsForResource(ctx, &organizations.ListTagsForResourceInput{ResourceId: aws.String("200000000001")})
	if err != nil || len(tags.Tags) != 1 || *tags.Tags[0].Value != "v" {
		t.Errorf("%v, %v", tags, err)
	}
	_, err = management.DescribeAccount(ctx, &organizations.DescribeAccountInput{AccountId: aws.String("999999999999")})
	wantCode(t, err, "AccountNotFoundException", 400)
}
