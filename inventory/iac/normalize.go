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
	case "AWS::EC2::Instance":
		r.primaryInterface()
	case "AWS::EC2::NatGateway":
		if _, ok := r.props["VpcId"]; ok {
			return
		}
		t, _, _ := text(r.props["SubnetId"])
		if subnet := r.s.l.index["AWS::EC2::Subnet"][t]; subnet != nil && subnet.props["VpcId"] != nil {
			r.props["VpcId"] = subnet.props["VpcId"]
		}
	case "AWS::EC2::SecurityGroupIngress", "AWS::EC2::SecurityGroupEgress":
		normalizeRule(r.props)
	}
}

// primaryInterface says of an instance what its first network interface says of
// it, as EC2 does.
// https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_Instance.html (read 2026-11-24).
func (r *resource) primaryInterface() {
	list, _ := r.props["NetworkInterfaces"].([]any)
	for _, e := range list {
		first, ok := e.(map[string]any)
		if index, _, isText := text(first["DeviceIndex"]); !ok || !isText || index != "0" {
			continue
		}
		for from, to := range map[string]string{"GroupSet": "SecurityGroupIds", "SubnetId": "SubnetId"} {
			if v, ok := first[from]; ok && r.props[to] == nil {
				r.props[to] = clone(v)
			}
		}
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
