package access

import (
	"net/netip"
	"strings"

	"merlon.dev/merlon/iam"
)

// What somebody who owns an AWS account, and nothing of ours, can bring along.
// The account, the organization and the networks belong to nobody.
const (
	strangerAccount  = "000000000000"
	strangerOrg      = "o-0000000000"
	strangerOrgPath  = strangerOrg + "/r-0000/ou-0000-00000000/"
	strangerVPC      = "vpc-00000000000000000"
	strangerEndpoint = "vpce-00000000000000000"
	strangerName     = "anyone"
)

// power is what somebody who makes a request can do about one of its keys.
type power uint8

const (
	chosen  power = iota // it has what value the caller wants, or is absent
	given                // the caller has a few values at most
	foreign              // it is a fact of something that the snapshot does not show
)

// powerOver says what a caller can do about a key (in lower case), and the
// values that it has where they are given; a nil entry means absent.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html, read 2026-11-24
func powerOver(key string, who *iam.Principal) (power, [][]string) {
	signed := who.Kind == iam.User || who.Kind == iam.Role || who.Kind == iam.Root || who.Kind == iam.Session
	switch key {
	case "aws:principalorgid":
		if signed {
			return given, [][]string{{strangerOrg}, nil}
		}
		return given, [][]string{nil}
	case "aws:principalorgpaths":
		if signed {
			return given, [][]string{{strangerOrgPath}, nil}
		}
		return given, [][]string{nil}
	case "aws:principalaccount", "kms:calleraccount", "aws:principalarn", "aws:principalisawsservice", "aws:principalservicename", "aws:principalservicenameslist",
		"aws:resourceaccount", "s3:resourceaccount", "aws:resourceorgid", "aws:resourceorgpaths", "aws:requestedregion", "aws:currenttime", "aws:epochtime":
		return given, nil // as the request says already
	case "aws:sourcevpc":
		return given, [][]string{nil, {strangerVPC}}
	case "aws:sourcevpce":
		return given, [][]string{nil, {strangerEndpoint}}
	case "aws:sourcevpcarn", "aws:vpcsourceip":
		return given, [][]string{nil}
	case "aws:vpceaccount":
		return given, [][]string{nil, {strangerAccount}}
	case "aws:vpceorgid":
		return given, [][]string{nil, {strangerOrg}}
	case "aws:vpceorgpaths":
		return given, [][]string{nil, {strangerOrgPath}}
	case "aws:sourcearn", "aws:sourceaccount", "aws:sourceowner", "aws:sourceorgid", "aws:sourceorgpaths":
		if who.Kind == iam.Service { // whoever uses the service has things of its own in it
			switch key {
			case "aws:sourceorgid":
				return given, [][]string{{strangerOrg}, nil}
			case "aws:sourceorgpaths":
				return given, [][]string{{strangerOrgPath}, nil}
			case "aws:sourcearn":
				return given, nil
			}
			return given, [][]string{{strangerAccount}}
		}
		return given, [][]string{nil}
	case "aws:multifactorauthpresent":
		if signed {
			return given, [][]string{{"true"}, nil, {"false"}}
		}
		return given, [][]string{nil}
	case "aws:principaltype":
		return given, nil
	case "aws:calledvia", "aws:calledviafirst", "aws:calledvialast", "aws:viaawsservice", "kms:viaservice":
		if signed {
			return chosen, nil // services act for the accounts of all their customers
		}
		return given, nil
	case "aws:username", "aws:multifactorauthage", "aws:tokenissuetime", "aws:sourceidentity", "aws:federatedprovider":
		if signed {
			return chosen, nil
		}
		return given, [][]string{nil}
	case "elasticfilesystem:accessedviamounttarget":
		return given, [][]string{{"false"}}
	case "aws:userid", "aws:assumedroot", "aws:chatbotsourcearn", "aws:signinsessionarn", "sts:externalid", "elasticfilesystem:accesspointarn",
		"lambda:functionurlauthtype", "events:creatoraccount", "kms:keyorigin", "kms:keyspec", "kms:keyusage", "kms:multiregion", "kms:multiregionkeytype",
		"kms:resourcealiases", "s3:dataaccesspointarn", "s3:dataaccesspointaccount", "s3:accesspointnetworkorigin", "secretsmanager:secretid", "secretsmanager:secretprimaryregion",
		"secretsmanager:resource/allowrotationlambdaarn":
		return foreign, nil
	}
	prefix, _, _ := strings.Cut(key, ":")
	switch {
	case key == strings.ToLower(iam.UnreadKey):
		return foreign, nil
	case strings.HasPrefix(key, "aws:principaltag/"):
		if signed {
			return chosen, nil // it tags its own users and roles
		}
		return given, [][]string{nil}
	case strings.HasPrefix(key, "aws:resourcetag/"), strings.Contains(key, ":resourcetag/"):
		return given, nil
	case strings.HasPrefix(key, "s3:existingobjecttag/"), strings.HasPrefix(key, "kms:recipientattestation:"), strings.Contains(prefix, "."), prefix == "saml":
		return foreign, nil
	}
	return chosen, nil
}

