package live

import (
	"errors"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"merlon.dev/merlon"
	"merlon.dev/merlon/internal/awstest"
	"merlon.dev/merlon/inventory"
)

// organizationOf starts a server of an organization and signs in to its management account.
func organizationOf(t *testing.T, f awstest.Fleet) *awstest.Server {
	t.Helper()
	s := awstest.Start(t)
	s.Populate(f)
	signIn(t, s)
	return s
}

var wholeOrganization = Options{Organization: true, Role: awstest.FleetRole}

// read are the accounts of which a snapshot has secrets, vpcs or buckets.
func read(t *testing.T, s *inventory.Snapshot) []merlon.AccountID {
	t.Helper()
	seen := map[merlon.AccountID]bool{}
	for typ := range typesOf(t, s) {
		if !strings.HasPrefix(typ, "AWS::") {
			continue
		}
		if err := s.Each(t.Context(), typ, func(r *merlon.Resource) error { seen[r.Account] = true; return nil }); err != nil {
			t.Fatal(err)
		}
	}
	return slices.Sorted(maps.Keys(seen))
}

// TestOneAccountClosed: what cannot be entered is a Gap over all of its types,
// with the call that failed, and the other accounts are read.
func TestOneAccountClosed(t *testing.T) {
	fleet := awstest.Fleet{Accounts: 3, Regions: 2}
	for _, c := range []struct {
		call, action string
		match        awstest.Match
		do           awstest.Effect
		cause        merlon.Cause
	}{
		{"sts:AssumeRole", "sts:AssumeRole", awstest.Match{Call: "sts:AssumeRole", Input: map[string]string{"RoleArn": "arn:aws:iam::" + string(fleet.AccountID(1)) + ":role/" + awstest.FleetRole}}, awstest.Deny(), merlon.CauseDenied},
		{"ec2:DescribeRegions", "ec2:DescribeRegions", awstest.Match{Call: "ec2:DescribeRegions", Account: fleet.AccountID(1)}, awstest.Deny(), merlon.CauseDenied},
		{"ec2:DescribeRegions", "", awstest.Match{Call: "ec2:DescribeRegions", Account: fleet.AccountID(1)}, awstest.Hang(), merlon.CauseTimeout},
	} {
		s := organizationOf(t, fleet)
		s.Inject(awstest.Fault{Match: c.match, Do: c.do})
		snapshot := mustScan(t, wholeOrganization, fleetServices()...)
		if got, want := read(t, snapshot), []merlon.AccountID{fleet.AccountID(0), fleet.AccountID(2)}; !slices.Equal(got, want) {
			t.Errorf("%s: read %v, want %v", c.call, got, want)
		}
		missing := map[string]bool{}
		for _, g := range gapsOf(t, snapshot) {
			if g.Call != c.call || g.Account != fleet.AccountID(1) || g.Cause != c.cause || !strings.Contains(g.Statement, c.action) {
				t.Errorf("gap %+v", g)
			}
			for _, typ := range g.Types {
				missing[typ] = true
			}
		}
		for _, svc := range fleetServices() {
			for _, typ := range svc.AllTypes() {
				if !missing[typ] {
					t.Errorf("%s: %s of the closed account is not missing", c.call, typ)
				}
			}
		}
	}
}

// TestExpiry: an account whose credentials run out stops, the others go on, and
// a scan that is resumed with fresh ones ends as if nothing had been.
func TestExpiry(t *testing.T) {
	fleet := awstest.Fleet{Accounts: 4, Regions: 2}
	organizationOf(t, fleet)
	whole := mustScan(t, wholeOrganization, fleetServices()...)
	for _, c := range []struct {
		name  string
		fault awstest.Fault
	}{
		{"a session in the middle", awstest.Fault{Match: awstest.Match{Account: fleet.AccountID(2)}, From: 20, Do: awstest.Expire()}},
		{"a session in a call about a bucket", awstest.Fault{Match: awstest.Match{Call: "s3:GetBucket*", Account: fleet.AccountID(2)}, From: 3, Do: awstest.Expire()}},
		{"the management account's", awstest.Fault{Match: awstest.Match{Call: "sts:AssumeRole"}, From: 2, Do: awstest.Expire()}},
		{"the own account's", awstest.Fault{Match: awstest.Match{Account: awstest.Management, Call: "ec2:DescribeV*"}, Do: awstest.Expire()}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := organizationOf(t, fleet)
			fault := s.Inject(c.fault)
			path := filepath.Join(t.TempDir(), "scan.db")
			_, err := scan(t, wholeOrganization, path, fleetServices()...)
			if !errors.Is(err, ErrExpired) {
				t.Fatalf("error %v", err)
			}
			if !strings.Contains(err.Error(), "account ") {
				t.Errorf("the error names no account: %v", err)
			}
			fault.Remove()
			s.Forget()
			resumed, err := scan(t, wholeOrganization, path, fleetServices()...)
			if err != nil {
				t.Fatal(err)
			}
			same(t, whole, resumed)
			if n := s.Called(awstest.Match{Call: "s3:ListBuckets", Account: fleet.AccountID(1)}); c.fault.Match.Account == fleet.AccountID(2) && n > 0 {
				t.Error("another account did not go on: it was read again")
			}
		})
	}
}

