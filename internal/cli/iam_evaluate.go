package cli

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"merlon.dev/merlon/iam"
)

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
			requests, err := env.openRequests(file)
			if err != nil {
				return err
			}
			defer requests.Close()
			return answerLines(env.Stdout, requests, func(number int, line []byte) (any, error) { return evaluateLine(number, line, trace) })
		},
	}
	c.Flags().StringVar(&file, "requests", "", "read requests from `FILE`, one JSON object a line (- for standard input)")
	c.Flags().BoolVar(&trace, "trace", false, "add to each answer every policy, statement and condition that was compared")
	return c
}

// evaluateLine decides one question.
func evaluateLine(number int, line []byte, trace bool) (iam.Answer, error) {
	q, problems, err := iam.ParseQuestion(line)
	answer := iam.Answer{}
	if q != nil {
		answer.Name = q.Name
	}
	if err != nil {
		answer.Error = fmt.Sprintf("line %d: %v", number, err)
		return answer, err
	}
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
	return answer, nil
}
