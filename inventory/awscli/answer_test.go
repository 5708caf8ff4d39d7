package awscli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	iamtypes "github.com/aws/aws-sdk-go-v2/service/iam/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	smithy "github.com/aws/smithy-go"
	"github.com/google/go-cmp/cmp"

	"merlon.dev/merlon"
	"merlon.dev/merlon/inventory/live"
)

var here = live.Place{Account: account1, Region: "eu-west-1"}

// operation finds a declared operation by its call.
func operation(t *testing.T, call string) *live.Operation {
	t.Helper()
	for _, s := range live.Services() {
		for _, o := range s.Operations {
			if o.Call() == call {
				return o
			}
		}
	}
	t.Fatalf("no operation %s", call)
	return nil
}

// answers asks a folder.
func answers(t *testing.T, dir string, o *live.Operation, in any) (any, error) {
	t.Helper()
	f, _, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	c, err := f.Open(t.Context(), here)
	if err != nil {
		t.Fatal(err)
	}
	out, _, err := c.Call(t.Context(), o, in)
	return out, err
}

// record writes answers into a new folder.
func record(t *testing.T, fn func(r *Recorder) error) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "recording")
	r := recorder(t, dir)
	err := r.Account(&live.Target{ID: account1, Name: "test", Partition: "aws", Regions: []merlon.Region{"eu-west-1"}}, nil)
	if err == nil {
		err = fn(r)
	}
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

func vpcs(next string, ids ...string) *ec2.DescribeVpcsOutput {
	out := &ec2.DescribeVpcsOutput{}
	for _, id := range ids {
		out.Vpcs = append(out.Vpcs, ec2types.Vpc{VpcId: aws.String(id)})
	}
	if next != "" {
		out.NextToken = &next
	}
	return out
}

// TestPages: the pages of a list are one file without a token.
func TestPages(t *testing.T) {
	o := operation(t, "ec2:DescribeVpcs")
	first, second := &ec2.DescribeVpcsInput{}, &ec2.DescribeVpcsInput{NextToken: aws.String("2")}
	dir := record(t, func(r *Recorder) error {
		return errors.Join(
			r.Record(here, o, second, vpcs("", "lost"), nil), // a page of a list that was not seen
			r.Record(here, o, first, vpcs("2", "a", "b"), nil),
			r.Record(here, o, second, vpcs("", "c"), nil))
	})
	out, err := answers(t, dir, o, first)
	if diff := cmp.Diff(vpcs("", "a", "b", "c"), out, compare()...); err != nil || diff != "" {
		t.Errorf("%v, - want, + got:\n%s", err, diff)
	}
}

// TestBrokenList: a list that failed on its second page fails there again.
func TestBrokenList(t *testing.T) {
	o := operation(t, "ec2:DescribeVpcs")
	first, second := &ec2.DescribeVpcsInput{}, &ec2.DescribeVpcsInput{NextToken: aws.String("2")}
	dir := record(t, func(r *Recorder) error {
		return errors.Join(
			r.Record(here, o, first, vpcs("2", "a"), nil),
			r.Record(here, o, second, nil, &smithy.GenericAPIError{Code: "UnauthorizedOperation", Message: "no"}))
	})
	out, err := answers(t, dir, o, first)
	if diff := cmp.Diff(vpcs("2", "a"), out, compare()...); err != nil || diff != "" {
		t.Fatalf("%v, - want, + got:\n%s", err, diff)
	}
	_, err = answers(t, dir, o, second)
	if f := live.FailureOf(err); err == nil || f.Cause != merlon.CauseDenied || f.Code != "UnauthorizedOperation" || f.Message != "no" {
		t.Errorf("%+v", f)
	}
}

// TestNotWritten: what says nothing of AWS leaves no file, and a list that was
// not read to its end none that would pass for whole.
func TestNotWritten(t *testing.T) {
	o := operation(t, "ec2:DescribeVpcs")
	for _, err := range []error{live.ErrNotRecorded, fmt.Errorf("x: %w", live.ErrExpired), context.Canceled} {
		dir := record(t, func(r *Recorder) error { return r.Record(here, o, &ec2.DescribeVpcsInput{}, nil, err) })
		if _, err := answers(t, dir, o, &ec2.DescribeVpcsInput{}); !errors.Is(err, live.ErrNotRecorded) {
			t.Errorf("%v", err)
		}
	}
	dir := record(t, func(r *Recorder) error { return r.Record(here, o, &ec2.DescribeVpcsInput{}, vpcs("2", "a"), nil) })
	if _, err := answers(t, dir, o, &ec2.DescribeVpcsInput{}); !errors.Is(err, live.ErrNotRecorded) {
		t.Errorf("a list without its end: %v", err)
	}
}

