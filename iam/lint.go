package iam

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"merlon.dev/merlon"
	"merlon.dev/merlon/iam/reference"
)

// PolicyKind is what a policy document is used as, which decides what it may say.
type PolicyKind string

// The kinds of policies.
const (
	IdentityPolicy PolicyKind = "identity" // managed or inline, of a user, group, role or permission set
	BoundaryPolicy PolicyKind = "boundary" // a permissions boundary
	SessionPolicy  PolicyKind = "session"  // passed when a session begins
	ResourcePolicy PolicyKind = "resource" // on a bucket, queue, key …
	TrustPolicy    PolicyKind = "trust"    // who may assume a role
	EndpointPolicy PolicyKind = "endpoint" // of a VPC endpoint
	SCP            PolicyKind = "scp"
	RCP            PolicyKind = "rcp"
)

// PolicyKinds are all kinds.
func PolicyKinds() []PolicyKind {
	return []PolicyKind{IdentityPolicy, BoundaryPolicy, SessionPolicy, ResourcePolicy, TrustPolicy, EndpointPolicy, SCP, RCP}
}

// ParsePolicyKind accepts the words of [PolicyKinds].
func ParsePolicyKind(text string) (PolicyKind, error) {
	names := make([]string, 0, len(PolicyKinds()))
	for _, k := range PolicyKinds() {
		if text == string(k) {
			return k, nil
		}
		names = append(names, string(k))
	}
	return "", fmt.Errorf("no kind of policy %q: %s", text, strings.Join(names, ", "))
}

// KindOf guesses a document's kind from what it says: without a principal an
// identity policy, with one a trust policy where every action is one of STS's
// and no resource stands, else a resource policy. SCPs, RCPs, boundaries,
// session and endpoint policies look like others: who knows better should say so.
func KindOf(source []byte) PolicyKind {
	p, err := ParsePolicy(source)
	if err != nil {
		return IdentityPolicy
	}
	principal, trust := false, true
	for i := range p.Statements {
		s := &p.Statements[i]
		principal = principal || s.HasPrincipal
		trust = trust && !s.HasResource
		for _, a := range s.Actions {
			trust = trust && strings.HasPrefix(strings.ToLower(a.Text), "sts:")
		}
	}
	switch {
	case !principal:
		return IdentityPolicy
	case trust:
		return TrustPolicy
	}
	return ResourcePolicy
}

// LintDocument is a policy document with what is known about its place.
type LintDocument struct {
	Source []byte
	Kind   PolicyKind // empty: as [KindOf] guesses
	Holder Holder     // what it stands in, which limits its size; empty: not known
	// Others is how many characters the holder's other inline policies have,
	// which count against the same limit.
	Others int
	// Account owns the policy; Accounts are those of the same organization.
	// Without Account nothing is taken for foreign.
	Account  string
	Accounts []string
	// ResourceARN is what a resource policy is attached to.
	ResourceARN string
	// Unknown are JSON pointers into the document to what is not known (a value
	// of a template). No rule judges by them.
	Unknown []string
}

// LintFinding is one place where a document breaks a rule.
type LintFinding struct {
	Code     string          `json:"code"`
	Severity merlon.Severity `json:"severity"`
	Title    string          `json:"title"`
	Message  string          `json:"message"`
	Fix      string          `json:"fix"`
	// Statement counts from 0; it is -1 for the document as a whole.
	Statement int    `json:"statement"`
	Sid       string `json:"sid,omitempty"`
	Offset    int    `json:"offset"` // bytes from the start of the document
	Line      int    `json:"line"`   // from 1
	Column    int    `json:"column"` // from 1, in characters
	Pointer   string `json:"pointer"`
}

// LintRule is one thing that a linter looks for. A rule is an entry in the table
// of its file: the texts for people and the function that looks.
type LintRule struct {
	Code     string
	Title    string
	Severity merlon.Severity
	Why      string
	Fix      string
	Source   string       // the page that the rule rests on, read 2026-11-24; empty for a matter of craft
	Kinds    []PolicyKind // the kinds it applies to; nil for all

	// reads are the elements that a statement's verdict rests on: where one of
	// them is not known the rule is silent. Zero stands for all of them.
	reads     elementSet
	document  func(*lintRun)
	statement func(*lintRun, *Statement)
}

// elementSet is a set of a statement's elements.
type elementSet uint8

