package live

import (
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/iam"

	"merlon.dev/merlon"
	"merlon.dev/merlon/inventory"
)

// notReadyCodes are the answers of GetCredentialReport that a new report helps against.
// https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetCredentialReport.html (read 2026-11-24).
var notReadyCodes = [...]string{"ReportNotPresent", "ReportExpired", "ReportInProgress", "CredentialReportNotPresentException",
	"CredentialReportExpiredException", "CredentialReportNotReadyException"}

// iamCredentialReport writes the rows of the credential report, and for each user
// whether there is a password. A user whom the report does not know, being
// younger than it, gets a row of unknowns.
func (s *Scope) iamCredentialReport(ctx context.Context, users []*Draft, report *credentialReport) error {
	if report.gap != nil {
		for _, u := range users {
			u.unknown([]string{"properties.LoginProfile"}, report.gap)
		}
		return nil
	}
	rows := map[string]*Draft{}
	for _, row := range report.rows {
		if arn := row["arn"]; rows[arn] == nil {
			rows[arn] = s.reportEntry(row, report.made)
		}
	}
	for _, u := range users {
		row := rows[u.ARN]
		if row == nil || !sameUser(u, row) {
			u.UnknownBecause("properties.LoginProfile", youngerThanReport(report.made))
			rows[u.ARN] = s.rowless(u.ID, u.ARN, report.made, youngerThanReport(report.made))
			continue
		}
		u.read(merlon.Read{Call: iamGetCredentialReport.Call(), At: s.Now, Properties: []string{"properties.LoginProfile"}})
		switch row.properties["PasswordEnabled"] {
		case nil:
			u.UnknownBecause("properties.LoginProfile", "the credential report does not say whether the user has a password")
		case true:
			// The password itself is nowhere; that there is one is what a template says too.
			u.Set("LoginProfile.Password", redacted)
			u.UnknownBecause("properties.LoginProfile.PasswordResetRequired", "the credential report does not say it")
		}
	}
	root := "arn:" + string(s.Partition) + ":iam::" + string(s.Account) + ":root"
	if rows[root] == nil {
		rows[root] = s.rowless(rootName, root, report.made, "the credential report has no row of the root user")
	}
	for _, arn := range slices.Sorted(maps.Keys(rows)) {
		if err := s.Put(ctx, rows[arn]); err != nil {
			return err
		}
	}
	return nil
}

// sameUser tells a user from an earlier one of the same name, whom the report
// still holds. The two times come from different sides of IAM.
func sameUser(u, row *Draft) bool {
	a, err := time.Parse(time.RFC3339, fmt.Sprint(u.observed["CreateDate"]))
	if err != nil {
		return true
	}
	b, err := time.Parse(time.RFC3339, fmt.Sprint(row.properties["UserCreationTime"]))
	return err != nil || a.Sub(b).Abs() < time.Minute
}

// redacted stands where a secret would.
const redacted = "REDACTED"

func youngerThanReport(made string) string {
	return "the user is younger than the credential report of " + made + ", which IAM renews every four hours"
}

// madeAt gives the time at which IAM made the report as the time of the call: the
// facts are of then. It is provenance and not content, or each report would make
// every user a changed one.
func (d *Draft) madeAt(made string) {
	if t, err := time.Parse(time.RFC3339, made); err == nil {
		for i := range d.calls {
			d.calls[i].At = t
		}
	}
}

// rowless stands for the row of a user whom the report does not hold: all of it
// is unknown.
func (s *Scope) rowless(user, arn, made, reason string) *Draft {
	d := s.Draft(credentialReportType, user, "", user).From(iamGetCredentialReport.Operation, s)
	d.Set("User", user)
	d.Set("Arn", arn)
	d.Set("IsRoot", user == rootName)
	d.madeAt(made)
	for name := range d.schema.Properties.Fields() {
		if _, ok := d.properties[name]; !ok {
			d.unknowns = append(d.unknowns, merlon.Unknown{Path: "/properties/" + name, Reason: reason})
		}
	}
	slices.SortFunc(d.unknowns, func(a, b merlon.Unknown) int { return strings.Compare(a.Path, b.Path) })
	return d
}

// credentialReport is a report as it was fetched, or the Gap in its place.
type credentialReport struct {
	rows []map[string]string
	made string // RFC 3339, "" where IAM did not say
	gap  *merlon.Gap
}

