package cli

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"merlon.dev/merlon/iam"
)

// maxRequestLine bounds one line of a file of requests.
const maxRequestLine = 64 << 20

func newIAMEvaluate(env Environment) *cobra.Command {
	var file string
	var trace bool
	c := &cobra.Command{
		Use:   "evaluate --requests FILE",
		Short: "Decide requests that bring their policies along",
		Long: `Evaluate reads one JSON object a line, a request with the policies that apply to
it, and writes one answer a line: Allowed, ImplicitlyDenied, ExplicitlyDenied or
Unknown. Nothing is read but the file.

The context of a request is complete: a key it does not hold is absent. scps and
rcps are lists of levels, each a list of policies. boundaries: null for none.
A policy that cannot be read makes the answer Unknown where it matters, with an
error that names it.

Exit codes: 0 every line was answered; 1 a line could not be read; 2 usage.`,
		Example: `  merlon iam evaluate --requests requests.jsonl
  merlon iam evaluate --requests - --trace < requests.jsonl`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if file == "" {
				return usage("iam evaluate needs --requests FILE (- for standard input)")
			}
			in := env.Stdin
			if file != "-" {
				f, err := os.Open(file)
				if err != nil {
					return fmt.Errorf("read requests: %w", err)
				}
				defer f.Close()
				in = f
			}
			return evaluateLines(env.Stdout, in, trace)
		},
	}
	c.Flags().StringVar(&file, "requests", "", "read requests from `FILE`, one JSON object a line (- for standard input)")
	c.Flags().BoolVar(&trace, "trace", false, "add to each answer every policy, statement and condition that was compared")
	return c
}

// evaluateLines answers each line before it reads the next.
func evaluateLines(w io.Writer, r io.Reader, trace bool) error {
	lines := bufio.NewScanner(r)
	lines.Buffer(make([]byte, 64<<10), maxRequestLine)
	out := bufio.NewWriter(w)
	defer out.Flush()
	encoder := json.NewEncoder(out)
	encoder.SetEscapeHTML(false)
	number, bad := 0, 0
	for lines.Scan() {
		number++
		line := bytes.TrimSpace(lines.Bytes())
		if len(line) == 0 {
			continue
		}
		q, problems, err := iam.ParseQuestion(line)
		answer := iam.Answer{}
		if q != nil {
			answer.Name = q.Name
		}
		switch {
		case err != nil:
			bad++
			answer.Error = fmt.Sprintf("line %d: %v", number, err)
		default:
			texts := make([]string, len(problems))
			for i, p := range problems {
				texts[i] = p.Error()
			}
			answer.Error = strings.Join(texts, "; ")
			if trace {
				answer.Trace = iam.Explain(&q.Request, &q.Policies)
				answer.Decision = answer.Trace.Decision
			} else {
				answer.Decision = iam.Evaluate(&q.Request, &q.Policies)
			}
		}
		if err := encoder.Encode(answer); err != nil {
			return err
		}
	}
	if err := lines.Err(); err != nil {
		return fmt.Errorf("read requests: line %d: %w", number+1, err)
	}
	if err := out.Flush(); err != nil {
		return err
	}
	if bad > 0 {
		return fmt.Errorf("%d of %d lines could not be read; their answers say why", bad, number)
	}
	return nil
}
