package report

import (
	"io"
	"strings"

	"merlon.dev/merlon"
	"merlon.dev/merlon/posture"
)

// ocsfVersion is the version of the schema that the events follow.
const ocsfVersion = "1.5.0"

// ocsfEvents writes one Compliance Finding (class 2003) a line.
//
// Attributes: https://schema.ocsf.io/1.5.0/classes/compliance_finding (read 2026-11-24).
type ocsfEvents struct {
	w io.Writer
	records
	names map[merlon.AccountID]string
}

func newOCSF(w io.Writer, _ Config) Writer { return &ocsfEvents{w: w} }

func (o *ocsfEvents) Begin(run *Run) error {
	o.records, o.names = newRecords(run), run.accountNames()
	return nil
}

func (o *ocsfEvents) End(*Summary) error { return nil }

type ocsfEvent struct {
	ActivityID   int              `json:"activity_id"`
	ActivityName string           `json:"activity_name"`
	CategoryUID  int              `json:"category_uid"`
	CategoryName string           `json:"category_name"`
	ClassUID     int              `json:"class_uid"`
	ClassName    string           `json:"class_name"`
	TypeUID      int              `json:"type_uid"`
	TypeName     string           `json:"type_name"`
	Time         int64            `json:"time"` // milliseconds since 1970
	SeverityID   int              `json:"severity_id"`
	Severity     string           `json:"severity"`
	StatusID     int              `json:"status_id"`
	Status       string           `json:"status"`
	Message      string           `json:"message"`
	Metadata     ocsfMetadata     `json:"metadata"`
	Cloud        ocsfCloud        `json:"cloud"`
	FindingInfo  ocsfFindingInfo  `json:"finding_info"`
	Compliance   ocsfCompliance   `json:"compliance"`
	Resources    []ocsfResource   `json:"resources"`
	Observables  []ocsfObservable `json:"observables"`
	Remediation  *ocsfRemediation `json:"remediation,omitempty"`
	Evidences    []ocsfEvidence   `json:"evidences,omitempty"`
	Unmapped     ocsfUnmapped     `json:"unmapped"`
}

type ocsfMetadata struct {
	Version  string      `json:"version"`
	Product  ocsfProduct `json:"product"`
	Profiles []string    `json:"profiles"`
}

type ocsfProduct struct {
	Name       string `json:"name"`
	VendorName string `json:"vendor_name"`
	Version    string `json:"version"`
}

type ocsfCloud struct {
	Provider  string           `json:"provider"`
	Account   ocsfAccount      `json:"account"`
	Region    merlon.Region    `json:"region,omitempty"`
	Partition merlon.Partition `json:"cloud_partition"`
}

type ocsfAccount struct {
	UID    merlon.AccountID `json:"uid"`
	Name   string           `json:"name,omitempty"`
	Type   string           `json:"type"`
	TypeID int              `json:"type_id"`
}

type ocsfFindingInfo struct {
	UID         string   `json:"uid"`
	Title       string   `json:"title"`
	Desc        string   `json:"desc,omitempty"`
	Types       []string `json:"types,omitempty"`
	CreatedTime int64    `json:"created_time"`
	SrcURL      string   `json:"src_url,omitempty"`
}

type ocsfCompliance struct {
	Control       string      `json:"control"`
	Category      merlon.Area `json:"category,omitempty"`
	Desc          string      `json:"desc,omitempty"`
	Standards     []string    `json:"standards"`
	Requirements  []string    `json:"requirements"`
	StatusID      int         `json:"status_id"`
	Status        string      `json:"status"`
	StatusDetails []string    `json:"status_details,omitempty"`
	Checks        []ocsfCheck `json:"checks"`
}

type ocsfCheck struct {
	UID        string   `json:"uid"`
	Name       string   `json:"name"`
	Standards  []string `json:"standards"`
	StatusID   int      `json:"status_id"`
	Status     string   `json:"status"`
	SeverityID int      `json:"severity_id"`
	Severity   string   `json:"severity"`
}

type ocsfResource struct {
	UID       string           `json:"uid"`
	Name      string           `json:"name,omitempty"`
	Type      string           `json:"type"`
	Region    merlon.Region    `json:"region,omitempty"`
	Partition merlon.Partition `json:"cloud_partition"`
}

type ocsfObservable struct {
	Name   string `json:"name"`
	TypeID int    `json:"type_id"`
	Type   string `json:"type"`
	Value  string `json:"value"`
}

type ocsfRemediation struct {
	Desc       string   `json:"desc"`
	References []string `json:"references,omitempty"`
}

type ocsfEvidence struct {
	Data evidence `json:"data"`
}

