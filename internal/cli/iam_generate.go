package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"gopkg.in/yaml.v3"

	"merlon.dev/merlon/iam"
	"merlon.dev/merlon/iam/reference"
)

// maxWishes bounds a file of wishes, in bytes.
const maxWishes = 4 << 20

// generate is what `iam generate` was asked for.
type generate struct {
	levels  map[reference.AccessLevel]*[]string
	actions []string
	exclude []string
	file    string
	// accessed is the principal whose last-accessed data count.
	accessed string
	trail    trailSource
	today    todaysPolicies
	out      policyOutput
}

func newIAMGenerate(env Environment) *cobra.Command {
	g := &generate{levels: map[reference.AccessLevel]*[]string{}}
	c := &cobra.Command{
		Use:   "generate",
		Short: "Write the smallest policy for what is needed",
		Long: `Generate writes a policy that allows what it is told to, with the resources filled
in, in as many documents as AWS's size limit asks for.

From access levels: --read, --write, --list, --tagging and --permissions take the
ARN of a resource (every action of that level that takes it is granted on it) or
the prefix of a service (its actions of that level that take no resource, such as
most of EC2's Describe actions). --action adds single ones, --exclude takes away.
--file reads the same from YAML.

From what was really called: --cloudtrail reads files of CloudTrail (.json, .gz) or
folders of them; --principal says whose calls count, sessions of a role included.
Calls that were denied are listed and not granted, and so is what CloudTrail does
not show and what could not be mapped to actions.

From last-accessed data: --last-accessed PRINCIPAL takes from the policies that a user
or role has in --snapshot (of merlon collect --last-accessed) the services and actions
that it did not use. Resources, conditions and Deny stay. Where AWS tracks a service and
not its actions, all of the service stays; what the data cannot tell is said.

--compare FILE (a policy of today) or --current (from --snapshot) lists what the
new policy takes away.

The policy goes to standard output, or to the file of -o (further documents to
FILE-2 …); what must be known about it to standard error.

Exit codes: 0 written; 1 failure; 2 usage; 4 written, but something of the record
could not be read.`,
		Example: `  merlon iam generate --read arn:aws:s3:::reports --write 'arn:aws:s3:::reports/*' --list ec2
  merlon iam generate --action sqs:SendMessage=arn:aws:sqs:eu-west-1:111122223333:orders
  merlon iam generate --file wishes.yaml -o policy.json
  merlon iam generate --cloudtrail logs/ --principal arn:aws:iam::111122223333:role/app --compare today.json
  merlon iam generate --last-accessed arn:aws:iam::111122223333:role/app --snapshot acme.db`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return g.run(c.Context(), env) },
	}
	f := c.Flags()
	for _, l := range reference.Levels() {
		name, _, _ := strings.Cut(strings.ToLower(l.String()), " ")
		g.levels[l] = f.StringArray(name, nil, "grant "+strings.ToLower(l.String())+" actions on `ARN` or of a SERVICE (repeatable)")
	}
	f.StringArrayVar(&g.actions, "action", nil, "grant `ACTION[=ARN]`; without an ARN on the named resources that it takes (repeatable)")
	f.StringArrayVar(&g.exclude, "exclude", nil, "do not grant actions that match `PATTERN` (repeatable)")
	f.StringVar(&g.file, "file", "", "read what to grant from a YAML `FILE` (- for standard input)")
	f.StringVar(&g.accessed, "last-accessed", "", "keep of the policies of `PRINCIPAL` in --snapshot what it used")
	g.trail.addFlags(f)
	g.today.addFlags(f)
	g.out.addFlags(f)
	return c
}

func (g *generate) run(ctx context.Context, env Environment) error {
	if err := g.out.check(); err != nil {
		return err
	}
	if g.accessed != "" {
		return g.fromLastAccessed(ctx, env)
	}
	if err := g.today.check(g.trail.principal); err != nil {
		return err
	}
	ref, err := reference.Load()
	if err != nil {
		return err
	}
	wishes, err := g.wishes(env)
	if err != nil {
		return err
	}
	wished := len(wishes.Levels)+len(wishes.Actions)+len(wishes.Exclude) > 0
	switch {
	case len(g.trail.paths) > 0 && wished:
		return usage("--cloudtrail and access levels exclude each other")
	case len(g.trail.paths) > 0:
		u, sum, err := g.trail.read(ctx, ref)
		if err != nil {
			return err
		}
		return writeUsage(ctx, env, ref, &g.out, &g.today, u.Report(), sum)
	case len(wishes.Levels)+len(wishes.Actions) == 0:
		return usage("iam generate needs to be told what to grant: --read ARN …, --action ACTION, --file FILE or --cloudtrail PATH")
	}
	p, err := iam.Generate(ref, wishes)
	if errors.Is(err, iam.ErrWish) {
		return usage("%w", err)
	}
	if err != nil {
		return err
	}
	changes, err := g.today.against(ctx, env, ref, &p.Grants)
	if err != nil {
		return err
	}
	return g.out.write(env, ref, &p.Grants, said{notes: proposalNotes(p), changes: changes})
}

