package posture_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"testing/fstest"
	"time"

	"merlon.dev/merlon"
	"merlon.dev/merlon/inventory"
	"merlon.dev/merlon/posture"
)

var documents = flag.Int("documents", 20_000, "resources in the snapshot of BenchmarkRun")

// benchTypes are the 60 types of the benchmark.
var benchTypes = strings.Fields(`
AWS::S3::Bucket AWS::EC2::Instance AWS::EC2::SecurityGroup AWS::EC2::Volume AWS::EC2::VPC AWS::EC2::Subnet AWS::EC2::NetworkInterface AWS::EC2::RouteTable
AWS::EC2::NetworkAcl AWS::EC2::VPCEndpoint AWS::EC2::LaunchTemplate AWS::EC2::EIP AWS::EC2::NatGateway AWS::EC2::TransitGateway AWS::EC2::FlowLog AWS::IAM::Role
AWS::IAM::User AWS::IAM::Group AWS::IAM::ManagedPolicy AWS::IAM::InstanceProfile AWS::Lambda::Function AWS::RDS::DBInstance AWS::RDS::DBCluster AWS::RDS::DBSubnetGroup
AWS::KMS::Key AWS::KMS::Alias AWS::SQS::Queue AWS::SNS::Topic AWS::DynamoDB::Table AWS::ECS::Cluster AWS::ECS::Service AWS::ECS::TaskDefinition AWS::ECR::Repository
AWS::EKS::Cluster AWS::EFS::FileSystem AWS::Logs::LogGroup AWS::CloudTrail::Trail AWS::CloudWatch::Alarm AWS::SecretsManager::Secret AWS::SSM::Parameter
AWS::ElasticLoadBalancingV2::LoadBalancer AWS::ElasticLoadBalancingV2::Listener AWS::ElasticLoadBalancingV2::TargetGroup AWS::AutoScaling::AutoScalingGroup
AWS::CloudFront::Distribution AWS::Route53::HostedZone AWS::CertificateManager::Certificate AWS::ApiGateway::RestApi AWS::ApiGateway::Stage AWS::ApiGatewayV2::Api
AWS::WAFv2::WebACL AWS::Backup::BackupVault AWS::Backup::BackupPlan AWS::ElastiCache::ReplicationGroup AWS::OpenSearchService::Domain AWS::Redshift::Cluster
AWS::Config::ConfigurationRecorder AWS::GuardDuty::Detector AWS::StepFunctions::StateMachine AWS::Kinesis::Stream`)

// benchType is a type with the properties that its documents and controls have.
type benchType struct {
	name                   string
	texts, flags, integers []string
	list, field            string
}

func describe(t testing.TB, schemas *inventory.SchemaSet, name string) benchType {
	typ, ok := schemas.Type(name)
	if !ok {
		t.Fatalf("there is no type %s", name)
	}
	b := benchType{name: name}
	for field, p := range typ.Properties.Fields() {
		switch {
		case p.Required || p.ReadOnly:
		case p.Kind == inventory.String:
			b.texts = append(b.texts, field)
		case p.Kind == inventory.Boolean:
			b.flags = append(b.flags, field)
		case p.Kind == inventory.Integer:
			b.integers = append(b.integers, field)
		case p.Kind == inventory.List && p.Elem.Kind == inventory.Object && b.list == "" && field != typ.TagProperty:
			for f, e := range p.Elem.Fields() {
				if e.Kind == inventory.String {
					b.list, b.field = field, f
					break
				}
			}
		}
	}
	return b
}

// document makes properties so that a whole document has about 871 bytes.
func (b *benchType) document(n int) string {
	p := map[string]any{}
	for i, f := range b.texts {
		if i < 6 {
			p[f] = f + "-" + strconv.Itoa(n%97)
		}
	}
	for i, f := range b.flags {
		if i < 6 {
			p[f] = n%(20+i) != 0
		}
	}
	for i, f := range b.integers {
		if i < 4 {
			p[f] = n % 1000
		}
	}
	if b.list != "" {
		p[b.list] = []any{map[string]any{b.field: "one-" + strconv.Itoa(n%11)}, map[string]any{b.field: "two"}}
	}
	tags := []any{map[string]any{"Key": "team", "Value": "payments"}, map[string]any{"Key": "environment", "Value": "production"}}
	p["Tags"] = tags
	out, err := json.Marshal(p)
	if err != nil {
		return "{}"
	}
	// Filling, in the place that most documents have it: a long description.
	if missing := 560 - len(out); missing > 0 {
		p["Description"] = strings.Repeat("d", missing)
		if out, err = json.Marshal(p); err != nil {
			return "{}"
		}
	}
	return string(out)
}

// rules are six controls, five of them with a when: eleven evaluations.
func (b *benchType) rules() []*fstest.MapFile {
	require := []string{"resource.name != '' && resource.tags[?'team'].orValue('') == 'payments'"}
	for i, f := range b.flags {
		if i < 2 {
			require = append(require, "resource.properties.?"+f+".orValue(false)")
		}
	}
	for i, f := range b.texts {
		if i < 2 {
			require = append(require, "resource.properties.?"+f+".orValue('').startsWith('"+f+"') && resource.properties.?"+f+".orValue('') != 'nothing'")
		}
	}
	if b.list != "" {
		require = append(require, "!resource.properties.?"+b.list+".orValue([]).exists(x, x.?"+b.field+".orValue('') == 'three')")
	}
	for i, f := range b.integers {
		if i < 2 {
			require = append(require, "resource.properties.?"+f+".orValue(0) >= 0 && resource.properties.?"+f+".orValue(0) < 990")
		}
	}
	for len(require) < 6 {
		require = append(require, "resource.tags[?'environment'].orValue('') in ['production', 'staging', 'development']")
	}
	var out []*fstest.MapFile
	for i, r := range require[:6] {
		if i == 0 {
			out = append(out, control(b.name, r))
		} else {
			out = append(out, control(b.name, r, "when: resource.tags[?'environment'].orValue('') != 'sandbox'"))
		}
	}
	return out
}

