package access

import (
	"context"
	"fmt"
	"strings"
	"testing"
)

func TestCrossAccount(t *testing.T) {
	external := `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"999988887777"},"Action":"sts:AssumeRole","Condition":{"StringEquals":{"sts:ExternalId":"x"},"Bool":{"aws:MultiFactorAuthPresent":"true"}}}]}`
	x := load(t, owned, bucketPolicy(get(`"*"`, when("StringEquals", "aws:PrincipalOrgID", `"o-1234567890"`))),
		role("vendor", external, ""), role("sibling", trust(`{"AWS":"arn:aws:iam::`+theirs+`:role/deploy"}`), ""),
		role("home", trust(`{"AWS":"`+ours+`"}`), ""), role("app", trust(`{"Service":"ec2.amazonaws.com"}`), ""))
	list, err := x.CrossAccount(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, e := range list {
		got = append(got, fmt.Sprint(e.From, " ", e.Who, " ", e.Inside, " ", e.Resource, " ", e.Guards, " ", e.Decision))
	}
	want := `444455556666 role deploy true arn:aws:iam::111122223333:role/sibling [] Allowed
999988887777 anybody there false arn:aws:iam::111122223333:role/vendor [MFA external id] Allowed
o-1234567890 anybody there false arn:aws:s3:::b [organization] Allowed`
	if strings.Join(got, "\n") != want {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), want)
	}
}