// fetchReport gets the report that is there, or has one made and waits for it.
// Every failure is recorded as a Gap; an error ends the unit.
func (s *Scope) fetchReport(ctx context.Context, wait reportWait) (*credentialReport, error) {
	failed := func(o *Operation, err error) (*credentialReport, error) {
		if fatal(err) {
			return nil, err
		}
		g := s.gap(o, "", err)
		g.Types = o.Types
		if errors.Is(err, errReport) {
			g.Cause = merlon.CauseMalformed
		}
		return &credentialReport{gap: g}, stop(s.writer.Gap(ctx, g))
	}
	asked, waited, pause := false, time.Duration(0), wait.first
	for {
		out, _, err := s.call(ctx, iamGetCredentialReport.Operation, "", "", &iam.GetCredentialReportInput{})
		if err == nil {
			got, ok := out.(*iam.GetCredentialReportOutput)
			if !ok {
				return nil, stop(fmt.Errorf("%s: the source answered with %T", iamGetCredentialReport.Call(), out))
			}
			rows, err := parseReport(got.Content)
			if err != nil {
				return failed(iamGetCredentialReport.Operation, err)
			}
			return &credentialReport{rows: rows, made: reportTime(got.GeneratedTime)}, nil
		}
		if !slices.Contains(notReadyCodes[:], code(err)) {
			return failed(iamGetCredentialReport.Operation, err)
		}
		if !asked || code(err) == "ReportExpired" || code(err) == "ReportNotPresent" {
			if _, _, err := s.call(ctx, iamGenerateCredentialReport.Operation, "", "", &iam.GenerateCredentialReportInput{}); err != nil {
				return failed(iamGenerateCredentialReport.Operation, err)
			}
			asked = true
		}
		if waited >= wait.limit {
			return failed(iamGetCredentialReport.Operation, fmt.Errorf("%w: not ready after %v", context.DeadlineExceeded, waited))
		}
		if err := sleep(ctx, pause); err != nil {
			return nil, err
		}
		waited += pause
		pause = min(2*pause, maxReportPause)
	}
}

// reportWait is how long the credential report is waited for: the first pause,
// which doubles, and the time in all.
type reportWait struct{ first, limit time.Duration }

// IAM makes the report of a large account in some seconds.
var defaultReportWait = reportWait{first: 250 * time.Millisecond, limit: 90 * time.Second}

const maxReportPause = 8 * time.Second

func reportTime(t *time.Time) string {
	if t == nil {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}

// errReport: the credential report is not what it should be.
var errReport = errors.New("credential report could not be read")

// maxReportColumns bounds what a header may make of each row.
const maxReportColumns = 200

// parseReport reads the report's rows by the names of its columns, of which IAM
// adds some from time to time. A row that is cut off has the columns it has.
//
// https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_getting-report.html (read 2026-11-24).
func parseReport(content []byte) ([]map[string]string, error) {
	r := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(content, []byte("\xef\xbb\xbf"))))
	r.FieldsPerRecord = -1
	r.LazyQuotes = true
	r.TrimLeadingSpace = true
	head, err := r.Read()
	if err != nil {
		return nil, fmt.Errorf("%w: %v", errReport, err)
	}
	if !slices.Contains(head, "user") || !slices.Contains(head, "arn") || len(head) > maxReportColumns {
		return nil, fmt.Errorf("%w: its first line names no columns user and arn", errReport)
	}
	var rows []map[string]string
	for {
		fields, err := r.Read()
		if errors.Is(err, io.EOF) {
			return rows, nil
		}
		if err != nil {
			return nil, fmt.Errorf("%w: %v", errReport, err)
		}
		row := make(map[string]string, len(head))
		for i, name := range head {
			if i < len(fields) {
				row[name] = strings.TrimSpace(fields[i])
			}
		}
		if row["user"] == "" || row["arn"] == "" {
			continue
		}
		rows = append(rows, row)
	}
}

// rootName is how the report calls the root user.
const rootName = "<root_account>"

// reportEntry turns a row into a resource: columns in CamelCase, what the report
// does not know or does not have left out, what cannot be read unknown, columns
// without a property among the observed facts.
func (s *Scope) reportEntry(row map[string]string, made string) *Draft {
	d := s.Draft(credentialReportType, row["user"], "", row["user"]).From(iamGetCredentialReport.Operation, s)
	d.Set("IsRoot", row["user"] == rootName)
	d.madeAt(made)
	for column, text := range row {
		switch strings.ToLower(text) {
		case "", "n/a", "no_information", "not_supported":
			continue
		}
		name := camel(column)
		p, ok := d.schema.Properties.Field(name)
		if !ok {
			d.Observe(name, text)
			continue
		}
		value, ok := reportValue(p.Kind, text)
		if !ok {
			d.UnknownBecause("properties."+name, fmt.Sprintf("the credential report says %.40q", text))
			continue
		}
		d.Set(name, value)
	}
	return d
}

func reportValue(kind inventory.PropertyKind, text string) (any, bool) {
	switch kind {
	case inventory.Boolean:
		switch strings.ToLower(text) {
		case "true":
			return true, true
		case "false":
			return false, true
		}
		return nil, false
	case inventory.Timestamp:
		t, err := time.Parse(time.RFC3339, text)
		return t, err == nil
	}
	return text, true
}

// camel gives a column's name in the form of our properties: "access_key_1_active"
// is AccessKey1Active. What is no letter or digit is left out.
func camel(column string) string {
	var b strings.Builder
	up := true
	for _, c := range column {
		switch {
		case c >= 'a' && c <= 'z' && up:
			b.WriteRune(c - 'a' + 'A')
			up = false
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9':
			b.WriteRune(c)
			up = false
		default:
			up = true
		}
	}
	return b.String()
}
