package merlon

import "fmt"

// Verdict is what a control says of a resource.
type Verdict string

// The four verdicts. Unknown is an answer, not an error: something the control
// needs could not be read, and neither pass nor fail would be true.
const (
	Pass          Verdict = "pass"
	Fail          Verdict = "fail"
	UnknownResult Verdict = "unknown"
	NotApplicable Verdict = "not-applicable"
)

// ParseVerdict accepts the four words.
func ParseVerdict(s string) (Verdict, error) {
	switch v := Verdict(s); v {
	case Pass, Fail, UnknownResult, NotApplicable:
		return v, nil
	}
	return "", fmt.Errorf("unknown verdict %q: pass, fail, unknown or not-applicable", s)
}

// Severity is how bad a failed control is.
type Severity string

// Severities from worst to least.
const (
	Critical Severity = "critical"
	High     Severity = "high"
	Medium   Severity = "medium"
	Low      Severity = "low"
	Info     Severity = "info"
)

// Severities lists them from worst to least.
func Severities() []Severity { return []Severity{Critical, High, Medium, Low, Info} }

// Rank is 0 for critical and 4 for info; an unknown word ranks last.
func (s Severity) Rank() int {
	for i, t := range Severities() {
		if s == t {
			return i
		}
	}
	return len(Severities())
}

// ParseSeverity accepts the five words.
func ParseSeverity(s string) (Severity, error) {
	if v := Severity(s); v.Rank() < len(Severities()) {
		return v, nil
	}
	return "", fmt.Errorf("unknown severity %q: critical, high, medium, low or info", s)
}

// Area is one of the five areas that posture is reported by.
type Area string

// The areas.
const (
	Identity       Area = "identity"
	Detection      Area = "detection"
	Infrastructure Area = "infrastructure"
	Data           Area = "data"
	Response       Area = "incident-response"
)

// Areas lists them in the order of reports.
func Areas() []Area { return []Area{Identity, Detection, Infrastructure, Data, Response} }

// ParseArea accepts the five words.
func ParseArea(s string) (Area, error) {
	for _, a := range Areas() {
		if s == string(a) {
			return a, nil
		}
	}
	return "", fmt.Errorf("unknown area %q: identity, detection, infrastructure, data or incident-response", s)
}
