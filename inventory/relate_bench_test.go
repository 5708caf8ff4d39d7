package inventory

import (
	"encoding/json"
	"fmt"
	"testing"

	"merlon.dev/merlon"
)

// BenchmarkInverse asks of each of many security groups what uses it, over the
// seven relations of the control on unused groups; an operation is one group.
//
//	go test ./inventory -run '^$' -bench '^BenchmarkInverse$' -benchtime 20000x
func BenchmarkInverse(b *testing.B) {
	const typ, groups = "AWS::EC2::SecurityGroup", 20_000
	relations := []string{"networkInterfaces", "instances", "ingressOf", "egressOf", "launchTemplates", "launchTemplateInterfaces", "launchConfigurations"}
	ctx := b.Context()
	schemas, err := LoadSchemas()
	if err != nil {
		b.Fatal(err)
	}
	meta := Meta{Kind: KindLive, Started: testTime, Finished: testTime, Accounts: []Account{{ID: "111122223333", Regions: []merlon.Region{"eu-west-1"}}},
		Services: []Service{{Name: "ec2", Types: []string{typ, "AWS::EC2::NetworkInterface", "AWS::EC2::Instance", "AWS::EC2::LaunchTemplate"}},
			{Name: "autoscaling", Types: []string{"AWS::AutoScaling::LaunchConfiguration"}}}}
	builder, err := Create(ctx, b.TempDir()+"/snapshot", schemas, meta)
	if err != nil {
		b.Fatal(err)
	}
	for _, service := range []string{"ec2", "autoscaling"} {
		w, err := builder.Begin(ctx, Unit{"111122223333", "eu-west-1", service}, testTime)
		if err != nil {
			b.Fatal(err)
		}
		for i := range groups {
			if service != "ec2" {
				break
			}
			id := fmt.Sprintf("sg-%06d", i)
			r := &merlon.Resource{Type: typ, ID: id, Name: id, Account: "111122223333", Region: "eu-west-1", ARN: merlon.ARN("arn:aws:ec2:eu-west-1:111122223333:security-group/" + id),
				Properties: json.RawMessage(fmt.Sprintf(`{"GroupId":%q,"SecurityGroupIngress":[{"IpProtocol":"tcp","FromPort":22,"ToPort":22,"SourceSecurityGroupId":"sg-%06d"}]}`, id, i/2))}
			if err := w.Put(ctx, r); err != nil {
				b.Fatal(err)
			}
			// What a template's interfaces use is not known of every tenth.
			if i%10 == 0 {
				t := &merlon.Resource{Type: "AWS::EC2::LaunchTemplate", ID: "lt-" + id, Name: id, Account: "111122223333", Region: "eu-west-1", Properties: json.RawMessage(`{}`),
					Unknowns: []merlon.Unknown{{Path: "/properties/LaunchTemplateData", Reason: "not read"}}}
				if err := w.Put(ctx, t); err != nil {
					b.Fatal(err)
				}
			}
		}
		if err := w.Done(ctx, testTime); err != nil {
			b.Fatal(err)
		}
	}
	if err := builder.Finish(ctx, meta); err != nil {
		b.Fatal(err)
	}
	s, err := Open(ctx, builder.Path(), schemas)
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	var subjects []Subject
	err = s.Each(ctx, typ, func(r *merlon.Resource) error {
		subjects = append(subjects, Subject{Row: int64(len(subjects) + 1), Type: r.Type, ID: r.ID, ARN: r.ARN, Account: r.Account, Region: r.Region})
		return nil
	})
	if err != nil {
		b.Fatal(err)
	}
	found, open := 0, 0
	i := 0
	for b.Loop() {
		for _, relation := range relations {
			unknowns, err := s.Related(ctx, subjects[i%groups], relation, func(*Document) error { found++; return nil })
			if err != nil {
				b.Fatal(err)
			}
			open += len(unknowns)
		}
		i++
	}
	b.ReportMetric(float64(found)/float64(i), "found/group")
	b.ReportMetric(float64(open)/float64(i), "unknowns/group")
}
