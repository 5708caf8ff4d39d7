package cli

import (
	"fmt"

	"github.com/spf13/cobra"

	"merlon.dev/merlon/reach"
)

func newNetworkCheck(env Environment) *cobra.Command {
	in := &input{env: env}
	var file string
	c := &cobra.Command{
		Use:   "check --requests FILE",
		Short: "Answer many questions of what reaches what",
		Long: `Check reads one JSON object a line (id, from, to, protocol, port) and writes one
answer a line: verdict, stopped_by, missing, path. An end is an object with one of
instance, interface, load_balancer (ARN), subnet, vpc, vpn_gateway,
transit_gateway_attachment or internet, and beside it or alone ip; to may add
through, the ARN of the balancer in front of it.

The verdict is for the exchange in both directions, the client's port being
ephemeral. Exit codes: 0 every line was answered; 1 a line could not be read.`,
		Example: `  merlon network check --requests requests.jsonl --snapshot acme.db`,
		Args:    cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if file == "" {
				return usage("network check needs --requests FILE (- for standard input)")
			}
			if err := in.prepare(c); err != nil {
				return err
			}
			requests, err := env.openRequests(file)
			if err != nil {
				return err
			}
			defer requests.Close()
			return in.networks(c.Context(), func(n *reach.Network) error {
				return answerLines(env.Stdout, requests, func(number int, line []byte) (any, error) { return checkLine(number, line, n) })
			})
		},
	}
	in.addFlags(c.Flags(), false)
	c.Flags().StringVar(&file, "requests", "", "read requests from `FILE`, one JSON object a line (- for standard input)")
	return c
}

// checkLine answers one question.
func checkLine(number int, line []byte, n *reach.Network) (*reach.Answer, error) {
	q, err := reach.ParseQuestion(line)
	if err != nil {
		return &reach.Answer{ID: q.ID, Verdict: reach.Unknown, StoppedBy: []reach.Stop{}, Missing: []reach.Missing{}, Path: []reach.Hop{},
			Error: fmt.Sprintf("line %d: %v", number, err)}, err
	}
	return n.Trace(q), nil
}
