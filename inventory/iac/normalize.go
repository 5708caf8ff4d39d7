package iac

import "strings"

// normalize writes values as AWS gives them back.
func (r *resource) normalize() {
	switch r.typ.Name {
	case "AWS::EC2::SecurityGroup":
		for _, p := range []string{"SecurityGroupIngress", "SecurityGroupEgress"} {
			rules, _ := r.props[p].([]any)
			for _, e := range rules {
				normalizeRule(e)
			}
		}
	case "AWS::EC2::SecurityGroupIngress", "AWS::EC2::SecurityGroupEgress":
		normalizeRule(r.props)
	}
}

// normalizeRule gives the protocol its name, and a rule for all protocols no
// ports, as EC2 does.
// https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_IpPermission.html (read 2026-11-24).
func normalizeRule(v any) {
	rule, ok := v.(map[string]any)
	if !ok {
		return
	}
	t, _, ok := text(rule["IpProtocol"])
	if !ok {
		return
	}
	names := map[string]string{"6": "tcp", "17": "udp", "1": "icmp", "58": "icmpv6", "all": "-1"}
	p := strings.ToLower(t)
	if n, ok := names[p]; ok {
		p = n
	}
	rule["IpProtocol"] = p
	if p == "-1" {
		delete(rule, "FromPort")
		delete(rule, "ToPort")
	}
}
