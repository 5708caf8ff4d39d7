package access

import (
	"context"
	"strings"

	"merlon.dev/merlon"
	"merlon.dev/merlon/iam"
)

// grants adds a key's grants as a policy.
// https://docs.aws.amazon.com/kms/latest/developerguide/grants.html, read 2026-11-24
func (x *Index) grants(ctx context.Context, r *merlon.Resource, out *Resource) error {
	name := "grants of " + r.Key()
	var statements []map[string]any
	err := x.related(ctx, r, "grants", out, name, func(g *merlon.Resource) error {
		var p struct {
			GrantId, GranteePrincipal, GranteeServicePrincipal string
			Operations                                         []string
			Constraints                                        struct{ EncryptionContextEquals, EncryptionContextSubset map[string]string }
		}
		if err := decode(g, &p, nil); err != nil {
			return err
		}
		s := map[string]any{"Sid": "grant " + p.GrantId, "Effect": "Allow", "Resource": r.Key()}
		var actions []string
		for _, o := range p.Operations {
			actions = append(actions, "kms:"+o)
		}
		s["Action"] = actions
		switch {
		case len(actions) == 0:
			return nil
		case p.GranteeServicePrincipal != "":
			s["Principal"] = map[string]string{"Service": p.GranteeServicePrincipal}
		case strings.HasSuffix(p.GranteePrincipal, ".amazonaws.com"):
			s["Principal"] = map[string]string{"Service": p.GranteePrincipal}
		case p.GranteePrincipal != "":
			s["Principal"] = map[string]string{"AWS": p.GranteePrincipal}
		default:
			return nil
		}
		equals := map[string]string{}
		for _, m := range []map[string]string{p.Constraints.EncryptionContextEquals, p.Constraints.EncryptionContextSubset} {
			for k, v := range m {
				equals["kms:EncryptionContext:"+k] = v
			}
		}
		if len(equals) > 0 {
			s["Condition"] = map[string]any{"StringEquals": equals}
		}
		statements = append(statements, s)
		return nil
	})
	if err != nil || len(statements) == 0 {
		return err
	}
	p, err := made(name, statements)
	if p != nil {
		out.Policies = append(out.Policies, p)
	}
	return err
}

// permissions adds the statements that a template gives a function one by one.
func (x *Index) permissions(ctx context.Context, r *merlon.Resource, out *Resource) error {
	name := "permissions of " + r.Key()
	var statements []map[string]any
	unclear := ""
	err := x.related(ctx, r, "permissions", out, name, func(g *merlon.Resource) error {
		var p struct{ Action, Principal, SourceArn, SourceAccount, PrincipalOrgID, FunctionUrlAuthType string }
		if err := decode(g, &p, nil); err != nil {
			return err
		}
		if why := unknownBelow(g, "/properties"); why != "" {
			unclear = why
		}
		if p.Principal == "" || p.Action == "" {
			if unclear == "" {
				unclear = "a permission without principal or action"
			}
			return nil
		}
		s := map[string]any{"Effect": "Allow", "Action": p.Action, "Resource": r.Key()}
		switch {
		case p.Principal == "*":
			s["Principal"] = "*"
		case strings.HasPrefix(p.Principal, "arn:") || !strings.Contains(p.Principal, "."):
			s["Principal"] = map[string]string{"AWS": p.Principal}
		default:
			s["Principal"] = map[string]string{"Service": p.Principal}
		}
		equals := map[string]string{}
		for key, value := range map[string]string{"aws:SourceAccount": p.SourceAccount, "aws:PrincipalOrgID": p.PrincipalOrgID, "lambda:FunctionUrlAuthType": p.FunctionUrlAuthType} {
			if value != "" {
				equals[key] = value
			}
		}
		condition := map[string]any{}
		if len(equals) > 0 {
			condition["StringEquals"] = equals
		}
		if p.SourceArn != "" {
			condition["ArnLike"] = map[string]string{"aws:SourceArn": p.SourceArn}
		}
		if len(condition) > 0 {
			s["Condition"] = condition
		}
		statements = append(statements, s)
		return nil
	})
	if err != nil {
		return err
	}
	if unclear != "" {
		out.Policies = append(out.Policies, iam.UnknownPolicy(name, unclear))
	}
	if len(statements) == 0 {
		return nil
	}
	p, err := made(name, statements)
	if p != nil {
		out.Policies = append(out.Policies, p)
	}
	return err
}