// ocsfUnmapped is what the class has no attribute for.
type ocsfUnmapped struct {
	Verdict    merlon.Verdict `json:"verdict"`
	Aliases    []string       `json:"aliases"`
	Gaps       []gap          `json:"gaps"`
	Fix        *posture.Fix   `json:"fix,omitempty"`
	Exception  *exception     `json:"exception,omitempty"`
	Known      bool           `json:"known"`
	OutOfScope bool           `json:"out_of_scope"`
}

func (o *ocsfEvents) Finding(f *merlon.Finding) error {
	r, c := o.whole(f), o.run.control(f.Control)
	verdictID, verdict := ocsfVerdict(f.Verdict)
	statusID, status := ocsfStatus(f)
	controlSeverityID, controlSeverity := ocsfSeverity(f.Severity)
	severityID, severity := controlSeverityID, controlSeverity
	if f.Verdict == merlon.Pass || f.Verdict == merlon.NotApplicable {
		severityID, severity = 1, "Informational"
	}
	partition := merlon.PartitionOf(f.Region)
	if p, err := merlon.ParseARN(f.Resource); err == nil {
		partition = p.Partition
	}
	created := o.run.Started.UnixMilli()
	e := ocsfEvent{
		ActivityID: 1, ActivityName: "Create", CategoryUID: 2, CategoryName: "Findings",
		ClassUID: 2003, ClassName: "Compliance Finding", TypeUID: 200301, TypeName: "Compliance Finding: Create",
		Time: created, SeverityID: severityID, Severity: severity, StatusID: statusID, Status: status, Message: f.Message,
		Metadata: ocsfMetadata{ocsfVersion, ocsfProduct{"Merlon", "Merlon", o.run.Version}, []string{"cloud"}},
		Cloud:    ocsfCloud{"AWS", ocsfAccount{f.Account, o.names[f.Account], "AWS Account", 10}, f.Region, partition},
		FindingInfo: ocsfFindingInfo{
			UID: f.ID, Title: c.Title, Desc: c.Why, CreatedTime: created, SrcURL: c.Source.URL,
		},
		Compliance: ocsfCompliance{
			Control: f.Control, Category: c.Area, Desc: c.Title, Standards: o.standards(c), Requirements: append([]string{}, c.Requirements...),
			StatusID: verdictID, Status: verdict, StatusDetails: f.Reasons,
			Checks: []ocsfCheck{{f.Control, c.Title, o.standards(c), verdictID, verdict, controlSeverityID, controlSeverity}},
		},
		Resources:   []ocsfResource{{f.Resource, f.Name, f.Type, f.Region, partition}},
		Observables: []ocsfObservable{{"resources.uid", 10, "Resource UID", f.Resource}},
		Unmapped:    ocsfUnmapped{f.Verdict, r.Aliases, r.Gaps, r.Fix, r.Exception, f.Known, f.OutOfScope},
	}
	if c.Area != "" {
		e.FindingInfo.Types = []string{string(c.Area)}
	}
	if text := strings.TrimSpace(c.Fix.Text); text != "" {
		e.Remediation = &ocsfRemediation{Desc: text}
		if c.Source.URL != "" {
			e.Remediation.References = []string{c.Source.URL}
		}
	}
	for _, v := range r.Evidence {
		e.Evidences = append(e.Evidences, ocsfEvidence{v})
	}
	b, err := jsonText(e)
	if err != nil {
		return err
	}
	_, err = o.w.Write(append(b, '\n'))
	return err
}

// standards are the titles of the frameworks a control serves.
func (o *ocsfEvents) standards(c *posture.Control) []string {
	out := []string{}
	for _, id := range frameworksOf(c) {
		if t := o.run.Frameworks[id]; t != "" {
			id = t
		}
		out = append(out, id)
	}
	return out
}

// ocsfVerdict is compliance.status_id: its Warning is "did not yield a result
// due to missing information", which is what unknown means.
func ocsfVerdict(v merlon.Verdict) (int, string) {
	switch v {
	case merlon.Pass:
		return 1, "Pass"
	case merlon.Fail:
		return 3, "Fail"
	case merlon.NotApplicable:
		return 99, "Not applicable"
	}
	return 2, "Warning"
}

// ocsfStatus is the state of the finding: new, suppressed by an exception, or
// the verdict's own word where there is nothing to do.
func ocsfStatus(f *merlon.Finding) (int, string) {
	switch {
	case f.Excepted != nil:
		return 3, "Suppressed"
	case f.Verdict == merlon.Pass:
		return 99, "Pass"
	case f.Verdict == merlon.NotApplicable:
		return 99, "Not applicable"
	}
	return 1, "New"
}

func ocsfSeverity(s merlon.Severity) (int, string) {
	switch s {
	case merlon.Critical:
		return 5, "Critical"
	case merlon.High:
		return 4, "High"
	case merlon.Medium:
		return 3, "Medium"
	case merlon.Low:
		return 2, "Low"
	case merlon.Info:
		return 1, "Informational"
	}
	return 0, "Unknown"
}
