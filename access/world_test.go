package access

import (
	"context"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"merlon.dev/merlon"
	"merlon.dev/merlon/inventory"
	"merlon.dev/merlon/inventory/inventorytest"
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
	return worldWithGaps(tb, nil, things...)
}

// worldWithGaps is a world in which some calls were denied.
func worldWithGaps(tb testing.TB, gaps []*merlon.Gap, things ...thing) *inventory.Snapshot {
	tb.Helper()
	region := merlon.Region("us-east-1")
	resources := []*merlon.Resource{
		{Type: "Merlon::Account::Account", ID: ours, Account: ours, Region: region},
		{Type: "Merlon::Account::Account", ID: theirs, Account: theirs, Region: region},
	}
	types := []string{typeUser, typeRole, typeGroup, typeManagedPolicy, typeReportEntry, typeOrganization,
		typeOrgAccount, typeUnit, typeOrgRoot, typeOrgPolicy, typeAccountBlock, "Merlon::KMS::Grant",
		"AWS::S3::BucketPolicy", "AWS::SQS::QueuePolicy", "AWS::SNS::TopicPolicy", "AWS::SecretsManager::ResourcePolicy",
		"AWS::Lambda::Permission", "AWS::Lambda::ResourcePolicy"}
	for _, t := range things {
		if t.id == "" { // a type that was read and of which there is none
			types = append(types, t.typ)
			continue
		}
		if t.account == "" {
			t.account = ours
		}
		name := t.id
		if i := strings.LastIndexAny(name, "/"); i >= 0 && t.typ == typeRole {
			name = name[i+1:]
		}
		resources = append(resources, &merlon.Resource{Type: t.typ, ID: t.id, ARN: merlon.ARN(t.arn), Name: name, Account: merlon.AccountID(t.account), Region: region,
			Tags: t.tags, Properties: json.RawMessage(t.properties), Observed: json.RawMessage(t.observed), Unknowns: t.unknowns})
	}
	return inventorytest.Snapshot(tb, resources, gaps, types...)
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
