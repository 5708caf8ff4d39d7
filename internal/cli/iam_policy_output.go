package cli

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/pflag"

	"merlon.dev/merlon/iam"
	"merlon.dev/merlon/iam/reference"
	"merlon.dev/merlon/internal/record"
	"merlon.dev/merlon/internal/report"
)

// policyOutput is where and how generated policies are written.
type policyOutput struct {
	path   string
	format string
	size   int
}

func (o *policyOutput) addFlags(f *pflag.FlagSet) {
	f.StringVarP(&o.path, "output", "o", "", "write the policy to `FILE`, further ones to FILE-2 …")
	f.StringVar(&o.format, "format", "policy", "policy, or json: the policies and everything that is said about them in one object")
	f.IntVar(&o.size, "size", iam.ManagedPolicySize, "most characters of a policy, white space not counted")
}

func (o *policyOutput) check() error {
	if o.format != "policy" && o.format != "json" {
		return usage("--format %q: policy or json", o.format)
	}
	if o.size < 256 || o.size > iam.ManagedPolicySize*4 {
		return usage("--size %d: between 256 and %d", o.size, iam.ManagedPolicySize*4)
	}
	return nil
}

// note is a thing that must be said about a policy. Kind is a short word for
// programs.
type note struct {
	Kind string `json:"kind"`
	Text string `json:"text"`
}

// said is what is said about policies: in words, and for programs whole.
type said struct {
	notes []note
	usage *iam.UsageReport
	trail *record.TrailSum
	// narrowed is what last-accessed data left of today's policies.
	narrowed *iam.Narrowed
	changes  *difference
}

// write prints the policies and what is said about them.
func (o *policyOutput) write(env Environment, ref *reference.Reference, g *iam.Grants, about said) error {
	docs, err := g.Documents(o.size)
	if err != nil {
		return err
	}
	about.notes = append(policyNotes(ref, g, docs), about.notes...)
	return o.print(env, docs, about)
}

// print prints policies, and what is said about them with how they differ from
// today's.
func (o *policyOutput) print(env Environment, docs []iam.Document, about said) error {
	notes := append(about.notes, differenceNotes(about.changes)...)
	if o.format == "json" {
		about.notes = notes
		return o.writeJSON(env, docs, about)
	}
	for _, n := range notes {
		fmt.Fprintf(env.Stderr, "%s: %s\n", report.Clean(n.Kind), report.Clean(n.Text))
	}
	if o.path == "" {
		return printDocuments(env.Stdout, docs)
	}
	for i, d := range docs {
		text, err := d.Indent()
		if err != nil {
			return err
		}
		path := numbered(o.path, i)
		if err := os.WriteFile(path, text, 0o644); err != nil {
			return fmt.Errorf("write policy: %w", err)
		}
		fmt.Fprintf(env.Stderr, "written: %s (%d characters)\n", report.Clean(path), d.Size())
	}
	return nil
}

// numbered is policy.json, policy-2.json, policy-3.json …
func numbered(path string, i int) string {
	if i == 0 {
		return path
	}
	ext := filepath.Ext(path)
	return fmt.Sprintf("%s-%d%s", strings.TrimSuffix(path, ext), i+1, ext)
}

// printDocuments prints one document, or a list of them.
func printDocuments(w io.Writer, docs []iam.Document) error {
	var all []string
	for _, d := range docs {
		text, err := d.Indent()
		if err != nil {
			return err
		}
		all = append(all, strings.TrimSuffix(string(text), "\n"))
	}
	switch len(all) {
	case 0:
		return nil
	case 1:
		_, err := fmt.Fprintln(w, all[0])
		return err
	}
	_, err := fmt.Fprintf(w, "[\n%s\n]\n", strings.Join(all, ",\n"))
	return err
}

func (o *policyOutput) writeJSON(env Environment, docs []iam.Document, about said) error {
	if docs == nil {
		docs = []iam.Document{}
	}
	if about.notes == nil {
		about.notes = []note{}
	}
	w := env.Stdout
	if o.path != "" {
		f, err := os.Create(o.path)
		if err != nil {
			return fmt.Errorf("write policy: %w", err)
		}
		defer f.Close()
		w = f
	}
	return encodeJSON(w, struct {
		Policies []iam.Document   `json:"policies"`
		Notes    []note           `json:"notes"`
		Usage    *iam.UsageReport `json:"usage,omitempty"`
		Trail    *record.TrailSum `json:"trail,omitempty"`
		Accessed *iam.Narrowed    `json:"lastAccessed,omitempty"`
		Changes  *difference      `json:"changes,omitempty"`
	}{docs, about.notes, about.usage, about.trail, about.narrowed, about.changes})
}

// policyNotes says what stands on every resource, and what the number of
// policies asks for.
func policyNotes(ref *reference.Reference, g *iam.Grants, docs []iam.Document) []note {
	var notes, wide []note
	var unbound []string
	for _, name := range g.Unbound() {
		if a, ok := ref.Action(name); ok && len(a.Resources) == 0 {
			unbound = append(unbound, name)
			continue
		}
		wide = append(wide, note{"every-resource", name + " is granted on every resource, though it could be bound to some"})
	}
	if len(unbound) > 0 {
		notes = append(notes, note{"no-resource", "take no resource and stand on \"*\": " + strings.Join(unbound, ", ")})
	}
	notes = append(notes, wide...)
	return append(notes, documentNotes(docs)...)
}

// documentNotes says what the number of policies asks for.
func documentNotes(docs []iam.Document) []note {
	var notes []note
	if len(docs) == 0 {
		notes = append(notes, note{"empty", "there is nothing to grant: no policy is written"})
	}
	if len(docs) > iam.AttachedPolicies {
		notes = append(notes, note{"too-many", fmt.Sprintf("%d policies; AWS attaches %d to one identity unless it is asked for more", len(docs), iam.AttachedPolicies)})
	}
	return notes
}
