package report

import (
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"io"
	"strconv"
	"strings"
	"time"

	"merlon.dev/merlon"
)

// pageFiles are the shell of the page, its style and its script in parts.
//
//go:embed html
var pageFiles embed.FS

// pageScripts is the order in which the parts of the script are joined.
var pageScripts = []string{"dom.js", "data.js", "filter.js", "overview.js", "list.js", "detail.js", "coverage.js", "print.js", "app.js"}

const (
	// pageFindings is how many findings one page holds; a browser still searches
	// that many while a person types. The counts cover all.
	pageFindings = 100_000
	// pageValue is how many bytes of an evidence value the page holds.
	pageValue = 8 << 10
)

// htmlPage writes one page that needs nothing else: the findings as rows of
// JSON, words that repeat as numbers, then the words and the summary.
//
// No text of an account is ever markup: the data stands in script elements of
// type application/json, in which "<" is escaped, and the script puts it into
// text nodes only. The page's Content-Security-Policy names its own style and
// script by their hashes and lets nothing else run or load.
type htmlPage struct {
	w     io.Writer
	run   *Run
	gaps  map[string]int
	words map[string]int
	list  []string

	controls   map[string]int
	controlIDs []string
	accounts   map[merlon.AccountID]int
	accountIDs []merlon.AccountID
	exceptions map[exception]int
	excepted   []exception
	written    int
	left       int
	row        []byte
}

func newHTML(w io.Writer, _ Config) Writer {
	return &htmlPage{
		w: w, gaps: map[string]int{}, words: map[string]int{}, controls: map[string]int{},
		accounts: map[merlon.AccountID]int{}, exceptions: map[exception]int{},
	}
}

func (h *htmlPage) Begin(run *Run) error {
	h.run = run
	for i := range run.Gaps {
		h.gaps[run.Gaps[i].Key()] = i
	}
	shell, style, script, err := pageParts()
	if err != nil {
		return err
	}
	head, _, _ := strings.Cut(shell, "{{data}}")
	head = strings.NewReplacer(
		"{{policy}}", "default-src 'none'; style-src '"+hash(style)+"'; script-src '"+hash(script)+"'; img-src data:; base-uri 'none'; form-action 'none'",
		"{{style}}", style,
	).Replace(head)
	_, err = io.WriteString(h.w, head+`<script type="application/json" id="rows">[`)
	return err
}

// pageParts reads the embedded files.
func pageParts() (shell, style, script string, err error) {
	read := func(name string) string {
		b, rerr := pageFiles.ReadFile("html/" + name)
		if rerr != nil && err == nil {
			err = rerr
		}
		return string(b)
	}
	var b strings.Builder
	b.WriteString("(() => {\n'use strict';\n")
	for _, name := range pageScripts {
		b.WriteString(read(name))
	}
	b.WriteString("})();\n")
	return read("shell.html"), read("style.css"), b.String(), err
}

// hash is a source expression of a Content-Security-Policy.
func hash(s string) string {
	sum := sha256.Sum256([]byte(s))
	return "sha256-" + base64.StdEncoding.EncodeToString(sum[:])
}

// Finding writes one row:
//
//	[id, control, verdict, severity, account, region, type, name, resource, message,
//	 evidence [[path, value, call, seconds]…], reasons, gaps, flags, exception]
//
// Numbers lead into the tables that End writes; flags are 1 known, 2 out of scope.
// Empty members at the end are left out.
func (h *htmlPage) Finding(f *merlon.Finding) error {
	if h.written == pageFindings {
		h.left++
		return nil
	}
	b := h.row[:0]
	if h.written > 0 {
		b = append(b, ',')
	}
	h.written++
	b = append(b, "\n["...)
	b = appendText(b, f.ID)
	for _, n := range []int{h.control(f.Control), order(f.Verdict), f.Severity.Rank(), h.account(f.Account), h.word(string(f.Region)), h.word(f.Type)} {
		b = append(b, ',')
		b = strconv.AppendInt(b, int64(n), 10)
	}
	for _, s := range []string{f.Name, f.Resource, f.Message} {
		b = append(b, ',')
		b = appendText(b, s)
	}
	end := len(b)
	b = append(b, ",["...)
	for i, e := range f.Evidence {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, '[')
		b = strconv.AppendInt(b, int64(h.word(e.Path)), 10)
		b = append(b, ',')
		b = appendText(b, evidenceText(e.Value))
		b = append(b, ',')
		b = strconv.AppendInt(b, int64(h.word(e.Call)), 10)
		if !e.At.IsZero() {
			b = append(b, ',')
			b = strconv.AppendInt(b, e.At.Unix(), 10)
		}
		b = append(b, ']')
	}
	b = append(b, ']')
	if len(f.Evidence) > 0 {
		end = len(b)
	}
	reasons, gaps := h.reasons(f)
	b = appendNumbers(b, reasons)
	b = appendNumbers(b, gaps)
	if len(reasons)+len(gaps) > 0 {
		end = len(b)
	}
	flags := b2i(f.Known) | b2i(f.OutOfScope)<<1
	b = append(b, ',')
	b = strconv.AppendInt(b, int64(flags), 10)
	if flags != 0 {
		end = len(b)
	}
	if f.Excepted != nil {
		b = append(b, ',')
		b = strconv.AppendInt(b, int64(h.exception(f.Excepted)), 10)
		end = len(b)
	}
	b = append(b[:end], ']')
	h.row = b
	_, err := h.w.Write(b)
	return err
}

