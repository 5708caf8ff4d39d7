package cli

import (
	"context"
	"fmt"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"gopkg.in/yaml.v3"

	"merlon.dev/merlon/controls"
	"merlon.dev/merlon/internal/report"
	"merlon.dev/merlon/inventory"
	"merlon.dev/merlon/inventory/live"
	"merlon.dev/merlon/posture"
)

// folders are the built-in controls and those of the user's folders.
func folders(dirs []string) ([]posture.Folder, error) {
	list := []posture.Folder{{FS: controls.FS(), Name: "controls"}}
	for _, dir := range dirs {
		st, err := os.Stat(dir)
		if err != nil {
			return nil, usage("--controls: %w", err)
		}
		if !st.IsDir() {
			return nil, usage("--controls %s: not a folder", dir)
		}
		list = append(list, posture.Folder{FS: os.DirFS(dir), Name: dir, CostLimit: posture.DefaultCostLimit})
	}
	return list, nil
}

// loadControls compiles the built-in controls and those of the user's folders.
func loadControls(schemas *inventory.SchemaSet, dirs []string) (*posture.Catalog, error) {
	list, err := folders(dirs)
	if err != nil {
		return nil, err
	}
	return posture.Load(schemas, list...)
}

func newControls(env Environment) *cobra.Command {
	c := &cobra.Command{
		Use:   "controls",
		Short: "List, show, write and test controls",
		Long: `A control is a YAML file: a resource type, a condition in CEL that must hold, and
what a person needs to act on it. The built-in ones and your own are alike.`,
	}
	c.AddCommand(newControlsList(env), newControlsShow(env), newControlsNew(env), newControlsTest(env))
	group(c)
	return c
}

// catalog loads for a command that takes --controls alone.
func catalog(dirs []string) (*posture.Catalog, error) {
	schemas, err := inventory.LoadSchemas()
	if err != nil {
		return nil, err
	}
	return loadControls(schemas, dirs)
}

func newControlsList(env Environment) *cobra.Command {
	j := &judgement{}
	var framework, alias string
	c := &cobra.Command{
		Use:   "list",
		Short: "List the controls",
		Example: `  merlon controls list
  merlon controls list --control 's3/*'
  merlon controls list --framework cis-7.0
  merlon controls list --alias prowler/s3_bucket_secure_transport_policy`,
		Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			cat, err := catalog(j.folders)
			if err != nil {
				return err
			}
			n := 0
			for _, ctl := range cat.Controls() {
				if !j.selects(ctl.ID) || framework != "" && !slices.ContainsFunc(ctl.Requirements, func(r string) bool { return r == framework || strings.HasPrefix(r, framework+"/") }) ||
					alias != "" && !slices.Contains(ctl.Aliases, alias) {
					continue
				}
				n++
				if _, err := fmt.Fprintf(env.Stdout, "%-9s %-44s %s\n", ctl.Severity, ctl.ID, report.Clean(ctl.Title)); err != nil {
					return err
				}
			}
			fmt.Fprintln(env.Stderr, plural(n, "control", "controls"))
			return nil
		},
	}
	j.addFlags(c)
	c.Flags().StringVar(&framework, "framework", "", "only those that serve a `FRAMEWORK` or requirement, such as cis-7.0 or cis-7.0/2.4")
	c.Flags().StringVar(&alias, "alias", "", "only the one that another tool calls `ID`, such as prowler/iam_root_mfa_enabled")
	return c
}

func newControlsShow(env Environment) *cobra.Command {
	j := &judgement{}
	c := &cobra.Command{
		Use:     "show ID",
		Short:   "Show a control",
		Example: `  merlon controls show s3/tls-only`,
		Args:    cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			cat, err := catalog(j.folders)
			if err != nil {
				return err
			}
			ctl, ok := cat.Control(args[0])
			if !ok {
				return noControl(cat, args[0])
			}
			// The file's own words; a Control knows nothing that YAML cannot say.
			text, err := yaml.Marshal(ctl)
			if err != nil {
				return err
			}
			_, err = fmt.Fprintf(env.Stdout, "# %s\n%s", ctl.ID, report.CleanLines(string(text)))
			return err
		},
	}
	j.addFlags(c)
	return c
}

