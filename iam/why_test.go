package iam

import "testing"

// TestWhy: what a denial is put down to.
func TestWhy(t *testing.T) {
	allow, err := ParsePolicy([]byte(allowAll))
	if err != nil {
		t.Fatal(err)
	}
	account, err := ParsePolicy([]byte(`{"Statement":{"Effect":"Allow","Principal":{"AWS":"111122223333"},"Action":"*","Resource":"*"}}`))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		who, action, resource, want string
		policies                    Policies
	}{
		{"anonymous", "s3:GetObject", "arn:aws:s3:::b/k", "no resource policy allows it", Policies{}},
		{"arn:aws:iam::111122223333:user/alice", "s3:GetObject", "arn:aws:s3:::b/k", "no identity policy allows it", Policies{}},
		{"arn:aws:iam::111122223333:user/alice", "s3:GetObject", "arn:aws:s3:::b/k", "the resource's policy allows its account or role, but no identity policy allows it",
			Policies{Resource: []*Policy{account}}},
		{"arn:aws:iam::111122223333:user/alice", "kms:Decrypt", "arn:aws:kms:eu-west-1:111122223333:key/k", "an identity policy allows it, but no resource policy allows it",
			Policies{Identity: []*Policy{allow}}},
		{"arn:aws:iam::111122223333:root", "sts:AssumeRole", "arn:aws:iam::111122223333:role/r", "a root user cannot assume a role", Policies{Resource: []*Policy{account}}},
	} {
		who, err := ParsePrincipal(c.who)
		if err != nil {
			t.Fatal(err)
		}
		r := Request{Principal: who, Action: c.action, Resource: c.resource, ResourceAccount: ownAccount}
		if got := Explain(&r, &c.policies); got.Decision != ImplicitlyDenied || got.Why != c.want {
			t.Errorf("%s %s: %v, %q; want %q", c.who, c.action, got.Decision, got.Why, c.want)
		}
	}
}
