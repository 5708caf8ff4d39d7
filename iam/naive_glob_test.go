package iam

import "strings"

// naiveRune is a character of a pattern; a special one is a wildcard.
type naiveRune struct {
	r       rune
	special bool
	inside  bool // a wildcard that may not leave its ARN segment
}

// naiveGlob says whether a pattern fits a text, by trying everything.
func naiveGlob(pattern []naiveRune, text []rune) bool {
	if len(pattern) == 0 {
		return len(text) == 0
	}
	p := pattern[0]
	switch {
	case p.special && p.r == '*':
		if naiveGlob(pattern[1:], text) {
			return true
		}
		return len(text) > 0 && !(p.inside && text[0] == ':') && naiveGlob(pattern, text[1:])
	case p.special && p.r == '?':
		return len(text) > 0 && !(p.inside && text[0] == ':') && naiveGlob(pattern[1:], text[1:])
	}
	return len(text) > 0 && text[0] == p.r && naiveGlob(pattern[1:], text[1:])
}

// naiveExpand turns policy text into a pattern. Wildcards are special where
// wild is set. A variable becomes its value, letter by letter; ok is false
// where one has no value: "There is no equal or like value."
func naiveExpand(text string, wild, variables bool, context naiveContext) (pattern []naiveRune, ok bool) {
	for text != "" {
		if end := strings.Index(text, "}"); variables && strings.HasPrefix(text, "${") && end > 0 {
			value, found := naiveVariable(text[2:end], context)
			if !found {
				return nil, false
			}
			for _, r := range value {
				pattern = append(pattern, naiveRune{r: r})
			}
			text = text[end+1:]
			continue
		}
		r := []rune(text)[0]
		pattern = append(pattern, naiveRune{r: r, special: wild && (r == '*' || r == '?')})
		text = text[len(string(r)):]
	}
	return pattern, true
}

// naiveVariable is what stands between ${ and }.
func naiveVariable(inside string, context naiveContext) (string, bool) {
	if inside == "*" || inside == "?" || inside == "$" {
		return inside, true
	}
	key, fallback, hasFallback := strings.Cut(inside, ", '")
	values := context.values(key)
	switch {
	case len(values) == 1:
		return values[0], true
	case len(values) > 1:
		return "", false // "You can't use a multivalued condition key as a variable."
	case hasFallback:
		return strings.TrimSuffix(fallback, "'"), true
	}
	return "", false
}

// naiveResource says whether a Resource value fits. "If the * wildcard is the
// last character of a resource ARN segment, it can expand to match beyond the
// colon boundaries"; else it stays within its segment. The sixth segment is the
// last: it holds whatever follows.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_resource.html
func naiveResource(text string, variables bool, resource string, context naiveContext) bool {
	pattern, ok := naiveExpand(text, true, variables, context)
	if !ok {
		return false
	}
	if strings.HasPrefix(text, "arn:") {
		segment := 1
		for i := range pattern {
			last := i+1 == len(pattern) || pattern[i+1].r == ':'
			switch {
			case pattern[i].r == ':' && segment < 6:
				segment++
			case segment < 6 && pattern[i].special:
				pattern[i].inside = pattern[i].r == '?' || !last
			}
		}
	}
	return naiveGlob(pattern, []rune(resource))
}

// naiveAction: "The prefix and the action name are case insensitive."
func naiveAction(text, action string) bool {
	pattern, _ := naiveExpand(strings.ToLower(text), true, false, nil)
	return naiveGlob(pattern, []rune(strings.ToLower(action)))
}
