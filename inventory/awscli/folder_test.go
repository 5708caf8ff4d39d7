package awscli

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"merlon.dev/merlon"
	"merlon.dev/merlon/inventory/live"
)

const identity = `{"Account":"111122223333","Arn":"arn:aws:iam::111122223333:user/u","UserId":"A"}`

// TestOpen finds accounts, their ids and regions.
func TestOpen(t *testing.T) {
	for _, test := range []struct {
		name  string
		files map[string]string
		want  string
	}{
		{"CloudMapper's", map[string]string{"account-data/demo/us-east-1/sts-get-caller-identity.json": identity, "config.json": `{"accounts":[{"id":"111122223333","name":"demo","default":true}],"cidrs":{}}`}, "111122223333 demo aws [us-east-1]"},
		{"its data alone", map[string]string{"demo/us-east-1/sts-get-caller-identity.json": identity}, "111122223333 demo aws [us-east-1]"},
		{"the caller in another region", map[string]string{"demo/eu-west-1/sts-get-caller-identity.json": identity}, "111122223333 demo aws [eu-west-1]"},
		{"named by its id", map[string]string{"111122223333/eu-west-1/x.json": "", "444455556666/us-east-2/x.json": ""}, "111122223333  aws [eu-west-1]; 444455556666  aws [us-east-2]"},
		{"config.json says who it is", map[string]string{"config.json": `{"accounts":[{"id":"111122223333","name":"prod"}]}`, "prod/eu-west-1/x.json": ""}, "111122223333 prod aws [eu-west-1]"},
		{"config.json says its name", map[string]string{"config.json": `{"accounts":[{"id":"111122223333","name":"prod"}]}`, "111122223333/eu-west-1/x.json": ""}, "111122223333 prod aws [eu-west-1]"},
		{"the ARNs say who it is", map[string]string{"prod/eu-west-1/sns-list-topics.json": `arn:aws:sns:eu-west-1:111122223333:a arn:aws:sns:eu-west-1:111122223333:b arn:aws:iam::999999999999:role/x`}, "111122223333 prod aws [eu-west-1]"},
		{"a region without a folder", map[string]string{"111122223333/describe-regions.json": `{"Regions":[{"RegionName":"us-east-1"},{"RegionName":"eu-west-1","OptInStatus":"opt-in-not-required"},{"RegionName":"af-south-1","OptInStatus":"not-opted-in"}]}`, "111122223333/us-east-1/x.json": "", "111122223333/ap-south-1/x.json": ""}, "111122223333  aws [ap-south-1 eu-west-1 us-east-1]"},
		{"China", map[string]string{"111122223333/cn-north-1/x.json": ""}, "111122223333  aws-cn [cn-north-1]"},
		{"GovCloud", map[string]string{"111122223333/us-gov-west-1/x.json": ""}, "111122223333  aws-us-gov [us-gov-west-1]"},
		{"a recording says what was in scope", map[string]string{"config.json": `{"merlon":1,"accounts":[{"id":"111122223333","name":"p","regions":["eu-west-1"]}]}`, "111122223333/us-east-1/x.json": "", "111122223333/eu-west-1/x.json": ""}, "111122223333 p aws [eu-west-1]"},
		{"other folders are none", map[string]string{"111122223333/eu-west-1/x.json": "", "111122223333/notes/x": "", "docs/readme": "", ".git/x": ""}, "111122223333  aws [eu-west-1]"},
	} {
		t.Run(test.name, func(t *testing.T) {
			f, targets, err := Open(tree(t, test.files))
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			var got []string
			for _, x := range targets {
				got = append(got, fmt.Sprintf("%s %s %s %v", x.ID, x.Name, x.Partition, x.Regions))
			}
			if s := strings.Join(got, "; "); s != test.want {
				t.Errorf("%s, want %s", s, test.want)
			}
		})
	}
	dir := tree(t, map[string]string{"111122223333/eu-west-1/x.json": ""})
	f, targets, err := Open(filepath.Join(dir, "111122223333"))
	if err != nil || len(targets) != 1 || targets[0].ID != "111122223333" {
		t.Errorf("the folder of one account: %+v, %v", targets, err)
	} else {
		f.Close()
	}
}

