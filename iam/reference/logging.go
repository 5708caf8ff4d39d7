package reference

import (
	_ "embed"
	"slices"
	"strings"
)

// dataevents.txt explains itself at its head.
//
//go:embed dataevents.txt
var dataEventsFile string

// Logging says how CloudTrail records the use of an action.
type Logging uint8

const (
	// ManagementEvent: every trail records it unless told otherwise, as far as we
	// know: it is also what an action gets that our list does not name.
	ManagementEvent Logging = iota
	// DataEvent: recorded only where a trail's selectors ask for its resource type.
	DataEvent
	// NoEvent: CloudTrail does not record it.
	NoEvent
)

// String is the kind in words.
func (l Logging) String() string {
	switch l {
	case ManagementEvent:
		return "management event"
	case DataEvent:
		return "data event"
	default:
		return "no event"
	}
}

// Unlogged is an action or a pattern of actions that a trail does not show unless
// it is told to.
type Unlogged struct {
	Action string // "s3:GetObject*"
	// ResourceType is what an event selector must name ("AWS::S3::Object"); "" for
	// what CloudTrail never records.
	ResourceType string
}

// Logging says how CloudTrail records uses of the action, given by its full name
// in any case.
func (r *Reference) Logging(action string) Logging {
	for _, u := range r.logging() {
		if matchFold(u.Action, action) {
			if u.ResourceType == "" {
				return NoEvent
			}
			return DataEvent
		}
	}
	return ManagementEvent
}

// Unlogged are all actions that a trail with its default settings does not show.
// Whoever concludes from a trail that an action was not used must except them.
func (r *Reference) Unlogged() []Unlogged { return slices.Clone(r.logging()) }

func newUnlogged() []Unlogged {
	var out []Unlogged
	resource := ""
	for line := range strings.Lines(dataEventsFile) {
		line = strings.TrimSpace(line)
		if section, ok := strings.CutPrefix(line, "@"); ok {
			_, resource, _ = strings.Cut(section, " ")
			continue
		}
		if strings.HasPrefix(line, "#") {
			continue
		}
		for a := range strings.FieldsSeq(line) {
			out = append(out, Unlogged{Action: a, ResourceType: resource})
		}
	}
	return out
}
