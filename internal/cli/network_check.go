package cli

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"

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
			requests := env.Stdin
			if file != "-" {
				f, err := os.Open(file)
				if err != nil {
					return fmt.Errorf("read requests: %w", err)
				}
				defer f.Close()
				requests = f
			}
			return in.networks(c.Context(), func(n *reach.Network) error { return checkLines(env.Stdout, requests, n) })
		},
	}
	in.addFlags(c.Flags(), false)
	c.Flags().StringVar(&file, "requests", "", "read requests from `FILE`, one JSON object a line (- for standard input)")
	return c
}

// checkLines answers each line before it reads the next.
func checkLines(w io.Writer, r io.Reader, n *reach.Network) error {
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
		q, err := reach.ParseQuestion(line)
		answer := &reach.Answer{ID: q.ID, Verdict: reach.Unknown, StoppedBy: []reach.Stop{}, Missing: []reach.Missing{}, Path: []reach.Hop{}}
		if err != nil {
			bad++
			answer.Error = fmt.Sprintf("line %d: %v", number, err)
		} else {
			answer = n.Trace(q)
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