// fromLastAccessed checks that nothing else was asked for, and writes the policy.
func (g *generate) fromLastAccessed(ctx context.Context, env Environment) error {
	if g.today.snapshot == "" {
		return usage("--last-accessed needs --snapshot FILE")
	}
	wished := g.file != "" || len(g.actions)+len(g.exclude) > 0
	for _, on := range g.levels {
		wished = wished || len(*on) > 0
	}
	if wished || len(g.trail.paths) > 0 || g.trail.principal != "" {
		return usage("--last-accessed, --cloudtrail and access levels exclude each other")
	}
	if g.today.current || len(g.today.files) > 0 {
		return usage("--last-accessed compares with the policies in the snapshot; leave out --compare and --current")
	}
	ref, err := reference.Load()
	if err != nil {
		return err
	}
	return writeLastAccessed(ctx, env, ref, &g.out, g.today.snapshot, g.accessed)
}

// wishes puts flags and file together.
func (g *generate) wishes(env Environment) (iam.Wishes, error) {
	var w iam.Wishes
	if g.file != "" {
		from, err := readWishes(env, g.file)
		if err != nil {
			return w, err
		}
		w = from
	}
	for _, l := range reference.Levels() {
		for _, on := range *g.levels[l] {
			w.Levels = append(w.Levels, iam.LevelWish{Level: l, On: on})
		}
	}
	for _, a := range g.actions {
		action, arn, given := strings.Cut(a, "=")
		wish := iam.ActionWish{Action: action}
		if given {
			wish.On = []string{arn}
		}
		w.Actions = append(w.Actions, wish)
	}
	w.Exclude = append(w.Exclude, g.exclude...)
	return w, nil
}

// wishFile is the form of --file.
type wishFile struct {
	Read        []string     `yaml:"read"`
	Write       []string     `yaml:"write"`
	List        []string     `yaml:"list"`
	Tagging     []string     `yaml:"tagging"`
	Permissions []string     `yaml:"permissions"`
	Actions     []wishAction `yaml:"actions"`
	Exclude     []string     `yaml:"exclude"`
}

// wishAction is an action, or an object that says on what.
type wishAction struct {
	Action string   `yaml:"action"`
	On     []string `yaml:"on"`
}

// UnmarshalYAML reads both forms.
func (a *wishAction) UnmarshalYAML(n *yaml.Node) error {
	if n.Kind == yaml.ScalarNode {
		return n.Decode(&a.Action)
	}
	for i := 0; n.Kind == yaml.MappingNode && i < len(n.Content); i += 2 {
		if key := n.Content[i].Value; key != "action" && key != "on" {
			return fmt.Errorf("line %d: an action has the members action and on, not %q", n.Content[i].Line, key)
		}
	}
	type plain wishAction
	if err := n.Decode((*plain)(a)); err != nil {
		return err
	}
	if a.Action == "" {
		return fmt.Errorf("line %d: an action without its name", n.Line)
	}
	return nil
}

func readWishes(env Environment, path string) (iam.Wishes, error) {
	in := env.Stdin
	if path != "-" {
		f, err := os.Open(path)
		if err != nil {
			return iam.Wishes{}, fmt.Errorf("read wishes: %w", err)
		}
		defer f.Close()
		in = f
	}
	text, err := io.ReadAll(io.LimitReader(in, maxWishes+1))
	if err != nil {
		return iam.Wishes{}, fmt.Errorf("read wishes %s: %w", path, err)
	}
	if len(text) > maxWishes {
		return iam.Wishes{}, fmt.Errorf("read wishes %s: larger than %d bytes", path, maxWishes)
	}
	var file wishFile
	d := yaml.NewDecoder(bytes.NewReader(text))
	d.KnownFields(true)
	if err := d.Decode(&file); err != nil && !errors.Is(err, io.EOF) {
		return iam.Wishes{}, fmt.Errorf("read wishes %s: %w", path, err)
	}
	if err := d.Decode(new(wishFile)); !errors.Is(err, io.EOF) {
		return iam.Wishes{}, fmt.Errorf("read wishes %s: one YAML document belongs in it", path)
	}
	var w iam.Wishes
	for level, list := range map[reference.AccessLevel][]string{reference.Read: file.Read, reference.Write: file.Write,
		reference.List: file.List, reference.Tagging: file.Tagging, reference.PermissionsManagement: file.Permissions} {
		for _, on := range list {
			w.Levels = append(w.Levels, iam.LevelWish{Level: level, On: on})
		}
	}
	for _, a := range file.Actions {
		w.Actions = append(w.Actions, iam.ActionWish(a))
	}
	w.Exclude = file.Exclude
	return w, nil
}

// proposalNotes puts what must be said of a policy from access levels into words.
func proposalNotes(p *iam.Proposal) []note {
	var notes []note
	for _, n := range p.Nothing {
		notes = append(notes, note{"nothing", fmt.Sprintf("AWS has no %s action for %s", strings.ToLower(n.Level.String()), n.On)})
	}
	for _, l := range p.Lacking {
		notes = append(notes, note{"lacking", fmt.Sprintf("%s also needs a resource of type %s; name one, or AWS refuses the call", l.Action, strings.Join(l.Types, ", "))})
	}
	for _, d := range p.MayNeed {
		notes = append(notes, note{"may-need", fmt.Sprintf("%s may also need %s", d.Action, strings.Join(d.Others, ", "))})
	}
	return notes
}