func TestOpenRefuses(t *testing.T) {
	for _, test := range []struct {
		name  string
		files map[string]string
		want  string
	}{
		{"empty", map[string]string{}, "holds no account; expected ACCOUNT/REGION/COMMAND-VERB.json"},
		{"something else", map[string]string{"src/main.go": "", "README": ""}, "holds no account"},
		{"nobody knows whose", map[string]string{"prod/eu-west-1/x.json": ""}, "which account is"},
		{"two say otherwise", map[string]string{"444455556666/us-east-1/sts-get-caller-identity.json": identity}, "is account 444455556666 by its name or config.json, and 111122223333 by sts-get-caller-identity.json"},
		{"twice", map[string]string{"a/us-east-1/sts-get-caller-identity.json": identity, "b/us-east-1/sts-get-caller-identity.json": identity}, "both hold account 111122223333"},
		{"regions that are none", map[string]string{"111122223333/describe-regions.json": `{"Regions":[{"RegionName":"../../etc"}]}`}, "names a region that is none"},
		{"regions cut off", map[string]string{"111122223333/describe-regions.json": `{"Regions":[`}, "describe-regions.json: not JSON"},
		{"an id that is none", map[string]string{"config.json": `{"accounts":[{"id":"12","name":"prod"}]}`, "prod/eu-west-1/x.json": ""}, "not twelve digits"},
		{"config.json is no JSON", map[string]string{"config.json": `accounts: []`, "111122223333/eu-west-1/x.json": ""}, "config.json"},
		{"the caller is an error", map[string]string{"prod/us-east-1/sts-get-caller-identity.json": `{"Error":{"Code":"AccessDenied"}}`}, "it names no account"},
	} {
		t.Run(test.name, func(t *testing.T) {
			f, _, err := Open(tree(t, test.files))
			if err == nil {
				f.Close()
			}
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("error %v, want one with %q", err, test.want)
			}
		})
	}
	if _, _, err := Open(filepath.Join(t.TempDir(), "none")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a folder that is not there: %v", err)
	}
	file := filepath.Join(tree(t, map[string]string{"f": "{}"}), "f")
	if _, _, err := Open(file); !errors.Is(err, ErrNotFolder) {
		t.Errorf("a file: %v", err)
	}
}

// TestBadFiles puts in the place of a list what is none: each is a gap that says
// so, and the scan goes on.
func TestBadFiles(t *testing.T) {
	outside := filepath.Join(tree(t, map[string]string{"secret.json": `{"Buckets":[{"Name":"stolen"}]}`}), "secret.json")
	for _, test := range []struct {
		name  string
		make  func(path string) error
		cause merlon.Cause
		want  string
	}{
		{"a folder", func(p string) error { return os.Mkdir(p, 0o700) }, merlon.CauseMalformed, "is a folder"},
		{"a pipe", func(p string) error { return syscall.Mkfifo(p, 0o600) }, merlon.CauseMalformed, "is not a plain file"},
		{"a link out", func(p string) error { return os.Symlink(outside, p) }, merlon.CauseMalformed, "escapes"},
		{"a link up", func(p string) error { return os.Symlink("../../../../../../etc/passwd", p) }, merlon.CauseMalformed, "escapes"},
		{"a link to a device", func(p string) error { return os.Symlink("/dev/zero", p) }, merlon.CauseMalformed, "escapes"},
		{"a link to itself", func(p string) error { return os.Symlink(filepath.Base(p), p) }, merlon.CauseMalformed, "too many"},
		{"a huge file", func(p string) error {
			if err := os.WriteFile(p, []byte("{}"), 0o600); err != nil {
				return err
			}
			return os.Truncate(p, live.MaxBody+1)
		}, merlon.CauseTooLarge, "more than 256 MB"},
		{"HTML", write("<!DOCTYPE html><title>502</title>"), merlon.CauseMalformed, "HTML"},
		{"cut off", write(`{"Buckets":[{"Name":"a"},{"Na`), merlon.CauseMalformed, "not JSON"},
		{"empty", write(""), merlon.CauseMalformed, "is empty"},
		{"another answer", write(`{"Users":[{"UserName":"u"}]}`), merlon.CauseMalformed, `holds "Users"`},
		{"another kind", write(`{"Buckets":{"Name":"a"}}`), merlon.CauseMalformed, "Buckets: want a list, have an object"},
		{"deep", write(strings.Repeat(`{"a":`, 20000) + "1" + strings.Repeat("}", 20000)), merlon.CauseMalformed, "not JSON"},
		{"binary", write("\x00\x01\x02\xff"), merlon.CauseMalformed, "not JSON"},
		{"a page of more", write(`{"Buckets":[{"Name":"a"}],"ContinuationToken":"t"}`), merlon.CauseNotRecorded, "ends with the token of another page"},
		{"an error", write(`{"Error":{"Code":"AccessDenied","Message":"no \u001b[31m"}}`), merlon.CauseDenied, "no"},
		{"nothing", func(string) error { return nil }, merlon.CauseNotRecorded, "there is no 111122223333/us-east-1/s3-list-buckets.json"},
	} {
		t.Run(test.name, func(t *testing.T) {
			dir := tree(t, map[string]string{"111122223333/us-east-1/s3control-get-public-access-block/111122223333": `{"PublicAccessBlockConfiguration":{"BlockPublicAcls":true}}`})
			if err := test.make(filepath.Join(dir, "111122223333/us-east-1/s3-list-buckets.json")); err != nil {
				t.Fatal(err)
			}
			s := replay(t, dir, service(t, "s3"))
			if resources(t, s, "AWS::S3::Bucket")["stolen"] != nil {
				t.Error("a link out of the folder was followed")
			}
			if len(resources(t, s, "Merlon::S3::AccountPublicAccessBlock")) != 1 {
				t.Error("the other file was not read")
			}
			for text, g := range gaps(t, s) {
				if strings.HasPrefix(text, "s3:ListBuckets in ") {
					if g.Cause != test.cause || !strings.Contains(g.Message, test.want) {
						t.Errorf("gap %+v, want %s with %q", g, test.cause, test.want)
					}
					return
				}
			}
			t.Error("no gap")
		})
	}
}

