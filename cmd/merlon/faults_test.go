package main

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode"

	"merlon.dev/merlon"
	"merlon.dev/merlon/internal/awstest"
	"merlon.dev/merlon/internal/report"
	"merlon.dev/merlon/inventory"
	"merlon.dev/merlon/inventory/live"
)

// user runs the program in a folder of its own against a server.
type user struct {
	t       *testing.T
	dir     string
	program string
	aws     *awstest.Server
}

func newUser(t *testing.T, program string) *user {
	return &user{t, t.TempDir(), program, awstest.Start(t)}
}

func (u *user) command(name string, args ...string) *exec.Cmd {
	c := exec.CommandContext(u.t.Context(), name, args...)
	c.Dir = u.dir
	c.Env = append(os.Environ(), "AWS_ENDPOINT_URL="+u.aws.URL, "AWS_ACCESS_KEY_ID="+awstest.AccessKey(awstest.Management), "AWS_SECRET_ACCESS_KEY=secret", "AWS_REGION=us-east-1",
		"HOME="+u.dir, "XDG_CACHE_HOME="+u.dir, "XDG_CONFIG_HOME="+u.dir, "AWS_CONFIG_FILE="+u.dir+"/none", "AWS_SHARED_CREDENTIALS_FILE="+u.dir+"/none")
	return c
}

// run demands an exit code and gives what was printed.
func (u *user) run(code int, args ...string) (stdout, stderr string) {
	u.t.Helper()
	return u.finish(code, u.command(u.program, args...))
}

func (u *user) finish(code int, c *exec.Cmd) (stdout, stderr string) {
	u.t.Helper()
	var out, problems bytes.Buffer
	if c.Stdout == nil {
		c.Stdout = &out
	}
	c.Stderr = &problems
	err := c.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		u.t.Fatal(err)
	}
	if got := c.ProcessState.ExitCode(); got != code {
		u.t.Fatalf("%v: exit code %d, want %d\n%s", c.Args, got, code, &problems)
	}
	return out.String(), problems.String()
}

func (u *user) path(name string) string { return filepath.Join(u.dir, name) }

func (u *user) open(name string) *inventory.Snapshot {
	u.t.Helper()
	schemas, err := inventory.LoadSchemas()
	if err != nil {
		u.t.Fatal(err)
	}
	s, err := inventory.Open(u.t.Context(), u.path(name), schemas)
	if err != nil {
		u.t.Fatal(err)
	}
	u.t.Cleanup(func() { s.Close() })
	return s
}

func (u *user) same(a, b string) {
	u.t.Helper()
	same, difference, err := inventory.Equal(u.t.Context(), u.open(a), u.open(b))
	if err != nil {
		u.t.Fatal(err)
	}
	if !same {
		u.t.Errorf("%s and %s differ: %s", a, b, difference)
	}
}

func wants(t *testing.T, text string, words ...string) {
	t.Helper()
	for _, w := range words {
		if !strings.Contains(text, w) {
			t.Errorf("%q is not in:\n%s", w, text)
		}
	}
}

var organization = []string{"--organization", "--role", awstest.FleetRole}

// TestInterrupt: Ctrl-C leaves a snapshot to go on with, and says so.
func TestInterrupt(t *testing.T) {
	u := newUser(t, "merlon")
	u.aws.Populate(awstest.Fleet{Accounts: 2, Regions: 2})
	args := append([]string{"collect", "-q", "--parallel", "4"}, organization...)
	u.run(0, append(args, "-o", "whole.db")...)
	slow := u.aws.Inject(awstest.Fault{Do: awstest.Delay(5 * time.Millisecond)})
	u.aws.Forget()
	c := u.command("merlon", append(args, "-o", "cut.db")...)
	var problems bytes.Buffer
	c.Stderr = &problems
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	for u.aws.Called(awstest.Match{}) < 60 {
		time.Sleep(5 * time.Millisecond)
	}
	if err := c.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	if err := c.Wait(); c.ProcessState.ExitCode() != 1 {
		t.Errorf("ended with %v", err)
	}
	wants(t, problems.String(), "interrupted", "cut.db", "hint: ", "--resume")
	slow.Remove()
	_, stderr := u.run(1, "scan", "--snapshot", "cut.db")
	wants(t, stderr, "cut.db", "collect --resume -o")
	u.run(0, append(args, "-o", "cut.db", "--resume")...)
	u.same("whole.db", "cut.db")
}

