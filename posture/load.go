package posture

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"regexp"
	"slices"
	"strings"
	"time"

	"gopkg.in/yaml.v3"

	"merlon.dev/merlon"
)

// MaxControlFile is the largest file of a control or of its tests, in bytes.
const MaxControlFile = 1 << 20

// controlFile is a control as it is written, with the nodes that hold CEL, for
// their positions.
type controlFile struct {
	*source
	control *Control
	nodes   map[string]*yaml.Node
}

// ParseControl reads the file of a control without compiling its expressions.
// The errors name file, line and column, and every one that was found.
func ParseControl(file, id string, data []byte) (*Control, error) {
	f, err := parseControl(file, id, data)
	if err != nil {
		return nil, err
	}
	return f.control, nil
}

func parseControl(file, id string, data []byte) (*controlFile, error) {
	f := &controlFile{source: newSource(file, data), control: &Control{ID: id, File: file}, nodes: map[string]*yaml.Node{}}
	root, err := f.document(data)
	if err != nil {
		return nil, err
	}
	if !validID(id) {
		return nil, f.errorf(1, 1, "a control's path is its id: words of a-z, 0-9 and - with / between them, not %.80q", id)
	}
	d := &decoder{source: f.source}
	c := f.control
	d.object(root, "control", map[string]func(*yaml.Node){
		"title":    d.text(&c.Title),
		"area":     func(n *yaml.Node) { decodeWord(d, n, &c.Area, merlon.ParseArea) },
		"severity": func(n *yaml.Node) { decodeWord(d, n, &c.Severity, merlon.ParseSeverity) },
		"resource": f.keep("resource", d.text(&c.Resource)),
		"when":     f.keep("when", d.text(&c.When)),
		"require":  f.keep("require", d.text(&c.Require)),
		"message":  f.keep("message", d.text(&c.Message)),
		"why":      d.text(&c.Why),
		"fix": func(n *yaml.Node) {
			d.object(n, "fix", map[string]func(*yaml.Node){
				"text": d.text(&c.Fix.Text), "cli": d.text(&c.Fix.CLI), "terraform": d.text(&c.Fix.Terraform),
				"cloudformation": d.text(&c.Fix.CloudFormation), "playbook": f.keep("playbook", d.text(&c.Fix.Playbook)),
			})
		},
		"requirements": func(n *yaml.Node) { d.words(n, &c.Requirements, requirementForm, "framework/requirement") },
		"aliases":      func(n *yaml.Node) { d.words(n, &c.Aliases, requirementForm, "tool/id") },
		"source": func(n *yaml.Node) {
			d.object(n, "source", map[string]func(*yaml.Node){"url": d.text(&c.Source.URL), "read": d.text(&c.Source.Read)})
			f.checkSource(d, n)
		},
		"discriminator": f.keep("discriminator", d.text(&c.Discriminator)),
		"parameters":    func(n *yaml.Node) { c.Parameters = d.parameters(n) },
	})
	for _, need := range []struct{ name, value string }{
		{"title", c.Title}, {"area", string(c.Area)}, {"severity", string(c.Severity)}, {"resource", c.Resource},
		{"require", c.Require}, {"message", c.Message}, {"why", c.Why}, {"fix: text", c.Fix.Text},
	} {
		if need.value == "" && !d.failed[need.name] {
			d.errs = append(d.errs, f.errorf(1, 1, "%s is missing", need.name))
		}
	}
	if err := errors.Join(d.errs...); err != nil {
		return nil, err
	}
	return f, nil
}

