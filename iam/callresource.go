package iam

import (
	"net/url"
	"slices"
	"strings"

	"merlon.dev/merlon/iam/reference"
)

// boundTo is on which resources an action must be granted for a call.
type boundTo struct {
	resources []string
	// widened says that a part of a resource is not known and stands as "*".
	widened bool
	// assumed is what was taken to be so, in words.
	assumed string
}

// maxCombinations bounds the resources made from one call's parameters.
const maxCombinations = 256

// resourcesOf works out the resources of an action in a call: the ARNs that the
// call names and whose type the action takes, and the patterns of types filled in
// with the call's parameters. A type that the action needs and that the call does
// not tell gives its pattern with "*" for what is not known.
func resourcesOf(ref *reference.Reference, a reference.Action, c *Call) boundTo {
	if len(a.Resources) == 0 {
		return boundTo{resources: []string{"*"}}
	}
	s, ok := ref.Service(a.Service)
	if !ok {
		return boundTo{resources: []string{"*"}, widened: true}
	}
	f := filler{service: s, action: a, call: sourceOf(a, c)}
	hit := f.named()
	if special, ok := f.special(); ok {
		f.out.resources = append(f.out.resources, special...)
		f.finish()
		return f.out
	}
	any := len(hit) > 0
	for _, r := range a.Resources {
		t, ok := s.ResourceType(r.Type)
		if !ok || hit[t.Name] {
			continue
		}
		if filled := f.fill(t, r.Required); len(filled) > 0 {
			f.out.resources = append(f.out.resources, filled...)
			any = true
			continue
		}
		if r.Required {
			for _, arn := range t.ARNs {
				f.out.resources = append(f.out.resources, f.pattern(arn))
			}
			f.out.widened, any = true, true
		}
	}
	if !any {
		f.out.resources = []string{"*"}
		f.out.widened = true
	}
	f.finish()
	return f.out
}

// filler makes the resources of one action in one call.
type filler struct {
	service *reference.Service
	action  reference.Action
	call    *Call
	out     boundTo
}

func (f *filler) finish() {
	slices.Sort(f.out.resources)
	f.out.resources = slices.Compact(f.out.resources)
}

// sourceOf is the call as the action sees it: what a copy reads is its source.
func sourceOf(a reference.Action, c *Call) *Call {
	source := c.Parameters["x-amz-copy-source"]
	if len(source) == 0 {
		source = c.Parameters["copysource"]
	}
	if a.Service != "s3" || len(source) == 0 {
		return c
	}
	copied := *c
	copied.Resources = nil
	copied.Parameters = map[string][]string{"bucketname": c.Parameters["bucketname"], "bucket": c.Parameters["bucket"], "key": c.Parameters["key"]}
	if strings.HasPrefix(a.Name, "Get") {
		copied.Parameters = map[string][]string{}
		for _, s := range source {
			if name, err := url.PathUnescape(s); err == nil {
				s = name
			}
			s, _, _ = strings.Cut(s, "?versionId=")
			if strings.HasPrefix(s, "arn:") {
				copied.Resources = append(copied.Resources, CallResource{ARN: s})
				continue
			}
			bucket, key, ok := strings.Cut(strings.TrimPrefix(s, "/"), "/")
			if ok {
				copied.AddParameter("bucketname", bucket)
				copied.AddParameter("key", key)
			}
		}
	}
	return &copied
}

// named takes the ARNs of the call that are of a type of the action.
func (f *filler) named() map[string]bool {
	hit := map[string]bool{}
	take := func(arn string, prefix bool) {
		if len(arn) > maxResource || !strings.HasPrefix(arn, "arn:") {
			return
		}
		text := literalResource(arn)
		if prefix {
			text += "*"
		}
		if len(text) > maxResource {
			return
		}
		for _, t := range f.service.TypesOf(arn) {
			if f.action.Takes(t.Name) {
				hit[t.Name] = true
				f.out.resources = append(f.out.resources, text)
			}
		}
	}
	for _, r := range f.call.Resources {
		take(r.ARN, r.Prefix)
	}
	for _, name := range sortedKeys(f.call.Parameters) {
		for _, v := range f.call.Parameters[name] {
			take(v, false)
		}
	}
	return hit
}

// fill makes resources of a type from the parameters, none where some part of the
// pattern that is the resource's own is not known. A pattern without such a part
// is only filled for a type that the action needs.
func (f *filler) fill(t reference.ResourceType, required bool) []string {
	var out []string
	for _, pattern := range t.ARNs {
		partial, known, own := []string{""}, true, 0
		for rest := pattern; rest != ""; {
			head, tail, found := strings.Cut(rest, "${")
			partial = appendAll(partial, []string{head})
			if !found {
				break
			}
			variable, after, _ := strings.Cut(tail, "}")
			rest = after
			if v, ok := f.place(variable); ok {
				partial = appendAll(partial, []string{v})
				continue
			}
			own++
			values := f.values(t, variable)
			if len(values) == 0 && f.opaque(variable) {
				values = []string{"*"}
				own--
			}
			if len(values) == 0 {
				known = false
				break
			}
			partial = appendAll(partial, values)
		}
		if !known || own == 0 && !required {
			continue
		}
		for _, r := range partial {
			if len(r) <= maxResource {
				out = append(out, f.forms(t, r)...)
			}
		}
	}
	return out
}