const (
	actionElement elementSet = 1 << iota
	resourceElement
	conditionElement
	principalElement
	otherElement
	allElements elementSet = 1<<iota - 1
)

// LintRules are all rules, sorted by code. The result is the caller's own.
func LintRules() []LintRule {
	rules := slices.Concat(syntaxRules(), documentRules(), kindRules(), actionRules(), resourceRules(), conditionRules(), valueRules(),
		multivalueRules(), presenceRules(), principalRules(), trustRules(), grantRules(), denyRules(), redundancyRules())
	slices.SortFunc(rules, func(a, b LintRule) int { return strings.Compare(a.Code, b.Code) })
	return rules
}

// Linter looks for mistakes in policy documents. It may be used concurrently.
type Linter struct {
	reference *reference.Reference
	rules     []LintRule
	now       time.Time
}

// NewLinter makes a linter with all rules. Dates in conditions are compared with now.
func NewLinter(r *reference.Reference, now time.Time) *Linter {
	return &Linter{reference: r, rules: LintRules(), now: now}
}

// Lint looks at a bare document; an empty kind is guessed. See [Linter.Lint].
func Lint(source []byte, kind PolicyKind, r *reference.Reference) []LintFinding {
	return NewLinter(r, time.Now()).Lint(&LintDocument{Source: source, Kind: kind})
}

// maxLintWork bounds the comparisons made for one document: a policy that AWS
// accepts needs a small part of them.
const maxLintWork = 100 << 20

// lintRun is one document under the rules.
type lintRun struct {
	*LintDocument
	linter   *Linter
	policy   *Policy
	pointers map[int]string
	unknown  map[int]elementSet // by statement; -1: of all
	rule     *LintRule
	current  *Statement
	work     int
	found    []LintFinding

	actions map[string][]reference.Action
	types   map[string][]reference.ResourceType
	keys    map[string]keyEntry
}

type keyEntry struct {
	key   reference.ConditionKey
	known bool
}

// Lint gives what the rules find, in the order of the document. Findings are
// never more than a few for each element of it.
func (l *Linter) Lint(d *LintDocument) []LintFinding {
	doc := *d
	if doc.Kind == "" {
		doc.Kind = KindOf(doc.Source)
	}
	r := &lintRun{LintDocument: &doc, linter: l, work: maxLintWork, unknown: unknownElements(doc.Unknown),
		actions: map[string][]reference.Action{}, types: map[string][]reference.ResourceType{}, keys: map[string]keyEntry{}}
	r.pointers = pointersOf(doc.Source)
	policy, err := ParsePolicy(doc.Source)
	if err != nil {
		r.broken(err)
		return r.finish()
	}
	r.policy = policy
	for i := range l.rules {
		r.rule = &l.rules[i]
		if r.rule.Kinds != nil && !slices.Contains(r.rule.Kinds, doc.Kind) {
			continue
		}
		if r.rule.document != nil && r.unknown[-1] == 0 {
			r.rule.document(r)
		}
		if r.rule.statement == nil {
			continue
		}
		for j := range policy.Statements {
			r.current = &policy.Statements[j]
			if !r.hidden(r.current, r.rule.reads) {
				r.rule.statement(r, r.current)
			}
		}
		r.current = nil
	}
	if r.work <= 0 {
		r.as("too-much")
		r.report(0, "the document is too large for every rule to look at all of it")
	}
	return r.finish()
}

// hidden reports whether one of the elements is not known.
func (r *lintRun) hidden(s *Statement, reads elementSet) bool {
	if reads == 0 {
		reads = allElements
	}
	return (r.unknown[s.Index]|r.unknown[-1])&reads != 0
}

// as makes another rule the one that reports.
func (r *lintRun) as(code string) {
	for i := range r.linter.rules {
		if r.linter.rules[i].Code == code {
			r.rule, r.current = &r.linter.rules[i], nil
		}
	}
}

// report adds a finding of the current rule at an offset of the document.
func (r *lintRun) report(offset int, format string, args ...any) {
	f := LintFinding{Code: r.rule.Code, Severity: r.rule.Severity, Title: r.rule.Title, Fix: r.rule.Fix,
		Message: fmt.Sprintf(format, args...), Statement: -1, Offset: offset, Pointer: r.pointers[offset]}
	if r.current != nil {
		f.Statement, f.Sid = r.current.Index, r.current.Sid
	}
	r.found = append(r.found, f)
}