// TestConnectErrors: what goes wrong before there is a snapshot is an error that
// says what, soon.
func TestConnectErrors(t *testing.T) {
	for _, c := range []struct {
		name string
		call string
		do   awstest.Effect
		o    Options
		want string
		is   error
	}{
		{"expired", "sts:GetCallerIdentity", awstest.Expire(), Options{}, "who is calling", ErrExpired},
		{"hanging", "sts:GetCallerIdentity", awstest.Hang(), Options{}, "who is calling", nil},
		{"HTML", "sts:GetCallerIdentity", awstest.HTML(), Options{}, "an HTML page with status 500", nil},
		{"a login page", "sts:GetCallerIdentity", awstest.Answer(200, "text/html", "<html>sign in</html>"), Options{}, "an HTML page with status 200", nil},
		{"no regions", "ec2:DescribeRegions", awstest.Hang(), Options{}, "ec2:DescribeRegions", nil},
		{"no accounts", "organizations:ListAccounts", awstest.Hang(), wholeOrganization, "organizations:ListAccounts", nil},
		{"denied accounts", "organizations:ListAccounts", awstest.Deny(), wholeOrganization, "organizations:ListAccounts", nil},
		{"expired on the way", "organizations:ListAccounts", awstest.Expire(), wholeOrganization, "organizations:ListAccounts", ErrExpired},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := organizationOf(t, awstest.Fleet{Accounts: 2, Regions: 1})
			s.Inject(awstest.Fault{Match: awstest.Match{Call: c.call}, Do: c.do})
			began := time.Now()
			path := filepath.Join(t.TempDir(), "scan.db")
			_, err := scan(t, c.o, path, fleetServices()...)
			if err == nil || !strings.Contains(err.Error(), c.want) || c.is != nil && !errors.Is(err, c.is) {
				t.Errorf("error %v", err)
			}
			if took := time.Since(began); took > 5*time.Second {
				t.Errorf("took %s", took)
			}
		})
	}
	t.Run("a region that is not enabled", func(t *testing.T) {
		s := organizationOf(t, awstest.Fleet{Accounts: 1, Regions: 2})
		s.DisableRegion("me-south-1")
		t.Setenv("AWS_REGION", "me-south-1")
		if _, err := Connect(t.Context(), Options{Parallel: 1, Budget: NewBudget(0, time.Now), Limits: shortLimits}); err == nil || !strings.Contains(err.Error(), "me-south-1") {
			t.Errorf("the error does not name the region: %v", err)
		}
		t.Setenv("AWS_REGION", "us-east-1")
		// Named on purpose, it is a gap of every call there.
		snapshot := mustScan(t, Options{Regions: []string{"me-south-1"}}, secretsmanagerService())
		if gaps := gapsOf(t, snapshot); len(gaps) != 1 || gaps[0].Region != "me-south-1" {
			t.Errorf("gaps %+v", gaps)
		}
		// By default it is left out.
		for _, g := range gapsOf(t, mustScan(t, Options{}, secretsmanagerService())) {
			t.Errorf("gap %s", g.Text())
		}
		if n := s.Called(awstest.Match{Region: "me-south-1", Call: "secretsmanager:ListSecrets"}); n != 1 {
			t.Errorf("%d calls there", n)
		}
	})
}

