package reach

import (
	"fmt"
	"strings"
	"testing"
)

func exposed(n *Network) string {
	var out []string
	for _, e := range n.Exposed() {
		out = append(out, fmt.Sprintf("%s %s %s %s from %s %s", e.Resource, e.Address, e.Protocol, e.Ports, e.From, e.Verdict))
	}
	return strings.Join(out, "\n")
}

func TestExposed(t *testing.T) {
	want := `i-web 198.51.100.10 tcp 22 from 198.51.100.0/24 reachable
i-web 198.51.100.10 tcp 443 from internet reachable`
	if got := exposed(network(t, twoTiers())); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	// The ACL takes the port away; the group alone says it is open.
	closed := twoTiers() + `NetworkAclEntry x {"NetworkAclId":"acl-1","Egress":false,"Protocol":6,"RuleAction":"deny","RuleNumber":50,"CidrBlock":"0.0.0.0/0","PortRange":{"From":443,"To":443}}`
	if got := exposed(network(t, closed)); got != strings.Split(want, "\n")[0] {
		t.Errorf("with the ACL: %s", got)
	}
	// A balancer has the ports of its listeners, whatever its group allows.
	if got := exposed(network(t, balancerWorld("app", "8080"))); !strings.Contains(got, lb+" 203.0.113.78 tcp 443 from internet reachable") {
		t.Errorf("the balancer is missing:\n%s", got)
	}
	// What was not read is not safe.
	unread := without(twoTiers(), "RouteTable ", "Route ", "SubnetRouteTableAssociation ") + "\ngap AWS::EC2::RouteTable ec2:DescribeRouteTables"
	if got := exposed(network(t, unread)); got != `i-web 198.51.100.10 tcp 22, 443 from 198.51.100.0/24 unknown
i-web 198.51.100.10 tcp 443 from internet unknown` {
		t.Errorf("without route tables:\n%s", got)
	}
}

func TestReaches(t *testing.T) {
	n := network(t, twoTiers())
	for _, c := range []struct {
		typ, id string
		port    int
		want    Verdict
		ok      bool
	}{
		{"AWS::EC2::Instance", "i-web", 443, Reachable, true},
		{"AWS::EC2::Instance", "i-web", 22, Unreachable, true}, // one office only
		{"AWS::EC2::Instance", "i-db", 5432, Unreachable, true},
		{"AWS::EC2::NetworkInterface", "eni-web", 443, Reachable, true},
		{"AWS::S3::Bucket", "b", 443, Unreachable, false},
	} {
		got, _, ok := n.Reaches(c.typ, c.id, "", ours, region, c.port)
		if got != c.want || ok != c.ok {
			t.Errorf("%s port %d: got %v %v, want %v %v", c.id, c.port, got, ok, c.want, c.ok)
		}
	}
	unread := network(t, without(twoTiers(), "RouteTable ", "Route ", "SubnetRouteTableAssociation ")+"\ngap AWS::EC2::RouteTable ec2:DescribeRouteTables")
	if got, missing, _ := unread.Reaches("AWS::EC2::Instance", "i-web", "", ours, region, 443); got != Unknown || len(missing) == 0 {
		t.Errorf("without route tables: %v %v", got, missing)
	}
	if got, _, _ := unread.Reaches("AWS::EC2::Instance", "i-web", "", ours, region, 80); got != Unreachable {
		t.Errorf("a port that the group stops, without route tables: %v", got)
	}
}
