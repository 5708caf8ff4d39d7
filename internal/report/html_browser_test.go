package report

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	cdppage "github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"merlon.dev/merlon"
)

// browser is a tab of a Chromium of its own, and what went wrong in it.
type browser struct {
	t   *testing.T
	ctx context.Context

	mu       sync.Mutex
	problems []string
}

// newBrowser fails, and does not skip, where there is no Chromium.
func newBrowser(t *testing.T) *browser {
	t.Helper()
	var path string
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if p, err := exec.LookPath(name); err == nil {
			path = p
			break
		}
	}
	if path == "" {
		t.Fatal("no Chromium on this machine: install the package chromium (apt-get install chromium)")
	}
	profile, err := os.MkdirTemp("", "merlon-chromium-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		// Its children may write for a moment after Chromium has ended.
		for range 100 {
			if os.RemoveAll(profile) == nil {
				return
			}
			time.Sleep(20 * time.Millisecond)
		}
		t.Errorf("the folder %s could not be removed", profile)
	})
	alloc, stop := chromedp.NewExecAllocator(context.Background(),
		append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.DisableGPU,
			chromedp.UserDataDir(profile), chromedp.Flag("disable-background-networking", true),
			chromedp.Flag("force-color-profile", "srgb"), chromedp.WSURLReadTimeout(time.Minute))...)
	t.Cleanup(stop)
	ctx, cancel := chromedp.NewContext(alloc, chromedp.WithErrorf(t.Logf))
	t.Cleanup(cancel)
	if err := chromedp.Run(ctx); err != nil {
		t.Fatalf("start %s: %v", path, err)
	}
	limited, expire := context.WithTimeout(ctx, 2*time.Minute)
	t.Cleanup(expire)
	b := &browser{t: t, ctx: limited}
	chromedp.ListenTarget(limited, func(ev any) {
		switch e := ev.(type) {
		case *runtime.EventExceptionThrown:
			b.problem("exception: %s", e.ExceptionDetails.Error())
		case *runtime.EventConsoleAPICalled:
			b.problem("console.%s", e.Type)
		case *log.EventEntryAdded:
			b.problem("log: %s", e.Entry.Text)
		case *network.EventRequestWillBeSent:
			if u := e.Request.URL; !strings.HasPrefix(u, "file:") && !strings.HasPrefix(u, "data:") {
				b.problem("request to %s", u)
			}
		case *cdppage.EventJavascriptDialogOpening:
			b.problem("dialog: %s", e.Message)
			go chromedp.Run(limited, cdppage.HandleJavaScriptDialog(false))
		}
	})
	b.run(network.Enable(), log.Enable())
	b.size(1440, 900)
	return b
}

func (b *browser) problem(format string, args ...any) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.problems = append(b.problems, fmt.Sprintf(format, args...))
}

// clean fails if the page complained, ran a stranger's script or asked the network.
func (b *browser) clean() {
	b.t.Helper()
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, p := range b.problems {
		b.t.Error(p)
	}
	b.problems = nil
}

func (b *browser) run(actions ...chromedp.Action) {
	b.t.Helper()
	if err := chromedp.Run(b.ctx, actions...); err != nil {
		b.clean() // what the page complained of is likely why
		b.t.Fatal(err)
	}
}

func (b *browser) size(width, height int64) {
	b.t.Helper()
	b.run(emulation.SetDeviceMetricsOverride(width, height, 1, width < 600))
}

func (b *browser) dark(on bool) {
	b.t.Helper()
	scheme := "light"
	if on {
		scheme = "dark"
	}
	b.run(emulation.SetEmulatedMedia().WithFeatures([]*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}))
}

// load opens a report and gives the time from the start of the navigation until
// the page was drawn and could be used.
func (b *browser) load(path, hash string) time.Duration {
	b.t.Helper()
	b.run(chromedp.Navigate("about:blank"), chromedp.Navigate("file://"+path+hash), chromedp.WaitReady(`html[data-ready]`, chromedp.ByQuery))
	ms := eval[float64](b, `performance.getEntriesByName('usable')[0].startTime`)
	return time.Duration(ms * float64(time.Millisecond))
}

