package access

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"merlon.dev/merlon"
	"merlon.dev/merlon/inventory"
)

const (
	ours   = "111122223333"
	theirs = "444455556666"
)

// thing is a resource of a test world; its properties are JSON.
type thing struct {
	typ, id, arn, account string
	tags                  map[string]string
	properties            string
	observed              string
	unknowns              []merlon.Unknown
}

// world writes a snapshot of two accounts in one region in which every type
// counts as read.
func world(tb testing.TB, things ...thing) *inventory.Snapshot {
	tb.Helper()
	ctx := context.Background()
	schemas, err := inventory.LoadSchemas()
	if err != nil {
		tb.Fatal(err)
	}
	types := map[string]bool{typeUser: true, typeRole: true, typeGroup: true, typeManagedPolicy: true, typeReportEntry: true, typeOrganization: true,
		typeOrgAccount: true, typeUnit: true, typeOrgRoot: true, typeOrgPolicy: true, typeAccountBlock: true, "Merlon::KMS::Grant": true,
		"AWS::S3::BucketPolicy": true, "AWS::SQS::QueuePolicy": true, "AWS::SNS::TopicPolicy": true, "AWS::SecretsManager::ResourcePolicy": true,
		"AWS::Lambda::Permission": true, "AWS::Lambda::ResourcePolicy": true}
	for _, t := range things {
		types[t.typ] = true
	}
	var names []string
	for t := range types {
		names = append(names, t)
	}
	region := merlon.Region("us-east-1")
	meta := inventory.Meta{Kind: inventory.KindLive, Version: "test", Started: time.Unix(0, 0),
		Accounts: []inventory.Account{{ID: ours, Regions: []merlon.Region{region}}, {ID: theirs, Regions: []merlon.Region{region}}},
		Services: []inventory.Service{{Name: "all", Types: names}}}
	b, err := inventory.Create(ctx, "memory:access-"+rand.Text(), schemas, meta)
	if err != nil {
		tb.Fatal(err)
	}
	writers := map[string]*inventory.UnitWriter{}
	for _, a := range meta.Accounts {
		w, err := b.Begin(ctx, inventory.Unit{Account: a.ID, Region: region, Service: "all"}, meta.Started)
		if err != nil {
			tb.Fatal(err)
		}
		writers[string(a.ID)] = w
	}
	for _, t := range things {
		if t.account == "" {
			t.account = ours
		}
		name := t.id
		if i := strings.LastIndexAny(name, "/"); i >= 0 && t.typ == typeRole {
			name = name[i+1:]
		}
		r := &merlon.Resource{Type: t.typ, ID: t.id, ARN: merlon.ARN(t.arn), Name: name, Account: merlon.AccountID(t.account), Region: region,
			Tags: t.tags, Properties: json.RawMessage(t.properties), Observed: json.RawMessage(t.observed), Unknowns: t.unknowns}
		if err := writers[t.account].Put(ctx, r); err != nil {
			tb.Fatalf("%s %s: %v", t.typ, t.id, err)
		}
	}
	for _, w := range writers {
		if err := w.Done(ctx, meta.Started); err != nil {
			tb.Fatal(err)
		}
	}
	meta.Finished = time.Unix(1, 0)
	s, err := b.FinishOpen(ctx, meta)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { s.Close() })
	return s
}

func user(name, policy string, more ...string) thing {
	props := `{"UserName":"` + name + `"`
	if policy != "" {
		props += `,"Policies":[{"PolicyName":"p","PolicyDocument":` + policy + `}]`
	}
	for _, m := range more {
		props += "," + m
	}
	return thing{typ: typeUser, id: name, arn: "arn:aws:iam::" + ours + ":user/" + name, properties: props + "}"}
}

func role(name, trust, policy string, more ...string) thing {
	props := `{"RoleName":"` + name + `","Path":"/","AssumeRolePolicyDocument":` + trust
	if policy != "" {
		props += `,"Policies":[{"PolicyName":"p","PolicyDocument":` + policy + `}]`
	}
	for _, m := range more {
		props += "," + m
	}
	return thing{typ: typeRole, id: name, arn: "arn:aws:iam::" + ours + ":role/" + name, properties: props + "}"}
}

func allow(action, resource string) string {
	return `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"` + action + `","Resource":"` + resource + `"}]}`
}

func trust(principal string) string {
	return `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":` + principal + `,"Action":"sts:AssumeRole"}]}`
}

func load(tb testing.TB, things ...thing) *Index {
	tb.Helper()
	x, err := Load(context.Background(), world(tb, things...), Options{Now: time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)})
	if err != nil {
		tb.Fatal(err)
	}
	return x
}
