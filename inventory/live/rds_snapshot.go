package live

import (
	"context"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/rds"
	"github.com/aws/aws-sdk-go-v2/service/rds/types"
)

var (
	rdsDescribeDBSnapshots = operation(rds.NewFromConfig, (*rds.Client).DescribeDBSnapshots, Declaration{
		Types: []string{rdsSnapshotType}})
	rdsDescribeDBSnapshotAttributes = operation(rds.NewFromConfig, (*rds.Client).DescribeDBSnapshotAttributes, Declaration{
		Per: rdsSnapshotType, Key: []string{"DBSnapshotIdentifier"}, Fills: []string{"properties.Public", "properties.RestoreAccounts"}})
	rdsDescribeDBClusterSnapshots = operation(rds.NewFromConfig, (*rds.Client).DescribeDBClusterSnapshots, Declaration{
		Types: []string{rdsClusterSnapshotType}})
	rdsDescribeDBClusterSnapshotAttributes = operation(rds.NewFromConfig, (*rds.Client).DescribeDBClusterSnapshotAttributes, Declaration{
		Per: rdsClusterSnapshotType, Key: []string{"DBClusterSnapshotIdentifier"}, Fills: []string{"properties.Public", "properties.RestoreAccounts"}})
)

// manualSnapshot reports whether a snapshot can be shared: only those that a
// person took can.
// https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_ModifyDBSnapshotAttribute.html (read 2026-11-24).
func manualSnapshot(kind *string) bool { return aws.ToString(kind) == "manual" }

func (s *Scope) rdsSnapshots(ctx context.Context) error {
	return rdsDescribeDBSnapshots.List(ctx, s, &rds.DescribeDBSnapshotsInput{MaxRecords: rdsPage}, func(out *rds.DescribeDBSnapshotsOutput) error {
		return each(ctx, s, out.DBSnapshots, func(ctx context.Context, n types.DBSnapshot) error {
			id := aws.ToString(n.DBSnapshotIdentifier)
			d := s.Draft(rdsSnapshotType, id, aws.ToString(n.DBSnapshotArn), id).From(rdsDescribeDBSnapshots.Operation, s)
			d.Fold(n, Folding{Drop: []string{"DBSnapshotArn"}})
			if !manualSnapshot(n.SnapshotType) {
				rdsShared(d, nil)
			} else {
				err := rdsDescribeDBSnapshotAttributes.Get(ctx, s, d, &rds.DescribeDBSnapshotAttributesInput{DBSnapshotIdentifier: &id}, func(out *rds.DescribeDBSnapshotAttributesOutput) error {
					var with []string
					if r := out.DBSnapshotAttributesResult; r != nil {
						for _, a := range r.DBSnapshotAttributes {
							with = append(with, rdsRestorers(a.AttributeName, a.AttributeValues)...)
						}
					}
					rdsShared(d, with)
					return nil
				})
				if err != nil {
					return err
				}
			}
			return s.Put(ctx, d)
		})
	})
}

func (s *Scope) rdsClusterSnapshots(ctx context.Context) error {
	return rdsDescribeDBClusterSnapshots.List(ctx, s, &rds.DescribeDBClusterSnapshotsInput{MaxRecords: rdsPage}, func(out *rds.DescribeDBClusterSnapshotsOutput) error {
		return each(ctx, s, out.DBClusterSnapshots, func(ctx context.Context, n types.DBClusterSnapshot) error {
			id := aws.ToString(n.DBClusterSnapshotIdentifier)
			d := s.Draft(rdsClusterSnapshotType, id, aws.ToString(n.DBClusterSnapshotArn), id).From(rdsDescribeDBClusterSnapshots.Operation, s)
			d.Fold(n, Folding{Drop: []string{"DBClusterSnapshotArn"}})
			if !manualSnapshot(n.SnapshotType) {
				rdsShared(d, nil)
			} else {
				err := rdsDescribeDBClusterSnapshotAttributes.Get(ctx, s, d, &rds.DescribeDBClusterSnapshotAttributesInput{DBClusterSnapshotIdentifier: &id}, func(out *rds.DescribeDBClusterSnapshotAttributesOutput) error {
					var with []string
					if r := out.DBClusterSnapshotAttributesResult; r != nil {
						for _, a := range r.DBClusterSnapshotAttributes {
							with = append(with, rdsRestorers(a.AttributeName, a.AttributeValues)...)
						}
					}
					rdsShared(d, with)
					return nil
				})
				if err != nil {
					return err
				}
			}
			return s.Put(ctx, d)
		})
	})
}

// rdsRestorers are the values of the attribute that says who may restore: account
// ids, or "all" for everybody.
// https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_DBSnapshotAttribute.html (read 2026-11-24).
func rdsRestorers(attribute *string, values []string) []string {
	if aws.ToString(attribute) != "restore" {
		return nil
	}
	return values
}

func rdsShared(d *Draft, with []string) {
	accounts := []any{}
	for _, a := range with {
		if a != "all" {
			accounts = append(accounts, a)
		}
	}
	d.Set("Public", slices.Contains(with, "all"))
	d.setPlain("RestoreAccounts", accounts)
}