// TestExpiredCredentials: the hint says how to go on, and it works.
func TestExpiredCredentials(t *testing.T) {
	u := newUser(t, "merlon")
	fleet := awstest.Fleet{Accounts: 3, Regions: 1}
	u.aws.Populate(fleet)
	args := append([]string{"collect", "-q"}, organization...)
	u.run(0, append(args, "-o", "whole.db")...)
	fault := u.aws.Inject(awstest.Fault{Match: awstest.Match{Account: fleet.AccountID(1)}, From: 30, Do: awstest.Expire()})
	_, stderr := u.run(1, append(args, "-o", "cut.db")...)
	wants(t, stderr, string(fleet.AccountID(1)), "expired", "hint: ", "--resume")
	fault.Remove()
	u.run(0, append(args, "-o", "cut.db", "--resume")...)
	u.same("whole.db", "cut.db")
	for _, c := range u.aws.Mutations() {
		if c.Name() != "iam:GenerateCredentialReport" {
			t.Errorf("a collection made the call %s", c.Name())
		}
	}
}

// TestFullDisk: where there is no room, the error says so with what to do, no half
// report is left, and a snapshot can be gone on with or begun anew. A limit on
// the size of files stands for the full disk.
func TestFullDisk(t *testing.T) {
	u := newUser(t, built(t))
	u.aws.Populate(awstest.Fleet{Accounts: 2, Regions: 2, Items: 30})
	collect := append([]string{"collect", "-q"}, organization...)
	u.run(0, append(collect, "-o", "whole.db")...)
	limited := func(blocks int, args ...string) *exec.Cmd {
		return u.command("sh", append([]string{"-c", fmt.Sprintf(`ulimit -f %d && exec "$0" "$@"`, blocks), u.program}, args...)...)
	}
	for _, blocks := range []int{1, 400} {
		name := fmt.Sprintf("limited-%d.db", blocks)
		_, stderr := u.finish(1, limited(blocks, append(collect, "-o", name)...))
		wants(t, stderr, "no space left for the snapshot", "hint: free some space")
		if strings.Contains(stderr, "goroutine") {
			t.Fatalf("the program crashed:\n%s", stderr)
		}
		args := append(collect, "-o", name)
		if _, err := os.Stat(u.path(name)); err == nil {
			args = append(args, "--resume")
		}
		u.run(0, args...)
		u.same("whole.db", name)
	}
	before := u.files()
	for _, format := range []string{"html", "jsonl"} {
		_, stderr := u.finish(1, limited(8, "scan", "--snapshot", "whole.db", "--verdicts", "fail,unknown,pass", "--all", "--format", format+"=report."+format))
		wants(t, stderr, format, "hint: the disk is full")
		if after := u.files(); !slices.Equal(before, after) {
			t.Fatalf("%s: half a report is left: %v", format, after)
		}
	}
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer full.Close()
	for _, args := range [][]string{
		{"scan", "--snapshot", "whole.db"}, {"scan", "--snapshot", "whole.db", "--format", "jsonl=/dev/full"},
		{"query", "--snapshot", "whole.db", "SELECT * FROM resources"}, {"diff", "whole.db", "limited-400.db"},
	} {
		c := u.command(u.program, args...)
		c.Stdout = full
		_, stderr := u.finish(1, c)
		wants(t, stderr, "no space left")
	}
}

