// Command calls distils the models of botocore into the table of services that
// package iam/reference embeds beside its exceptions.
//
//	go run ./internal/generate/calls [-botocore DIR] [-o sdk.txt]
//
// DIR is botocore's data folder; .cache/venv has one after "make moto". It prints
// the operations that the package cannot map to an action, with the tables that it
// was compiled with: run it twice after a change.
package main

import (
	"bufio"
	"bytes"
	"flag"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"

	"merlon.dev/merlon/iam/reference"
	"merlon.dev/merlon/internal/generate/botocore"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "calls:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	flags := flag.NewFlagSet("calls", flag.ContinueOnError)
	dir := flags.String("botocore", "../../.cache/venv/lib/python3*/site-packages/botocore/data", "botocore's data folder, or a pattern for it")
	out := flags.String("o", "sdk.txt", "the file to write")
	if err := flags.Parse(args); err != nil {
		return err
	}
	data, err := botocore.Find(*dir)
	if err != nil {
		return err
	}
	models, err := readModels(data)
	if err != nil {
		return err
	}
	ref, err := reference.Load()
	if err != nil {
		return err
	}
	text, err := table(ref, models, data.Version)
	if err != nil {
		return err
	}
	printUnmapped(ref, models)
	return os.WriteFile(*out, text, 0o644)
}

func printUnmapped(ref *reference.Reference, models []*model) {
	all, unmapped := 0, 0
	for _, m := range models {
		var ops []string
		for _, op := range slices.Sorted(maps.Keys(m.Operations)) {
			if _, ok := ref.ActionsOf(m.Metadata.ServiceID, op); !ok {
				ops = append(ops, op)
			}
		}
		all, unmapped = all+len(m.Operations), unmapped+len(ops)
		if len(ops) > 0 {
			fmt.Fprintf(os.Stderr, "%s: %s\n", m.Metadata.ServiceID, strings.Join(ops, " "))
		}
	}
	fmt.Fprintf(os.Stderr, "%d of %d operations unmapped\n", unmapped, all)
}

// prefixes are those of services whose calls are signed under a name that is none,
// or under another's.
var prefixes = map[string]string{
	"CloudControl":                "cloudformation",
	"CloudWatch":                  "cloudwatch",
	"IoT Data Plane":              "iot",
	"IoT Jobs Data Plane":         "iotjobsdata",
	"IoT Events Data":             "iotevents",
	"IoTSecureTunneling":          "iot",
	"MTurk":                       "mechanicalturk",
	"PartnerCentral Account":      "partnercentral",
	"PartnerCentral Benefits":     "partnercentral",
	"PartnerCentral Channel":      "partnercentral",
	"PartnerCentral Selling":      "partnercentral",
	"Resource Groups Tagging API": "tag",
	"SSO":                         "sso",
	// Its tokens are not IAM's: the name keeps it apart from execute-api.
	"ConnectParticipant": "connectparticipant",
}

// table writes the file; package reference describes it in calltable.go.
func table(ref *reference.Reference, models []*model, version string) ([]byte, error) {
	var b bytes.Buffer
	w := bufio.NewWriter(&b)
	fmt.Fprintf(w, "# Distilled from the service models of botocore %s (Apache-2.0, Amazon.com, Inc.).\n", version)
	for _, m := range models {
		prefix := prefixes[m.Metadata.ServiceID]
		for _, p := range []string{m.signed(), m.Metadata.EndpointPrefix} {
			if _, ok := ref.Service(p); ok && prefix == "" {
				prefix = strings.ToLower(p)
			}
		}
		if prefix == "" {
			fmt.Fprintf(os.Stderr, "no prefix for %s\n", m.Metadata.ServiceID)
			continue
		}
		fmt.Fprintf(w, "service\t%s\t%s\t%s\t%s\n", m.Metadata.ServiceID, m.Metadata.EndpointPrefix, m.signed(), prefix)
		if prefix == "apigateway" {
			m.writeVerbs(w, ref)
		}
		if ops := m.passing(); len(ops) > 0 {
			fmt.Fprintf(w, "passes\t%s\t%s\n", m.Metadata.ServiceID, strings.Join(ops, " "))
		}
	}
	if err := w.Flush(); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

// writeVerbs lists the operations of API Gateway that are authorized by their HTTP
// method.
//
// https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-iam-policy-examples.html (read 2026-11-24)
func (m *model) writeVerbs(w *bufio.Writer, ref *reference.Reference) {
	byMethod := map[string][]string{}
	for name, op := range m.Operations {
		if _, ok := ref.Action("apigateway:" + name); !ok {
			byMethod[op.HTTP.Method] = append(byMethod[op.HTTP.Method], name)
		}
	}
	for _, method := range []string{"DELETE", "GET", "PATCH", "POST", "PUT"} {
		if ops := byMethod[method]; len(ops) > 0 {
			slices.Sort(ops)
			fmt.Fprintf(w, "verb\t%s\tapigateway:%s\t%s\n", m.Metadata.ServiceID, method, strings.Join(ops, " "))
		}
	}
}
