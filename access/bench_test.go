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
