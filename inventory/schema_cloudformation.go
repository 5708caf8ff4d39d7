package inventory

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// archive is the CloudFormation types as the generator wrote them
// (internal/generate/schema): a row of gzip members. The first is the index:
//
//	@aws-cdk/aws-service-spec 0.1.216     source and version
//	1234 AWS::A::B AWS::A::C              a member's compressed size, and its types
//
// The others hold types as lines:
//
//	=AWS::S3::Bucket                      begins a type
//	#BucketName                           ID, words separated by blanks
//	^BucketName                           Ref, where it is not the ID
//	%Tags                                 TagProperty
//	~arn:${Partition}:s3:::${BucketName}  ARN
//	Arn -s                                a property: ! required, - read-only, then
//	Rules ![&Rule                         s i n b t j g (a tag), [list {map &definition
//	@Rule                                 begins a definition of this type
//
// An archive is not safe for concurrent use.
type archive struct {
	version string
	member  map[string]int // by type
	packed  [][]byte       // by member
	text    []string       // by member, once unpacked
}

func openArchive(data []byte) (*archive, error) {
	r := bytes.NewReader(data)
	index, err := unpack(r)
	if err != nil {
		return nil, fmt.Errorf("index: %w", err)
	}
	rest := data[len(data)-r.Len():]
	lines := strings.Split(strings.TrimSuffix(index, "\n"), "\n")
	a := &archive{version: lines[0], member: map[string]int{}, text: make([]string, len(lines)-1)}
	for i, line := range lines[1:] {
		words := strings.Fields(line)
		if len(words) == 0 {
			return nil, fmt.Errorf("index line %d is empty", i+2)
		}
		size, err := strconv.Atoi(words[0])
		if err != nil || size < 0 || size > len(rest) {
			return nil, fmt.Errorf("index line %d: bad size %q", i+2, words[0])
		}
		a.packed = append(a.packed, rest[:size])
		rest = rest[size:]
		for _, name := range words[1:] {
			a.member[name] = i
		}
	}
	return a, nil
}

// unpack reads one gzip member and leaves r behind it.
func unpack(r *bytes.Reader) (string, error) {
	z, err := gzip.NewReader(r)
	if err != nil {
		return "", err
	}
	z.Multistream(false)
	var b strings.Builder
	if _, err := io.Copy(&b, z); err != nil {
		return "", err
	}
	return b.String(), nil
}

// decode reads one type. The name must be one of a.member.
func (a *archive) decode(name string) (*Type, error) {
	i := a.member[name]
	if a.text[i] == "" {
		text, err := unpack(bytes.NewReader(a.packed[i]))
		if err != nil {
			return nil, err
		}
		a.text[i] = "\n" + text
	}
	_, body, ok := strings.Cut(a.text[i], "\n="+name+"\n")
	if !ok {
		return nil, errors.New("not in the member that the index names")
	}
	body, _, _ = strings.Cut(body, "\n=")
	return decodeType(name, body)
}

func decodeType(name, body string) (*Type, error) {
	d := decoder{typ: name, objects: map[string]*object{}}
	top := newObject(name + ".properties")
	t := &Type{Name: name, Properties: objectProperty(top)}
	into := top
	for line := range strings.Lines(body) {
		line = strings.TrimSuffix(line, "\n")
		if line == "" {
			continue
		}
		switch rest := line[1:]; line[0] {
		case '#':
			t.ID = strings.Fields(rest)
		case '^':
			t.Ref = strings.Fields(rest)
		case '%':
			t.TagProperty = rest
		case '~':
			t.ARN = rest
		case '@':
			into = d.object(rest)
		default:
			field, expr, _ := strings.Cut(line, " ")
			p, err := d.property(expr)
			if err != nil {
				return nil, fmt.Errorf("property %s: %w", field, err)
			}
			into.fields[field] = p
		}
	}
	if t.Ref == nil {
		t.Ref = t.ID
	}
	return t, nil
}

type decoder struct {
	typ     string
	objects map[string]*object
}

func (d *decoder) object(name string) *object {
	o, ok := d.objects[name]
	if !ok {
		o = newObject(d.typ + "." + name)
		d.objects[name] = o
	}
	return o
}

func (d *decoder) property(expr string) (*Property, error) {
	whole := expr
	p := new(Property)
	expr, p.Required = strings.CutPrefix(expr, "!")
	expr, p.ReadOnly = strings.CutPrefix(expr, "-")
	for at := p; ; {
		code := byte(0)
		if expr != "" {
			code, expr = expr[0], expr[1:]
		}
		switch code {
		case '[':
			at.Kind, at.Elem = List, new(Property)
		case '{':
			at.Kind, at.Elem = Map, new(Property)
		case '&':
			at.Kind, at.object = Object, d.object(expr)
			return p, nil
		case 'g':
			at.Kind, at.object = Object, tagObject()
		case 's':
			at.Kind = String
		case 'i':
			at.Kind = Integer
		case 'n':
			at.Kind = Number
		case 'b':
			at.Kind = Boolean
		case 't':
			at.Kind = Timestamp
		case 'j':
			at.Kind = JSON
		default:
			return nil, fmt.Errorf("bad expression %q", whole)
		}
		if at.Elem == nil {
			if expr != "" {
				return nil, fmt.Errorf("bad expression %q", whole)
			}
			return p, nil
		}
		at = at.Elem
	}
}

// tagObject is CloudFormation's Tag, the same in every type.
func tagObject() *object {
	return &object{name: "Tag", fields: map[string]*Property{
		"Key":   {Kind: String, Required: true},
		"Value": {Kind: String, Required: true},
	}}
}
