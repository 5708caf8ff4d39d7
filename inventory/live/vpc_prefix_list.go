package live

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
)

const prefixListType = "AWS::EC2::PrefixList"

var (
	ec2DescribeManagedPrefixLists = operation(ec2.NewFromConfig, (*ec2.Client).DescribeManagedPrefixLists, Declaration{
		Types: []string{prefixListType}, Optional: true})
	ec2GetManagedPrefixListEntries = operation(ec2.NewFromConfig, (*ec2.Client).GetManagedPrefixListEntries, Declaration{
		Per: prefixListType, Fills: []string{"properties.Entries"}, Optional: true})
)

func prefixListOperations() []*Operation {
	return []*Operation{ec2DescribeManagedPrefixLists.Operation, ec2GetManagedPrefixListEntries.Operation}
}

// prefixLists reads the customers' lists with their entries, and AWS's by name:
// the entries of those only where a rule or a route names the list.
func (r *ec2Region) prefixLists(ctx context.Context) error {
	in := &ec2.DescribeManagedPrefixListsInput{MaxResults: pageOf100}
	return ec2DescribeManagedPrefixLists.List(ctx, r.Scope, in, func(out *ec2.DescribeManagedPrefixListsOutput) error {
		return each(ctx, r.Scope, out.PrefixLists, r.prefixList)
	})
}

func (r *ec2Region) prefixList(ctx context.Context, l types.ManagedPrefixList) error {
	id := aws.ToString(l.PrefixListId)
	d := r.Draft(prefixListType, id, aws.ToString(l.PrefixListArn), aws.ToString(l.PrefixListName)).From(ec2DescribeManagedPrefixLists.Operation, r.Scope)
	if d.ARN == "" {
		d.ARN = r.arn(l.OwnerId, "prefix-list/"+id)
	}
	d.Fold(l, Folding{Rename: map[string]string{"PrefixListArn": "Arn"}})
	if owner := aws.ToString(l.OwnerId); owner == "AWS" && !r.asks(func() bool { return r.prefixes[id] }) {
		d.UnknownBecause("properties.Entries", "Merlon asks for the entries of AWS's own prefix lists only where a rule or a route names the list")
		return r.Put(ctx, d)
	}
	var entries []types.PrefixListEntry
	in := &ec2.GetManagedPrefixListEntriesInput{PrefixListId: &id, MaxResults: pageOf100}
	err := ec2GetManagedPrefixListEntries.Get(ctx, r.Scope, d, in, func(out *ec2.GetManagedPrefixListEntriesOutput) error {
		entries = append(entries, out.Entries...)
		if out.NextToken == nil {
			d.Fit("Entries", entries)
		}
		return nil
	})
	if err != nil {
		return err
	}
	return r.Put(ctx, d)
}