// TestTargets: who is asked for is read, as whom and where the options say.
func TestTargets(t *testing.T) {
	s := awstest.Start(t)
	s.Populate(awstest.Fleet{Accounts: 1, Regions: 4})
	const delegated, member, closed, pending = merlon.AccountID("222222222222"), merlon.AccountID("333333333333"), merlon.AccountID("444444444444"), merlon.AccountID("555555555555")
	s.SetOrganization(&awstest.Organization{ID: "o-merlontest", Management: awstest.Management, Delegated: []merlon.AccountID{delegated}, Accounts: []awstest.Account{
		{ID: awstest.Management, Name: "management"}, {ID: delegated, Name: "security"}, {ID: member, Name: "member"},
		{ID: closed, Name: "closed", Status: "SUSPENDED"}, {ID: pending, Name: "pending", Status: "PENDING_CLOSURE"}}})
	s.PageSize(1)
	signIn(t, s)
	regions := []merlon.Region{"ap-northeast-2", "ap-northeast-3", "ap-south-1", "us-east-1"}
	for _, c := range []struct {
		name     string
		key      merlon.AccountID
		o        Options
		accounts []merlon.AccountID
		regions  []merlon.Region
		fails    string
	}{
		{"the management account", awstest.Management, Options{}, []merlon.AccountID{awstest.Management, delegated, member}, regions, ""},
		{"a delegated administrator", delegated, Options{}, []merlon.AccountID{awstest.Management, delegated, member}, regions, ""},
		{"a member", member, Options{}, nil, nil, "management account or a delegated administrator"},
		{"without one", delegated, Options{Accounts: []string{"!" + string(member)}}, []merlon.AccountID{awstest.Management, delegated}, regions, ""},
		{"one", awstest.Management, Options{Accounts: []string{string(member)}}, []merlon.AccountID{member}, regions, ""},
		{"none", awstest.Management, Options{Accounts: []string{"999999999999"}}, nil, nil, "no account is left"},
		{"a suspended one", awstest.Management, Options{Accounts: []string{string(closed)}}, nil, nil, "no account is left"},
		{"without a region", awstest.Management, Options{Regions: []string{"!ap-south-1"}}, []merlon.AccountID{awstest.Management, delegated, member}, []merlon.Region{"ap-northeast-2", "ap-northeast-3", "us-east-1"}, ""},
		{"one region", awstest.Management, Options{Regions: []string{"ap-south-1"}}, []merlon.AccountID{awstest.Management, delegated, member}, []merlon.Region{"ap-south-1"}, ""},
		{"no region", awstest.Management, Options{Regions: []string{"!ap-south-1", "!ap-northeast-2", "!ap-northeast-3", "!us-east-1"}}, nil, nil, "no region is left"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Setenv("AWS_ACCESS_KEY_ID", awstest.AccessKey(c.key))
			o := c.o
			o.Organization, o.Role, o.Limits, o.Parallel, o.Budget = true, "audit/"+awstest.FleetRole, shortLimits, 2, NewBudget(0, time.Now)
			session, err := Connect(t.Context(), o)
			if err != nil {
				t.Fatal(err)
			}
			targets, err := session.Targets(t.Context())
			if c.fails != "" {
				if err == nil || !strings.Contains(err.Error(), c.fails) {
					t.Errorf("error %v", err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			var ids []merlon.AccountID
			for i := range targets {
				x := &targets[i]
				if x.Open != nil {
					if err := x.Open(t.Context(), x); err != nil {
						t.Fatal(err)
					}
				}
				ids = append(ids, x.ID)
				if diff := cmp.Diff(c.regions, x.Regions); diff != "" {
					t.Errorf("regions of %s (-want +got):\n%s", x.ID, diff)
				}
			}
			slices.Sort(ids)
			if diff := cmp.Diff(c.accounts, ids); diff != "" {
				t.Errorf("accounts (-want +got):\n%s", diff)
			}
		})
	}
}

// TestPartitions: ARNs and the region of global services are those of the partition.
func TestPartitions(t *testing.T) {
	for _, c := range []struct {
		region, global merlon.Region
		partition      string
	}{{"cn-northwest-1", "cn-north-1", "aws-cn"}, {"us-gov-east-1", "us-gov-west-1", "aws-us-gov"}, {"eu-west-1", "us-east-1", "aws"}} {
		t.Run(c.partition, func(t *testing.T) {
			s := awstest.Start(t)
			s.SetRegions([]merlon.Region{c.region, c.global})
			signIn(t, s)
			t.Setenv("AWS_REGION", string(c.region))
			var mu sync.Mutex
			var asked []string
			s.Handle(awstest.Match{Call: "sts:AssumeRole"}, func(call *awstest.Call) (any, error) {
				mu.Lock()
				defer mu.Unlock()
				asked = append(asked, call.Text("RoleArn"), call.Text("ExternalId"))
				if tags, ok := call.Value("Tags").([]any); !ok || len(tags) != 2 {
					t.Errorf("session tags %v", call.Value("Tags"))
				} else if diff := cmp.Diff([]any{map[string]any{"Key": "purpose", "Value": "audit"}, map[string]any{"Key": "team", "Value": "security & co"}}, tags); diff != "" {
					t.Errorf("session tags (-want +got):\n%s", diff)
				}
				return nil, awstest.ErrPass
			})
			s.Put(awstest.Match{Call: "s3:ListBuckets"}, map[string]any{"Buckets": []any{map[string]any{"Name": "b", "BucketRegion": c.region}}})
			snapshot := mustScan(t, Options{Role: "path/audit", Accounts: []string{"222222222222"}, ExternalID: "7f3c", SessionTags: map[string]string{"team": "security & co", "purpose": "audit"}}, s3Service())
			if len(asked) < 2 || asked[0] != "arn:"+c.partition+":iam::222222222222:role/path/audit" || asked[1] != "7f3c" {
				t.Errorf("assumed %q", asked)
			}
			found := ""
			if err := snapshot.Each(t.Context(), "AWS::S3::Bucket", func(r *merlon.Resource) error { found += string(r.ARN); return nil }); err != nil {
				t.Fatal(err)
			}
			if found != "arn:"+c.partition+":s3:::b" {
				t.Errorf("the bucket's ARN is %q", found)
			}
			if n := s.Called(awstest.Match{Call: "s3:ListBuckets", Region: c.global}); n != 1 {
				t.Errorf("%d times in %s: %v", n, c.global, s.Calls())
			}
		})
	}
}
