package iam

import (
	"encoding/json"
	"strings"
	"testing"
)

// realistic are policies as people write them; TestCompareMutations changes them.
var realistic = []string{
	`{"Version":"2012-10-17","Statement":[
		{"Sid":"Read","Effect":"Allow","Action":["s3:GetObject","s3:ListBucket"],"Resource":["arn:aws:s3:::data","arn:aws:s3:::data/*"],"Condition":{"IpAddress":{"aws:SourceIp":["10.0.0.0/8","192.0.2.0/24"]}}},
		{"Sid":"Start","Effect":"Allow","Action":["ec2:StartInstances","ec2:StopInstances"],"Resource":"arn:aws:ec2:*:111122223333:instance/*","Condition":{"StringEquals":{"aws:ResourceTag/team":"blue"},"Bool":{"aws:MultiFactorAuthPresent":"true"}}},
		{"Sid":"Pass","Effect":"Allow","Action":"iam:PassRole","Resource":"arn:aws:iam::111122223333:role/app-*","Condition":{"StringEquals":{"iam:PassedToService":"ec2.amazonaws.com"}}},
		{"Sid":"Tags","Effect":"Allow","Action":"ec2:CreateTags","Resource":"*","Condition":{"ForAllValues:StringEquals":{"aws:TagKeys":["team","env"]},"Null":{"aws:TagKeys":"false"}}},
		{"Sid":"Home","Effect":"Allow","Action":"s3:PutObject","Resource":"arn:aws:s3:::home/${aws:username}/*"},
		{"Sid":"Guard","Effect":"Deny","Action":"s3:*","Resource":"arn:aws:s3:::data/secret/*"},
		{"Sid":"Night","Effect":"Deny","Action":"ec2:*","Resource":"*","Condition":{"NumericGreaterThan":{"aws:MultiFactorAuthAge":"3600"}}}]}`,
	`{"Version":"2012-10-17","Statement":[
		{"Sid":"Org","Effect":"Allow","Principal":"*","Action":["s3:GetObject","s3:GetObjectVersion"],"Resource":"arn:aws:s3:::shared/*","Condition":{"StringEquals":{"aws:PrincipalOrgID":"o-a1b2c3d4e5"}}},
		{"Sid":"Partner","Effect":"Allow","Principal":{"AWS":["111122223333","arn:aws:iam::444455556666:role/reader"]},"Action":"s3:GetObject","Resource":"arn:aws:s3:::shared/partner/*","Condition":{"DateLessThan":{"aws:CurrentTime":"2027-01-01T00:00:00Z"}}},
		{"Sid":"Logs","Effect":"Allow","Principal":{"Service":"cloudtrail.amazonaws.com"},"Action":"s3:PutObject","Resource":"arn:aws:s3:::shared/logs/*","Condition":{"StringEquals":{"aws:SourceAccount":"111122223333"}}},
		{"Sid":"TLS","Effect":"Deny","Principal":"*","Action":"s3:*","Resource":["arn:aws:s3:::shared","arn:aws:s3:::shared/*"],"Condition":{"Bool":{"aws:SecureTransport":"false"}}}]}`,
}

type document struct {
	Version   string
	Statement []map[string]any
}

// list makes a list of what may be one value.
func list(v any) []any {
	if l, ok := v.([]any); ok {
		return l
	}
	return []any{v}
}

// widenings are changes of statement i that make a policy permit more, as functions
// of a fresh copy.
func widenings(t *testing.T, source string) map[string]string {
	t.Helper()
	out := make(map[string]string)
	fresh := func() document {
		var d document
		if err := json.Unmarshal([]byte(source), &d); err != nil {
			t.Fatal(err)
		}
		return d
	}
	keep := func(name string, d document) {
		raw, err := json.Marshal(d)
		if err != nil {
			t.Fatal(err)
		}
		out[name] = string(raw)
	}
	for i, s := range fresh().Statement {
		sid := s["Sid"].(string)
		if s["Effect"] == "Deny" {
			d := fresh()
			d.Statement = append(d.Statement[:i], d.Statement[i+1:]...)
			keep(sid+" dropped", d)
			d = fresh()
			d.Statement[i]["Condition"] = map[string]any{"StringEquals": map[string]any{"aws:PrincipalTag/x": "y"}}
			if old, ok := s["Condition"]; ok {
				both := map[string]any{"StringEquals": map[string]any{"aws:PrincipalTag/x": "y"}}
				for k, v := range old.(map[string]any) {
					both[k] = v
				}
				d.Statement[i]["Condition"] = both
			}
			keep(sid+" with a condition more", d)
			continue
		}
		d := fresh()
		d.Statement[i]["Action"] = append(list(d.Statement[i]["Action"]), "s3:DeleteBucketWebsite")
		keep(sid+" with an action more", d)
		for j, r := range list(s["Resource"]) {
			if r == "*" {
				continue
			}
			d = fresh()
			all := list(d.Statement[i]["Resource"])
			all[j] = r.(string)[:strings.LastIndexAny(r.(string), ":/")] + "*"
			d.Statement[i]["Resource"] = all
			keep(sid+" on "+all[j].(string), d)
		}
		if c, ok := s["Condition"].(map[string]any); ok {
			for operator := range c {
				d = fresh()
				delete(d.Statement[i]["Condition"].(map[string]any), operator)
				keep(sid+" without "+operator, d)
			}
		}
		if p, ok := s["Principal"].(map[string]any); ok {
			for kind, who := range p {
				d = fresh()
				more := map[string]any{"AWS": "777788889999", "Service": "config.amazonaws.com"}[kind]
				d.Statement[i]["Principal"].(map[string]any)[kind] = append(list(who), more)
				keep(sid+" for another "+kind, d)
			}
			d = fresh()
			d.Statement[i]["Principal"] = "*"
			keep(sid+" for everyone", d)
		}
	}
	return out
}

// TestCompareMutations: whatever widens a policy is found, with a witness, and
// the narrower one is seen to permit no more.
func TestCompareMutations(t *testing.T) {
	r := loadReference(t)
	for _, source := range realistic {
		p, err := ParsePolicy([]byte(source))
		if err != nil {
			t.Fatal(err)
		}
		old := []*Policy{p}
		mutants := widenings(t, source)
		if len(mutants) < 10 {
			t.Errorf("only %d changes", len(mutants))
		}
		for name, text := range mutants {
			p, err := ParsePolicy([]byte(text))
			if err != nil {
				t.Fatal(err)
			}
			wide := []*Policy{p}
			got, err := Compare(r, old, wide)
			if err != nil {
				t.Fatal(err)
			}
			if got.Outcome != Violated {
				t.Errorf("%s: %v %v, want violated", name, got.Outcome, got.Why)
				continue
			}
			hold(t, old, wide, got)
			if back, err := Compare(r, wide, old); err != nil || back.Outcome != Holds {
				t.Errorf("%s: the other way it is %v, want holds: %+v", name, back, back.Witness)
			}
		}
	}
}
