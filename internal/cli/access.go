package cli

import (
	"context"
	"fmt"
	"strings"

	"merlon.dev/merlon/access"
	"merlon.dev/merlon/iam"
	"merlon.dev/merlon/inventory"
)

// asking opens what the flags name and asks it. Guardrails that could not be
// read count as unknown with --strict.
func (in *input) asking(ctx context.Context, strict bool, ask func(*access.Index) error) error {
	return in.opened(ctx, func(s *inventory.Snapshot) error {
		x, err := access.Load(ctx, s, access.Options{Now: in.env.Now(), StrictGuardrails: strict})
		if err != nil {
			return err
		}
		return ask(x)
	})
}

// contextKeys reads --context KEY=VALUE flags; a key that is given twice has both values.
func contextKeys(flags []string) (map[string][]string, error) {
	keys := map[string][]string{}
	for _, f := range flags {
		k, v, ok := strings.Cut(f, "=")
		if !ok || k == "" {
			return nil, usage("--context %q: write KEY=VALUE, such as aws:SourceIp=192.0.2.1", f)
		}
		keys[k] = append(keys[k], v)
	}
	return keys, nil
}

// principal finds whom a name means: an ARN, an account's "root", or the one
// user or role that has the name.
func principal(x *access.Index, name string) (*access.Principal, error) {
	if p := x.Principal(name); p != nil {
		return p, nil
	}
	if who, err := iam.ParsePrincipal(name); err == nil {
		if x.Account(who.Account) != nil {
			return nil, hint(fmt.Errorf("%s is not in the snapshot", name), "`merlon query \"SELECT arn FROM iam_role\"` lists the roles that were read")
		}
		return x.Stranger(who, false), nil
	}
	var found []*access.Principal
	var names []string
	for _, p := range x.Principals() {
		if p.Name == name {
			found = append(found, p)
			names = append(names, p.ARN)
		}
	}
	switch len(found) {
	case 0:
		return nil, hint(fmt.Errorf("there is no user or role %q in the snapshot", name), "name it by its ARN; `merlon query \"SELECT arn FROM iam_role\"` lists the roles that were read")
	case 1:
		return found[0], nil
	}
	return nil, hint(fmt.Errorf("%q is %d principals", name, len(found)), "name one by its ARN: %s", strings.Join(names, ", "))
}

// checkAction refuses what is no action.
func checkAction(action string) error {
	service, name, ok := strings.Cut(action, ":")
	if !ok || service == "" || name == "" || strings.ContainsAny(action, "*? ") {
		return usage("%q is no action; write one such as s3:GetObject", action)
	}
	return nil
}
