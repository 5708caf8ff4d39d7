package awstest

import (
	"testing"

	"merlon.dev/merlon/internal/awstest/wire"
)

// TestFleetAnswersFitTheModels encodes each answer of a busy and of an idle region.
func TestFleetAnswersFitTheModels(t *testing.T) {
	s, err := New()
	if err != nil {
		t.Fatal(err)
	}
	f := Fleet{Accounts: 3, Regions: 5}.defaults()
	s.Populate(f)
	if p := s.Problems(); len(p) > 0 {
		t.Fatal(p)
	}
	busy, idle := 0, 0
	for _, r := range f.regions() {
		p := place{f, f.AccountID(1), r}
		if p.busy() {
			busy++
		} else {
			idle++
		}
		for name, answer := range f.answers() {
			service, operation := cut(name)
			model, err := s.catalog.Service(service)
			if err != nil {
				t.Fatal(err)
			}
			call := &Call{Service: service, Operation: operation, Account: p.account, Region: r, Input: map[string]any{"KeyId": "k", "QueueUrl": "https://sqs/1/q", "TableName": "t", "TopicArn": "a"}}
			out, err := wire.Object(answer(p, call))
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			if _, err := model.Encode(model.Protocol, model.Operations[operation], out, "id"); err != nil {
				t.Error(err)
			}
		}
	}
	if busy != 2 || idle != 3 {
		t.Errorf("%d regions are busy and %d idle, want 2 and 3", busy, idle)
	}
}

func TestFleetIDs(t *testing.T) {
	f := Fleet{Accounts: 200}.defaults()
	seen := map[string]bool{}
	for i := range f.Accounts {
		a := f.AccountID(i)
		if !a.Valid() || seen[string(a)] {
			t.Errorf("account %d is %q", i, a)
		}
		seen[string(a)] = true
		for _, r := range f.regions() {
			p := place{f, a, r}
			for _, id := range []string{p.id("vpc", 0), p.id("sg", 0), p.id("sg", 1)} {
				if seen[id] {
					t.Errorf("%s twice", id)
				}
				seen[id] = true
			}
		}
	}
	if r := f.regions(); len(r) != 17 || r[0] != "us-east-1" {
		t.Errorf("regions %v", r)
	}
	if r := (Fleet{Regions: 1}).defaults().regions(); len(r) != 1 || r[0] != "us-east-1" {
		t.Errorf("regions %v", r)
	}
}