func eval[T any](b *browser, js string) T {
	b.t.Helper()
	var v T
	if err := chromedp.Run(b.ctx, chromedp.Evaluate(js, &v)); err != nil {
		b.t.Fatalf("%s: %v", js, err)
	}
	return v
}

func (b *browser) want(js, want string) {
	b.t.Helper()
	var got string
	for range 50 {
		if got = eval[string](b, "String("+js+")"); got == want {
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
	b.t.Errorf("%s is %q, want %q", js, got, want)
}

func (b *browser) keys(keys ...string) {
	b.t.Helper()
	for _, k := range keys {
		b.run(chromedp.KeyEvent(k))
	}
}

// shot keeps a picture for people: `go test -artifacts` says where.
func (b *browser) shot(name string) {
	b.t.Helper()
	var png []byte
	b.run(chromedp.Sleep(100*time.Millisecond), chromedp.CaptureScreenshot(&png))
	if err := os.WriteFile(filepath.Join(b.t.ArtifactDir(), name+".png"), png, 0o644); err != nil {
		b.t.Fatal(err)
	}
}

func writePage(t *testing.T, run *Run, findings []merlon.Finding, s *Summary, verdicts ...merlon.Verdict) (path string, size int64) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "report.html")
	if verdicts == nil {
		verdicts = all
	}
	out, err := Open([]string{"html=" + path}, Config{Verdicts: verdicts})
	if err != nil {
		t.Fatal(err)
	}
	if err := out.Begin(run); err != nil {
		t.Fatal(err)
	}
	for i := range findings {
		if err := out.Finding(&findings[i]); err != nil {
			t.Fatal(err)
		}
	}
	if err := out.End(s); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	return path, info.Size()
}

// TestPageLarge: 20,000 findings can be used within a second, by filter, search
// and keyboard.
// busy is how much slower the page may be where other tests run beside it.
const busy = 5

