package reference

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"sync"
	"time"
)

// The data are a row of gzip members, so that zcat shows them and a service can
// be read without the others. The first member is the index:
//
//	source	PACKAGE	VERSION	DATE	INTEGRITY
//	member	OFFSET	LENGTH            where each further member stands behind the index's
//	service	PREFIX	NAME	MEMBER	START	END	RCP	ARNS	KEYS
//
// ARNS are the services in the ARNs of its types, KEYS what stands before the
// first colon of its condition keys, both without PREFIX itself and separated by
// spaces. START and END cut the service out of its member's text:
//
//	k	TYPE	NAME                     a condition key; later lines name it by its place
//	r	NAME	ARN ARN…	KEYS
//	a	LEVEL	NAME	TYPES	KEYS     TYPES: INDEX[!][:KEYS] separated by ";"
//
// KEYS are places separated by ",". TYPE is a letter (see typeLetters) and a "+"
// for a key of many values; LEVEL the number of the AccessLevel. Lists are sorted
// by name in lower case.

// maxMember bounds what one member may unpack to.
const maxMember = 16 << 20

// errFormat is wrapped by the errors of [Open] and [Load].
var errFormat = errors.New("reference data malformed")

// typeLetters name the types of condition keys in the data.
const typeLetters = "?SNDBAIX"

// Open reads reference data in the form that the generator writes, all of it, so
// that what is broken is an error here and nowhere later.
func Open(data []byte) (*Reference, error) {
	r, err := open(data)
	if err != nil {
		return nil, err
	}
	for _, e := range r.entries {
		if _, err := e.read(); err != nil {
			return nil, err
		}
	}
	return r, nil
}

// open reads the index; services follow when they are asked for.
func open(data []byte) (*Reference, error) {
	r := bytes.NewReader(data)
	index, err := readMember(r)
	if err != nil {
		return nil, fmt.Errorf("%w: index: %w", errFormat, err)
	}
	body := data[len(data)-r.Len():]
	ref := &Reference{}
	var members []func() (string, error)
	for line := range strings.Lines(index) {
		f := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		switch {
		case f[0] == "source" && len(f) == 5:
			date, err := time.Parse(time.DateOnly, f[3])
			if err != nil {
				return nil, fmt.Errorf("%w: date %q", errFormat, f[3])
			}
			ref.source = Source{Package: f[1], Version: f[2], Date: date, Integrity: f[4]}
		case f[0] == "member" && len(f) == 3:
			part, err := cut(body, f[1], f[2])
			if err != nil {
				return nil, err
			}
			members = append(members, sync.OnceValues(func() (string, error) { return readMember(bytes.NewReader(part)) }))
		case f[0] == "service" && len(f) == 9:
			m, err := strconv.Atoi(f[3])
			if err != nil || m < 0 || m >= len(members) {
				return nil, fmt.Errorf("%w: member %q of %s", errFormat, f[3], f[1])
			}
			e := &entry{prefix: f[1], name: f[2], rcp: f[6] == "1", arns: f[7], keys: f[8]}
			text := members[m]
			e.read = sync.OnceValues(func() (*Service, error) {
				t, err := text()
				if err != nil {
					return nil, fmt.Errorf("%w: %s: %w", errFormat, f[1], err)
				}
				t, err = cut(t, f[4], f[5])
				if err != nil {
					return nil, err
				}
				return parseService(e, t)
			})
			ref.entries = append(ref.entries, e)
		default:
			return nil, fmt.Errorf("%w: index line %q", errFormat, line)
		}
	}
	if len(ref.entries) == 0 {
		return nil, fmt.Errorf("%w: no services", errFormat)
	}
	ref.global = sync.OnceValue(newGlobals)
	ref.calls = sync.OnceValue(newCalls)
	ref.logging = sync.OnceValue(newUnlogged)
	return ref, nil
}

// readMember unpacks the gzip member at the front of r and no more.
func readMember(r *bytes.Reader) (string, error) {
	z, err := gzip.NewReader(r)
	if err != nil {
		return "", err
	}
	z.Multistream(false)
	var b strings.Builder
	n, err := io.Copy(&b, io.LimitReader(z, maxMember+1))
	if err != nil {
		return "", err
	}
	if n > maxMember {
		return "", errors.New("a member too long")
	}
	return b.String(), nil
}

