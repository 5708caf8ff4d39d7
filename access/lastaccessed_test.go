package access

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"merlon.dev/merlon"
	"merlon.dev/merlon/iam"
)

func TestLastAccessed(t *testing.T) {
	used := role("used", trust(`"*"`), "")
	used.observed = `{"ServicesLastAccessed":[{"ServiceNamespace":"s3","LastAuthenticated":"2026-11-19T00:00:00Z","TrackedActionsLastAccessed":[{"ActionName":"CreateBucket","LastAccessedTime":"2026-11-18T00:00:00Z"},{"ActionName":"DeleteBucket"}]},{"ServiceNamespace":"sqs"}]}`
	idle := role("idle", trust(`"*"`), "")
	idle.observed = `{"ServicesLastAccessed":[]}`
	unread := role("unread", trust(`"*"`), "")
	unread.unknowns = []merlon.Unknown{{Path: "/observed/ServicesLastAccessed", Reason: "denied"}}
	old := role("old", trust(`"*"`), "")
	broken := role("broken", trust(`"*"`), "")
	broken.observed = `{"ServicesLastAccessed":[{"ServiceNamespace":1}]}`
	x := load(t, used, idle, unread, old, broken)
	day := func(d int) time.Time { return time.Date(2026, 11, d, 0, 0, 0, 0, time.UTC) }
	of := []iam.ServiceAccess{{Service: "s3", Last: day(19), Actions: map[string]time.Time{"CreateBucket": day(18), "DeleteBucket": {}}}, {Service: "sqs"}}
	for _, tt := range []struct {
		arn     string
		want    []iam.ServiceAccess
		unknown string
	}{
		{"arn:aws:iam::" + ours + ":role/used", of, ""},
		{"arn:aws:sts::" + ours + ":assumed-role/used/session", of, ""},
		{"arn:aws:iam::" + ours + ":role/idle", []iam.ServiceAccess{}, ""},
		{"arn:aws:iam::" + ours + ":role/unread", nil, "denied"},
		{"arn:aws:iam::" + ours + ":role/old", nil, "does not hold it"},
		{"arn:aws:iam::" + ours + ":root", nil, "users and roles"},
	} {
		p := x.Principal(tt.arn)
		if p == nil {
			t.Fatalf("no principal %s", tt.arn)
		}
		got, _, unknown, err := x.LastAccessed(t.Context(), p)
		if err != nil || !strings.Contains(unknown, tt.unknown) || (unknown == "") != (tt.unknown == "") {
			t.Errorf("%s: unknown %q, error %v", tt.arn, unknown, err)
		}
		if d := cmp.Diff(tt.want, got); d != "" {
			t.Errorf("%s: %s", tt.arn, d)
		}
	}
	if _, _, _, err := x.LastAccessed(t.Context(), x.Principal("arn:aws:iam::"+ours+":role/broken")); err == nil || !strings.Contains(err.Error(), "role/broken") {
		t.Errorf("data of another shape: %v", err)
	}
	stranger := x.Stranger(iam.Principal{Kind: iam.Role, ARN: "arn:aws:iam::999988887777:role/x", Account: "999988887777"}, false)
	if _, _, unknown, err := x.LastAccessed(t.Context(), stranger); unknown == "" || err != nil {
		t.Errorf("a stranger: %q %v", unknown, err)
	}
}
