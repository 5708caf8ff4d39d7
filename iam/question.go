package iam

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
)

// Question is a request with the policies that apply to it: one line of
// `merlon iam evaluate`.
type Question struct {
	Name     string
	Request  Request
	Policies Policies
}

// Answer is what is said to a Question.
type Answer struct {
	Name     string   `json:"name"`
	Decision Decision `json:"decision"`
	Error    string   `json:"error,omitempty"` // what in the question could not be read
	Trace    *Trace   `json:"trace,omitempty"`
}

// wireQuestion is a Question as JSON.
type wireQuestion struct {
	Name    string `json:"name"`
	Request struct {
		Principal       string                     `json:"principal"`
		Action          string                     `json:"action"`
		Resource        string                     `json:"resource"`
		ResourceAccount string                     `json:"resourceAccount"`
		Context         map[string]json.RawMessage `json:"context"`
	} `json:"request"`
	IdentityPolicies documents   `json:"identityPolicies"`
	ResourcePolicy   documents   `json:"resourcePolicy"`
	Boundaries       documents   `json:"boundaries"`
	SessionPolicy    documents   `json:"sessionPolicy"`
	EndpointPolicy   documents   `json:"endpointPolicy"`
	SCPs             []documents `json:"scps"`
	RCPs             []documents `json:"rcps"`
}

// documents is a list of policies, or one that stands for itself; null is nil.
type documents []json.RawMessage

func (d *documents) UnmarshalJSON(raw []byte) error {
	if trimmed := bytes.TrimSpace(raw); len(trimmed) > 0 && trimmed[0] == '{' {
		*d = documents{append(json.RawMessage(nil), raw...)}
		return nil
	}
	return json.Unmarshal(raw, (*[]json.RawMessage)(d))
}

func (d documents) policies(kind string, problems *[]error) []*Policy {
	if d == nil {
		return nil
	}
	out := make([]*Policy, 0, len(d))
	for i, raw := range d {
		name := fmt.Sprintf("%s %d", kind, i+1)
		p, err := ParsePolicy(raw)
		if err != nil {
			err = fmt.Errorf("%s: %w", name, err)
			*problems = append(*problems, err)
			p = UnknownPolicy(name, err.Error())
		}
		p.Name = name
		out = append(out, p)
	}
	return out
}

// ParseQuestion reads one JSON object. The error says what is wrong with it as
// a whole; a policy that cannot be read is an unknown one and named in
// problems. The context is complete: what it does not hold is absent.
func ParseQuestion(line []byte) (q *Question, problems []error, err error) {
	w, unknown, err := decodeQuestion(line)
	if err != nil {
		return nil, nil, fmt.Errorf("request: %w", err)
	}
	if unknown != nil {
		problems = append(problems, fmt.Errorf("request %q: %w; it is not looked at", w.Name, unknown))
	}
	q = &Question{Name: w.Name}
	if q.Request.Principal, err = ParsePrincipal(w.Request.Principal); err != nil {
		return q, nil, err
	}
	if w.Request.Action == "" || w.Request.Resource == "" {
		return q, nil, fmt.Errorf("request %q: action and resource must be given", w.Name)
	}
	q.Request.Action = w.Request.Action
	q.Request.Resource = w.Request.Resource
	q.Request.ResourceAccount = w.Request.ResourceAccount
	q.Request.Context = NewContext()
	for _, key := range slices.Sorted(maps.Keys(w.Request.Context)) {
		values, err := contextValues(w.Request.Context[key])
		if err != nil {
			return q, nil, fmt.Errorf("request %q: context key %q: %w", w.Name, key, err)
		}
		// "the key name matches both tags, but only one value matches": which one is not said.
		// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition.html, read 2026-11-24
		if _, is := q.Request.Context.Get(key); is != No {
			q.Request.Context.SetPresent(key)
			problems = append(problems, fmt.Errorf("request %q: context key %q stands twice, in different case; either value may count", w.Name, key))
			continue
		}
		q.Request.Context.Set(key, values...)
	}
	p := &q.Policies
	p.Identity = w.IdentityPolicies.policies("identity policy", &problems)
	p.Resource = w.ResourcePolicy.policies("resource policy", &problems)
	p.Boundaries = w.Boundaries.policies("boundary", &problems)
	p.Session = w.SessionPolicy.policies("session policy", &problems)
	p.Endpoint = w.EndpointPolicy.policies("endpoint policy", &problems)
	for i, level := range w.SCPs {
		p.SCPs = append(p.SCPs, level.policies(fmt.Sprintf("level %d SCP", i+1), &problems))
	}
	for i, level := range w.RCPs {
		p.RCPs = append(p.RCPs, level.policies(fmt.Sprintf("level %d RCP", i+1), &problems))
	}
	return q, problems, nil
}

// decodeQuestion reads a line; unknown names a member that it should not have.
func decodeQuestion(line []byte) (w wireQuestion, unknown, err error) {
	d := json.NewDecoder(bytes.NewReader(line))
	d.DisallowUnknownFields()
	if err := d.Decode(&w); err == nil {
		if _, err := d.Token(); err != io.EOF {
			return w, nil, errors.New("more follows after the end of the object")
		}
		return w, nil, nil
	} else if strings.Contains(err.Error(), "unknown field") {
		unknown = errors.New(strings.TrimPrefix(err.Error(), "json: "))
	}
	w = wireQuestion{}
	return w, unknown, json.Unmarshal(line, &w)
}

// contextValues are the strings of a context value: a scalar, or a list of them.
func contextValues(raw []byte) ([]string, error) {
	v, err := readValue(raw)
	if err != nil {
		return nil, err
	}
	switch v.kind {
	case kindNull:
		return nil, nil
	case kindObject:
		return nil, fmt.Errorf("an object; a string, a number, a boolean or a list of them belongs there")
	case kindList:
		var out []string
		for _, item := range v.items {
			if item.kind == kindObject || item.kind == kindList || item.kind == kindNull {
				return nil, fmt.Errorf("a list with %v in it", item.kind)
			}
			out = append(out, item.text)
		}
		return out, nil
	}
	return []string{v.text}, nil
}
