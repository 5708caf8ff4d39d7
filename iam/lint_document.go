package iam

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"merlon.dev/merlon"
)

// documentRules concern a document as a whole, its lists and its names.
func documentRules() []LintRule {
	return []LintRule{
		{Code: "missing-version", Title: "No Version", Severity: merlon.Low, Source: pageVersion, document: missingVersion,
			Why: "Without a Version the rules of 2008 apply: policy variables such as ${aws:username} are literal text then.",
			Fix: `Add "Version": "2012-10-17".`},
		{Code: "old-version", Title: "The Version of 2008", Severity: merlon.Info, Source: pageVersion, document: oldVersion,
			Why: "In the language of 2008 policy variables are literal text, and later features are missing.",
			Fix: `Write "Version": "2012-10-17", and check that no text with ${…} was meant literally.`},
		{Code: "empty-list", Title: "An empty list", Severity: merlon.High, Source: pageGrammar, reads: otherElement, document: noStatements, statement: emptyLists,
			Why: "A list without a value matches nothing: an Allow grants nothing, a Deny denies nothing. Some services refuse it.",
			Fix: "Fill the list or take the statement out."},
		{Code: "duplicate-sid", Title: "A Sid stands twice", Severity: merlon.High, Source: pageSid, document: duplicateSids,
			Why: "IAM refuses a policy with two statements of one Sid; elsewhere nobody can tell them apart.",
			Fix: "Rename one of them."},
		{Code: "sid-characters", Title: "A Sid with characters that IAM refuses", Severity: merlon.High, Source: pageSid, statement: sidCharacters, reads: otherElement,
			Kinds: []PolicyKind{IdentityPolicy, BoundaryPolicy, SessionPolicy, TrustPolicy, SCP, RCP},
			Why:   "A Sid of IAM holds the letters A to Z and a to z and digits, nothing else.",
			Fix:   "Take out what is neither letter nor digit."},
		{Code: "characters", Title: "A character that policies may not hold", Severity: merlon.High, Source: pageQuotas, document: characters,
			Why: "IAM accepts tab, line feed, carriage return and U+0020 to U+00FF. Typographic quotes and dashes that came with a paste are not among them.",
			Fix: "Replace the character."},
		{Code: "too-large", Title: "Larger than AWS accepts", Severity: merlon.High, Source: pageQuotas, document: tooLarge,
			Why: "AWS refuses the policy, or the next change to it.",
			Fix: "Split it, shorten it with wildcards, or move statements to a managed policy."},
		{Code: "nearly-too-large", Title: "Hardly any room left", Severity: merlon.Info, Source: pageQuotas, document: nearlyTooLarge,
			Why: "Above 95 % of the limit the next statement does not fit any more.",
			Fix: "Split the policy before it has to be done in a hurry."},
	}
}

func missingVersion(r *lintRun) {
	if r.policy.Version == "" && !r.says("version") {
		r.report(0, "the policy has no Version, so it is read by the rules of 2008-10-17")
	}
}

// says reports whether the parser has a problem of that code.
func (r *lintRun) says(code string) bool {
	for _, p := range r.policy.Problems {
		if p.Code == code {
			return true
		}
	}
	return false
}

func oldVersion(r *lintRun) {
	if r.policy.Version == "2008-10-17" {
		r.report(0, "Version is 2008-10-17")
	}
}

func noStatements(r *lintRun) {
	if len(r.policy.Statements) == 0 {
		r.report(0, "the policy has no statement")
	}
}

