package awscli

import (
	"bytes"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"merlon.dev/merlon/inventory/live"
)

// BenchmarkGroups reads and writes the list of a region with 5,000 security groups.
func BenchmarkGroups(b *testing.B) {
	out := &ec2.DescribeSecurityGroupsOutput{}
	for range 5000 {
		g := ec2types.SecurityGroup{GroupId: aws.String("sg-0123456789abcdef0"), GroupName: aws.String("web"), Description: aws.String("managed by a stack; do not change"), VpcId: aws.String("vpc-1")}
		for range 4 {
			g.IpPermissions = append(g.IpPermissions, ec2types.IpPermission{IpProtocol: aws.String("tcp"), FromPort: aws.Int32(443), ToPort: aws.Int32(443),
				IpRanges: []ec2types.IpRange{{CidrIp: aws.String("10.0.0.0/8"), Description: aws.String("office")}}})
		}
		out.SecurityGroups = append(out.SecurityGroups, g)
	}
	o := &live.Operation{Service: "ec2"}
	body := encode(o, out)
	b.Run("decode", func(b *testing.B) {
		b.SetBytes(int64(len(body)))
		b.ReportAllocs()
		d := newDecoder()
		for b.Loop() {
			if _, err := d.body(body, &ec2.DescribeSecurityGroupsOutput{}); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("encode", func(b *testing.B) {
		b.SetBytes(int64(len(body)))
		b.ReportAllocs()
		for b.Loop() {
			if !bytes.Equal(encode(o, out)[:1], body[:1]) {
				b.Fatal("no object")
			}
		}
	})
}