// wide says whether address ranges are together more than a network that
// somebody can own, and gives an address in the widest: S3 calls a policy public
// whose ranges are "broader than /8 for IPv4 and /32 for IPv6".
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html, read 2026-11-24
func wide(values []iam.Element) (address string, is bool) {
	share := map[bool]float64{}
	var widest netip.Prefix
	for _, v := range values {
		p, err := netip.ParsePrefix(v.Text)
		if err != nil {
			continue
		}
		p = p.Masked()
		if p.Addr().IsPrivate() && p.Bits() >= 8 {
			continue
		}
		part := 1.0
		for range p.Bits() {
			part /= 2
		}
		share[p.Addr().Is4()] += part
		if !widest.IsValid() || p.Addr().Is4() && !widest.Addr().Is4() || p.Addr().Is4() == widest.Addr().Is4() && p.Bits() < widest.Bits() {
			widest = p
		}
	}
	if !widest.IsValid() {
		return "", false
	}
	limit := 1.0 / (1 << 8)
	if !widest.Addr().Is4() {
		limit = 1.0 / (1 << 32)
	}
	if share[widest.Addr().Is4()] <= limit {
		return "", false
	}
	for _, a := range addresses {
		if widest.Contains(netip.MustParseAddr(a)) {
			return a, true
		}
	}
	a := widest.Addr().Next()
	return a.String(), true
}

// addresses are some from which a stranger calls, of different networks.
var addresses = []string{"198.51.100.23", "203.0.113.23", "192.0.2.23", "100.128.7.23", "37.18.99.23", "141.57.3.23", "217.44.8.23", "2001:db8::23"}

// elsewhere is an address that no condition on aws:SourceIp names in a range
// that somebody can own.
func elsewhere(conditions []iam.Condition) string {
	var owned []netip.Prefix
	for _, c := range conditions {
		if !strings.EqualFold(c.Key, "aws:SourceIp") {
			continue
		}
		if _, is := wide(c.Values); is {
			continue
		}
		for _, v := range c.Values {
			if p, err := netip.ParsePrefix(v.Text); err == nil {
				owned = append(owned, p)
			} else if a, err := netip.ParseAddr(v.Text); err == nil {
				owned = append(owned, netip.PrefixFrom(a, a.BitLen()))
			}
		}
	}
	for _, a := range addresses {
		address, free := netip.MustParseAddr(a), true
		for _, p := range owned {
			free = free && !p.Contains(address)
		}
		if free {
			return a
		}
	}
	return addresses[0]
}

// filled writes a pattern out: a name in the place of each wildcard.
func filled(pattern, name string) string {
	return strings.NewReplacer("${*}", "*", "${?}", "?", "${$}", "$", "*", name, "?", "x").Replace(pattern)
}

// filledARN writes a pattern of an ARN out for an account, "" where the ARN is
// of another account.
func filledARN(pattern, account string) string {
	if pattern == "*" {
		return "arn:aws:iam::" + account + ":user/" + strangerName
	}
	parts := strings.SplitN(pattern, ":", 6)
	if len(parts) != 6 {
		return ""
	}
	for i, fill := range []string{"arn", "aws", "iam", "eu-west-1", account, "user/" + strangerName} {
		switch {
		case i == 4 && strings.ContainsAny(parts[i], "*?"):
			parts[i] = account // verified by whoever asks
		case parts[i] == "*":
			parts[i] = fill
		default:
			parts[i] = filled(parts[i], "x")
		}
	}
	if parts[4] != account && !(parts[2] == "s3" && parts[4] == "" && strings.ContainsAny(pattern, "*?")) {
		return ""
	}
	return strings.Join(parts, ":")
}