func emptyLists(r *lintRun, s *Statement) {
	none := func(what string, unread elementSet) {
		if !r.hidden(s, unread) {
			r.report(s.Offset, "%s of the statement is empty", what)
		}
	}
	if s.Actions != nil && len(s.Actions) == 0 {
		none(either(s.NotAction, "NotAction", "Action"), actionElement)
	}
	if s.HasResource && s.Resources != nil && len(s.Resources) == 0 {
		none(either(s.NotResource, "NotResource", "Resource"), resourceElement)
	}
	if s.HasPrincipal && len(s.Principals) == 0 && s.invalid == "" {
		none(either(s.NotPrincipal, "NotPrincipal", "Principal"), principalElement)
	}
	for i := range s.Conditions {
		if c := &s.Conditions[i]; len(c.Values) == 0 && !r.hidden(s, conditionElement) {
			r.report(c.Offset, "the condition on %s has no value", c.Key)
		}
	}
}

func either(second bool, b, a string) string {
	if second {
		return b
	}
	return a
}

func duplicateSids(r *lintRun) {
	first := map[string]int{}
	for i := range r.policy.Statements {
		s := &r.policy.Statements[i]
		if s.Sid == "" {
			continue
		}
		if at, twice := first[s.Sid]; twice {
			r.current = s
			r.report(s.Offset, "Sid %q is that of statement %d as well", s.Sid, at+1)
			continue
		}
		first[s.Sid] = i
	}
	r.current = nil
}

func sidCharacters(r *lintRun, s *Statement) {
	for _, c := range s.Sid {
		if (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') {
			r.report(s.Offset, "Sid %q holds %q", s.Sid, c)
			return
		}
	}
}

func characters(r *lintRun) {
	source := string(r.Source)
	skip := 0
	if strings.HasPrefix(source, "\ufeff") {
		skip = len("\ufeff")
	}
	for i, c := range source[skip:] {
		if c == '\t' || c == '\n' || c == '\r' || c >= 0x20 && c <= 0xff && c != 0x7f {
			continue
		}
		r.report(i+skip, "%U may not stand in a policy", c)
		return // one is enough: a document with other letters has hundreds
	}
}

// Holder is what a policy stands in; its size limit depends on it.
type Holder string

// The holders whose limits are known.
const (
	ManagedPolicy    Holder = "managed-policy"
	UserInline       Holder = "user"
	RoleInline       Holder = "role"
	GroupInline      Holder = "group"
	PermissionSet    Holder = "permission-set"
	RoleTrust        Holder = "trust-policy"
	OrganizationSCP  Holder = "scp"
	OrganizationRCP  Holder = "rcp"
	StartedSession   Holder = "session"
	Bucket           Holder = "s3-bucket"
	Queue            Holder = "sqs-queue"
	Topic            Holder = "sns-topic"
	KMSKey           Holder = "kms-key"
	VPCEndpoint      Holder = "vpc-endpoint"
	LogsDestinations Holder = "logs-resource-policy"
)

// SizeLimit is how large a policy of a holder may be.
type SizeLimit struct {
	Max int
	// Compact: white space outside of strings does not count. Together: the
	// inline policies of the holder count as one.
	Compact, Together bool
	Source            string // the page, read 2026-11-24
}