// benchSnapshot writes a snapshot and gives its path and the size of its documents.
func benchSnapshot(t testing.TB, schemas *inventory.SchemaSet, types []benchType, n int) (path string, average int) {
	ctx := t.Context()
	meta := inventory.Meta{Kind: inventory.KindLive, Started: day, Finished: day, Accounts: []inventory.Account{{ID: acct1, Regions: []merlon.Region{"eu-central-1"}}}}
	for _, b := range types {
		meta.Services = append(meta.Services, inventory.Service{Name: b.name, Types: []string{b.name}})
	}
	builder, err := inventory.Create(ctx, t.TempDir()+"/snapshot", schemas, meta)
	if err != nil {
		t.Fatal(err)
	}
	size := 0
	for k, b := range types {
		w, err := builder.Begin(ctx, inventory.Unit{Account: acct1, Region: "eu-central-1", Service: b.name}, day)
		if err != nil {
			t.Fatal(err)
		}
		for i := k; i < n; i += len(types) {
			id := "resource-" + strconv.Itoa(i)
			r := &merlon.Resource{Type: b.name, ID: id, Name: id, Account: acct1, Region: "eu-central-1", Properties: json.RawMessage(b.document(i)),
				ARN: merlon.ARN("arn:aws:" + merlon.ServiceOf(b.name) + ":eu-central-1:111111111111:" + id), Tags: map[string]string{"team": "payments", "environment": "production"},
				Calls: []merlon.Read{{Call: "service:ListThings", At: day}, {Call: "service:GetThing", At: day, Properties: []string{"properties.Tags"}}}}
			if err := w.Put(ctx, r); err != nil {
				t.Fatal(err)
			}
			size += len(r.Properties) + 9*10 + 2*len(id) + len(r.Type) + len(r.ARN) + 90
		}
		if err := w.Done(ctx, day); err != nil {
			t.Fatal(err)
		}
	}
	if err := builder.Finish(ctx, meta); err != nil {
		t.Fatal(err)
	}
	return builder.Path(), size / n
}

// peak gives the peak of the resident memory in MB since the last call, where
// the system can tell (Linux), else 0.
func peak() float64 {
	data, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0
	}
	_, rest, ok := strings.Cut(string(data), "VmHWM:")
	if !ok {
		return 0
	}
	kb, err := strconv.ParseFloat(strings.Fields(rest)[0], 64)
	if err != nil {
		return 0
	}
	// Later peaks are counted anew.
	if err := os.WriteFile("/proc/self/clear_refs", []byte("5"), 0); err != nil {
		return 0
	}
	return kb / 1024
}

// cpu is the processor time spent so far, which says more than the clock on a
// busy machine.
func cpu() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// BenchmarkRun judges a snapshot of resources of 60 types, eleven evaluations
// each. For the figure of docs/benchmarks.md:
//
//	go test ./posture -run '^$' -bench '^BenchmarkRun$' -benchtime 1x -documents 1000000
func BenchmarkRun(b *testing.B) {
	schemas, err := inventory.LoadSchemas()
	if err != nil {
		b.Fatal(err)
	}
	files := fstest.MapFS{}
	var types []benchType
	for k, name := range benchTypes {
		t := describe(b, schemas, name)
		types = append(types, t)
		for i, f := range t.rules() {
			files[fmt.Sprintf("t%d/c%d.yaml", k, i)] = f
		}
	}
	begin := time.Now()
	c, err := posture.Load(schemas, posture.Folder{FS: files})
	if err != nil {
		b.Fatal(err)
	}
	compiled := float64(time.Since(begin).Microseconds()) / float64(len(c.Controls()))
	path, average := benchSnapshot(b, schemas, types, *documents)
	s, err := inventory.Open(b.Context(), path, schemas)
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	runtime.GC()
	debug.FreeOSMemory()
	peak()
	before := peak()
	spent := cpu()
	b.ResetTimer()
	findings := 0
	for range b.N {
		sum, err := c.Run(b.Context(), s, posture.Options{}, func(*merlon.Finding) error { findings++; return nil })
		if err != nil {
			b.Fatal(err)
		}
		if sum.Resources != *documents {
			b.Fatalf("%d resources were judged", sum.Resources)
		}
	}
	b.StopTimer()
	b.ReportMetric(float64((cpu()-spent).Microseconds())/float64(*documents)/float64(b.N), "cpu-µs/resource")
	b.ReportMetric(float64(*documents)*float64(b.N)/b.Elapsed().Seconds(), "resources/s")
	b.ReportMetric(peak(), "MB-peak")
	b.ReportMetric(before, "MB-before")
	b.ReportMetric(compiled, "µs/compile")
	b.ReportMetric(float64(average), "B/document")
	b.ReportMetric(float64(findings)/float64(b.N)/float64(*documents), "findings/resource")
}