func write(text string) func(string) error {
	return func(p string) error { return os.WriteFile(p, []byte(text), 0o600) }
}

// service finds a collector by its name.
func service(t *testing.T, name string) *live.Service {
	t.Helper()
	for _, s := range live.Services() {
		if s.Name == name {
			return s
		}
	}
	t.Fatalf("no service %s", name)
	return nil
}

// TestLinkedFolder: a folder that leads out is none, whether it is an account, a
// region or a verb.
func TestLinkedFolder(t *testing.T) {
	out := tree(t, map[string]string{"eu-west-1/x.json": "", "s3-list-buckets.json": `{"Buckets":[{"Name":"stolen"}]}`})
	dir := tree(t, map[string]string{"111122223333/us-east-1/x.json": ""})
	for link, to := range map[string]string{"444455556666": out, "111122223333/eu-west-1": out, "111122223333/us-east-1/s3-get-bucket-policy": out} {
		if err := os.Symlink(to, filepath.Join(dir, link)); err != nil {
			t.Fatal(err)
		}
	}
	f, targets, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if len(targets) != 1 || len(targets[0].Regions) != 1 {
		t.Errorf("links out were followed: %+v", targets)
	}
}

// TestMissingRegion: what has no folder is one gap a service and region.
func TestMissingRegion(t *testing.T) {
	dir := tree(t, map[string]string{
		"111122223333/describe-regions.json":                         `{"Regions":[{"RegionName":"us-east-1"},{"RegionName":"eu-west-1"}]}`,
		"111122223333/us-east-1/cloudtrail-describe-trails.json":     `{"trailList":[]}`,
		"111122223333/us-east-1/ec2-describe-vpcs.json":              `{"Vpcs":[]}`,
		"111122223333/us-east-1/s3-get-bucket-acl/nobody-lists-this": `{}`,
	})
	s := replay(t, dir)
	var missing, trail, vpcs int
	for _, g := range gaps(t, s) {
		switch {
		case g.Region == "eu-west-1":
			missing++
			if g.Cause != merlon.CauseNotRecorded || len(g.Types) == 0 {
				t.Errorf("gap %+v", g)
			}
		case g.Call == "cloudtrail:DescribeTrails":
			trail++
		case g.Call == "ec2:DescribeVpcs":
			vpcs++
		}
	}
	regional := 0
	for _, s := range live.Services() {
		if !s.Global && len(s.Operations) > 0 {
			regional++
		}
	}
	if missing != regional || trail != 0 || vpcs != 0 {
		t.Errorf("%d gaps for a region without a folder, want %d, one a service; %d and %d for lists that are empty", missing, regional, trail, vpcs)
	}
	if len(resources(t, s, "Merlon::Account::Region")) != 2 {
		t.Error("a region without a folder is in scope all the same")
	}
}

// TestManyFiles looks things up in folders of 100,000 files.
func TestManyFiles(t *testing.T) {
	const many = 100_000
	dir := tree(t, map[string]string{"111122223333/us-east-1/s3-list-buckets.json": `{"Buckets":[{"Name":"b-99999","BucketRegion":"us-east-1"},{"Name":"gone","BucketRegion":"us-east-1"}]}`})
	policies := filepath.Join(dir, "111122223333/us-east-1/s3-get-bucket-policy")
	if err := os.Mkdir(policies, 0o700); err != nil {
		t.Fatal(err)
	}
	first := filepath.Join(policies, "b-0")
	if err := os.WriteFile(first, []byte(`{"Policy":"{\"Version\":\"2012-10-17\"}"}`), 0o600); err != nil {
		t.Fatal(err)
	}
	for i := 1; i < many; i++ {
		// Links to one file are made faster than files.
		if err := os.Link(first, filepath.Join(policies, fmt.Sprintf("b-%d", i))); err != nil {
			if errors.Is(err, syscall.EMLINK) {
				first = filepath.Join(policies, fmt.Sprintf("b-%d", i))
				err = os.WriteFile(first, []byte(`{"Policy":"{\"Version\":\"2012-10-17\"}"}`), 0o600)
			}
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	start := time.Now()
	s := replay(t, dir, service(t, "s3"))
	if took := time.Since(start); took > 20*time.Second {
		t.Errorf("two buckets among %d files took %s", many, took)
	}
	if p := resources(t, s, "AWS::S3::BucketPolicy"); len(p) != 1 || p["b-99999"] == nil {
		t.Errorf("policies %v", p)
	}
}