func noControl(cat *posture.Catalog, id string) error {
	err := fmt.Errorf("there is no control %q", id)
	if near := cat.Closest(id); near != "" {
		return hint(err, "did you mean %s? `merlon controls list` shows all", near)
	}
	return hint(err, "`merlon controls list` shows all")
}

func newControlsNew(env Environment) *cobra.Command {
	var dir string
	c := &cobra.Command{
		Use:   "new SERVICE/NAME",
		Short: "Write the two files of a new control",
		Example: `  merlon controls new s3/object-lock
  merlon controls new --dir ./our-controls acme/owner-tag`,
		Args: cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			files, err := posture.Scaffold(args[0], env.Now())
			if err != nil {
				return usage("%w", err)
			}
			// Both or neither: a control without its test is half a control.
			for name := range files {
				if _, err := os.Lstat(filepath.Join(dir, filepath.FromSlash(name))); err == nil {
					return fmt.Errorf("write control: %s is there already", filepath.Join(dir, name))
				}
			}
			for _, name := range slices.Sorted(maps.Keys(files)) {
				file := filepath.Join(dir, filepath.FromSlash(name))
				if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
					return fmt.Errorf("write control: %w", err)
				}
				if err := os.WriteFile(file, []byte(files[name]), 0o644); err != nil {
					return fmt.Errorf("write control: %w", err)
				}
				fmt.Fprintln(env.Stdout, file)
			}
			fmt.Fprintf(env.Stderr, "edit them, then: merlon controls test --controls %s\n", dir)
			return nil
		},
	}
	c.Flags().StringVar(&dir, "dir", "controls", "folder of controls to write into")
	return c
}

func newControlsTest(env Environment) *cobra.Command {
	j := &judgement{}
	c := &cobra.Command{
		Use:   "test",
		Short: "Run the tests beside the controls",
		Long: `Test runs every NAME_test.yaml: made-up resources and gaps, and the verdicts they
must give. Without --controls it runs the built-in ones.`,
		Example: `  merlon controls test
  merlon controls test --controls ./our-controls`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			return runTests(c.Context(), env, j)
		},
	}
	j.addFlags(c)
	return c
}

func runTests(ctx context.Context, env Environment, j *judgement) error {
	schemas, err := inventory.LoadSchemas()
	if err != nil {
		return err
	}
	list, err := folders(j.folders)
	if err != nil {
		return err
	}
	cat, err := posture.Load(schemas, list...)
	if err != nil {
		return err
	}
	if len(list) > 1 {
		list = list[1:]
	}
	cases, failed := 0, 0
	var services []inventory.Service
	for _, s := range live.Services() {
		services = append(services, s.Meta())
	}
	for _, f := range list {
		results, err := cat.Test(ctx, f, posture.TestOptions{Services: services, Call: callEffect})
		if err != nil {
			return err
		}
		for _, r := range results {
			if !j.selects(r.Control) {
				continue
			}
			cases++
			if len(r.Problems) == 0 {
				continue
			}
			failed++
			fmt.Fprintf(env.Stdout, "FAIL %s: %s\n", r.Control, report.Clean(r.Name))
			for _, p := range r.Problems {
				fmt.Fprintf(env.Stdout, "  %s\n", report.Clean(p))
			}
		}
	}
	fmt.Fprintf(env.Stdout, "%s, %d failed\n", plural(cases, "case", "cases"), failed)
	if failed > 0 {
		return &exitError{code: exitFailure}
	}
	if cases == 0 {
		return fmt.Errorf("no test was found in %s", path.Join(list[0].Name))
	}
	return nil
}

// callEffect tells what the failure of a declared call leaves unknown, so that a
// control's test can name the call alone.
func callEffect(call string) (posture.CallEffect, bool) {
	for _, s := range live.Services() {
		for _, o := range s.Operations {
			if o.Call() == call {
				return posture.CallEffect{Types: o.Types, Per: o.Per, Fills: o.Fills}, true
			}
		}
	}
	return posture.CallEffect{}, false
}
