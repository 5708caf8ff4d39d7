package access

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"merlon.dev/merlon"
	"merlon.dev/merlon/iam"
)

const typeAccountBlock = "Merlon::S3::AccountPublicAccessBlock"

// bucket adds what a bucket's ACL grants, and works out what Block Public
// Access takes away.
func (x *Index) bucket(r *merlon.Resource, out *Resource) error {
	var p struct {
		PublicAccessBlockConfiguration struct{ IgnorePublicAcls, RestrictPublicBuckets bool }
		OwnershipControls              struct {
			Rules []struct{ ObjectOwnership string }
		}
	}
	var o struct {
		PolicyStatus *struct{ IsPublic bool }
		Acl          struct {
			Owner  struct{ ID string }
			Grants []grantOfACL
		}
	}
	if err := decode(r, &p, &o); err != nil {
		return err
	}
	ignore, restrict := matchOf(p.PublicAccessBlockConfiguration.IgnorePublicAcls), matchOf(p.PublicAccessBlockConfiguration.RestrictPublicBuckets)
	if unknownBelow(r, "/properties/PublicAccessBlockConfiguration") != "" {
		ignore, restrict = iam.Maybe, iam.Maybe
	}
	if a := x.accounts[string(r.Account)]; a != nil {
		ignore, restrict = max(ignore, a.ignorePublicACLs), max(restrict, a.restrictPublicBuckets)
	}

	public := iam.No
	for _, doc := range out.Policies {
		public = max(public, publicPolicy(doc))
	}
	if o.PolicyStatus != nil {
		public = matchOf(o.PolicyStatus.IsPublic) // S3's own word
	}
	if out.Restricted = min(restrict, public); out.Restricted == iam.Yes {
		out.Notes = append(out.Notes, "RestrictPublicBuckets: the bucket's policy is public, so nobody from outside the account is let in")
	}

	// "Bucket owner enforced: ACLs are disabled."
	// https://docs.aws.amazon.com/AmazonS3/latest/userguide/about-object-ownership.html, read 2026-11-24
	for _, rule := range p.OwnershipControls.Rules {
		if rule.ObjectOwnership == "BucketOwnerEnforced" {
			return nil
		}
	}
	name := "ACL of " + r.Key()
	if why := unknownBelow(r, "/observed/Acl"); why != "" {
		// Whatever it grants, it grants no more than this.
		var grantee any = "*"
		if ignore == iam.Yes { // grants to everyone are ignored: some account is left
			grantee = map[string]string{"CanonicalUser": "an account that the ACL names"}
		}
		doc, err := made(name, []map[string]any{{"Effect": "Allow", "Principal": grantee, "Action": aclActions["FULL_CONTROL"], "Resource": []string{r.Key(), r.Key() + "/*"},
			"Condition": unread(why)}})
		if doc != nil {
			out.Policies = append(out.Policies, doc)
		}
		return err
	}
	doc, err := policyOfACL(name, r.Key(), o.Acl.Owner.ID, o.Acl.Grants, ignore)
	if doc != nil {
		out.Policies = append(out.Policies, doc)
	}
	return err
}

// loadAccountBlocks reads what each account's own Block Public Access does.
func (x *Index) loadAccountBlocks(ctx context.Context) error {
	for id, a := range x.accounts {
		if c := x.globalCoverage(typeAccountBlock, id); !c.Complete && !c.OutOfScope {
			a.ignorePublicACLs, a.restrictPublicBuckets = iam.Maybe, iam.Maybe
		}
	}
	return x.snapshot.Each(ctx, typeAccountBlock, func(r *merlon.Resource) error {
		var p struct{ IgnorePublicAcls, RestrictPublicBuckets bool }
		if err := decode(r, &p, nil); err != nil {
			return err
		}
		if a := x.accounts[string(r.Account)]; a != nil {
			a.ignorePublicACLs, a.restrictPublicBuckets = matchOf(p.IgnorePublicAcls), matchOf(p.RestrictPublicBuckets)
		}
		return nil
	})
}

func matchOf(b bool) iam.Match {
	if b {
		return iam.Yes
	}
	return iam.No
}

type grantOfACL struct {
	Permission string
	Grantee    struct{ Type, ID, URI string }
}