// opaque are the parts that AWS makes up and that callers never say.
func (f *filler) opaque(variable string) bool {
	switch f.service.Prefix + ":" + variable {
	case "autoscaling:GroupId", "cloudformation:Id":
		return true
	}
	return false
}

// forms are the resources that policies must name for what has this ARN.
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/iam-access-control-overview-cwl.html, read 2026-11-24
func (f *filler) forms(t reference.ResourceType, arn string) []string {
	if f.service.Prefix == "logs" && t.Name == "log-group" {
		return []string{arn, arn + ":*"}
	}
	return []string{arn}
}

func appendAll(heads, tails []string) []string {
	out := make([]string, 0, len(heads)*len(tails))
	for _, h := range heads {
		for _, t := range tails {
			if len(out) == maxCombinations {
				return out
			}
			out = append(out, h+t)
		}
	}
	return out
}

// pattern is a type's ARN with "*" for what the call does not tell.
func (f *filler) pattern(arn string) string {
	return eachVariable(arn, func(name string) string {
		if v, ok := f.place(name); ok {
			return v
		}
		return "*"
	})
}

// place is a variable that says where a resource is.
func (f *filler) place(variable string) (string, bool) {
	var v string
	switch variable {
	case "Partition":
		if v = f.call.Partition; v == "" {
			v = partitionOf(f.call.Region)
		}
	case "Region":
		v = f.call.Region
	case "Account":
		v = f.call.Account
	default:
		return "", false
	}
	if v == "" {
		return "*", true
	}
	return literalResource(v), true
}

func partitionOf(region string) string {
	switch {
	case strings.HasPrefix(region, "cn-"):
		return "aws-cn"
	case strings.HasPrefix(region, "us-gov-"):
		return "aws-us-gov"
	case region == "":
		return ""
	}
	return "aws"
}

// values are what a variable of a type's pattern is in the call, escaped.
func (f *filler) values(t reference.ResourceType, variable string) []string {
	name := strings.ToLower(variable)
	var out []string
	for _, p := range append([]string{name, name + "s"}, otherNames(f.service.Prefix, name)...) {
		for _, v := range f.call.Parameters[p] {
			if strings.HasPrefix(v, "arn:") {
				continue
			}
			out = append(out, f.shape(t, name, v)...)
		}
	}
	return out
}

// shape writes a parameter's value as it stands in the ARN.
func (f *filler) shape(t reference.ResourceType, variable, v string) []string {
	switch f.service.Prefix + ":" + variable {
	case "sqs:queuename":
		// https://sqs.eu-west-1.amazonaws.com/111122223333/orders
		if strings.Contains(v, "://") {
			v = v[strings.LastIndexByte(v, '/')+1:]
		}
	case "ssm:parameternamewithoutleadingslash":
		v = strings.TrimPrefix(v, "/")
	case "kms:keyid":
		if strings.HasPrefix(v, "alias/") {
			return nil // decided by the key's own ARN
		}
	case "secretsmanager:secretid":
		// AWS adds a hyphen and six characters to the name.
		// https://docs.aws.amazon.com/secretsmanager/latest/userguide/getting-started.html, read 2026-11-24
		return []string{literalResource(v) + "-??????"}
	case "lambda:functionname":
		return f.lambda(v)
	case "iam:rolenamewithpath", "iam:usernamewithpath", "iam:groupnamewithpath", "iam:instanceprofilenamewithpath", "iam:policynamewithpath":
		path := "/"
		if p := f.call.Parameters["path"]; len(p) == 1 && strings.HasPrefix(p[0], "/") && strings.HasSuffix(p[0], "/") {
			path = p[0]
		} else {
			f.out.assumed = "the path of " + t.Name + " " + v + " is taken to be /"
		}
		v = path[1:] + v
	case "ecs:taskdefinitionfamilyname":
		v, _, _ = strings.Cut(v, ":")
	case "ecs:taskdefinitionrevisionnumber":
		_, revision, ok := strings.Cut(v, ":")
		if !ok {
			return []string{"*"}
		}
		v = revision
	case "events:eventbusname":
		if v == "default" {
			return nil
		}
	}
	if v == "" {
		return nil
	}
	return []string{literalResource(v)}
}

// lambda is a function's name from a name, a name with a qualifier or the short
// form 111122223333:function:name. A call with a qualifier is about that version.
func (f *filler) lambda(v string) []string {
	if i := strings.Index(v, "function:"); i >= 0 {
		v = v[i+len("function:"):]
	}
	if q := f.call.Parameters["qualifier"]; len(q) == 1 && !strings.Contains(v, ":") {
		v += ":" + q[0]
	}
	return []string{literalResource(v)}
}
