package access

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"merlon.dev/merlon"
)

// Credential is something that somebody signs in with, or a thing of IAM that
// gives permissions, with its age and what to do about it.
type Credential struct {
	Account string `json:"account"`
	Owner   string `json:"owner"` // ARN, or the name where there is none
	Kind    string `json:"kind"`  // password, access key 1, MFA, role, group, policy, service permission
	// Created and LastUsed are zero where they are not known or there are none.
	Created  time.Time `json:"created,omitzero"`
	LastUsed time.Time `json:"lastUsed,omitzero"`
	AgeDays  int       `json:"ageDays,omitempty"`
	// UnusedDays counts from the last use, else from the creation; -1: not known.
	UnusedDays int    `json:"unusedDays"`
	Unused     bool   `json:"unused,omitempty"` // for as long as was asked
	Unknown    string `json:"unknown,omitempty"`
	Do         string `json:"do,omitempty"` // what to do; "" for nothing
}

// rotation is the age at which a key should have been replaced.
const rotation = 90 * 24 * time.Hour

// Credentials are the passwords, access keys and MFA of all users and root users
// as the credential report has them, and roles, groups and policies, with what is
// unused for the given time at the given moment. What the report does not say is
// marked as unknown. Sorted by account, owner and kind.
func (x *Index) Credentials(ctx context.Context, now time.Time, unused time.Duration) ([]Credential, error) {
	c := &credentials{x: x, now: now, unused: unused}
	for _, step := range []struct {
		typ string
		fn  func(*merlon.Resource) error
	}{{typeReportEntry, c.entry}, {typeUser, c.user}, {typeRole, c.role}, {typeGroup, c.group}, {typeManagedPolicy, c.policy}} {
		if err := x.snapshot.Each(ctx, step.typ, step.fn); err != nil {
			return nil, fmt.Errorf("credentials of %s: %w", step.typ, err)
		}
	}
	for i := range c.out {
		k := &c.out[i]
		if len(x.gaps) > 0 && (k.Kind == "group" || k.Kind == "policy") {
			k.Unknown = "who has it is not wholly known: " + x.gaps[0].Reason
			continue
		}
		if k.Kind == "group" && !c.members[k.Account+"/"+k.Owner[strings.LastIndexByte(k.Owner, '/')+1:]] {
			k.Unused, k.Do = true, "delete the group: it has no member"
		}
		if k.Kind == "policy" && !c.attached[k.Owner] {
			k.Unused, k.Do = true, "delete the policy: it is attached to nothing"
		}
	}
	slices.SortStableFunc(c.out, func(a, b Credential) int {
		return strings.Compare(a.Account+"\x00"+a.Owner+"\x00"+a.Kind, b.Account+"\x00"+b.Owner+"\x00"+b.Kind)
	})
	return c.out, nil
}

type credentials struct {
	x                 *Index
	now               time.Time
	unused            time.Duration
	out               []Credential
	members, attached map[string]bool
}

// add counts the days and says whether it is unused.
func (c *credentials) add(k Credential) *Credential {
	k.UnusedDays = -1
	since := k.LastUsed
	if since.IsZero() {
		since = k.Created
	}
	if !since.IsZero() {
		k.UnusedDays = days(c.now.Sub(since))
		k.Unused = c.now.Sub(since) >= c.unused
	}
	if !k.Created.IsZero() {
		k.AgeDays = days(c.now.Sub(k.Created))
	}
	c.out = append(c.out, k)
	return &c.out[len(c.out)-1]
}

func days(d time.Duration) int { return max(0, int(d/(24*time.Hour))) }

func (c *credentials) entry(r *merlon.Resource) error {
	var p struct {
		Arn                                                     string
		IsRoot                                                  bool
		UserCreationTime, PasswordLastUsed, PasswordLastChanged time.Time
		PasswordEnabled, MfaActive                              *bool
		AccessKey1Active, AccessKey2Active                      *bool
		AccessKey1LastRotated, AccessKey1LastUsedDate           time.Time
		AccessKey2LastRotated, AccessKey2LastUsedDate           time.Time
		Cert1Active, Cert2Active                                *bool
	}
	if err := decode(r, &p, nil); err != nil {
		return err
	}
	at := Credential{Account: string(r.Account), Owner: p.Arn}
	yes := func(b *bool) bool { return b != nil && *b }
	if p.PasswordEnabled == nil && p.MfaActive == nil && p.AccessKey1Active == nil {
		at.Kind, at.UnusedDays, at.Unknown = "password, keys, MFA", -1, "the credential report has no values for the user"
		if why := unknownBelow(r, "/properties"); why != "" {
			at.Unknown = why
		}
		at.Do = "read the credential report again: it may be older than the user"
		c.out = append(c.out, at)
		return nil
	}
	if yes(p.PasswordEnabled) || p.IsRoot && !p.PasswordLastUsed.IsZero() {
		k := at
		k.Kind, k.Created, k.LastUsed = "password", p.PasswordLastChanged, p.PasswordLastUsed
		if k.Created.IsZero() {
			k.Created = p.UserCreationTime
		}
		added := c.add(k)
		switch {
		case p.IsRoot:
			added.Unused = false // that it is not used is what one wants
			if !p.PasswordLastUsed.IsZero() && c.now.Sub(p.PasswordLastUsed) < c.unused {
				added.Do = "find out what the root user was needed for, and use a role for it"
			}
		case added.Unused:
			added.Do = "remove the password: aws iam delete-login-profile"
		}
	}
	if p.MfaActive != nil && !*p.MfaActive && (p.IsRoot || yes(p.PasswordEnabled)) {
		k := at
		k.Kind, k.UnusedDays, k.Do = "MFA", -1, "there is none: register a device, best a hardware key"
		c.out = append(c.out, k)
	}
	for i, key := range []struct {
		active            *bool
		created, lastUsed time.Time
	}{{p.AccessKey1Active, p.AccessKey1LastRotated, p.AccessKey1LastUsedDate}, {p.AccessKey2Active, p.AccessKey2LastRotated, p.AccessKey2LastUsedDate}} {
		if !yes(key.active) {
			continue
		}
		k := at
		k.Kind, k.Created, k.LastUsed = fmt.Sprintf("access key %d", i+1), key.created, key.lastUsed
		added := c.add(k)
		switch {
		case p.IsRoot:
			added.Do = "delete it: a root user needs no access key"
		case added.Unused && key.lastUsed.IsZero():
			added.Do = "delete it: it was never used"
		case added.Unused:
			added.Do = "deactivate it, and delete it when nobody complains"
		case c.now.Sub(key.created) > rotation:
			added.Do = "replace it, best by a role: it is older than 90 days"
		}
	}
	if yes(p.Cert1Active) || yes(p.Cert2Active) {
		k := at
		k.Kind, k.UnusedDays, k.Do = "signing certificate", -1, "delete it unless something still signs with it"
		c.out = append(c.out, k)
	}
	return nil
}

