package iam

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"merlon.dev/merlon/iam/reference"
)

// ErrWish is wrapped by the errors of [Generate]: what was asked for is not what
// AWS has.
var ErrWish = errors.New("cannot be granted")

// LevelWish asks for every action of an access level.
type LevelWish struct {
	Level reference.AccessLevel
	// On is the ARN of a resource, or a pattern of ARNs; or the prefix of a
	// service, "ec2", for its actions of the level that take no resource.
	On string
}

// ActionWish asks for actions by name.
type ActionWish struct {
	Action string   // "s3:GetObject", or a pattern
	On     []string // ARNs; none: those of the other wishes that fit
}

// Wishes are what a policy is generated from.
type Wishes struct {
	Levels  []LevelWish
	Actions []ActionWish
	Exclude []string // patterns of actions that are not granted
}

// Proposal is a policy that was generated and what must be said with it.
type Proposal struct {
	Grants Grants
	// Lacking are granted actions that also need a resource of a type of which
	// none was named: AWS will refuse them.
	Lacking []Lack
	// Nothing are wishes that no action answers.
	Nothing []LevelWish
	// MayNeed are actions that calls of granted ones may need besides.
	MayNeed []Dependence
}

// Lack is an action with resource types that it needs and that no ARN is of.
type Lack struct {
	Action string
	Types  []string
}

// Dependence is an action whose calls may need others, which parameters and
// resources decide.
type Dependence struct {
	Action string
	Others []string
}

// Generate writes the grants that wishes ask for. An action is granted on the
// named resources whose type it takes; one that takes none on "*". The error
// wraps [ErrWish] and names the wish.
func Generate(ref *reference.Reference, w Wishes) (*Proposal, error) {
	p := &Proposal{}
	for _, l := range w.Levels {
		granted, err := p.level(ref, l)
		if err != nil {
			return nil, err
		}
		if granted == 0 {
			p.Nothing = append(p.Nothing, l)
		}
	}
	for _, a := range w.Actions {
		if err := p.action(ref, a, w); err != nil {
			return nil, err
		}
	}
	for _, pattern := range w.Exclude {
		compiled := compileAction(pattern)
		hit := false
		for _, a := range p.Grants.Actions() {
			if compiled.match(a, nil) == Yes {
				p.Grants.Remove(a)
				hit = true
			}
		}
		if !hit && !matchesAny(ref, pattern) {
			return nil, fmt.Errorf("%w: exclude %.200q: AWS has no such action", ErrWish, pattern)
		}
	}
	p.lack(ref)
	p.depend(ref)
	return p, nil
}

func matchesAny(ref *reference.Reference, pattern string) bool {
	for range ref.Match(pattern) {
		return true
	}
	return false
}

func (p *Proposal) level(ref *reference.Reference, l LevelWish) (granted int, err error) {
	if !strings.HasPrefix(l.On, "arn:") {
		s, ok := ref.Service(l.On)
		if !ok {
			return 0, fmt.Errorf("%w: %s on %.200q: neither an ARN nor the prefix of a service", ErrWish, l.Level, l.On)
		}
		for a := range s.Actions() {
			if a.Level == l.Level && len(a.Resources) == 0 {
				p.Grants.Add(a.String(), "*")
				granted++
			}
		}
		return granted, nil
	}
	if err := checkARN(ref, l.On); err != nil {
		return 0, fmt.Errorf("%w: %s on %.200q: %w", ErrWish, l.Level, l.On, err)
	}
	for _, a := range ref.ActionsOn(l.On, l.Level) {
		p.Grants.Add(a.String(), l.On)
		granted++
	}
	return granted, nil
}

func checkARN(ref *reference.Reference, arn string) error {
	parts := strings.SplitN(arn, ":", 6)
	switch {
	case len(arn) > maxResource:
		return fmt.Errorf("longer than %d characters", maxResource)
	case len(parts) < 6 || parts[1] == "" || parts[5] == "":
		return errors.New("an ARN has six parts: arn:partition:service:region:account:resource")
	case parts[2] == "" || strings.ContainsAny(parts[2], "*?"):
		return errors.New("the ARN must name its service")
	case len(ref.ResourceTypes(arn)) == 0:
		return errors.New("no resource type of AWS has such an ARN; are region and account where they belong?")
	}
	return nil
}

func (p *Proposal) action(ref *reference.Reference, w ActionWish, all Wishes) error {
	found := false
	for a := range ref.Match(w.Action) {
		found = true
		if len(a.Resources) == 0 {
			p.Grants.Add(a.String(), "*")
			continue
		}
		var on []string
		for _, arn := range w.On {
			if arn == "*" {
				on = append(on, arn)
				continue
			}
			if err := checkARN(ref, arn); err != nil {
				return fmt.Errorf("%w: %s on %.200q: %w", ErrWish, a, arn, err)
			}
			if takes(ref, a, arn) {
				on = append(on, arn)
			}
		}
		if len(w.On) == 0 {
			for _, l := range all.Levels {
				if strings.HasPrefix(l.On, "arn:") && takes(ref, a, l.On) {
					on = append(on, l.On)
				}
			}
		}
		if len(on) == 0 && strings.ContainsAny(w.Action, "*?") {
			continue
		}
		if len(on) == 0 {
			return fmt.Errorf("%w: %s takes a resource (%s) and none of them was named", ErrWish, a, strings.Join(typesOf(a), ", "))
		}
		p.Grants.Add(a.String(), on...)
	}
	if !found {
		return fmt.Errorf("%w: %.200q: AWS has no such action", ErrWish, w.Action)
	}
	return nil
}

// takes reports whether the action takes a resource with the ARN.
func takes(ref *reference.Reference, a reference.Action, arn string) bool {
	s, ok := ref.Service(a.Service)
	if !ok {
		return false
	}
	return slices.ContainsFunc(s.TypesOf(arn), func(t reference.ResourceType) bool { return a.Takes(t.Name) })
}

func typesOf(a reference.Action) []string {
	names := make([]string, len(a.Resources))
	for i, r := range a.Resources {
		names[i] = r.Type
	}
	return names
}

// lack finds the actions that need more resources than were named.
func (p *Proposal) lack(ref *reference.Reference) {
	for _, name := range p.Grants.Actions() {
		a, ok := ref.Action(name)
		if !ok || p.Grants.on[name]["*"] {
			continue
		}
		s, _ := ref.Service(a.Service)
		have := map[string]bool{}
		for arn := range p.Grants.on[name] {
			for _, t := range s.TypesOf(arn) {
				have[t.Name] = true
			}
		}
		var missing []string
		for _, r := range a.Resources {
			if r.Required && !have[r.Type] {
				missing = append(missing, r.Type)
			}
		}
		if len(missing) > 0 {
			p.Lacking = append(p.Lacking, Lack{name, missing})
		}
	}
}
