package reference

import (
	"slices"
	"strings"
)

// maxARN is the length beyond which an ARN is not looked at: AWS allows 2,048
// characters in the longest of them.
//
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html (read 2026-11-24)
const maxARN = 2048

// ResourceTypes are the types that the ARN can be, or that a pattern of a
// policy's Resource element can name, sorted by service and name. For
// "arn:aws:s3:::logs/*" it is s3's object (and others whose ARNs have that form),
// not the bucket, though "${BucketName}" matches a name with a slash: where one
// type's pattern is narrower than another's of the same service and still holds
// all that was asked for, only the narrower is given. Nothing for what is longer
// than any ARN.
func (r *Reference) ResourceTypes(arn string) []ResourceType {
	if len(arn) > maxARN {
		return nil
	}
	asked := policyPattern(arn)
	service := arnService(arn)
	var found []ResourceType
	for _, e := range r.entries {
		if service == "" || e.hasARN(service) {
			found = append(found, e.service().resourceTypes(asked)...)
		}
	}
	return found
}

// TypesOf are the types of this service that the ARN can be; see
// [Reference.ResourceTypes].
func (s *Service) TypesOf(arn string) []ResourceType {
	if len(arn) > maxARN {
		return nil
	}
	return s.resourceTypes(policyPattern(arn))
}

// IsA reports whether the ARN, or some of those that the pattern of a policy
// names, can be of the type. It does not know of narrower types.
func (t ResourceType) IsA(arn string) bool {
	return len(arn) <= maxARN && t.overlaps(policyPattern(arn))
}

func (t *ResourceType) overlaps(asked pattern) bool {
	return slices.ContainsFunc(t.compiled, asked.overlaps)
}

func (s *Service) resourceTypes(asked pattern) []ResourceType {
	type hit struct {
		of      int
		pattern pattern
	}
	var hits []hit
	for i := range s.types {
		for _, p := range s.types[i].compiled {
			if p.overlaps(asked) {
				hits = append(hits, hit{i, p})
			}
		}
	}
	var found []ResourceType
	for _, h := range hits {
		wide := slices.ContainsFunc(hits, func(o hit) bool {
			return o.of != h.of && o.pattern.covers(asked) && h.pattern.covers(o.pattern) && !o.pattern.covers(h.pattern)
		})
		if !wide && (len(found) == 0 || found[len(found)-1].Name != s.types[h.of].Name) {
			found = append(found, s.types[h.of])
		}
	}
	return found
}

// arnService is the service in an ARN, "" where a wildcard may make it any.
func arnService(arn string) string {
	f := strings.SplitN(arn, ":", 4)
	for i, part := range f {
		if i < 3 && strings.ContainsAny(part, "*?") {
			return ""
		}
	}
	if len(f) < 3 {
		return "-"
	}
	return f[2]
}

// hasARN reports whether some type of the service has that service in its ARNs.
// Variables stand for any.
func (e *entry) hasARN(service string) bool {
	if service == e.prefix {
		return true
	}
	for s := range strings.FieldsSeq(e.arns) {
		if s == service || strings.Contains(s, "$") {
			return true
		}
	}
	return false
}