// lastAccess is what --last-accessed collects.
type lastAccess []struct {
	ServiceNamespace  string
	LastAuthenticated time.Time
}

// services adds the services that somebody may use and did not.
func (c *credentials) services(owner, account string, list lastAccess) {
	var unused []string
	for _, s := range list {
		if s.LastAuthenticated.IsZero() || c.now.Sub(s.LastAuthenticated) >= c.unused {
			unused = append(unused, s.ServiceNamespace)
		}
	}
	if len(unused) > 0 {
		slices.Sort(unused)
		c.out = append(c.out, Credential{Account: account, Owner: owner, Kind: "service permission", UnusedDays: -1, Unused: true,
			Do: fmt.Sprintf("take away %d of %d services: %s", len(unused), len(list), strings.Join(unused, ", "))})
	}
}

func (c *credentials) attach(p *identityProperties) {
	if c.attached == nil {
		c.attached, c.members = map[string]bool{}, map[string]bool{}
	}
	for _, arn := range append(slices.Clone(p.ManagedPolicyArns), p.PermissionsBoundary) {
		c.attached[arn] = true
	}
}

func (c *credentials) user(r *merlon.Resource) error {
	var p identityProperties
	var o struct{ ServicesLastAccessed lastAccess }
	if err := decode(r, &p, &o); err != nil {
		return err
	}
	c.attach(&p)
	for _, g := range p.Groups {
		c.members[string(r.Account)+"/"+g] = true
	}
	c.services(r.Key(), string(r.Account), o.ServicesLastAccessed)
	return nil
}

func (c *credentials) role(r *merlon.Resource) error {
	var p identityProperties
	var o struct {
		CreateDate           time.Time
		RoleLastUsed         *struct{ LastUsedDate time.Time }
		ServicesLastAccessed lastAccess
	}
	if err := decode(r, &p, &o); err != nil {
		return err
	}
	c.attach(&p)
	k := Credential{Account: string(r.Account), Owner: r.Key(), Kind: "role", Created: o.CreateDate}
	if o.RoleLastUsed != nil {
		k.LastUsed = o.RoleLastUsed.LastUsedDate
	}
	added := c.add(k)
	if why := unknownBelow(r, "/observed/RoleLastUsed"); why != "" || o.RoleLastUsed == nil {
		added.Unused, added.UnusedDays, added.Unknown = false, -1, "when it was last used was not read"
		if why != "" {
			added.Unknown = why
		}
	}
	if added.Unused && !strings.HasPrefix(p.Path, "/aws-service-role/") && !strings.HasPrefix(p.Path, "/aws-reserved/") {
		added.Do = "delete the role, or keep it with a reason"
	}
	c.services(r.Key(), string(r.Account), o.ServicesLastAccessed)
	return nil
}

func (c *credentials) group(r *merlon.Resource) error {
	var p identityProperties
	var o struct{ CreateDate time.Time }
	if err := decode(r, &p, &o); err != nil {
		return err
	}
	c.attach(&p)
	c.add(Credential{Account: string(r.Account), Owner: r.Key(), Kind: "group", Created: o.CreateDate}).Unused = false
	return nil
}

func (c *credentials) policy(r *merlon.Resource) error {
	var p struct {
		AttachmentCount *int
		CreateDate      time.Time
	}
	var o struct{ AwsManaged bool }
	if err := decode(r, &p, &o); err != nil || o.AwsManaged || strings.HasPrefix(r.Key(), "arn:aws:iam::aws:") {
		return err
	}
	if c.attached == nil {
		c.attached, c.members = map[string]bool{}, map[string]bool{}
	}
	if p.AttachmentCount != nil && *p.AttachmentCount > 0 {
		c.attached[r.Key()] = true
	}
	c.add(Credential{Account: string(r.Account), Owner: r.Key(), Kind: "policy", Created: p.CreateDate}).Unused = false
	return nil
}
