package iam

import (
	"strings"
	"testing"
)

func TestParsePrincipal(t *testing.T) {
	for _, c := range []struct {
		text    string
		kind    PrincipalKind
		account string
		linked  bool
	}{
		{"anonymous", Anonymous, "", false},
		{"*", Anonymous, "", false},
		{"111122223333", Root, ownAccount, false},
		{"arn:aws:iam::111122223333:root", Root, ownAccount, false},
		{"arn:aws-cn:iam::111122223333:user/a/b/c", User, ownAccount, false},
		{"arn:aws:iam::111122223333:role/worker", Role, ownAccount, false},
		{"arn:aws:iam::111122223333:role/aws-service-role/es.amazonaws.com/AWSServiceRoleForES", Role, ownAccount, true},
		{"arn:aws:iam::111122223333:role/AWSServiceRoleForMe", Role, ownAccount, false},
		{"arn:aws:sts::111122223333:assumed-role/worker/s1", Session, ownAccount, false},
		{"arn:aws:sts::111122223333:assumed-role/AWSServiceRoleForES/s", Session, ownAccount, true},
		{"arn:aws:sts::111122223333:federated-user/fred", FederatedUser, ownAccount, false},
		{"arn:aws:iam::111122223333:saml-provider/idp", Federated, ownAccount, false},
		{"arn:aws:iam::111122223333:oidc-provider/token.actions.githubusercontent.com", Federated, ownAccount, false},
		{"lambda.amazonaws.com", Service, "", false},
		{"logs.cn-north-1.amazonaws.com.cn", Service, "", false},
	} {
		p, err := ParsePrincipal(c.text)
		if err != nil || p.Kind != c.kind || p.Account != c.account || p.serviceLinked() != c.linked {
			t.Errorf("%s: %v %q linked %v (%v)", c.text, p.Kind, p.Account, p.serviceLinked(), err)
		}
	}
	for _, text := range []string{
		"", "alice", "12345678901", "1234567890123", "12345678901x", "arn:aws:iam::111122223333", "arn:aws:iam::1111:user/a", "arn:aws:iam::111122223333:user/",
		"arn:aws:iam::111122223333:user", "arn:aws:iam::111122223333:group/g", "arn:aws:sts::111122223333:assumed-role/worker", "arn:aws:sts::111122223333:assumed-role/a/b/c",
		"arn:aws:s3:::bucket", "arn:aws:ec2:eu-west-1:111122223333:instance/i-1", "evil.example.com", "AIDAEXAMPLEEXAMPLEEXA",
	} {
		if p, err := ParsePrincipal(text); err == nil {
			t.Errorf("%q is taken for %v", text, p.Kind)
		}
	}
}

// TestServiceLinkedSession: a role's path, where it is known, tells more than a session's name.
func TestServiceLinkedSession(t *testing.T) {
	deny, err := ParsePolicy([]byte(`{"Statement":{"Effect":"Deny","Action":"*","Resource":"*"}}`))
	if err != nil {
		t.Fatal(err)
	}
	for role, want := range map[string]Decision{
		"": ImplicitlyDenied,
		"arn:aws:iam::111122223333:role/AWSServiceRoleForMe":                                   ExplicitlyDenied,
		"arn:aws:iam::111122223333:role/aws-service-role/me.amazonaws.com/AWSServiceRoleForMe": ImplicitlyDenied,
	} {
		who, err := ParsePrincipal("arn:aws:sts::111122223333:assumed-role/AWSServiceRoleForMe/s")
		if err != nil {
			t.Fatal(err)
		}
		who.RoleARN = role
		r := Request{Principal: who, Action: "s3:GetObject", Resource: "arn:aws:s3:::b/k"}
		if got := Evaluate(&r, &Policies{SCPs: [][]*Policy{{deny}}}); got != want {
			t.Errorf("role %q: %v, want %v", role, got, want)
		}
	}
}

func FuzzParsePrincipal(f *testing.F) {
	for seed := range uint64(30) {
		f.Add(seededMaker(seed).principal(), "arn:aws:iam::111122223333:root")
	}
	f.Add("arn:aws:iam::111122223333:user/a:b", "arn::iam::111122223333:")
	f.Fuzz(func(t *testing.T, text, element string) {
		p, err := ParsePrincipal(text)
		if err != nil {
			if p != (Principal{}) {
				t.Errorf("%q: an error and %+v", text, p)
			}
			return
		}
		if (p.Account == "") != (p.Kind == Anonymous || p.Kind == Service) || p.Account != "" && !account(p.Account) {
			t.Errorf("%q: a %v of account %q", text, p.Kind, p.Account)
		}
		if p.ARN != "" && p.Kind != Root {
			if again, err := ParsePrincipal(p.ARN); err != nil || again != p {
				t.Errorf("%q reads as %+v, its own ARN as %+v (%v)", text, p, again, err)
			}
		}
		e := PrincipalElement{Type: "AWS", Value: element}
		if g := e.names(&p); g != unnamed && g != byUnread && element != "*" && !strings.Contains(element, p.Account) {
			t.Errorf("%q names %q", element, text)
		}
		self := PrincipalElement{Type: "AWS", Value: p.ARN}
		if g := self.names(&p); p.Account != "" && p.Kind != Federated && g < byRole {
			t.Errorf("%q does not name itself", text)
		}
	})
}
