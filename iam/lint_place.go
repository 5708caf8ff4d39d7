package iam

import (
	"strconv"
	"strings"
)

// pointersOf gives for each offset at which a value or the name of a member
// stands its JSON pointer. A name's offset leads to its value.
func pointersOf(source []byte) map[int]string {
	root, err := readValue(source)
	if err != nil {
		return nil
	}
	out := map[int]string{}
	var walk func(v *value, at string)
	walk = func(v *value, at string) {
		if _, there := out[v.offset]; !there {
			out[v.offset] = at
		}
		for _, m := range v.members {
			child := at + "/" + escapePointer(m.name)
			out[m.offset] = child
			walk(m.value, child)
		}
		for i, item := range v.items {
			walk(item, at+"/"+strconv.Itoa(i))
		}
	}
	walk(root, "")
	return out
}

// escapePointer writes a name as a token of a JSON pointer
// (https://www.rfc-editor.org/rfc/rfc6901, read 2026-11-24).
func escapePointer(name string) string {
	return strings.NewReplacer("~", "~0", "/", "~1").Replace(name)
}

// unknownElements sorts pointers to unknown parts by statement and element. What
// is not below one statement makes all of them unknown.
func unknownElements(pointers []string) map[int]elementSet {
	out := map[int]elementSet{}
	for _, p := range pointers {
		parts := strings.Split(p, "/") // "", "Statement", "0", "Resource", …
		index := 0
		rest := parts
		switch {
		case len(parts) >= 2 && parts[1] != "Statement" && parts[1] != "":
			continue // Version, Id
		case len(parts) >= 4 && isIndex(parts[2]):
			index, _ = strconv.Atoi(parts[2])
			rest = parts[3:]
		case len(parts) >= 3 && !isIndex(parts[2]):
			rest = parts[2:] // a single statement without a list
		case len(parts) == 3:
			index, _ = strconv.Atoi(parts[2])
			out[index] |= allElements
			continue
		default:
			out[-1] = allElements
			continue
		}
		switch rest[0] {
		case "Action", "NotAction":
			out[index] |= actionElement
		case "Resource", "NotResource":
			out[index] |= resourceElement
		case "Condition":
			out[index] |= conditionElement
		case "Principal", "NotPrincipal":
			out[index] |= principalElement
		case "Sid":
		default:
			out[index] |= otherElement
		}
	}
	return out
}

func isIndex(text string) bool {
	_, err := strconv.Atoi(text)
	return err == nil
}