// TestSameName: requests whose files would have one name get one each.
func TestSameName(t *testing.T) {
	o := operation(t, "ec2:DescribeVpcs")
	ask := func(n int32) *ec2.DescribeVpcsInput { return &ec2.DescribeVpcsInput{MaxResults: &n} }
	filtered := &ec2.DescribeVpcsInput{Filters: []ec2types.Filter{{Name: aws.String("is-default"), Values: []string{"true"}}}}
	dir := record(t, func(r *Recorder) error {
		return errors.Join(
			r.Record(here, o, ask(5), vpcs("", "five"), nil),
			r.Record(here, o, ask(6), vpcs("", "six"), nil),
			r.Record(here, o, filtered, vpcs("", "filtered"), nil))
	})
	for want, in := range map[string]*ec2.DescribeVpcsInput{"five": ask(5), "six": ask(6), "filtered": filtered} {
		out, err := answers(t, dir, o, in)
		if diff := cmp.Diff(vpcs("", want), out, compare()...); err != nil || diff != "" {
			t.Errorf("%v, - want, + got:\n%s", err, diff)
		}
	}
	// A recording that is gone on with does not know whose the name was.
	r, err := NewRecorder(dir, true)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if err := r.Record(here, o, ask(6), vpcs("", "six again"), nil); err != nil {
		t.Fatal(err)
	}
	for want, in := range map[string]*ec2.DescribeVpcsInput{"five": ask(5), "six again": ask(6)} {
		out, err := answers(t, dir, o, in)
		if diff := cmp.Diff(vpcs("", want), out, compare()...); err != nil || diff != "" {
			t.Errorf("%v, - want, + got:\n%s", err, diff)
		}
	}
}

// TestFileAndFolder: what is a file for one request is a folder for another.
func TestFileAndFolder(t *testing.T) {
	o := &live.Operation{Service: "ecs", Name: "ListTasks"}
	all, some := &ecs.ListTasksInput{Cluster: aws.String("c")}, &ecs.ListTasksInput{Cluster: aws.String("c"), Family: aws.String("f")}
	for _, order := range [][]*ecs.ListTasksInput{{all, some}, {some, all}} {
		dir := record(t, func(r *Recorder) error {
			return errors.Join(r.Record(here, o, order[0], &ecs.ListTasksOutput{}, nil), r.Record(here, o, order[1], &ecs.ListTasksOutput{}, nil))
		})
		f, _, err := Open(dir)
		if err != nil {
			t.Fatal(err)
		}
		c := &caller{f: f, a: f.accounts[account1], place: here}
		found := map[string]bool{}
		for _, in := range order {
			file, err := c.find(o, ask(o, in))
			if err != nil {
				t.Error(err)
			}
			found[file] = true
		}
		if len(found) != 2 {
			t.Errorf("found %v, want a file each", found)
		}
		f.Close()
	}
}

// TestTogether: a request for several things is answered from the files of each,
// or not at all.
func TestTogether(t *testing.T) {
	o := operation(t, "elbv2:DescribeTags")
	one := func(arn string) string {
		return fmt.Sprintf(`{"TagDescriptions":[{"ResourceArn":%q,"Tags":[]}]}`, arn)
	}
	dir := tree(t, map[string]string{account1 + "/eu-west-1/elbv2-describe-tags/a": one("a"), account1 + "/eu-west-1/elbv2-describe-tags/b": one("b")})
	out, err := answers(t, dir, o, &elasticloadbalancingv2.DescribeTagsInput{ResourceArns: []string{"b", "a"}})
	if err != nil {
		t.Fatal(err)
	}
	if d := out.(*elasticloadbalancingv2.DescribeTagsOutput).TagDescriptions; len(d) != 2 || *d[0].ResourceArn != "b" || *d[1].ResourceArn != "a" {
		t.Errorf("%+v", d)
	}
	if _, err := answers(t, dir, o, &elasticloadbalancingv2.DescribeTagsInput{ResourceArns: []string{"a", "c"}}); !errors.Is(err, live.ErrNotRecorded) {
		t.Errorf("one of two is missing: %v", err)
	}
}

// TestClosedAccount: an account that could not be entered cannot be entered again.
func TestClosedAccount(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "recording")
	r := recorder(t, dir)
	denied := &smithy.GenericAPIError{Code: "AccessDenied", Message: "not you"}
	target := live.Target{ID: account1, Name: "locked", Partition: "aws", Regions: []merlon.Region{"eu-west-1"}, Open: func(context.Context, *live.Target) error { return denied }}
	first := walk(t, odd{t, newDecoder(), 1}, []live.Target{target}, r, service(t, "cloudtrail"))
	second := replay(t, dir, service(t, "cloudtrail"))
	if diff := cmp.Diff(content(t, first), content(t, second)); diff != "" || len(gaps(t, second)) == 0 {
		t.Errorf("- live, + replayed:\n%s", diff)
	}
}