// aclActions are the actions on the bucket that an ACL's permission amounts to.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/acl-overview.html, read 2026-11-24
var aclActions = map[string][]string{
	"READ":         {"s3:ListBucket", "s3:ListBucketVersions", "s3:ListBucketMultipartUploads"},
	"WRITE":        {"s3:PutObject"},
	"READ_ACP":     {"s3:GetBucketAcl"},
	"WRITE_ACP":    {"s3:PutBucketAcl"},
	"FULL_CONTROL": {"s3:ListBucket", "s3:ListBucketVersions", "s3:ListBucketMultipartUploads", "s3:PutObject", "s3:GetBucketAcl", "s3:PutBucketAcl"},
}

// policyOfACL writes an ACL as a policy. Grants to the owner change nothing:
// the owner's account may anyway.
func policyOfACL(name, bucket, owner string, grants []grantOfACL, ignorePublic iam.Match) (*iam.Policy, error) {
	var statements []map[string]any
	for i, g := range grants {
		s := map[string]any{"Sid": fmt.Sprintf("grant %d", i+1), "Effect": "Allow", "Action": aclActions[g.Permission], "Resource": []string{bucket, bucket + "/*"}}
		switch {
		case aclActions[g.Permission] == nil:
			continue
		case g.Grantee.ID != "" && g.Grantee.ID == owner:
			continue
		case g.Grantee.ID != "":
			s["Principal"] = map[string]string{"CanonicalUser": g.Grantee.ID}
		case ignorePublic == iam.Yes:
			continue
		case strings.HasSuffix(g.Grantee.URI, "/global/AllUsers"), strings.HasSuffix(g.Grantee.URI, "/global/AuthenticatedUsers"):
			s["Principal"] = "*"
			condition := map[string]any{}
			if ignorePublic == iam.Maybe {
				condition = unread("whether Block Public Access ignores the ACL is not known")
			}
			if strings.HasSuffix(g.Grantee.URI, "/global/AuthenticatedUsers") {
				condition["Null"] = map[string]string{"aws:PrincipalAccount": "false"}
			}
			s["Condition"] = condition
		default:
			continue // S3's log delivery group
		}
		statements = append(statements, s)
	}
	if len(statements) == 0 {
		return nil, nil
	}
	return made(name, statements)
}

// unread is a condition that nobody can decide, and why.
func unread(why string) map[string]any {
	return map[string]any{"StringEquals": map[string]string{iam.UnreadKey: why}}
}

// made parses a policy that was written here.
func made(name string, statements []map[string]any) (*iam.Policy, error) {
	raw, err := json.Marshal(map[string]any{"Version": "2012-10-17", "Statement": statements})
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	p, err := iam.ParsePolicy(raw)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	p.Name = name
	return p, nil
}

// narrowing are the keys that keep a policy from counting as public where they
// hold fixed values.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html, read 2026-11-24
var narrowing = map[string]bool{"aws:sourceip": true, "aws:sourcearn": true, "aws:sourcevpc": true, "aws:sourcevpce": true, "aws:sourceaccount": true,
	"aws:sourceowner": true, "aws:userid": true, "aws:principalorgid": true, "aws:principalorgpaths": true, "aws:principalarn": true, "aws:principalaccount": true,
	"s3:dataaccesspointarn": true, "s3:dataaccesspointaccount": true, "s3:x-amz-server-side-encryption-aws-kms-key-id": true, "aws:principaltag": true}

// publicPolicy says whether S3 calls a bucket's policy public.
func publicPolicy(p *iam.Policy) iam.Match {
	if p.Unknown() != "" {
		return iam.Maybe
	}
	for i := range p.Statements {
		s := &p.Statements[i]
		if s.Effect != iam.Allow {
			continue
		}
		everyone := s.NotPrincipal
		for _, e := range s.Principals {
			everyone = everyone || e.Value == "*"
		}
		if everyone && !narrowed(s) {
			return iam.Yes
		}
	}
	return iam.No
}

func narrowed(s *iam.Statement) bool {
	for _, c := range s.Conditions {
		operator := strings.ToLower(c.Operator)
		if !narrowing[strings.ToLower(c.Key)] || strings.Contains(operator, "not") || strings.Contains(operator, "null") || strings.HasSuffix(operator, "ifexists") {
			continue
		}
		fixed := len(c.Values) > 0
		for _, v := range c.Values {
			if strings.ContainsAny(v.Text, "*?") && !strings.HasPrefix(v.Text, "arn:") || strings.Contains(v.Text, "${") || v.Text == "0.0.0.0/0" || v.Text == "::/0" {
				fixed = false
			}
		}
		if fixed {
			return true
		}
	}
	return false
}
