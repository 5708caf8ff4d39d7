package awstest

import (
	"fmt"
	"slices"
	"time"

	"merlon.dev/merlon"
)

// Regions are the seventeen regions that a new account has.
// https://docs.aws.amazon.com/global-infrastructure/latest/regions/aws-regions.html (read 2026-11-24).
func Regions() []merlon.Region {
	return []merlon.Region{
		"ap-northeast-1", "ap-northeast-2", "ap-northeast-3", "ap-south-1", "ap-southeast-1", "ap-southeast-2", "ca-central-1",
		"eu-central-1", "eu-north-1", "eu-west-1", "eu-west-2", "eu-west-3", "sa-east-1",
		"us-east-1", "us-east-2", "us-west-1", "us-west-2",
	}
}

// SetRegions changes which regions there are.
func (s *Server) SetRegions(r []merlon.Region) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.regions = slices.Clone(r)
}

// builtins are the answers that every account gives.
func (s *Server) builtins() {
	for call, code := range absent {
		s.Handle(Match{Call: call}, func(c *Call) (any, error) {
			e := code
			return nil, &e
		})
	}
	for call, output := range defaults {
		s.Put(Match{Call: call}, output)
	}
	s.Handle(Match{Call: "sts:GetCallerIdentity"}, func(c *Call) (any, error) {
		user := "AIDAAAAAAAAAAAAAAAAAA"
		if c.Role != "" {
			user = "AROAAAAAAAAAAAAAAAAAA:" + c.Session
		}
		return map[string]any{"Account": c.Account, "Arn": c.Caller(), "UserId": user}, nil
	})
	s.Handle(Match{Call: "sts:AssumeRole"}, s.assumeRole)
	s.Handle(Match{Call: "ec2:DescribeRegions"}, s.describeRegions)
	s.Handle(Match{Call: "account:ListRegions"}, s.listRegions)
	s.Handle(Match{Call: "iam:GetCredentialReport"}, credentialReport)
	s.Handle(Match{Call: "s3:HeadBucket"}, func(c *Call) (any, error) { return map[string]any{"BucketRegion": c.Region}, nil })
	s.Handle(Match{Call: "inspector2:BatchGetAccountStatus"}, inspectorStatus)
	s.organizationBuiltins()
	s.disabledServices()
}

func (s *Server) describeRegions(c *Call) (any, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	all, _ := c.Value("AllRegions").(bool)
	names := c.Texts("RegionNames")
	var out []any
	add := func(r merlon.Region, status string) {
		if len(names) == 0 || slices.Contains(names, string(r)) {
			out = append(out, map[string]any{"RegionName": r, "Endpoint": fmt.Sprintf("ec2.%s.amazonaws.com", r), "OptInStatus": status})
		}
	}
	for _, r := range s.regions {
		if !slices.Contains(s.disabled, r) {
			add(r, "opt-in-not-required")
		}
	}
	for _, r := range s.disabled {
		if all {
			add(r, "not-opted-in")
		}
	}
	return map[string]any{"Regions": out}, nil
}

func (s *Server) listRegions(c *Call) (any, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	wanted := c.Texts("RegionOptStatusContains")
	var out []any
	add := func(r merlon.Region, status string) {
		if len(wanted) == 0 || slices.Contains(wanted, status) {
			out = append(out, map[string]any{"RegionName": r, "RegionOptStatus": status})
		}
	}
	for _, r := range s.regions {
		if !slices.Contains(s.disabled, r) {
			add(r, "ENABLED_BY_DEFAULT")
		}
	}
	for _, r := range s.disabled {
		add(r, "DISABLED")
	}
	return map[string]any{"Regions": out}, nil
}

// ReportHeader is the first line of a credential report.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_getting-report.html (read 2026-11-24).
const ReportHeader = "user,arn,user_creation_time,password_enabled,password_last_used,password_last_changed,password_next_rotation,mfa_active," +
	"access_key_1_active,access_key_1_last_rotated,access_key_1_last_used_date,access_key_1_last_used_region,access_key_1_last_used_service," +
	"access_key_2_active,access_key_2_last_rotated,access_key_2_last_used_date,access_key_2_last_used_region,access_key_2_last_used_service," +
	"cert_1_active,cert_1_last_rotated,cert_2_active,cert_2_last_rotated"

// credentialReport has the root user alone.
func credentialReport(c *Call) (any, error) {
	root := fmt.Sprintf("<root_account>,arn:%s:iam::%s:root,2024-01-01T00:00:00+00:00,not_supported,no_information,not_supported,not_supported,true,"+
		"false,N/A,N/A,N/A,N/A,false,N/A,N/A,N/A,N/A,false,N/A,false,N/A", merlon.PartitionOf(c.Region), c.Account)
	return map[string]any{
		"Content": []byte(ReportHeader + "\n" + root), "ReportFormat": "text/csv", "GeneratedTime": time.Now().Truncate(time.Second),
	}, nil
}

func inspectorStatus(c *Call) (any, error) {
	off := map[string]any{"status": "DISABLED", "errorCode": "ALREADY_DISABLED", "errorMessage": ""}
	ids := c.Texts("accountIds")
	if len(ids) == 0 {
		ids = []string{string(c.Account)}
	}
	var out []any
	for _, id := range ids {
		out = append(out, map[string]any{"accountId": id, "state": off, "resourceState": map[string]any{"ec2": off, "ecr": off, "lambda": off}})
	}
	return map[string]any{"accounts": out, "failedAccounts": []any{}}, nil
}

// disabledServices answers for services that are off until they are enabled:
// every call but the test's own says so.
func (s *Server) disabledServices() {
	off := map[string]func(*Call) Error{
		"macie2": func(*Call) Error {
			return Error{Code: "AccessDeniedException", Message: "Macie is not enabled.", Status: 403}
		},
		"securityhub": func(c *Call) Error {
			return Error{Code: "InvalidAccessException", Message: "Account " + string(c.Account) + " is not subscribed to AWS Security Hub", Status: 401}
		},
	}
	for service, e := range off {
		for _, call := range offUntilEnabled[service] {
			s.Handle(Match{Call: service + ":" + call}, func(c *Call) (any, error) {
				e := e(c)
				return nil, &e
			})
		}
	}
}