// LimitOf gives a holder's limit, where it is known. Those of IAM count
// characters without white space; the trust policy's can be raised to 4,096.
func LimitOf(h Holder) (SizeLimit, bool) {
	const (
		organizations = "https://docs.aws.amazon.com/organizations/latest/userguide/orgs_reference_limits.html"
		sso           = "https://docs.aws.amazon.com/singlesignon/latest/userguide/limits.html"
	)
	switch h {
	case ManagedPolicy:
		return SizeLimit{Max: 6144, Compact: true, Source: pageQuotas}, true
	case UserInline:
		return SizeLimit{Max: 2048, Compact: true, Together: true, Source: pageQuotas}, true
	case RoleInline:
		return SizeLimit{Max: 10240, Compact: true, Together: true, Source: pageQuotas}, true
	case GroupInline:
		return SizeLimit{Max: 5120, Compact: true, Together: true, Source: pageQuotas}, true
	case RoleTrust, StartedSession:
		return SizeLimit{Max: 2048, Compact: true, Source: pageQuotas}, true
	case PermissionSet:
		// It becomes a role's inline policy.
		return SizeLimit{Max: 10240, Compact: true, Source: sso}, true
	case OrganizationSCP, OrganizationRCP:
		// "All characters count"; the console strips white space before it saves.
		return SizeLimit{Max: 5120, Source: organizations}, true
	case Bucket:
		return SizeLimit{Max: 20 << 10, Compact: true, Source: "https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucket-policies.html"}, true
	case Queue:
		return SizeLimit{Max: 8192, Source: "https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-policies.html"}, true
	case Topic:
		return SizeLimit{Max: 30 << 10, Source: "https://docs.aws.amazon.com/sns/latest/dg/sns-access-policy-language-api-permissions-reference.html"}, true
	case KMSKey:
		return SizeLimit{Max: 32 << 10, Source: "https://docs.aws.amazon.com/kms/latest/APIReference/API_PutKeyPolicy.html"}, true
	case VPCEndpoint:
		return SizeLimit{Max: 20480, Source: "https://docs.aws.amazon.com/vpc/latest/privatelink/vpc-limits-endpoints.html"}, true
	case LogsDestinations:
		return SizeLimit{Max: 5120, Source: "https://docs.aws.amazon.com/step-functions/latest/dg/bp-cwl.html"}, true
	}
	return SizeLimit{}, false
}

// PolicySize is the number of characters of a document, with all white space
// and with none outside of strings.
//
// "IAM doesn't count white space when calculating the size of a policy against
// these quotas" (reference_iam-quotas, read 2026-11-24). Blanks within strings
// are counted here: of a text that says no more, that is the safe side.
func PolicySize(source []byte) (all, compact int) {
	inside, escaped := false, false
	for i := 0; i < len(source); {
		c, n := utf8.DecodeRune(source[i:])
		i += n
		all++
		switch {
		case inside:
			compact++
			switch {
			case escaped:
				escaped = false
			case c == '\\':
				escaped = true
			case c == '"':
				inside = false
			}
		case c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\ufeff':
		default:
			compact++
			inside = c == '"'
		}
	}
	return all, compact
}

// measured is the document's size as its limit counts it, and the limit; none
// where it is not known or parts of the document are not.
func (r *lintRun) measured() (size int, limit SizeLimit, text string, ok bool) {
	limit, ok = LimitOf(r.Holder)
	if !ok {
		// The largest that any limit of the kind is.
		switch r.Kind {
		case SCP:
			limit, ok = LimitOf(OrganizationSCP)
		case RCP:
			limit, ok = LimitOf(OrganizationRCP)
		case TrustPolicy:
			limit, ok = LimitOf(RoleTrust)
		case SessionPolicy:
			limit, ok = LimitOf(StartedSession)
		case BoundaryPolicy:
			limit, ok = LimitOf(ManagedPolicy)
		case EndpointPolicy:
			limit, ok = LimitOf(VPCEndpoint)
		case IdentityPolicy:
			limit, ok = LimitOf(RoleInline)
		}
	}
	all, compact := PolicySize(r.Source)
	size, text = all, "characters"
	if limit.Compact {
		size, text = compact, "characters without white space"
	}
	if limit.Together {
		size += r.Others
		if r.Others > 0 {
			text += fmt.Sprintf(" (%d of them in the holder's other inline policies)", r.Others)
		}
	}
	return size, limit, text, ok && len(r.Unknown) == 0
}

func tooLarge(r *lintRun) {
	if size, limit, text, ok := r.measured(); ok && size > limit.Max {
		r.report(0, "%d %s; the limit is %d", size, text, limit.Max)
	}
}

func nearlyTooLarge(r *lintRun) {
	if size, limit, text, ok := r.measured(); ok && size <= limit.Max && size*100 > limit.Max*95 {
		r.report(0, "%d %s of %d", size, text, limit.Max)
	}
}
