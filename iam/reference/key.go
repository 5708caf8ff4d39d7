package reference

import (
	"iter"
	"slices"
	"strings"
)

// ValueType is what the values of a condition key are.
type ValueType uint8

// The types of the Service Authorization Reference. The zero ValueType is none.
const (
	String ValueType = iota + 1
	Numeric
	Date
	Bool
	ARN
	IPAddress
	Binary
)

// String is the type as AWS writes it.
func (t ValueType) String() string {
	if names := [...]string{"unknown", "String", "Numeric", "Date", "Bool", "ARN", "IPAddress", "Binary"}; int(t) < len(names) {
		return names[t]
	}
	return "unknown"
}

// ConditionKey is a key of policies' Condition elements, global or of a service.
type ConditionKey struct {
	// Name is the key as AWS documents it, "aws:RequestTag/${TagKey}" with its
	// variable; in policies its case does not matter.
	Name string
	Type ValueType
	// Multivalued keys can have several values in one request ("ArrayOfString");
	// they want ForAnyValue or ForAllValues and cannot be policy variables.
	//
	// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-single-vs-multi-valued-context-keys.html (read 2026-11-24)
	Multivalued bool
	// Global keys can be in requests to any service.
	Global bool
	// Sensitive keys are those in whose values, AWS says, a wildcard has no valid
	// use: it would let in accounts, organizations or networks of others.
	Sensitive bool
	// Presence says of a global key when AWS sets it; [Sometimes] for others.
	Presence Presence
	// Origin says of a global key what it is a property of.
	Origin Origin
}

// Presence is when AWS puts a global key into the request context.
type Presence uint8

const (
	// Sometimes: under conditions that the others do not say, or not known; all
	// keys of services.
	Sometimes Presence = iota
	// Always: in every request.
	Always
	// WhenSigned: in every request but anonymous ones.
	WhenSigned
	// MostlyThere: always, but for services and actions that AWS's page names.
	MostlyThere
	// WithTemporaryCredentials: not in requests that are signed with access keys of
	// a user or of root. Nor are the keys on MFA in those of federated principals.
	WithTemporaryCredentials
	// InOrganization: where the account of the principal, or of the resource, is in
	// an organization.
	InOrganization
	// FromService: where a service principal calls directly, and not always then;
	// never where a user or a role does.
	FromService
	// ThroughEndpoint: only in what comes through a VPC endpoint, and the owner's
	// organization only where there is one.
	ThroughEndpoint
	// OutsideEndpoint: in all that does not come through a VPC endpoint.
	OutsideEndpoint
)

// Origin is what a global key is a property of.
type Origin uint8

// The groups of AWS's page on global keys.
const (
	OfRequest Origin = iota + 1
	OfPrincipal
	OfSession
	OfNetwork
	OfResource
)

// ConditionKey finds a condition key by a name that a policy may use, in any
// case: "aws:requesttag/env" finds "aws:RequestTag/${TagKey}". Global keys come
// first, then the service that the name begins with, then any other that lists
// the key.
func (r *Reference) ConditionKey(name string) (ConditionKey, bool) {
	if len(name) > maxKey {
		return ConditionKey{}, false
	}
	if k, ok := r.global().find(name); ok {
		return k, true
	}
	prefix := lower(keyPrefix(name))
	if e, ok := r.entry(prefix); ok {
		if k, ok := e.service().ConditionKey(name); ok {
			return k, true
		}
	}
	for _, e := range r.entries {
		if e.prefix != prefix && e.hasKeyPrefix(prefix) {
			if k, ok := e.service().ConditionKey(name); ok {
				return k, true
			}
		}
	}
	return ConditionKey{}, false
}

// maxKey bounds the names that are looked up: the tag keys in them have 128
// characters at most, the keys of encryption contexts a little more.
const maxKey = 1024

// ConditionKey finds a key that this service lists, like [Reference.ConditionKey].
func (s *Service) ConditionKey(name string) (ConditionKey, bool) {
	if i, ok := search(s.keys, name, func(k *ConditionKey) string { return k.Name }); ok {
		return s.keys[i], true
	}
	for _, k := range s.keys {
		if k.Matches(name) {
			return k, true
		}
	}
	return ConditionKey{}, false
}

// GlobalKeys are the keys that requests to any service may carry, sorted by name.
func (r *Reference) GlobalKeys() iter.Seq[ConditionKey] {
	return slices.Values(r.global().keys)
}

// Knows reports whether requests for the action can carry the condition key:
// those that AWS lists for the action or its resource types, and global keys,
// except that of those about tags (aws:RequestTag, aws:TagKeys, aws:ResourceTag)
// only the listed count, since an action that takes no tags never has them.
//
// A false answer is a reason to look, not a proof: AWS's lists have gaps.
func (r *Reference) Knows(a Action, key string) bool {
	if k, ok := r.global().find(key); ok && !k.aboutTags() {
		return true
	}
	s, ok := r.Service(a.Service)
	return ok && slices.ContainsFunc(s.KeysOf(a), func(name string) bool { return keyMatches(name, key) })
}

func (k ConditionKey) aboutTags() bool {
	switch k.Name {
	case "aws:RequestTag/${TagKey}", "aws:ResourceTag/${TagKey}", "aws:TagKeys":
		return true
	}
	return false
}

// Matches reports whether a policy that says name means this key: equal in any
// case, where a variable of the key stands for one character or more.
func (k ConditionKey) Matches(name string) bool { return keyMatches(k.Name, name) }

// keyMatches compares a documented name with one of a policy.
func keyMatches(documented, name string) bool {
	start, end, ok := variable(documented)
	if !ok {
		return equalFold(documented, name)
	}
	// A policy about all tags, or documentation itself, may repeat the variable.
	head, tail := documented[:start], documented[end:]
	if len(name) < len(head)+1 || !equalFold(name[:len(head)], head) {
		return false
	}
	name = name[len(head):]
	if _, _, more := variable(tail); !more {
		return len(name) > len(tail) && equalFold(name[len(name)-len(tail):], tail)
	}
	for i := 1; i <= len(name); i++ {
		if keyMatches(tail, name[i:]) {
			return true
		}
	}
	return false
}

// variable finds the first variable of a documented key: "${TagKey}", and in a
// few "<key>" or "tag-key" at the end.
func variable(s string) (start, end int, ok bool) {
	for _, v := range [...]struct{ open, close string }{{"${", "}"}, {"<", ">"}} {
		if i := strings.Index(s, v.open); i >= 0 {
			if j := strings.Index(s[i:], v.close); j >= 0 {
				return i, i + j + 1, true
			}
		}
	}
	if head, ok := strings.CutSuffix(s, "/tag-key"); ok {
		return len(head) + 1, len(s), true
	}
	return 0, 0, false
}

func equalFold(a, b string) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range len(a) {
		if lowerByte(a[i]) != lowerByte(b[i]) {
			return false
		}
	}
	return true
}

// keyPrefix is what stands before the first colon.
func keyPrefix(name string) string {
	p, _, _ := strings.Cut(name, ":")
	return p
}

// hasKeyPrefix reports whether keys of the service begin with the prefix, given
// in lower case.
func (e *entry) hasKeyPrefix(prefix string) bool {
	for p := range strings.FieldsSeq(e.keys) {
		if keyMatches(p, prefix) {
			return true
		}
	}
	return false
}
