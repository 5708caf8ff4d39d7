package live

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/identitystore"
	"github.com/aws/aws-sdk-go-v2/service/identitystore/types"
)

// private are the facts of a person that no control needs.
var private = [...]string{"Addresses", "Birthdate", "Extensions", "Locale", "NickName", "PhoneNumbers", "Photos", "PreferredLanguage", "ProfileUrl", "Roles", "Timezone", "Website"}

// storeArn is the ARN that the directory gave, or the one it would give.
// https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsidentitystore.html (read 2026-11-24).
func (x *instance) storeArn(kind, id string, given *string) string {
	if given != nil && *given != "" {
		return *given
	}
	return "arn:" + string(x.s.Partition) + ":identitystore:::" + kind + "/" + id
}

func (x *instance) users(ctx context.Context) error {
	s := x.s
	return identityListUsers.ListIn(ctx, s, x.region, &identitystore.ListUsersInput{IdentityStoreId: &x.store}, func(out *identitystore.ListUsersOutput) error {
		for _, u := range out.Users {
			arn := x.storeArn("user", aws.ToString(u.UserId), u.UserArn)
			d := x.draft(identityUserType, arn, arn, aws.ToString(u.UserName)).From(identityListUsers.Operation, s)
			d.Set("Arn", arn)
			d.Fold(u, Folding{Drop: append([]string{"UserArn", "Revision"}, private[:]...)})
			if err := s.Put(ctx, d); err != nil {
				return err
			}
		}
		return nil
	})
}

func (x *instance) groups(ctx context.Context) error {
	s := x.s
	return identityListGroups.ListIn(ctx, s, x.region, &identitystore.ListGroupsInput{IdentityStoreId: &x.store}, func(out *identitystore.ListGroupsOutput) error {
		return each(ctx, s, out.Groups, func(ctx context.Context, g types.Group) error {
			id := aws.ToString(g.GroupId)
			arn := x.storeArn("group", id, g.GroupArn)
			d := x.draft(identityGroupType, id+"|"+x.store, arn, aws.ToString(g.DisplayName)).From(identityListGroups.Operation, s)
			d.Fold(g, Folding{Drop: []string{"GroupArn", "Revision"}})
			if err := s.Put(ctx, d); err != nil {
				return err
			}
			return x.memberships(ctx, id, arn)
		})
	})
}

func (x *instance) memberships(ctx context.Context, group, arn string) error {
	s := x.s
	in := &identitystore.ListGroupMembershipsInput{IdentityStoreId: &x.store, GroupId: &group}
	return identityListMemberships.ListIn(ctx, s, x.region, in, func(out *identitystore.ListGroupMembershipsOutput) error {
		for _, m := range out.GroupMemberships {
			id := aws.ToString(m.MembershipId)
			d := x.draft(identityMemberType, id+"|"+x.store, x.storeArn("membership", id, m.MembershipArn), id).From(identityListMemberships.Operation, s)
			d.Fold(m, Folding{Drop: []string{"MembershipArn", "MemberId"}})
			d.Observe("GroupArn", arn)
			if user, ok := m.MemberId.(*types.MemberIdMemberUserId); ok {
				d.Set("MemberId.UserId", user.Value)
				d.Observe("MemberArn", x.storeArn("user", user.Value, nil))
			}
			if err := s.Put(ctx, d); err != nil {
				return err
			}
		}
		return nil
	})
}
