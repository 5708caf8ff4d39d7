package record

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"merlon.dev/merlon/iam"
)

func event(name string) string {
	return `{"eventSource":"s3.amazonaws.com","eventName":"` + name + `","eventType":"AwsApiCall","userIdentity":{"type":"IAMUser","arn":"arn:aws:iam::111122223333:user/u"}}`
}

func zipped(t *testing.T, text string) string {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if _, err := z.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestReadTrails(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"a/1.json":                   `{"Records":[` + event("One") + `]}`,
		"a/2.json.gz":                zipped(t, `{"Records":[`+event("Two")+`,{"eventName":"no source"}]}`),
		"b/3.json":                   `{"Records":[` + event("Three") + `,`,
		"b/4.gz":                     zipped(t, event("x"))[:30],
		"b/5.jsonl":                  event("Five") + "\n" + event("Six") + "\n",
		"b/notes.txt":                "no log",
		"c/CloudTrail-Digest/d.json": event("Digest"),
	} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink(filepath.Join(dir, "a"), filepath.Join(dir, "b", "link.json")); err != nil {
		t.Fatal(err)
	}
	var names []string
	sum, err := ReadTrails(context.Background(), []string{dir}, func(c *iam.Call) error {
		names = append(names, c.Operation)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if want := []string{"One", "Two", "Three", "Five", "Six"}; !slices.Equal(names, want) {
		t.Errorf("calls %v, want %v", names, want)
	}
	var unread []string
	for _, u := range sum.Unread {
		unread = append(unread, filepath.Base(u.Path))
	}
	if want := []string{"2.json.gz", "3.json", "4.gz"}; !slices.Equal(unread, want) {
		t.Errorf("not read: %v, want %v", sum.Unread, want)
	}
	if sum.Files != 5 || sum.Malformed != 1 {
		t.Errorf("sum %+v", sum)
	}

	stop := errors.New("stop")
	if _, err := ReadTrails(context.Background(), []string{dir}, func(*iam.Call) error { return stop }); err != stop {
		t.Errorf("error of the function: %v", err)
	}
	if _, err := ReadTrails(context.Background(), []string{filepath.Join(dir, "c")}, func(*iam.Call) error { return nil }); !errors.Is(err, ErrNoTrail) {
		t.Errorf("a folder of digests: %v, want ErrNoTrail", err)
	}
	ended, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := ReadTrails(ended, []string{dir}, func(*iam.Call) error { return nil }); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}