func TestPageLarge(t *testing.T) {
	run, findings := manyFindings(20_000)
	s := testSummary()
	s.Warnings = nil
	path, size := writePage(t, run, findings, s)
	if size > 12<<20 {
		t.Errorf("the page has %d bytes", size)
	}
	b := newBrowser(t)
	b.dark(false)
	// The machine may be busy: the best of three loads counts.
	best := time.Hour
	for range 3 {
		best = min(best, b.load(path, ""))
	}
	t.Logf("20,000 findings: %d bytes, usable after %v", size, best)
	// A second is the promise on a machine that does nothing else (docs/benchmarks.md);
	// beside other tests this finds what has become ten times slower.
	if best > busy*time.Second {
		t.Errorf("usable after %v", best)
	}
	b.shot("overview")

	b.keys("f")
	b.want(`document.querySelector('#count').textContent`, "20,000 findings")
	if n := eval[int](b, `document.querySelectorAll('#space > *').length`); n == 0 || n > 60 {
		t.Errorf("%d rows exist as elements", n)
	}
	b.shot("findings")

	// Search: only what has the words stays.
	start := time.Now()
	b.keys("/")
	b.run(chromedp.Sleep(50*time.Millisecond), chromedp.SendKeys("#search", "payments-staging lambda", chromedp.ByQuery))
	wantSearch := 0
	for i := range findings {
		hay := strings.ToLower(findings[i].Name + findings[i].Control)
		if strings.Contains(hay, "payments-staging") && strings.HasPrefix(findings[i].Control, "lambda/") {
			wantSearch++
		}
	}
	b.want(`document.querySelector('#count').textContent`, fmt.Sprintf("%s of 20,000 findings", number(wantSearch)))
	t.Logf("23 letters typed and found in %v", time.Since(start))

	// Keyboard: leave the search, walk, open, close.
	b.keys(kb.Enter, "j", "j", kb.Enter)
	b.want(`document.querySelector('#detail').hidden`, "false")
	b.want(`document.querySelector('#detail h2').textContent.includes('payments-staging')`, "true")
	first := eval[string](b, `document.querySelector('#detail-title').textContent`)
	b.keys("j")
	b.want(fmt.Sprintf("document.querySelector('#detail-title').textContent !== %q", first), "true")
	b.keys("k")
	b.want(`document.querySelector('#detail-title').textContent`, first)
	b.keys(kb.Escape)
	b.want(`document.querySelector('#detail').hidden`, "true")
	b.keys("x")
	b.want(`document.querySelector('#count').textContent`, "20,000 findings")

	// Filters: a box for each of the seven, each leaving what the data says.
	check := func(facet, value string, keep func(*merlon.Finding) bool) {
		t.Helper()
		n := 0
		for i := range findings {
			n += b2i(keep(&findings[i]))
		}
		click := fmt.Sprintf(`[...document.querySelectorAll('#filters input')].find((e) => e.dataset.facet === %q && e.dataset.value === %q).click()`, facet, value)
		start := time.Now()
		b.run(chromedp.Evaluate(click, nil))
		b.want(`document.querySelector('#count').textContent`, number(n)+" of 20,000 findings")
		if d := time.Since(start); d > busy*time.Second {
			t.Errorf("filter by %s took %v", facet, d)
		}
		b.want(fmt.Sprintf(`new URLSearchParams(location.hash.split('?')[1]).get(%q)`, facet), value)
		b.keys("x")
	}
	check("severity", "critical", func(f *merlon.Finding) bool { return f.Severity == merlon.Critical })
	check("verdict", "unknown", func(f *merlon.Finding) bool { return f.Verdict == merlon.UnknownResult && f.Excepted == nil })
	check("verdict", "excepted", func(f *merlon.Finding) bool { return f.Excepted != nil })
	check("account", "100000000003", func(f *merlon.Finding) bool { return f.Account == "100000000003" })
	check("region", "eu-west-1", func(f *merlon.Finding) bool { return f.Region == "eu-west-1" })
	check("area", "data", func(f *merlon.Finding) bool { return run.Controls[f.Control].Area == merlon.Data })
	check("service", "s3", func(f *merlon.Finding) bool { return strings.HasPrefix(f.Type, "AWS::S3::") })
	eval[any](b, `document.querySelector('#search').blur()`)

	// The end of the list is where it should be.
	b.run(chromedp.Evaluate(`document.querySelector('#list').focus()`, nil))
	b.keys(kb.End)
	b.want(`document.querySelector('#list').getAttribute('aria-activedescendant') !== null`, "true")
	b.clean()
}

// TestPageAddress: a link shows what its sender saw.
func TestPageAddress(t *testing.T) {
	run := testRun()
	findings := testFindings(run)
	path, _ := writePage(t, run, findings, testSummary())
	b := newBrowser(t)
	b.load(path, "#/findings?verdict=unknown&severity=medium&finding="+findings[2].ID)
	b.want(`document.querySelector('#count').textContent`, "1 of 8 findings")
	b.want(`document.querySelector('#detail-title').textContent`, "vault cannot be judged")
	b.want(`document.querySelector('#detail .gap pre').textContent.includes('"s3:GetBucketPolicy"')`, "true")
	b.load(path, "#/findings?framework=fsbp")
	b.want(`document.querySelector('#count').textContent`, "3 of 8 findings")
	b.load(path, "#/findings?requirement=cis-7.0/2.1.1&verdict=nonsense&__proto__=1&group=constructor")
	b.want(`document.querySelector('#count').textContent`, "0 of 8 findings")
	b.run(chromedp.Click("#none button", chromedp.ByQuery))
	b.want(`document.querySelector('#count').textContent`, "8 findings")
	// Back and forth in the history.
	b.keys("o", "c")
	b.want(`document.querySelector('#coverage').hidden`, "false")
	b.run(chromedp.NavigateBack())
	b.want(`document.querySelector('#overview').hidden`, "false")
	b.clean()
}

