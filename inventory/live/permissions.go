package live

import "slices"

// Actions are the IAM actions that reading with the services needs, sorted.
func Actions(services []*Service) []string {
	var out []string
	for _, s := range services {
		for _, o := range s.Operations {
			out = append(out, o.IAMActions()...)
		}
	}
	// Regions are found, and the caller's name asked, before any service is read.
	out = append(out, "ec2:DescribeRegions", "sts:GetCallerIdentity")
	slices.Sort(out)
	return slices.Compact(out)
}

// maxManagedPolicy is the most characters a managed policy may have, white space
// not counted: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html (read 2026-11-24).
const maxManagedPolicy = 6144

// Split cuts the actions into lists that each fit a managed policy.
func Split(actions []string) [][]string {
	const frame = 120
	var out [][]string
	size := maxManagedPolicy
	for _, a := range actions {
		if size+len(a)+3 > maxManagedPolicy {
			out = append(out, nil)
			size = frame
		}
		size += len(a) + 3
		out[len(out)-1] = append(out[len(out)-1], a)
	}
	return out
}