// TestRecorderFiles: for the owner alone, whole, and in a folder of its own.
func TestRecorderFiles(t *testing.T) {
	dir := record(t, func(r *Recorder) error {
		o := operation(t, "s3:GetBucketPolicy")
		for _, name := range []string{"plain", "..", ".", "a/b", strings.Repeat("x", 400), "ünï\x00\n"} {
			if err := r.Record(here, o, &s3.GetBucketPolicyInput{Bucket: &name}, &s3.GetBucketPolicyOutput{Policy: &name}, nil); err != nil {
				return err
			}
		}
		// No region is named so; the folder is not left all the same.
		o = operation(t, "ec2:DescribeVpcs")
		a := &ec2.DescribeVpcsInput{VpcIds: []string{"a"}}
		return r.Record(live.Place{Account: account1, Region: "../../up"}, o, a, vpcs("", "a"), nil)
	})
	count := 0
	err := filepath.WalkDir(dir, func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		want := fs.FileMode(0o600)
		if d.IsDir() {
			want = 0o700 | fs.ModeDir
		} else {
			count++
			if text, err := os.ReadFile(p); err != nil || !json.Valid(text) {
				t.Errorf("%s is not whole: %v", p, err)
			}
		}
		if info.Mode() != want {
			t.Errorf("%s has mode %s, want %s", p, info.Mode(), want)
		}
		if strings.Contains(d.Name(), ".merlon-") {
			t.Errorf("%s was left behind", p)
		}
		return nil
	})
	if err != nil || count != 9 {
		t.Errorf("%d files, %v; want 9", count, err)
	}
	for _, name := range []string{"plain", "..", ".", "a/b", strings.Repeat("x", 400)} {
		out, err := answers(t, dir, operation(t, "s3:GetBucketPolicy"), &s3.GetBucketPolicyInput{Bucket: &name})
		if err != nil || *out.(*s3.GetBucketPolicyOutput).Policy != name {
			t.Errorf("%q: %v, %v", name, out, err)
		}
	}
	if _, err := NewRecorder(dir, false); !errors.Is(err, ErrNotEmpty) {
		t.Errorf("a folder that is not empty: %v", err)
	}
	if _, err := NewRecorder(tree(t, map[string]string{"notes": "mine"}), true); !errors.Is(err, ErrNotEmpty) {
		t.Errorf("a folder of something else: %v", err)
	}
}

// TestRecordFails: what cannot be written ends the scan and is no gap.
func TestRecordFails(t *testing.T) {
	o := operation(t, "ec2:DescribeVpcs")
	dir := filepath.Join(t.TempDir(), "recording")
	r := recorder(t, dir)
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	if err := r.Record(here, o, &ec2.DescribeVpcsInput{}, vpcs("", "a"), nil); err == nil {
		t.Error("a folder that is gone was written to")
	}
}

// TestIAMDocuments: what IAM percent-encodes is an object in the file.
func TestIAMDocuments(t *testing.T) {
	o := operation(t, "iam:GetAccountAuthorizationDetails")
	encoded := "%7B%22Version%22%3A%222012-10-17%22%2C%22Statement%22%3A%5B%7B%22Resource%22%3A%22a%2Bb%22%7D%5D%7D"
	in := &iam.GetAccountAuthorizationDetailsInput{Filter: []iamtypes.EntityType{"Role"}}
	dir := record(t, func(r *Recorder) error {
		return r.Record(here, o, in, &iam.GetAccountAuthorizationDetailsOutput{RoleDetailList: []iamtypes.RoleDetail{{RoleName: aws.String("r"), AssumeRolePolicyDocument: &encoded}}}, nil)
	})
	text := files(t, dir)[account1+"/eu-west-1/iam-get-account-authorization-details.json"]
	if !strings.Contains(text, `"Resource": "a+b"`) {
		t.Errorf("the file:\n%s", text)
	}
	out, err := answers(t, dir, o, in)
	if err != nil {
		t.Fatal(err)
	}
	var doc map[string]any
	if err := json.Unmarshal([]byte(*out.(*iam.GetAccountAuthorizationDetailsOutput).RoleDetailList[0].AssumeRolePolicyDocument), &doc); err != nil || doc["Version"] != "2012-10-17" {
		t.Errorf("%v, %v", doc, err)
	}
}
