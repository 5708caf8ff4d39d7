package reference

import "fmt"

// AccessLevel is AWS's classification of what an action does. AWS gives an
// action that changes permissions or tags the level Write besides; here the
// narrower one counts, as in AWS's tables of actions.
//
// https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_understand-policy-summary-access-level-summaries.html (read 2026-11-24)
type AccessLevel uint8

// The five levels, from the least to the most dangerous but for Tagging, which
// matters where conditions look at tags. The zero AccessLevel is none of them.
const (
	List AccessLevel = iota + 1
	Read
	Tagging
	Write
	PermissionsManagement
)

// Levels are all access levels in their order.
func Levels() []AccessLevel {
	return []AccessLevel{List, Read, Tagging, Write, PermissionsManagement}
}

// String is the level as AWS writes it, for example "Permissions management".
func (l AccessLevel) String() string {
	switch l {
	case List:
		return "List"
	case Read:
		return "Read"
	case Tagging:
		return "Tagging"
	case Write:
		return "Write"
	case PermissionsManagement:
		return "Permissions management"
	default:
		return fmt.Sprintf("AccessLevel(%d)", uint8(l))
	}
}

// ParseLevel reads a level as AWS writes it, in any case; "permissions",
// "permissions-management" and "tag" are understood as well.
func ParseLevel(s string) (AccessLevel, error) {
	switch lower(s) {
	case "list":
		return List, nil
	case "read":
		return Read, nil
	case "tagging", "tag":
		return Tagging, nil
	case "write":
		return Write, nil
	case "permissions management", "permissions-management", "permissions":
		return PermissionsManagement, nil
	default:
		return 0, fmt.Errorf("access level %q: want list, read, tagging, write or permissions-management", s)
	}
}
