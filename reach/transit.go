package reach

// transit sends a packet to a transit gateway.
// https://docs.aws.amazon.com/vpc/latest/tgw/how-transit-gateways-work.html, read 2026-11-24
func (w *walk) transit(from site, id string, p packet) {
	var in *attachment
	for _, a := range w.n.attachments.at {
		if a.gateway == id && a.resource == from.vpc.id && (in == nil || a.id < in.id) {
			in = a
		}
	}
	if in == nil {
		if missing := w.n.coverage("AWS::EC2::TransitGatewayVpcAttachment", from.vpc.place); len(missing) > 0 {
			w.missing = append(w.missing, missing...)
		} else {
			w.stop("transit_gateway", id, Egress, "%s is not attached to it", from.vpc.id)
		}
		return
	}
	if in.state != "" && in.state != "available" {
		w.stop("transit_gateway_attachment", in.id, Egress, "it is %s", in.state)
		return
	}
	if s := w.zoneSubnet(in, from.subnet); len(in.subnets) > 0 && s == nil {
		w.stop("transit_gateway_attachment", in.id, Egress, "it has no subnet in %s", from.subnet.zone)
		return
	} else if s != nil && s != from.subnet {
		w.acl(s, Ingress, &p)
	}
	w.pass("transit_gateway_attachment", in.id, Egress, "")
	w.switched(in, p)
}

// zoneSubnet is the attachment's subnet in the zone of another.
func (w *walk) zoneSubnet(a *attachment, of *subnet) *subnet {
	for _, id := range a.subnets {
		if s := w.n.subnets.get(id, a.place); s != nil && s.zone == of.zone {
			return s
		}
	}
	return nil
}

// switched follows the route table that an attachment is associated with.
func (w *walk) switched(in *attachment, p packet) {
	t := w.n.transit.get(in.table, in.place)
	switch {
	case in.table == "":
		if missing := w.n.coverage("AWS::EC2::TransitGatewayRouteTableAssociation", in.place); len(missing) > 0 {
			w.missing = append(w.missing, missing...)
		} else {
			w.stop("transit_gateway_route_table", in.gateway, Egress, "%s is associated with no route table", in.id)
		}
		return
	case t == nil:
		w.lack("AWS::EC2::TransitGatewayRouteTable", in.table, in.place)
		return
	}
	if missing := w.n.coverage("AWS::EC2::TransitGatewayRoute", t.place); len(missing) > 0 {
		w.missing = append(w.missing, missing...)
	}
	r := t.lookup(p.dst)
	switch {
	case r == nil:
		w.stop("transit_gateway_route_table", t.id, Egress, "no route to %v", p.dst)
		return
	case r.blackhole:
		w.stop("transit_gateway_route_table", t.id, Egress, "the route %v is a blackhole", r.to)
		return
	}
	w.pass("transit_gateway_route_table", t.id, Egress, "%v to %s", r.to, r.attachment)
	out := w.n.attachments.get(r.attachment, t.place)
	if out == nil {
		w.lack("Merlon::EC2::TransitGatewayAttachment", r.attachment, t.place)
		return
	}
	if out.state != "" && out.state != "available" {
		w.stop("transit_gateway_attachment", out.id, Ingress, "it is %s", out.state)
		return
	}
	w.pass("transit_gateway_attachment", out.id, Ingress, "")
	switch out.kind {
	case "vpc":
		w.land(out, p)
	case "vpn", "direct-connect-gateway", "connect":
		w.outside("transit_gateway_attachment", p)
		w.arrived.address = p.dst
	default:
		w.unsure("what lies behind %s (%s) was not read", out.id, out.kind)
	}
}

// land brings a packet from a transit gateway into a VPC.
// https://docs.aws.amazon.com/vpc/latest/tgw/tgw-nacls.html, read 2026-11-24
func (w *walk) land(out *attachment, p packet) {
	v := w.n.vpcs.get(out.resource, out.place)
	if v == nil {
		w.lack("AWS::EC2::VPC", out.resource, out.place)
		return
	}
	s := v.subnetOf(p.dst)
	if s == nil {
		if !v.has(p.dst) {
			w.inspect(v, out, p)
			return
		}
		w.arrive(v, p)
		return
	}
	door := w.zoneSubnet(out, s)
	if len(out.subnets) > 0 && door == nil {
		w.stop("transit_gateway_attachment", out.id, Ingress, "it has no subnet in %s", s.zone)
		return
	}
	if door != nil && door != s {
		w.acl(door, Egress, &p)
	}
	w.deliver(v, s, p, door != s)
}

// inspect follows what goes through a VPC to elsewhere: by the route table of
// the attachment's subnet, as to a NAT gateway that others share.
func (w *walk) inspect(v *vpc, out *attachment, p packet) {
	if w.steps++; w.steps > maxSteps {
		w.stop("route_table", "", Egress, "the routes lead in a circle")
		return
	}
	for _, id := range out.subnets {
		if s := w.n.subnets.get(id, out.place); s != nil {
			w.route(site{vpc: v, subnet: s, address: p.src}, p)
			return
		}
	}
	w.lack("AWS::EC2::TransitGatewayVpcAttachment", out.id, out.place)
}
