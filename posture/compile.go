package posture

import (
	"cel.dev/cel-go/common/ast"

	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"gopkg.in/yaml.v3"

	"merlon.dev/merlon/inventory"
)

// Folder is a folder of controls.
type Folder struct {
	FS fs.FS
	// Name is put before the files' paths in messages; it may be empty.
	Name string
	// CostLimit ends every evaluation that takes more steps, with an error and so
	// with the verdict unknown; 0 sets no limit. It is meant for controls that
	// nobody has reviewed, and makes them about a third slower.
	CostLimit uint64
	// Playbooks are the playbooks that a control may name; nil allows none.
	Playbooks map[string]bool
}

// DefaultCostLimit is a limit that no sensible control reaches: some seconds.
const DefaultCostLimit = 20_000_000

// Catalog is a set of compiled controls. It is immutable and safe for concurrent use.
type Catalog struct {
	rules []*rule // by id
	byID  map[string]*rule
	// schemas are what the controls were checked against.
	schemas *inventory.SchemaSet
}

// rule is a control ready to run.
type rule struct {
	*Control
	subject                      *inventory.Type
	when, require, discriminator *expression
	message                      []messagePart
	params                       map[string]ref.Val
	reads                        []read
	asks                         []ask
	// leads are the resource types that the expressions lead to.
	leads     []string
	costLimit uint64
}