// TestPageDetail: what a finding needs is there, and can be copied.
func TestPageDetail(t *testing.T) {
	run := testRun()
	findings := testFindings(run)
	path, _ := writePage(t, run, findings, testSummary())
	b := newBrowser(t)
	b.load(path, "#/findings?finding="+findings[1].ID)
	text := eval[string](b, `document.querySelector('#detail').innerText`)
	for _, want := range []string{
		"logs answers requests that come over plain HTTP", "arn:aws:s3:::logs", "production", "111122223333", "eu-central-1", "s3/tls-only",
		"properties.Policy", "s3:GetBucketPolicy", "2026-11-24 11:59 UTC", "Whoever is on the way", "Deny every action",
		"cis-7.0/2.1.1", "Ensure S3 bucket policy denies HTTP requests", "securityhub/S3.5", "merlon explain " + findings[1].ID,
	} {
		if !strings.Contains(text, want) {
			t.Errorf("the details lack %q", want)
		}
	}
	for tab, want := range map[string]string{"AWS CLI": "aws s3api put-bucket-policy", "Terraform": `resource "aws_s3_bucket_policy" "tls" {`, "CloudFormation": "Type: AWS::S3::BucketPolicy"} {
		b.run(chromedp.Evaluate(fmt.Sprintf(`[...document.querySelectorAll('#detail [role=tab]')].find((e) => e.textContent === %q).click()`, tab), nil))
		b.want(fmt.Sprintf(`document.querySelector('#detail [role=tabpanel]').innerText.includes(%q)`, want), "true")
		b.run(chromedp.Evaluate(`navigator.clipboard.writeText = (t) => { window.copied = t; return Promise.resolve(); }; document.querySelector('#detail [role=tabpanel] .copy').click()`, nil))
		b.want(fmt.Sprintf(`window.copied.includes(%q)`, want), "true")
	}
	b.load(path, "#/findings?finding="+findings[4].ID)
	b.want(`document.querySelector('#detail .notice').innerText.includes('Accepted by web@example.com until 2027-02-24')`, "true")
	b.clean()
}

// TestPageHostile: names do nothing but stand there.
func TestPageHostile(t *testing.T) {
	run, findings := hostileFindings()
	path, _ := writePage(t, run, findings, hostileSummary())
	b := newBrowser(t)
	for _, view := range []string{"", "#/findings", "#/coverage", "#/findings?group=resource", "#/findings?group=account", "#/findings?group=none"} {
		b.load(path, view)
		b.run(chromedp.Evaluate(`for (const d of document.querySelectorAll('details')) d.open = true`, nil), chromedp.Sleep(50*time.Millisecond))
		b.want(`document.querySelectorAll('main img, main script, main b > b, main a[href^="javascript"]').length`, "0")
		if text := eval[string](b, `document.body.innerText`); strings.ContainsFunc(text, func(r rune) bool { return dangerous(r) && r != '\n' && r != '\t' }) {
			t.Errorf("%q shows dangerous characters", view)
		}
	}
	for i := range findings {
		b.load(path, "#/findings?finding="+findings[i].ID)
		b.want(`document.querySelector('#detail').hidden`, "false")
		text := eval[string](b, `document.querySelector('#detail').innerText`)
		if strings.ContainsFunc(text, func(r rune) bool { return dangerous(r) && r != '\n' && r != '\t' }) {
			t.Errorf("details of %q show dangerous characters", hostile[i])
		}
		if want := strings.TrimSpace(CleanLines(hostile[i])); !strings.Contains(strings.Join(strings.Fields(text), " "), strings.Join(strings.Fields(want), " ")) {
			t.Errorf("the details of %q do not show it", hostile[i])
		}
	}
	b.clean()
}

