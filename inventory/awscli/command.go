package awscli

import (
	"regexp"
	"strings"

	"merlon.dev/merlon/inventory/live"
)

// commands are the names under which a service's output may be filed, the one
// that is written first: boto3's, the AWS CLI's where it differs, and the
// misspelling of CloudMapper's demo.
//
// https://docs.aws.amazon.com/cli/latest/reference/ and
// https://docs.aws.amazon.com/boto3/latest/reference/services/ (both read 2026-11-24).
func commands(o *live.Operation) []string {
	switch o.Service {
	case "accessanalyzer":
		return []string{"accessanalyzer", "accessanalzyer"}
	case "configservice":
		return []string{"config", "configservice"}
	case "opensearch":
		// The older service's answers are of another shape, but for this one.
		if o.Name == "ListDomainNames" {
			return []string{"opensearch", "es"}
		}
	case "s3":
		return []string{"s3", "s3api"}
	}
	return []string{live.CLI(o.Service)}
}

// stems are the beginnings of the names of an operation's files.
func stems(o *live.Operation) []string {
	v := verb(o.Name)
	var out []string
	for _, c := range commands(o) {
		out = append(out, c+"-"+v)
	}
	return out
}

var (
	pluralAcronym = regexp.MustCompile(`[A-Z]{2,}s$`)
	firstCapital  = regexp.MustCompile(`(.)([A-Z][a-z]+)`)
	endCapital    = regexp.MustCompile(`([a-z0-9])([A-Z])`)
)

// oneWord lists the spellings that botocore's table of exceptions takes for one
// word, in the form that the rule below reads as one.
var oneWord = strings.NewReplacer("CachediSCSI", "CachedIscsi", "StorediSCSI", "StoredIscsi", "HITsFor", "HitsFor",
	"PartiQL", "Partiql", "WhatsApp", "Whatsapp", "OTel", "Otel")

// verb is the AWS CLI's name of an operation: "describe-db-instances" for
// "DescribeDBInstances". It is botocore's xform_name with its exceptions
// (botocore/__init__.py of version 1.43.11, read 2026-11-24).
func verb(operation string) string {
	if strings.Contains(operation, "-") {
		return operation
	}
	name := oneWord.Replace(operation)
	if m := pluralAcronym.FindString(name); m != "" {
		name = name[:len(name)-len(m)] + "-" + strings.ToLower(m)
	}
	name = firstCapital.ReplaceAllString(name, "$1-$2")
	return strings.ToLower(endCapital.ReplaceAllString(name, "$1-$2"))
}