func (r *lintRun) finish() []LintFinding {
	slices.SortStableFunc(r.found, func(a, b LintFinding) int { return a.Offset - b.Offset })
	// Lines are counted once over, not once a finding.
	at, line, start := 0, 1, 0
	for i := range r.found {
		f := &r.found[i]
		f.Offset = min(max(f.Offset, 0), len(r.Source))
		for ; at < f.Offset; at++ {
			if r.Source[at] == '\n' {
				line, start = line+1, at+1
			}
		}
		_, f.Column = Position(r.Source[start:], f.Offset-start)
		f.Line = line
	}
	return r.found
}

// spend takes from the work that one document may cost.
func (r *lintRun) spend(n int) bool {
	r.work -= n
	return r.work > 0
}

// matching are the actions of the reference that a pattern names; nil with
// every set when it is "*".
func (r *lintRun) matching(pattern string) (found []reference.Action, every bool) {
	if strings.Trim(pattern, "*") == "" {
		return nil, pattern != ""
	}
	pattern = strings.ToLower(pattern)
	if found, ok := r.actions[pattern]; ok {
		return found, false
	}
	if len(pattern) <= maxName && r.spend(len(pattern)*1000) {
		for a := range r.linter.reference.Match(pattern) {
			found = append(found, a)
		}
	}
	r.actions[pattern] = found
	return found, false
}

// maxName is longer than the name of any service and action.
const maxName = 256

// typesOf are the resource types that a Resource value can name. Variables
// stand for anything.
func (r *lintRun) typesOf(resource string) []reference.ResourceType {
	arn := withoutVariables(resource)
	if t, ok := r.types[arn]; ok {
		return t
	}
	var t []reference.ResourceType
	// Where the service is written out only its own types are compared.
	cost := 500
	if parts := strings.SplitN(arn, ":", 4); len(parts) < 4 || wild(parts[0]+parts[1]+parts[2]) {
		cost = 100_000
	}
	if len(arn) <= longestARN && r.spend(len(arn)*cost) {
		for _, v := range variants(arn) {
			for _, found := range r.linter.reference.ResourceTypes(v) {
				if !slices.ContainsFunc(t, func(o reference.ResourceType) bool { return o.Service == found.Service && o.Name == found.Name }) {
					t = append(t, found)
				}
			}
		}
	}
	r.types[arn] = t
	return t
}

// variants are an ARN with a region and an account for each "*" that stands for
// one, and without: a wildcard that is a whole part spans the parts behind it, so
// that "arn:aws:ec2:*:111122223333:instance/*" would fit an image whose name goes
// on like this. Nobody means that.
func variants(arn string) []string {
	parts, six := arnFields(arn)
	if !six || parts[3] != "*" && parts[4] != "*" {
		return []string{arn}
	}
	of := func(part, filled string) []string {
		if part == "*" {
			return []string{"", filled}
		}
		return []string{part}
	}
	var out []string
	for _, region := range of(parts[3], "us-east-1") {
		for _, owner := range of(parts[4], "111122223333") {
			out = append(out, strings.Join([]string{parts[0], parts[1], parts[2], region, owner, parts[5]}, ":"))
		}
	}
	return out
}

// key looks a condition key up.
func (r *lintRun) key(name string) (reference.ConditionKey, bool) {
	lower := strings.ToLower(name)
	if e, ok := r.keys[lower]; ok {
		return e.key, e.known
	}
	var e keyEntry
	if r.spend(len(lower) * 500) {
		e.key, e.known = r.linter.reference.ConditionKey(lower)
	}
	r.keys[lower] = e
	return e.key, e.known
}

// withoutVariables replaces policy variables by wildcards.
func withoutVariables(text string) string {
	if !strings.Contains(text, "${") {
		return text
	}
	var b strings.Builder
	for {
		start := strings.Index(text, "${")
		end := -1
		if start >= 0 {
			end = strings.IndexByte(text[start:], '}')
		}
		if end < 0 {
			b.WriteString(text)
			return b.String()
		}
		b.WriteString(text[:start])
		b.WriteByte('*')
		text = text[start+end+1:]
	}
}

// isStar reports whether a pattern is made of "*" alone.
func isStar(text string) bool { return text != "" && strings.Trim(text, "*") == "" }