func (u *user) files() []string {
	u.t.Helper()
	entries, err := os.ReadDir(u.dir)
	if err != nil {
		u.t.Fatal(err)
	}
	var out []string
	for _, e := range entries {
		out = append(out, e.Name())
	}
	return out
}

// TestManySecurityGroups reads a region with fifty thousand groups, each with
// rules, in bounded memory, and judges them so.
func TestManySecurityGroups(t *testing.T) {
	const groups, most = 50_000, 150 << 20
	u := newUser(t, built(t))
	u.aws.Put(awstest.Match{Call: "ec2:DescribeSecurityGroups"}, map[string]any{"SecurityGroups": awstest.Items{Len: groups, At: func(i int) any {
		return map[string]any{"GroupId": fmt.Sprintf("sg-%08d", i), "GroupName": fmt.Sprintf("group-%d", i), "Description": "one of many", "VpcId": "vpc-1", "OwnerId": awstest.Management,
			"IpPermissions":       []any{map[string]any{"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "IpRanges": []any{map[string]any{"CidrIp": fmt.Sprintf("10.%d.%d.0/24", i/250%250, i%250), "Description": "an office"}}}},
			"IpPermissionsEgress": []any{map[string]any{"IpProtocol": "-1", "IpRanges": []any{map[string]any{"CidrIp": "0.0.0.0/0"}}}}}
	}}})
	peak := u.peak("collect", "-q", "-o", "many.db", "--region", "us-east-1", "--service", "ec2")
	if peak > most {
		t.Errorf("collecting %d groups took %d MB", groups, peak>>20)
	}
	judging := u.peak("scan", "-q", "--snapshot", "many.db", "--fail-on", "none", "--format", "jsonl=many.jsonl")
	if judging > most {
		t.Errorf("judging %d groups took %d MB", groups, judging>>20)
	}
	t.Logf("peak memory: %d MB to collect, %d MB to judge", peak>>20, judging>>20)
	types, err := u.open("many.db").Types(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(types, func(c inventory.TypeCount) bool { return c.Type == "AWS::EC2::SecurityGroup" })
	if i < 0 || types[i].Count != groups {
		t.Errorf("the snapshot has %v", types)
	}
}

// peak runs the program and gives the most memory it held, in bytes. The kernel's
// own figure for a child counts that of the process which started it, so the
// program's high-water mark is read while it runs.
func (u *user) peak(args ...string) int {
	u.t.Helper()
	c := u.command(u.program, args...)
	var problems bytes.Buffer
	c.Stderr = &problems
	if err := c.Start(); err != nil {
		u.t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- c.Wait() }()
	most := 0
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case err := <-done:
			if err != nil {
				u.t.Fatalf("%v: %v\n%s", args, err, &problems)
			}
			if most == 0 {
				u.t.Fatal("no memory was measured")
			}
			return most
		case <-tick.C:
		}
		status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", c.Process.Pid))
		if err != nil {
			continue // it has just ended
		}
		if _, rest, ok := strings.Cut(string(status), "VmHWM:"); ok {
			if kb, err := strconv.Atoi(strings.Fields(rest)[0]); err == nil && strings.Contains(string(status), "Name:\tmerlon\n") {
				most = max(most, kb<<10)
			}
		}
	}
}

// names are such as an attacker who may create resources would give them.
var names = []string{
	"\x1b[2J\x1b]0;owned\x07", "\u009b31m", "<script>alert(1)</script><img src=x onerror=alert(2)>", "</script><!--<script>",
	"=cmd|' /C calc'!A0", "+1+1", "@SUM(A1)", "two\nlines\r\nand a\ttab", "safe\u202egnp.exe\u2066\u200b", "| `tick` [link](javascript:alert(1))", "\u2028",
}

// TestHostileNames puts the names into what AWS answers and demands that no
// command prints a byte that its reader would act on.
func TestHostileNames(t *testing.T) {
	u := newUser(t, "merlon")
	var groups, secrets, buckets, functions []any
	for i, n := range names {
		groups = append(groups, map[string]any{"GroupId": fmt.Sprintf("sg-%d", i), "GroupName": xmlSafe(n), "Description": xmlSafe(n), "VpcId": "vpc-1", "OwnerId": awstest.Management, "Tags": []any{map[string]any{"Key": xmlSafe(n), "Value": xmlSafe(n)}},
			"IpPermissions": []any{map[string]any{"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "IpRanges": []any{map[string]any{"CidrIp": "0.0.0.0/0", "Description": xmlSafe(n)}}}}})
		secrets = append(secrets, map[string]any{"Name": n, "ARN": "arn:aws:secretsmanager:us-east-1:111111111111:secret:" + n, "Description": n, "Tags": []any{map[string]any{"Key": n, "Value": n}}})
		buckets = append(buckets, map[string]any{"Name": strings.ReplaceAll(xmlSafe(n), "/", ""), "BucketRegion": "us-east-1"})
		functions = append(functions, map[string]any{"FunctionName": n, "FunctionArn": "arn:aws:lambda:us-east-1:111111111111:function:" + n, "Runtime": n, "Description": n, "Role": n})
	}
	u.aws.Put(awstest.Match{Call: "ec2:DescribeSecurityGroups"}, map[string]any{"SecurityGroups": groups})
	u.aws.Put(awstest.Match{Call: "secretsmanager:ListSecrets"}, map[string]any{"SecretList": secrets})
	u.aws.Put(awstest.Match{Call: "s3:ListBuckets"}, map[string]any{"Buckets": buckets})
	u.aws.Put(awstest.Match{Call: "lambda:ListFunctions"}, map[string]any{"Functions": functions})
	u.aws.Inject(awstest.Fault{Match: awstest.Match{Call: "sns:ListTopics"}, Do: awstest.Fail(awstest.Error{Code: "Broken", Status: 400, Message: names[2] + names[7] + names[8]})})
	_, stderr := u.run(0, "collect", "-o", "hostile.db", "--region", "us-east-1")
	harmless(t, "collect", stderr)
	for _, g := range []string{"AWS::EC2::SecurityGroup", "AWS::SecretsManager::Secret", "AWS::S3::Bucket"} {
		n := 0
		if err := u.open("hostile.db").Each(t.Context(), g, func(*merlon.Resource) error { n++; return nil }); err != nil {
			t.Fatal(err)
		}
		if n != len(names) {
			t.Errorf("%d of %d of %s were kept", n, len(names), g)
		}
	}
	id := ""
	for _, format := range report.FormatNames() {
		out, stderr := u.run(0, "scan", "--snapshot", "hostile.db", "--fail-on", "none", "--all", "--format", format)
		harmless(t, format, out)
		harmless(t, format, stderr)
		switch format {
		case "csv":
			noFormulas(t, out)
		case "json", "sarif":
			if !json.Valid([]byte(out)) {
				t.Errorf("%s is not JSON", format)
			}
		case "jsonl":
			for line := range strings.Lines(out) {
				var f struct{ ID, Control, Resource string }
				if err := json.Unmarshal([]byte(line), &f); err != nil {
					t.Fatalf("%v: %s", err, line)
				}
				if f.Control == "ec2/security-group-admin-ports" {
					id = f.ID
				}
			}
		case "html", "markdown":
			for _, bad := range []string{"<script>alert", "<img src=x", "</script><!--"} {
				if strings.Contains(out, bad) {
					t.Errorf("%s has %q as it is", format, bad)
				}
			}
		}
	}
	if id == "" {
		t.Fatal("no finding on a hostile group")
	}
	out, _ := u.run(0, "explain", id, "--snapshot", "hostile.db")
	harmless(t, "explain", out)
	u.aws.Put(awstest.Match{Call: "secretsmanager:ListSecrets"}, map[string]any{"SecretList": secrets[:2]})
	u.run(0, "collect", "-q", "-o", "after.db", "--region", "us-east-1")
	for _, format := range []string{"terminal", "jsonl"} {
		out, _ := u.run(0, "diff", "hostile.db", "after.db", "--format", format)
		harmless(t, "diff", out)
		wants(t, out, "gone")
	}
	for _, format := range queryFormats(u) {
		out, _ := u.run(0, "query", "--snapshot", "hostile.db", "--format", format, "SELECT * FROM resources")
		harmless(t, "query "+format, out)
		if format == "csv" {
			noFormulas(t, out)
		}
	}
}

// noFormulas demands that a spreadsheet takes no cell of a CSV file for a formula.
func noFormulas(t *testing.T, text string) {
	t.Helper()
	rows, err := csv.NewReader(strings.NewReader(text)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range rows {
		for _, cell := range row {
			if cell != "" && strings.ContainsRune("=+-@\t\r", rune(cell[0])) {
				t.Errorf("a cell that is a formula: %q", cell)
			}
		}
	}
}

// queryFormats reads the formats of query from its help.
func queryFormats(u *user) []string {
	u.t.Helper()
	help, _ := u.run(0, "query", "--help")
	var out []string
	if m := regexp.MustCompile(`--format string +(.*) \(default`).FindStringSubmatch(help); m != nil {
		out = regexp.MustCompile(`\b(table|csv|jsonl|json)\b`).FindAllString(m[1], -1)
	}
	if len(out) < 2 {
		u.t.Fatalf("query has the formats %v:\n%s", out, help)
	}
	return out
}

// xmlSafe leaves out what XML 1.0 cannot carry: AWS cannot answer it either.
func xmlSafe(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' && r != '\n' && r != '\t' && r != '\r' {
			return -1
		}
		return r
	}, s)
}

// harmless demands that a text has no character that a terminal or a reader acts on.
func harmless(t *testing.T, what, text string) {
	t.Helper()
	for i, r := range text {
		if r == '\n' || r == '\t' {
			continue
		}
		if unicode.IsControl(r) || unicode.Is(unicode.Cf, r) || r == '\u2028' || r == '\u2029' || r == unicode.ReplacementChar {
			t.Errorf("%s: %U in %q", what, r, text[max(0, i-60):min(len(text), i+20)])
			return
		}
	}
}

// TestDryRunIsExact: what --dry-run counts is what the scan of an empty
// organization then calls.
func TestDryRunIsExact(t *testing.T) {
	u := newUser(t, "merlon")
	u.aws.SetRegions([]merlon.Region{"us-east-1", "eu-west-1"})
	u.aws.SetOrganization(&awstest.Organization{ID: "o-merlontest", Management: awstest.Management, Accounts: []awstest.Account{{ID: awstest.Management, Name: "m"}, {ID: "222222222222", Name: "n"}}})
	out, _ := u.run(0, append([]string{"collect", "--dry-run"}, organization...)...)
	if m := u.aws.Called(awstest.Match{}); m > 10 {
		t.Errorf("a dry run made %d calls", m)
	}
	u.aws.Forget()
	u.run(0, append([]string{"collect", "-q", "-o", "empty.db"}, organization...)...)
	made := map[string]int{}
	for _, c := range u.aws.Calls() {
		switch c.Call {
		case "sts:GetCallerIdentity", "sts:AssumeRole", "ec2:DescribeRegions":
			continue // made to get in
		}
		made[c.Call] += c.N
	}
	made["organizations:ListAccounts"]-- // once to find the accounts
	section, _, ok := strings.Cut(out, "together, if each")
	if !ok {
		t.Fatal(out)
	}
	announced, total := map[string]int{}, 0
	for _, s := range live.Services() {
		row := regexp.MustCompile(`(?m)^` + s.Name + `\s+([0-9,]+)\s+(.*)$`).FindStringSubmatch(section)
		if row == nil {
			continue
		}
		n, err := strconv.Atoi(strings.ReplaceAll(row[1], ",", ""))
		if err != nil {
			t.Fatal(err)
		}
		total += n
		places := 4 // regions of the two accounts
		if s.Global {
			places = 2
		}
		names := strings.Fields(row[2])
		for _, o := range s.Operations {
			if slices.Contains(names, o.Name) && (o.Per == "" || o.Shared) && !o.Optional {
				times := places*max(1, o.Times) + 2*o.PerAccount
				announced[o.Service+":"+o.Name] += times
				n -= times
			}
		}
		if n != 0 {
			t.Errorf("%s: the number does not fit the names", row[0])
		}
	}
	for call, n := range announced {
		if made[call] != n {
			t.Errorf("%s: %d announced, %d made", call, n, made[call])
		}
	}
	for _, s := range live.Services() {
		for _, o := range s.Operations {
			if call := o.Service + ":" + o.Name; made[call] > 0 && announced[call] == 0 && !o.Optional && (o.Per == "" || o.Shared) {
				t.Errorf("%s: not announced, %d made", call, made[call])
			}
		}
	}
	if total < 100 {
		t.Errorf("only %d calls are announced:\n%s", total, section)
	}
	for _, c := range u.aws.Mutations() {
		if c.Name() != "iam:GenerateCredentialReport" {
			t.Errorf("a collection made the call %s", c.Name())
		}
	}
}

// TestBudgetAndAge: --max-calls-per-second is kept, and --max-age takes the
// snapshot that is there instead of calling.
func TestBudgetAndAge(t *testing.T) {
	u := newUser(t, "merlon")
	u.aws.Populate(awstest.Fleet{Accounts: 1, Regions: 1})
	scan := []string{"scan", "--service", "secretsmanager", "--service", "region", "--service", "ec2", "--fail-on", "none", "--max-age", "1h", "--format", "jsonl"}
	began := time.Now()
	first, _ := u.run(0, append(scan, "--max-calls-per-second", "20")...)
	took := time.Since(began).Seconds()
	calls := u.aws.Called(awstest.Match{})
	if most := 20*took + 5 + 3; float64(calls) > most || calls < 20 {
		t.Errorf("%d calls in %.1f s", calls, took)
	}
	u.aws.Forget()
	second, _ := u.run(0, scan...)
	if first != second {
		t.Error("the snapshot that is there gives another report")
	}
	for _, c := range u.aws.Calls() {
		if c.Call != "sts:GetCallerIdentity" {
			t.Errorf("%s was called", c.Call)
		}
	}
	u.run(0, append(scan, "--max-age", "1ns")...)
	if n := u.aws.Called(awstest.Match{Call: "secretsmanager:ListSecrets"}); n != 1 {
		t.Errorf("a snapshot that is too old was taken: %d calls", n)
	}
}

// TestThrottleTable: retries and throttles stand in the table of calls.
func TestThrottleTable(t *testing.T) {
	u := newUser(t, "merlon")
	u.aws.Inject(awstest.Fault{Match: awstest.Match{Call: "secretsmanager:ListSecrets"}, Times: 2, Do: awstest.Throttle()})
	u.aws.Inject(awstest.Fault{Match: awstest.Match{Call: "sqs:ListQueues"}, Times: 1, Do: awstest.Reset()})
	_, stderr := u.run(0, "collect", "-o", "a.db", "--region", "us-east-1", "--service", "secretsmanager", "--service", "sqs")
	for _, row := range []string{`secretsmanager\s+1\s+2\s+2\n`, `sqs\s+1\s+1\s+0\n`, `all\s+2\s+3\s+2\n`} {
		if !regexp.MustCompile(row).MatchString(stderr) {
			t.Errorf("no row %s in:\n%s", row, stderr)
		}
	}
	if strings.Contains(stderr, "SDK ") {
		t.Errorf("the SDK prints into the terminal:\n%s", stderr)
	}
}