// appendText appends s, cleaned, as a JSON string.
func appendText(b []byte, s string) []byte {
	t, err := jsonText(CleanLines(s))
	if err != nil { // a string always has a JSON form
		return append(b, `""`...)
	}
	return append(b, t...)
}

func appendNumbers(b []byte, list []int) []byte {
	b = append(b, ",["...)
	for i, n := range list {
		if i > 0 {
			b = append(b, ',')
		}
		b = strconv.AppendInt(b, int64(n), 10)
	}
	return append(b, ']')
}

// evidenceText is a value as JSON text in which nothing dangerous stands bare,
// cut to what the page holds.
func evidenceText(v []byte) string {
	text := string(escapeJSON(jsonValue(v)))
	if len(text) > pageValue {
		text = strings.ToValidUTF8(text[:pageValue], "") + " … cut, " + number(len(text)) + " bytes"
	}
	return text
}

func (h *htmlPage) reasons(f *merlon.Finding) (reasons, gaps []int) {
	for _, r := range f.Reasons {
		reasons = append(reasons, h.word(r))
	}
	for _, key := range f.Gaps {
		if i, ok := h.gaps[key]; ok {
			gaps = append(gaps, i)
		} else {
			reasons = append(reasons, h.word("gap "+key))
		}
	}
	return reasons, gaps
}

// word is the number of a text that may come again.
func (h *htmlPage) word(s string) int {
	n, ok := h.words[s]
	if !ok {
		n = len(h.list)
		h.words[s] = n
		h.list = append(h.list, s)
	}
	return n
}

func (h *htmlPage) control(id string) int {
	n, ok := h.controls[id]
	if !ok {
		n = len(h.controlIDs)
		h.controls[id] = n
		h.controlIDs = append(h.controlIDs, id)
	}
	return n
}

func (h *htmlPage) account(id merlon.AccountID) int {
	n, ok := h.accounts[id]
	if !ok {
		n = len(h.accountIDs)
		h.accounts[id] = n
		h.accountIDs = append(h.accountIDs, id)
	}
	return n
}

func (h *htmlPage) exception(e *merlon.Exception) int {
	x := *exceptionOf(e)
	n, ok := h.exceptions[x]
	if !ok {
		n = len(h.excepted)
		h.exceptions[x] = n
		h.excepted = append(h.excepted, x)
	}
	return n
}

// pageControl is what the page shows of a control.
type pageControl struct {
	ID           string      `json:"id"`
	Title        string      `json:"title"`
	Area         merlon.Area `json:"area"`
	Severity     int         `json:"severity"`
	Why          string      `json:"why,omitempty"`
	Fix          [4]string   `json:"fix"` // text, CLI, Terraform, CloudFormation
	Playbook     string      `json:"playbook,omitempty"`
	Requirements []string    `json:"requirements,omitempty"`
	Aliases      []string    `json:"aliases,omitempty"`
	Source       string      `json:"source,omitempty"`
	Read         string      `json:"read,omitempty"`
}

// pageMeta is all of the page that is not a finding.
type pageMeta struct {
	Version      string            `json:"version"`
	Started      int64             `json:"started"`
	Finished     int64             `json:"finished"`
	Source       string            `json:"source"`
	Path         string            `json:"path"`
	Accounts     []Account         `json:"accounts"`
	Regions      []merlon.Region   `json:"regions"`
	Services     []string          `json:"services"`
	Words        []string          `json:"words"`
	Controls     []pageControl     `json:"controls"`
	Exceptions   []exception       `json:"exceptions"`
	Gaps         []merlon.Gap      `json:"gaps"`
	Frameworks   map[string]string `json:"frameworks"`
	Requirements map[string]string `json:"requirements"`
	// Cells are [control, account, severity, fail, unknown, pass, not-applicable, excepted, known, out of scope].
	Cells       [][10]int        `json:"cells"`
	Resources   map[string]int   `json:"resources"`
	Calls       map[string]Calls `json:"calls"`
	Warnings    []string         `json:"warnings"`
	Interrupted bool             `json:"interrupted"`
	Left        int              `json:"left"`
}

