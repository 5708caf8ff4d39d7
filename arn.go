package merlon

import (
	"errors"
	"fmt"
	"strings"
)

// ErrARN is wrapped by every error of [ParseARN].
var ErrARN = errors.New("not an ARN")

// ARN is an Amazon Resource Name as AWS writes it, for example
// "arn:aws:s3:::logs". The empty ARN stands for a resource that has none.
//
// Format: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html (read 2026-11-24).
type ARN string

// AccountID is the twelve digits of an AWS account.
type AccountID string

// Region is a region code such as "eu-central-1". Resources of global services
// carry the region that [Partition.GlobalRegion] names, as the AWS CLI's folders do.
type Region string

// Partition is the first component of an ARN: "aws", "aws-cn" or "aws-us-gov".
type Partition string

// GlobalRegion is the region in which the partition's global services answer.
func (p Partition) GlobalRegion() Region {
	switch p {
	case "aws-cn":
		return "cn-north-1"
	case "aws-us-gov":
		return "us-gov-west-1"
	default:
		return "us-east-1"
	}
}

// PartitionOf tells the partition a region belongs to by its prefix; regions
// with no special prefix are in "aws".
func PartitionOf(r Region) Partition {
	switch {
	case strings.HasPrefix(string(r), "cn-"):
		return "aws-cn"
	case strings.HasPrefix(string(r), "us-gov-"):
		return "aws-us-gov"
	default:
		return "aws"
	}
}

// Valid reports whether the id has the form of an account id: twelve digits.
func (a AccountID) Valid() bool {
	if len(a) != 12 {
		return false
	}
	for _, c := range a {
		if c < '0' || c > '9' {
			return false
		}
	}
	return true
}

// ARNParts are the six components of an ARN. Region and Account are empty
// where the service leaves them out; Resource keeps its own colons and slashes.
type ARNParts struct {
	Partition Partition
	Service   string
	Region    Region
	Account   AccountID
	Resource  string
}

// ParseARN splits an ARN into its components. The error wraps [ErrARN].
func ParseARN(s string) (ARNParts, error) {
	f := strings.SplitN(s, ":", 6)
	if len(f) != 6 || f[0] != "arn" || f[1] == "" || f[2] == "" || f[5] == "" {
		return ARNParts{}, fmt.Errorf("%w: %q", ErrARN, s)
	}
	return ARNParts{Partition(f[1]), f[2], Region(f[3]), AccountID(f[4]), f[5]}, nil
}

// String joins the components again.
func (p ARNParts) String() string {
	return "arn:" + string(p.Partition) + ":" + p.Service + ":" + string(p.Region) + ":" + string(p.Account) + ":" + p.Resource
}