// Load reads and compiles every control of the folders: all files *.yaml but
// *_test.yaml. The error joins everything that is wrong, each with file, line
// and column.
func Load(schemas *inventory.SchemaSet, folders ...Folder) (*Catalog, error) {
	env, err := newEnvironment(newProvider(schemas))
	if err != nil {
		return nil, err
	}
	c := &Catalog{byID: map[string]*rule{}, schemas: schemas}
	var errs []error
	for _, folder := range folders {
		files, err := controlFiles(folder.FS)
		if err != nil {
			return nil, fmt.Errorf("read controls of %s: %w", folder.Name, err)
		}
		for _, name := range files {
			r, err := load(env, folder, name)
			if err != nil {
				errs = append(errs, err)
				continue
			}
			if old, ok := c.byID[r.ID]; ok {
				errs = append(errs, fmt.Errorf("%s:1:1: control %s exists already: %s", r.File, r.ID, old.File))
				continue
			}
			c.byID[r.ID] = r
			c.rules = append(c.rules, r)
		}
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	slices.SortFunc(c.rules, func(a, b *rule) int { return strings.Compare(a.ID, b.ID) })
	return c, nil
}

func load(env *environment, folder Folder, name string) (*rule, error) {
	data, err := readLimited(folder.FS, name)
	if err != nil {
		return nil, fmt.Errorf("read control: %w", err)
	}
	f, err := parseControl(path.Join(folder.Name, name), strings.TrimSuffix(name, ".yaml"), data)
	if err != nil {
		return nil, err
	}
	if p := f.control.Fix.Playbook; p != "" && !folder.Playbooks[p] {
		return nil, f.nodeErrorf(f.nodes["playbook"], "there is no playbook %s%s", p, didYouMean(p, keysSorted(folder.Playbooks)))
	}
	return compile(env, f, folder.CostLimit)
}

// compile checks and plans all expressions of a control.
func compile(env *environment, f *controlFile, costLimit uint64) (*rule, error) {
	c := f.control
	subject, ok := env.provider.schemas.Type(c.Resource)
	if !ok {
		hint := ""
		if t := env.provider.schemas.ClosestType(c.Resource); t != "" {
			hint = "; did you mean " + t + "?"
		}
		return nil, f.nodeErrorf(f.nodes["resource"], "there is no type %s%s", c.Resource, hint)
	}
	r := &rule{Control: c, subject: subject, costLimit: costLimit}
	paramTypes := map[string]*types.Type{}
	r.params = map[string]ref.Val{}
	for name, v := range c.Parameters {
		val, typ, err := parameterValue(v)
		if err != nil {
			return nil, f.errorf(1, 1, "parameter %s: %v", name, err)
		}
		r.params[name], paramTypes[name] = val, typ
	}
	env.provider.begin(subject, paramTypes)
	var errs []error
	one := func(field, text string, want *types.Type) *expression {
		if text == "" {
			return nil
		}
		n := f.nodes[field]
		x, faults := env.compile(n.Value, want, costLimit)
		for _, ft := range faults {
			errs = append(errs, f.faultError(n, ft))
		}
		return x
	}
	r.when = one("when", c.When, types.BoolType)
	r.require = one("require", c.Require, types.BoolType)
	r.discriminator = one("discriminator", c.Discriminator, nil)
	n := f.nodes["message"]
	parts, faults := parseMessage(n.Value)
	for i := range parts {
		if parts[i].cel == "" {
			continue
		}
		x, fs := env.compile(parts[i].cel, nil, costLimit)
		for _, ft := range fs {
			faults = append(faults, fault{parts[i].offset + ft.offset, ft.message})
		}
		parts[i].expression = x
	}
	for _, ft := range faults {
		errs = append(errs, f.faultError(n, ft))
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	r.message = parts
	r.reads = append(readsOf(r.when, r.require), policyReads(c.Resource, r.require)...)
	r.asks = asksOf(r.when, r.require)
	expressions := []*expression{r.when, r.require, r.discriminator}
	for i := range parts {
		expressions = append(expressions, parts[i].expression)
	}
	r.leads = env.leads(c.Resource, expressions)
	for _, x := range expressions {
		if x != nil {
			x.checked = nil // it is several times as large as the program
		}
	}
	return r, nil
}

func (f *controlFile) faultError(n *yaml.Node, ft fault) error {
	line, column := f.find(n, ft.offset)
	return f.errorf(line, column, "%s", ft.message)
}

// parameterValue gives the CEL value and type of a parameter.
func parameterValue(v any) (ref.Val, *types.Type, error) {
	switch t := v.(type) {
	case string:
		return types.String(t), types.StringType, nil
	case int:
		return types.Int(t), types.IntType, nil
	case int64:
		return types.Int(t), types.IntType, nil
	case float64:
		return types.Double(t), types.DoubleType, nil
	case bool:
		return types.Bool(t), types.BoolType, nil
	case []any:
		l := &list{sound: true}
		var elem *types.Type
		for _, e := range t {
			if _, nested := e.([]any); nested {
				return nil, nil, errors.New("a parameter has no lists in lists")
			}
			val, typ, err := parameterValue(e)
			if err != nil {
				return nil, nil, err
			}
			if elem != nil && elem != typ {
				return nil, nil, errors.New("the values of a parameter's list must be of one kind")
			}
			elem = typ
			l.elems = append(l.elems, val)
		}
		if elem == nil {
			return nil, nil, errors.New("an empty list does not tell of what kind its values are")
		}
		return l, types.NewListType(elem), nil
	}
	return nil, nil, errors.New("a parameter is a number, a word, true or false, or a list of numbers or words")
}

// Controls lists the controls by id. The slice is the caller's, the controls are not.
func (c *Catalog) Controls() []*Control {
	out := make([]*Control, len(c.rules))
	for i, r := range c.rules {
		out[i] = r.Control
	}
	return out
}

// Control gives the control of an id.
func (c *Catalog) Control(id string) (*Control, bool) {
	r, ok := c.byID[id]
	if !ok {
		return nil, false
	}
	return r.Control, true
}

// Closest gives the id that is nearest to one that does not exist, or "".
func (c *Catalog) Closest(id string) string {
	return closest(id, keysSorted(c.byID))
}

// leads are the resource types that expressions about a type lead to, itself
// included, sorted.
func (e *environment) leads(subject string, expressions []*expression) []string {
	out := []string{subject}
	for _, x := range expressions {
		if x == nil {
			continue
		}
		for _, t := range x.checked.NativeRep().TypeMap() {
			for len(t.Parameters()) > 0 {
				t = t.Parameters()[len(t.Parameters())-1]
			}
			if doc, ok := e.provider.document(t.TypeName()); ok && t.TypeName() != subjectType {
				out = append(out, doc.Name)
			}
		}
		ast.PostOrderVisit(x.checked.NativeRep().Expr(), ast.NewExprVisitor(func(n ast.Expr) {
			if n.Kind() == ast.CallKind {
				out = append(out, engineTypes(n.AsCall().FunctionName())...)
			}
		}))
	}
	slices.Sort(out)
	return slices.Compact(out)
}