func (h *htmlPage) End(s *Summary) error {
	run := h.run
	m := pageMeta{
		Version: Clean(run.Version), Started: seconds(run.Started), Finished: seconds(s.Finished),
		Source: Clean(run.Scope.Source), Path: Clean(run.Scope.Path),
		Accounts: []Account{}, Controls: []pageControl{},
		Regions: cleaned(run.Scope.Regions), Services: cleaned(run.Scope.Services), Words: cleaned(h.list),
		Exceptions: append([]exception{}, h.excepted...), Frameworks: cleanedMap(run.Frameworks), Requirements: map[string]string{},
		Cells: [][10]int{}, Resources: map[string]int{}, Calls: map[string]Calls{}, Warnings: cleaned(s.Warnings),
		Interrupted: s.Interrupted, Left: h.left, Gaps: cleanedGaps(run.Gaps),
	}
	for _, c := range s.Counts {
		m.Cells = append(m.Cells, [10]int{h.control(c.Control), h.account(c.Account), c.Severity.Rank(),
			c.Fail, c.Unknown, c.Pass, c.NotApplicable, c.Excepted, c.Known, c.OutOfScope})
	}
	names := run.accountNames()
	for _, a := range run.Scope.Accounts {
		h.account(a.ID)
	}
	for _, id := range h.accountIDs {
		m.Accounts = append(m.Accounts, Account{merlon.AccountID(Clean(string(id))), Clean(names[id])})
	}
	for _, id := range h.controlIDs {
		m.Controls = append(m.Controls, h.pageControl(id, m.Requirements))
	}
	for i := range m.Exceptions {
		e := &m.Exceptions[i]
		*e = exception{Clean(e.Control), Clean(e.Resource), Clean(e.Owner), Clean(e.Reason), e.Until}
	}
	for k, v := range s.Resources {
		m.Resources[Clean(k)] += v
	}
	for k, v := range s.Calls {
		m.Calls[Clean(k)] = v
	}
	b, err := jsonText(m)
	if err != nil {
		return err
	}
	shell, _, script, err := pageParts()
	if err != nil {
		return err
	}
	_, tail, _ := strings.Cut(shell, "{{data}}")
	tail = strings.Replace(tail, "{{script}}", script, 1)
	_, err = io.WriteString(h.w, "\n]</script>\n<script type=\"application/json\" id=\"meta\">"+string(b)+"</script>"+tail)
	return err
}

// pageControl also adds the titles of the control's requirements to titles.
func (h *htmlPage) pageControl(id string, titles map[string]string) pageControl {
	c := h.run.control(id)
	p := pageControl{
		ID: Clean(id), Title: Clean(c.Title), Area: merlon.Area(Clean(string(c.Area))), Severity: c.Severity.Rank(),
		Why: CleanLines(c.Why), Playbook: Clean(c.Fix.Playbook), Requirements: cleaned(c.Requirements), Aliases: cleaned(c.Aliases),
		Fix:  [4]string{CleanLines(c.Fix.Text), CleanLines(c.Fix.CLI), CleanLines(c.Fix.Terraform), CleanLines(c.Fix.CloudFormation)},
		Read: Clean(c.Source.Read),
	}
	// Only a web page may become a link.
	if strings.HasPrefix(c.Source.URL, "https://") {
		p.Source = Clean(c.Source.URL)
	}
	for _, r := range c.Requirements {
		if t := h.run.Requirements[r]; t != "" {
			titles[Clean(r)] = Clean(t)
		}
	}
	return p
}

func seconds(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.Unix()
}

func cleaned[S ~string](list []S) []S {
	out := make([]S, len(list))
	for i, s := range list {
		out[i] = S(CleanLines(string(s)))
	}
	return out
}

func cleanedMap(m map[string]string) map[string]string {
	out := make(map[string]string, len(m))
	for k, v := range m {
		out[Clean(k)] = Clean(v)
	}
	return out
}

func cleanedGaps(gaps []merlon.Gap) []merlon.Gap {
	out := make([]merlon.Gap, len(gaps))
	for i, g := range gaps {
		out[i] = merlon.Gap{
			Call: Clean(g.Call), Account: merlon.AccountID(Clean(string(g.Account))), Region: merlon.Region(Clean(string(g.Region))),
			Resource: Clean(g.Resource), Types: cleaned(g.Types), Cause: merlon.Cause(Clean(string(g.Cause))), Code: Clean(g.Code),
			Message: Clean(g.Message), Actions: cleaned(g.Actions), Statement: CleanLines(g.Statement), Accepted: Clean(g.Accepted),
		}
	}
	return out
}