// cut gives s[start:end] for numbers in text.
func cut[T string | []byte](s T, start, end string) (T, error) {
	a, err1 := strconv.Atoi(start)
	b, err2 := strconv.Atoi(end)
	if err1 != nil || err2 != nil || a < 0 || b < a || b > len(s) {
		return s[:0], fmt.Errorf("%w: place %q to %q of %d", errFormat, start, end, len(s))
	}
	return s[a:b], nil
}

// parseService reads the lines of one service. Strings of the result are parts
// of text.
func parseService(e *entry, text string) (*Service, error) {
	p := &serviceParser{s: &Service{Prefix: e.prefix, Name: e.name, ResourceControlPolicies: e.rcp}, lists: map[string][]string{}}
	p.s.actions = make([]Action, 0, strings.Count(text, "\na\t"))
	for text != "" {
		var line string
		line, text, _ = strings.Cut(text, "\n")
		kind, rest, _ := strings.Cut(line, "\t")
		var err error
		switch kind {
		case "k":
			err = p.key(rest)
		case "r":
			err = p.resource(rest)
		case "a":
			err = p.action(rest)
		default:
			err = fmt.Errorf("line %q", line)
		}
		if err != nil {
			return nil, fmt.Errorf("%w: %s: %w", errFormat, e.prefix, err)
		}
	}
	return p.s, nil
}

// serviceParser keeps lists of condition keys apart by their text, since most
// repeat: ec2 has thousands of lists and a few dozen different ones.
type serviceParser struct {
	s     *Service
	lists map[string][]string
}

func (p *serviceParser) key(line string) error {
	letter, name, ok := strings.Cut(line, "\t")
	letter, multi := strings.CutSuffix(letter, "+")
	if !ok || len(letter) != 1 || strings.IndexByte(typeLetters, letter[0]) < 0 {
		return fmt.Errorf("key %q", line)
	}
	p.s.keys = append(p.s.keys, ConditionKey{Name: name, Type: ValueType(strings.IndexByte(typeLetters, letter[0])), Multivalued: multi})
	return nil
}

func (p *serviceParser) resource(line string) error {
	name, rest, ok := strings.Cut(line, "\t")
	arns, places, ok2 := strings.Cut(rest, "\t")
	if !ok || !ok2 {
		return fmt.Errorf("resource %q", line)
	}
	keys, err := p.list(places)
	if err != nil {
		return err
	}
	t := ResourceType{Service: p.s.Prefix, Name: name, ARNs: strings.Split(arns, " "), ConditionKeys: keys}
	for _, a := range t.ARNs {
		t.compiled = append(t.compiled, typePattern(a))
	}
	p.s.types = append(p.s.types, t)
	return nil
}

func (p *serviceParser) action(line string) error {
	level, rest, ok := strings.Cut(line, "\t")
	name, rest, ok2 := strings.Cut(rest, "\t")
	types, places, ok3 := strings.Cut(rest, "\t")
	if !ok || !ok2 || !ok3 || len(level) != 1 || level[0] < '1' || level[0] > '5' {
		return fmt.Errorf("action %q", line)
	}
	keys, err := p.list(places)
	if err != nil {
		return err
	}
	a := Action{Service: p.s.Prefix, Name: name, Level: AccessLevel(level[0] - '0'), ConditionKeys: keys}
	if types != "" {
		a.Resources = make([]ActionResource, 0, strings.Count(types, ";")+1)
	}
	for types != "" {
		var one string
		one, types, _ = strings.Cut(types, ";")
		place, places, _ := strings.Cut(one, ":")
		place, required := strings.CutSuffix(place, "!")
		i, err := strconv.Atoi(place)
		if err != nil || i < 0 || i >= len(p.s.types) {
			return fmt.Errorf("type %q of action %s", place, name)
		}
		keys, err := p.list(places)
		if err != nil {
			return err
		}
		a.Resources = append(a.Resources, ActionResource{Type: p.s.types[i].Name, Required: required, ConditionKeys: keys})
	}
	p.s.actions = append(p.s.actions, a)
	return nil
}

// list gives the names of the keys at the places.
func (p *serviceParser) list(places string) ([]string, error) {
	if places == "" {
		return nil, nil
	}
	if l, ok := p.lists[places]; ok {
		return l, nil
	}
	l := make([]string, 0, strings.Count(places, ",")+1)
	for s := range strings.SplitSeq(places, ",") {
		i, err := strconv.Atoi(s)
		if err != nil || i < 0 || i >= len(p.s.keys) {
			return nil, fmt.Errorf("condition key %q of %d", s, len(p.s.keys))
		}
		l = append(l, p.s.keys[i].Name)
	}
	p.lists[places] = l
	return l, nil
}
