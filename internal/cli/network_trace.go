package cli

import (
	"encoding/json"
	"fmt"
	"io"
	"net/netip"
	"strings"

	"github.com/spf13/cobra"

	"merlon.dev/merlon/internal/report"
	"merlon.dev/merlon/reach"
)

func newNetworkTrace(env Environment) *cobra.Command {
	in := &input{env: env}
	var protocol, through string
	var port int
	var asJSON bool
	c := &cobra.Command{
		Use:   "trace FROM TO",
		Short: "Follow a packet from one end to the other and back",
		Long: `Trace says whether a connection works: with every hop and the rule that let it
pass, and what stops it, there and back.

FROM and TO are an instance (i-…), an interface (eni-…), a subnet (subnet-…), a VPC
(vpc-…), a VPN gateway (vgw-…), a transit gateway attachment (tgw-attach-…), the ARN
of a load balancer, an address, or internet.

Exit codes: 0 answered; 1 failure; 2 usage.`,
		Example: `  merlon network trace internet i-0123456789abcdef0 --port 22 --snapshot acme.db
  merlon network trace i-0123456789abcdef0 10.1.0.7 --protocol udp --port 53
  merlon network trace internet i-0123456789abcdef0 --port 443 --through arn:aws:elasticloadbalancing:…`,
		Args: cobra.ExactArgs(2),
		RunE: func(c *cobra.Command, args []string) error {
			q := &reach.Question{}
			var err error
			if q.Protocol, err = reach.ParseProtocol(protocol); err != nil {
				return usage("%w", err)
			}
			if c.Flags().Changed("port") {
				if port < 0 || port > 65535 {
					return usage("--port %d is none", port)
				}
				q.Port = &port
			}
			for i, p := range []*reach.Point{&q.From, &q.To} {
				if err := point(args[i], p); err != nil {
					return err
				}
			}
			q.To.Through = through
			if err := in.prepare(c); err != nil {
				return err
			}
			return in.networks(c.Context(), func(n *reach.Network) error {
				a := n.Trace(q)
				if asJSON {
					return json.NewEncoder(env.Stdout).Encode(a)
				}
				return printTrace(env.Stdout, args, q, a)
			})
		},
	}
	in.addFlags(c.Flags(), false)
	c.Flags().StringVar(&protocol, "protocol", "tcp", "tcp, udp, icmp, icmpv6 or a `NUMBER`")
	c.Flags().IntVar(&port, "port", 0, "the destination's `PORT`; without it any")
	c.Flags().StringVar(&through, "through", "", "the `ARN` of the load balancer in front of TO; the port is then its listener's")
	c.Flags().BoolVar(&asJSON, "json", false, "print the answer as JSON")
	return c
}

// point reads an end of a trace by the form of its id.
func point(text string, p *reach.Point) error {
	switch {
	case text == "internet":
		p.Internet = true
	case strings.HasPrefix(text, "i-"):
		p.Instance = text
	case strings.HasPrefix(text, "eni-"):
		p.Interface = text
	case strings.HasPrefix(text, "subnet-"):
		p.Subnet = text
	case strings.HasPrefix(text, "vpc-"):
		p.VPC = text
	case strings.HasPrefix(text, "vgw-"):
		p.VPNGateway = text
	case strings.HasPrefix(text, "tgw-attach-"):
		p.TransitGatewayAttachment = text
	case strings.HasPrefix(text, "arn:") && strings.Contains(text, ":elasticloadbalancing:"):
		p.LoadBalancer = text
	default:
		if _, err := netip.ParseAddr(text); err != nil {
			return usage("%q is no end of a trace; write i-…, eni-…, subnet-…, vpc-…, vgw-…, tgw-attach-…, a load balancer's ARN, an address, or internet", text)
		}
		p.IP = text
	}
	return nil
}

func printTrace(w io.Writer, ends []string, q *reach.Question, a *reach.Answer) error {
	var b strings.Builder
	what := q.Protocol.String()
	if q.Port != nil {
		what += fmt.Sprintf(" port %d", *q.Port)
	}
	fmt.Fprintf(&b, "%s: %s → %s, %s\n", a.Verdict, report.Clean(ends[0]), report.Clean(ends[1]), what)
	if a.Error != "" {
		fmt.Fprintf(&b, "\n%s\n", report.Clean(a.Error))
	}
	title := "\nStopped by:\n"
	for _, s := range a.StoppedBy {
		fmt.Fprintf(&b, "%s  %-28s %s (%s)\n", title, s.Kind, report.Clean(s.ID), s.Direction)
		title = ""
		if s.Why != "" {
			fmt.Fprintf(&b, "  %-28s %s\n", "", report.Clean(s.Why))
		}
	}
	title = "\nNot known:\n"
	for _, m := range a.Missing {
		if m.Reason == a.Error {
			continue
		}
		where := strings.TrimSpace(m.Account + " " + m.Region)
		fmt.Fprintf(&b, "%s  %s %s\n", title, report.Clean(where), report.Clean(m.Reason))
		title = ""
	}
	title = "\nPath:\n"
	for _, h := range a.Path {
		fmt.Fprintf(&b, "%s  %-8s %-28s %s", title, h.Direction, h.Kind, report.Clean(h.ID))
		title = ""
		if h.Rule != "" {
			fmt.Fprintf(&b, ": %s", report.Clean(h.Rule))
		}
		b.WriteString("\n")
	}
	_, err := io.WriteString(w, b.String())
	return err
}
