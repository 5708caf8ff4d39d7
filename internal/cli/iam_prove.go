package cli

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"

	"merlon.dev/merlon/iam"
	"merlon.dev/merlon/internal/report"
)

// readDocuments reads a file (or "-") with a policy document or a list of them.
// What AWS would not accept in them is said on standard error.
func readDocuments(env Environment, name string) ([]*iam.Policy, error) {
	in := env.Stdin
	label := "standard input"
	if name != "-" {
		f, err := os.Open(name)
		if err != nil {
			return nil, fmt.Errorf("read policy: %w", err)
		}
		defer f.Close()
		in, label = f, name
	}
	raw, err := io.ReadAll(io.LimitReader(in, iam.MaxDocumentBytes+1))
	if err != nil {
		return nil, fmt.Errorf("read policy %s: %w", label, err)
	}
	if len(raw) > iam.MaxDocumentBytes {
		return nil, fmt.Errorf("read policy %s: larger than %d bytes", label, iam.MaxDocumentBytes)
	}
	documents := []json.RawMessage{raw}
	list := bytes.HasPrefix(bytes.TrimSpace(raw), []byte("["))
	if list {
		if err := json.Unmarshal(raw, &documents); err != nil {
			return nil, fmt.Errorf("read policy %s: %w", label, err)
		}
	}
	var out []*iam.Policy
	for i, d := range documents {
		at := label
		if list {
			at = fmt.Sprintf("%s, policy %d", label, i+1)
		}
		p, err := iam.ParsePolicy(d)
		if err != nil {
			return nil, fmt.Errorf("read policy %s: %w", at, err)
		}
		p.Name = at
		for _, problem := range p.Problems {
			line, column := iam.Position(d, problem.Offset)
			fmt.Fprintf(env.Stderr, "%s:%d:%d: %s\n", report.Clean(at), line, column, report.Clean(problem.Message))
		}
		out = append(out, p)
	}
	return out, nil
}

// checkProofFormat holds --format to what proofs can be written in.
func checkProofFormat(format string) error {
	if format != "text" && format != "json" {
		return usage("--format %q: text or json", format)
	}
	return nil
}

// printWitness writes a request for people.
func printWitness(w io.Writer, of *iam.Witness) {
	line := func(name, value string) { fmt.Fprintf(w, "  %-10s %s\n", name, value) }
	if of.Principal != "" {
		who := report.Clean(of.Principal)
		if of.Bounded {
			who += " (with a permissions boundary)"
		}
		line("principal", who)
	}
	line("action", report.Clean(of.Action))
	line("resource", report.Clean(of.Resource))
	name := "context"
	for _, key := range slices.Sorted(maps.Keys(of.Context)) {
		values := make([]string, len(of.Context[key]))
		for i, v := range of.Context[key] {
			if values[i] = report.Clean(v); v == "" {
				values[i] = `""`
			}
		}
		line(name, report.Clean(key)+" = "+strings.Join(values, ", "))
		name = ""
	}
	for _, key := range of.Absent {
		line(name, report.Clean(key)+" is absent")
		name = ""
	}
	if of.Statement != "" {
		fmt.Fprintf(w, "Permitted by %s.\n", report.Clean(of.Statement))
	}
	if of.Note != "" {
		fmt.Fprintf(w, "Note: %s.\n", report.Clean(of.Note))
	}
}

func printWhy(w io.Writer, why []string) {
	for _, reason := range why {
		fmt.Fprintf(w, "  %s\n", report.Clean(reason))
	}
}

// outcomeExit is the exit code of outcomes: violated before undecided.
func outcomeExit(outcomes ...iam.Outcome) error {
	switch {
	case slices.Contains(outcomes, iam.Violated):
		return &exitError{code: exitFindings}
	case slices.Contains(outcomes, iam.Undecided):
		return &exitError{code: exitIncomplete}
	}
	return nil
}

// explainProof adds hints to the errors of proofs.
func explainProof(err error) error {
	switch {
	case errors.Is(err, iam.ErrNoPrincipals):
		return hint(err, "give the policy of a resource or a role's trust policy, or a rule about actions, resources and conditions")
	case errors.Is(err, iam.ErrMixedPolicies):
		return hint(err, "compare a resource's policy with a resource's, an identity's with an identity's")
	}
	return err
}