// TestPagePictures: every state that a person may meet, for eyes. What can be
// measured is: the page is never wider than the window, and it follows the
// system's colours and the button.
func TestPagePictures(t *testing.T) {
	org, findings, sum := organization()
	long, _ := writePage(t, org, findings, sum, merlon.Fail, merlon.UnknownResult)
	small := testRun()
	list := testFindings(small)
	short, _ := writePage(t, small, list, testSummary())
	empty, _ := writePage(t, &Run{Version: "0.3.0", Started: noon, Scope: Scope{Source: "live"}}, nil, &Summary{Finished: noon})
	b := newBrowser(t)
	for _, tt := range []struct {
		name, path, hash string
		width, height    int64
		dark             bool
	}{
		{"overview-wide", long, "", 1440, 1800, false},
		{"overview-dark", long, "", 1440, 1800, true},
		{"overview-narrow", long, "", 390, 1900, false},
		{"overview-small", short, "", 1280, 1500, false},
		{"findings-wide", long, "#/findings", 1440, 900, false},
		{"findings-dark", long, "#/findings?group=account&severity=critical&severity=high", 1440, 900, true},
		{"findings-narrow", long, "#/findings", 390, 844, false},
		{"detail-wide", short, "#/findings?finding=" + list[1].ID, 1440, 1200, false},
		{"detail-dark", short, "#/findings?finding=" + list[2].ID, 1440, 1200, true},
		{"detail-medium", short, "#/findings?finding=" + list[4].ID, 1024, 900, false},
		{"detail-narrow", short, "#/findings?finding=" + list[1].ID, 390, 1400, false},
		{"coverage-wide", long, "#/coverage", 1440, 1200, false},
		{"coverage-narrow", short, "#/coverage", 390, 1400, true},
		{"empty-overview", empty, "", 1280, 700, false},
		{"empty-findings", empty, "#/findings", 1280, 700, false},
		{"empty-coverage", empty, "#/coverage", 390, 800, true},
	} {
		b.size(tt.width, tt.height)
		b.dark(tt.dark)
		b.load(tt.path, tt.hash)
		b.shot(tt.name)
		if w := eval[int64](b, `document.documentElement.scrollWidth`); w > tt.width {
			t.Errorf("%s: the page is %d wide in a window of %d", tt.name, w, tt.width)
		}
		for _, bad := range eval[[]string](b, contrast) {
			t.Errorf("%s: %s", tt.name, bad)
		}
		background := eval[string](b, `getComputedStyle(document.body).backgroundColor`)
		if isDark := background == "rgb(18, 19, 21)"; isDark != tt.dark {
			t.Errorf("%s: background %s", tt.name, background)
		}
	}
	b.size(390, 844)
	b.dark(false)
	b.load(long, "#/findings?severity=high")
	b.run(chromedp.Click("#filters-open", chromedp.ByQuery))
	b.want(`getComputedStyle(document.querySelector("#filters")).display`, "block")
	b.shot("filters-narrow")
	b.keys(kb.Escape)
	b.want(`getComputedStyle(document.querySelector("#filters")).display`, "none")
	b.size(1280, 800)
	b.dark(false)
	b.load(short, "")
	b.keys("t")
	b.want(`getComputedStyle(document.body).backgroundColor`, "rgb(18, 19, 21)")
	b.load(short, "")
	b.want(`getComputedStyle(document.body).backgroundColor`, "rgb(18, 19, 21)")
	b.keys("?")
	b.shot("help")
	b.keys(kb.Escape, "t", "t")
	b.want(`document.querySelector('#help').open`, "false")
	b.load(long, "#/findings?severity=critical")
	b.run(emulation.SetEmulatedMedia().WithMedia("print"), chromedp.Evaluate(`dispatchEvent(new Event("beforeprint"))`, nil))
	b.want(`document.querySelectorAll("#print li").length`, "3")
	b.want(`getComputedStyle(document.querySelector("#overview")).display`, "block")
	b.size(900, 1600)
	b.shot("print")
	b.run(chromedp.Evaluate(`document.querySelector("#print").scrollIntoView()`, nil))
	b.shot("print-findings")
	b.clean()
}

