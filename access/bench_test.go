package access

import (
	"context"
	"fmt"
	"testing"
)

// BenchmarkWhoCan asks one action and resource among 10,000 principals and
// 100,000 resources: a tenth of the principals may, half of those by a chain.
// To reach: a second.
func BenchmarkWhoCan(b *testing.B) {
	var things []thing
	for i := range 2000 {
		policy := allow("ec2:Describe*", "*")
		switch {
		case i%10 == 0:
			policy = allow("s3:*", fmt.Sprintf("arn:aws:s3:::b-%d*", i%100))
		case i%10 == 1:
			policy = allow("sts:AssumeRole", fmt.Sprintf("arn:aws:iam::%s:role/r-%d", ours, i-1))
		}
		things = append(things, role(fmt.Sprintf("r-%d", i), trust(`{"AWS":"`+ours+`"}`), policy))
	}
	for i := range 8000 {
		policy := allow("dynamodb:Get*", "*")
		switch {
		case i%20 == 0:
			policy = allow("s3:Get*", "*")
		case i%20 == 1:
			policy = allow("sts:AssumeRole", fmt.Sprintf("arn:aws:iam::%s:role/r-%d", ours, i%2000))
		}
		things = append(things, user(fmt.Sprintf("u-%d", i), policy))
	}
	for i := range 100_000 {
		name := fmt.Sprintf("b-%d", i)
		things = append(things, thing{typ: "AWS::S3::Bucket", id: name, arn: "arn:aws:s3:::" + name, properties: `{"BucketName":"` + name + `"}`})
	}
	snapshot := world(b, things...)
	x, err := Load(context.Background(), snapshot, Options{})
	if err != nil {
		b.Fatal(err)
	}
	b.Run("question", func(b *testing.B) {
		for i := 0; b.Loop(); i++ {
			list, _, err := x.WhoCan(context.Background(), "s3:GetObject", fmt.Sprintf("arn:aws:s3:::b-%d/k", i*10%100_000), nil)
			if err != nil || len(list) < 100 {
				b.Fatal(len(list), err)
			}
		}
	})
	b.Run("load and question", func(b *testing.B) {
		for b.Loop() {
			x, err := Load(context.Background(), snapshot, Options{})
			if err != nil {
				b.Fatal(err)
			}
			if _, _, err := x.WhoCan(context.Background(), "s3:GetObject", "arn:aws:s3:::b-0/k", nil); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// BenchmarkEscalations asks an account of 2,000 roles for all its escalations:
// a tenth may pass any role to Lambda, a tenth may assume others, a twentieth
// may rewrite roles' trust, and a fifth is trusted by Lambda or EC2.
// To reach: 5 s.
func BenchmarkEscalations(b *testing.B) {
	snapshot := world(b, escalationAccount(2000, true)...)
	b.Run("to administrator", func(b *testing.B) { benchmarkEscalations(b, snapshot, 100) })
	lateral := world(b, escalationAccount(2000, false)...)
	b.Run("to others only", func(b *testing.B) { benchmarkEscalations(b, lateral, 100) })
}

func benchmarkEscalations(b *testing.B, snapshot Snapshot, least int) {
	for b.Loop() {
		x, err := Load(context.Background(), snapshot, Options{})
		if err != nil {
			b.Fatal(err)
		}
		paths, _, err := x.Escalations(context.Background(), false)
		if err != nil || len(paths) < least {
			b.Fatal(len(paths), err)
		}
		b.ReportMetric(float64(len(paths)), "paths")
	}
}

// escalationAccount is an account of n roles; with admins, one in a hundred of
// them is an administrator.
func escalationAccount(n int, admins bool) []thing {
	things := []thing{{typ: "AWS::EC2::Instance"}, {typ: "AWS::EC2::LaunchTemplate"}, {typ: "AWS::ECS::Cluster"}, {typ: "AWS::CloudFormation::Stack"},
		{typ: typeInstanceProfile}, {typ: typeAccessKey}} // read, and none there
	for i := range n {
		policy, trusts := allow("s3:Get*", fmt.Sprintf("arn:aws:s3:::bucket-%d/*", i)), trust(`{"AWS":"`+ours+`"}`)
		switch i % 10 {
		case 0:
			policy = statements([]string{"iam:PassRole *", "lambda:CreateFunction *", "lambda:InvokeFunction *", "glue:*Job* *", "ecs:RunTask *"})
		case 1:
			policy = allow("sts:AssumeRole", fmt.Sprintf("arn:aws:iam::%s:role/r-%d*", ours, i%90))
		case 2, 3:
			trusts = trust(`{"Service":["lambda.amazonaws.com","ec2.amazonaws.com"]}`)
		case 4:
			policy = statements([]string{"ec2:* *", "lambda:* *", "logs:* *", "cloudformation:* *"})
		case 5:
			if i%20 == 5 {
				policy = allow("iam:UpdateAssumeRolePolicy", fmt.Sprintf("arn:aws:iam::%s:role/r-%d*", ours, i%90))
			}
		}
		if admins && i%100 == 42 {
			policy, trusts = allow("*", "*"), trust(`{"Service":"lambda.amazonaws.com"}`)
		}
		things = append(things, role(fmt.Sprintf("r-%d", i), trusts, policy))
		if i%10 == 3 {
			name := fmt.Sprintf("f-%d", i)
			things = append(things, thing{typ: "AWS::Lambda::Function", id: name, arn: "arn:aws:lambda:us-east-1:" + ours + ":function:" + name,
				properties: fmt.Sprintf(`{"FunctionName":%q,"Role":"arn:aws:iam::%s:role/r-%d"}`, name, ours, i)})
		}
	}
	return things
}
