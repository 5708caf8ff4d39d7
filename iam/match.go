package iam

// Match is the answer of a part of a policy to a request. Their order makes
// "and" the minimum and "or" the maximum, as in Kleene's logic.
type Match uint8

// The three answers.
const (
	No    Match = iota // does not match, whatever is still unknown
	Maybe              // depends on something that is not known
	Yes                // matches
)

func (m Match) String() string {
	switch m {
	case No:
		return "no"
	case Yes:
		return "yes"
	}
	return "unknown"
}

// not turns an answer round; what is unknown stays unknown.
func (m Match) not() Match { return Yes - m }

func matchOf(b bool) Match {
	if b {
		return Yes
	}
	return No
}
