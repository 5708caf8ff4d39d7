package cli

import (
	"context"

	"github.com/spf13/cobra"

	"merlon.dev/merlon/inventory"
	"merlon.dev/merlon/reach"
)

// newNetwork holds the commands over the network engine.
func newNetwork(env Environment) *cobra.Command {
	c := &cobra.Command{
		Use:   "network",
		Short: "Ask what reaches what, and what stops it",
		Long: `The commands of network follow packets through subnets, route tables, gateways,
network ACLs and security groups, there and back. What was not collected and is
needed makes an answer unknown and is named.`,
		Example: `  merlon network trace internet i-0123456789abcdef0 --port 22 --snapshot acme.db
  merlon network exposed --snapshot acme.db
  merlon network check --requests requests.jsonl --snapshot acme.db`,
	}
	c.AddCommand(
		newNetworkCheck(env),
		newNetworkExposed(env),
		newNetworkTrace(env),
	)
	group(c)
	return c
}

// networks opens what the flags name and asks its networks.
func (in *input) networks(ctx context.Context, ask func(*reach.Network) error) error {
	return in.opened(ctx, func(s *inventory.Snapshot) error {
		n, err := reach.Load(ctx, s)
		if err != nil {
			return err
		}
		return ask(n)
	})
}