var (
	requirementForm = regexp.MustCompile(`^[a-z0-9][a-z0-9.-]*/[A-Za-z0-9][A-Za-z0-9._/-]*$`)
	idForm          = regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*(/[a-z0-9]+(-[a-z0-9]+)*)+$`)
	parameterForm   = regexp.MustCompile(`^[a-z][A-Za-z0-9]*$`)
)

func validID(id string) bool { return len(id) <= 200 && idForm.MatchString(id) }

// keep remembers the node of a field.
func (f *controlFile) keep(name string, then func(*yaml.Node)) func(*yaml.Node) {
	return func(n *yaml.Node) {
		f.nodes[name] = n
		then(n)
	}
}

func (f *controlFile) checkSource(d *decoder, n *yaml.Node) {
	s := f.control.Source
	if !strings.HasPrefix(s.URL, "https://") {
		d.fail(n, "url must begin with https://")
	}
	if _, err := time.Parse(time.DateOnly, s.Read); err != nil {
		d.fail(n, "read must be the day the page was read, as 2026-01-31")
	}
}

// document reads the one YAML document of a file and refuses what makes files
// larger than they look.
func (s *source) document(data []byte) (*yaml.Node, error) {
	if len(data) > MaxControlFile {
		return nil, s.errorf(1, 1, "%d bytes are more than %d", len(data), MaxControlFile)
	}
	dec := yaml.NewDecoder(bytes.NewReader(data))
	var doc, more yaml.Node
	if err := dec.Decode(&doc); err != nil {
		if errors.Is(err, io.EOF) {
			return nil, s.errorf(1, 1, "the file is empty")
		}
		return nil, s.yamlError(err)
	}
	if err := dec.Decode(&more); !errors.Is(err, io.EOF) {
		if err != nil {
			return nil, s.yamlError(err)
		}
		return nil, s.nodeErrorf(&more, "a file holds one document")
	}
	if len(doc.Content) != 1 {
		return nil, s.errorf(1, 1, "the file is empty")
	}
	if err := s.noAliases(&doc, 0); err != nil {
		return nil, err
	}
	return doc.Content[0], nil
}

var yamlLine = regexp.MustCompile(`^yaml: line (\d+): (.*)$`)

func (s *source) yamlError(err error) error {
	text := err.Error()
	if m := yamlLine.FindStringSubmatch(text); m != nil {
		return fmt.Errorf("%s:%s:1: %s", s.file, m[1], m[2])
	}
	return s.errorf(1, 1, "%s", strings.TrimPrefix(text, "yaml: "))
}

// maxYAMLDepth bounds the nesting of a file.
const maxYAMLDepth = 100

func (s *source) noAliases(n *yaml.Node, depth int) error {
	if n.Kind == yaml.AliasNode || n.Anchor != "" {
		return s.nodeErrorf(n, "anchors and aliases are not used in these files")
	}
	if depth > maxYAMLDepth {
		return s.nodeErrorf(n, "nested more than %d deep", maxYAMLDepth)
	}
	for _, c := range n.Content {
		if err := s.noAliases(c, depth+1); err != nil {
			return err
		}
	}
	return nil
}

// decoder reads YAML nodes strictly and collects what is wrong.
type decoder struct {
	*source
	errs   []error
	failed map[string]bool // fields of the root that have an error of their own
}

func (d *decoder) fail(n *yaml.Node, format string, args ...any) {
	d.errs = append(d.errs, d.nodeErrorf(n, format, args...))
}

// object calls the function of each member; one that is not known or occurs
// twice is an error.
func (d *decoder) object(n *yaml.Node, what string, members map[string]func(*yaml.Node)) {
	if n.Kind != yaml.MappingNode {
		d.fail(n, "a %s is a list of “name: value”", what)
		return
	}
	seen := map[string]bool{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		k, v := n.Content[i], n.Content[i+1]
		fn, ok := members[k.Value]
		switch {
		case !ok:
			d.fail(k, "a %s has no %.80q%s", what, k.Value, didYouMean(k.Value, keysSorted(members)))
		case seen[k.Value]:
			d.fail(k, "%s occurs twice", k.Value)
		default:
			before := len(d.errs)
			fn(v)
			if len(d.errs) > before {
				if d.failed == nil {
					d.failed = map[string]bool{}
				}
				d.failed[k.Value] = true
			}
		}
		seen[k.Value] = true
	}
}

// text reads a scalar as it is written.
func (d *decoder) text(into *string) func(*yaml.Node) {
	return func(n *yaml.Node) {
		if n.Kind != yaml.ScalarNode || n.Tag == "!!null" {
			d.fail(n, "this must be text")
			return
		}
		*into = strings.TrimSpace(n.Value)
		if *into == "" {
			d.fail(n, "this must not be empty")
		}
	}
}

func decodeWord[T ~string](d *decoder, n *yaml.Node, into *T, parse func(string) (T, error)) {
	v, err := parse(n.Value)
	if n.Kind != yaml.ScalarNode || err != nil {
		if err == nil {
			err = errors.New("this must be a word")
		}
		d.fail(n, "%v", err)
		return
	}
	*into = v
}

func (d *decoder) words(n *yaml.Node, into *[]string, form *regexp.Regexp, like string) {
	if n.Kind != yaml.SequenceNode {
		d.fail(n, "this must be a list")
		return
	}
	for _, e := range n.Content {
		switch {
		case e.Kind != yaml.ScalarNode || !form.MatchString(e.Value):
			d.fail(e, "this must have the form %s", like)
		case slices.Contains(*into, e.Value):
			d.fail(e, "%s occurs twice", e.Value)
		default:
			*into = append(*into, e.Value)
		}
	}
}

// parameters reads names with their defaults: a number, a word, true or false,
// or a list of numbers or of words.
func (d *decoder) parameters(n *yaml.Node) map[string]any {
	if n.Kind != yaml.MappingNode {
		d.fail(n, "parameters are a list of “name: default”")
		return nil
	}
	out := map[string]any{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		k, v := n.Content[i], n.Content[i+1]
		if !parameterForm.MatchString(k.Value) {
			d.fail(k, "the name of a parameter has the form maxAgeDays, not %.80q", k.Value)
			continue
		}
		if _, ok := out[k.Value]; ok {
			d.fail(k, "%s occurs twice", k.Value)
			continue
		}
		var value any
		if err := v.Decode(&value); err != nil {
			d.fail(v, "%v", err)
			continue
		}
		if _, _, err := parameterValue(value); err != nil {
			d.fail(v, "%v", err)
			continue
		}
		out[k.Value] = value
	}
	return out
}

// controlFiles lists the controls of a folder: every .yaml that is not a test.
func controlFiles(fsys fs.FS) ([]string, error) {
	var out []string
	err := fs.WalkDir(fsys, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && path != "." && strings.HasPrefix(d.Name(), ".") {
			return fs.SkipDir
		}
		if d.Type().IsRegular() && strings.HasSuffix(path, ".yaml") && !strings.HasSuffix(path, "_test.yaml") {
			out = append(out, path)
		}
		return nil
	})
	return out, err
}

// readLimited reads a file that must not be larger than MaxControlFile.
func readLimited(fsys fs.FS, name string) ([]byte, error) {
	f, err := fsys.Open(name)
	if err != nil {
		return nil, err
	}
	data, err := io.ReadAll(io.LimitReader(f, MaxControlFile+1))
	return data, errors.Join(err, f.Close())
}