// contrast lists the texts in sight whose colour stands out from the plain colour
// behind it by less than 4.5, what WCAG 2.2 asks for
// (https://www.w3.org/TR/WCAG22/#contrast-minimum, read 2026-11-24).
const contrast = `(() => {
  const paint = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
  const rgba = (color) => {
    paint.clearRect(0, 0, 1, 1);
    paint.fillStyle = color;
    paint.fillRect(0, 0, 1, 1);
    return [...paint.getImageData(0, 0, 1, 1).data];
  };
  const light = ([r, g, b]) => [r, g, b].map((v) => v / 255).map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)).reduce((s, v, i) => s + v * [0.2126, 0.7152, 0.0722][i], 0);
  const bad = new Set();
  for (const e of document.querySelectorAll('body *')) {
    if (!e.checkVisibility({ visibilityProperty: true, opacityProperty: true }) || ![...e.childNodes].some((n) => n.nodeType === 3 && n.data.trim())) continue;
    if (e.closest('.away, #toast, script, style, svg')) continue;
    let back = e, c;
    do { c = rgba(getComputedStyle(back).backgroundColor); back = back.parentElement; } while (back && c[3] < 250);
    const [x, y] = [light(rgba(getComputedStyle(e).color)), light(c)].sort((a, b) => b - a);
    const ratio = (x + 0.05) / (y + 0.05);
    if (ratio < 4.5) bad.add(e.tagName + '.' + e.className + ' has a contrast of ' + ratio.toFixed(2));
  }
  return [...bad];
})()`

// TestPageOrder: each group stands once, the worst first, and the numbers beside
// the filters say what choosing them would show.
func TestPageOrder(t *testing.T) {
	run, findings, sum := organization()
	// What comes first is not the worst.
	slices.Reverse(findings)
	path, _ := writePage(t, run, findings, sum, merlon.Fail, merlon.UnknownResult)
	b := newBrowser(t)
	b.size(1280, 2400)
	for _, group := range []string{"control", "account"} {
		b.load(path, "#/findings?group="+group)
		b.keys("z") // heads alone
		heads := eval[[][2]string](b, `[...document.querySelectorAll('#space .head')].map((e) => [e.querySelector('.sub').textContent, e.querySelector('.badge').textContent])`)
		seen, last := map[string]bool{}, 0
		for _, head := range heads {
			rank := merlon.Severity(strings.ToLower(head[1])).Rank()
			if seen[head[0]] || rank < last {
				t.Errorf("by %s: %v comes after rank %d, or again", group, head, last)
			}
			seen[head[0]], last = true, rank
		}
		if want := map[string]int{"control": 14, "account": 3}[group]; len(heads) != want {
			t.Errorf("by %s: %d groups, want %d", group, len(heads), want)
		}
	}
	b.load(path, "#/findings?severity=critical&severity=low")
	boxes := eval[map[string]int](b, `Object.fromEntries([...document.querySelectorAll('#filters .value')].map((e) => [e.querySelector('input').dataset.facet + ' ' + e.querySelector('input').dataset.value, Number(e.querySelector('.n').textContent.replace(',', ''))]))`)
	want := map[string]int{}
	for i := range findings {
		f := &findings[i]
		if f.Verdict == merlon.Pass {
			continue
		}
		// A facet's own choice does not narrow its numbers, the others' do.
		want["severity "+string(f.Severity)]++
		if f.Severity == merlon.Critical || f.Severity == merlon.Low {
			want["account "+string(f.Account)]++
			want["region "+string(f.Region)]++
			want["area "+string(run.Controls[f.Control].Area)]++
		}
	}
	for k, n := range want {
		if boxes[k] != n {
			t.Errorf("%s says %d, want %d", k, boxes[k], n)
		}
	}
	b.clean()
}
