package awscli

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"

	smithy "github.com/aws/smithy-go"

	"merlon.dev/merlon"
	"merlon.dev/merlon/inventory/live"
)

// ErrNotEmpty is wrapped by the error for a folder that holds something else.
var ErrNotEmpty = errors.New("the folder is not empty")

// Recorder writes a folder of AWS CLI output: a [live.Recorder]. Secrets are taken
// out, the pages of a list are put together, a call that failed leaves its error.
// Folders are for their owner alone (0700), files too (0600), and a file is there
// whole or not at all. It is safe for concurrent use.
type Recorder struct {
	root  *os.Root
	temps atomic.Int64

	mu       sync.Mutex
	accounts []recorded
	regions  map[string]bool        // folders that are there
	prints   map[uint64]string      // by the hash of a path, the request that it answers
	lists    map[string]*unfinished // by path, request and the token that comes next
}

// recorded is an account in config.json. Regions are those that were in scope:
// the folder of a global service's region is there besides.
type recorded struct {
	ID      string          `json:"id"`
	Name    string          `json:"name"`
	Regions []merlon.Region `json:"regions"`
}

// unfinished is a list of which more pages are to come.
type unfinished struct{ pages [][]byte }

// NewRecorder makes the folder; one that is there must be empty, or the error wraps
// [ErrNotEmpty]. With goOn it may hold the recording of a scan that was
// interrupted and is gone on with. Close it when done.
func NewRecorder(dir string, goOn bool) (*Recorder, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("make folder of the recording: %w", err)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, fmt.Errorf("open folder of the recording: %w", err)
	}
	r := &Recorder{root: root, regions: map[string]bool{}, prints: map[uint64]string{}, lists: map[string]*unfinished{}}
	if err := r.begin(goOn); err != nil {
		root.Close()
		return nil, fmt.Errorf("record into %s: %w", dir, err)
	}
	return r, nil
}

// begin looks at what is in the folder, and reads the accounts of a recording to
// go on with.
func (r *Recorder) begin(goOn bool) error {
	d, err := r.root.Open(".")
	if err != nil {
		return err
	}
	names, err := d.Readdirnames(1)
	d.Close()
	if len(names) == 0 {
		return nil // empty; the error says so
	}
	if err != nil {
		return err
	}
	if !goOn {
		return ErrNotEmpty
	}
	data, err := r.root.ReadFile(configFile)
	if errors.Is(err, fs.ErrNotExist) {
		return ErrNotEmpty
	}
	var c struct {
		Merlon   int        `json:"merlon"`
		Accounts []recorded `json:"accounts"`
	}
	if err == nil {
		err = json.Unmarshal(data, &c)
	}
	if err != nil {
		return fmt.Errorf("read %s: %w", configFile, err)
	}
	if c.Merlon != recordingVersion {
		return fmt.Errorf("%w and holds no recording of this version", ErrNotEmpty)
	}
	r.accounts = c.Accounts
	return nil
}

// recordingVersion marks a config.json that a Recorder wrote.
const recordingVersion = 1

// Close releases the folder. Lists that were not read to their end are not written.
func (r *Recorder) Close() error { return r.root.Close() }

// Account writes what is known of an account before any call.
func (r *Recorder) Account(t *live.Target, failed error) error {
	r.mu.Lock()
	entry := recorded{ID: string(t.ID), Name: t.Name, Regions: append([]merlon.Region{}, t.Regions...)}
	found := false
	for i := range r.accounts {
		if r.accounts[i].ID == entry.ID {
			r.accounts[i], found = entry, true
		}
	}
	if !found {
		r.accounts = append(r.accounts, entry)
		slices.SortFunc(r.accounts, func(a, b recorded) int { return strings.Compare(a.ID, b.ID) })
	}
	config, err := json.MarshalIndent(map[string]any{"merlon": recordingVersion, "accounts": r.accounts, "cidrs": map[string]any{}}, "", "    ")
	if err == nil {
		err = r.write(configFile, config)
	}
	r.mu.Unlock()
	if err != nil {
		return err
	}
	dir := quote(string(t.ID))
	for _, region := range t.Regions {
		if err := r.folder(path.Join(dir, quote(string(region)))); err != nil {
			return err
		}
	}
	type region struct{ RegionName merlon.Region }
	regions := make([]region, 0, len(t.Regions))
	for _, x := range t.Regions {
		regions = append(regions, region{x})
	}
	if err := r.put(path.Join(dir, regionsFile), map[string]any{"Regions": regions}); err != nil {
		return err
	}
	if failed != nil {
		body, err := failureBody(nil, live.FailureOf(failed))
		if err != nil {
			return err
		}
		return r.file(path.Join(dir, closedFile), body)
	}
	return nil
}

// Record writes the answer to a call, or the error that it ended with. What says
// nothing about AWS is not written: a call that a recording does not hold either,
// and one that was cut short by the end of the scan or of the credentials.
func (r *Recorder) Record(p live.Place, o *live.Operation, in, out any, err error) error {
	if errors.Is(err, live.ErrNotRecorded) || errors.Is(err, live.ErrExpired) || errors.Is(err, context.Canceled) {
		return nil
	}
	q := ask(o, in)
	region := p.Region
	if o.Service == "s3" {
		// A bucket's name says where it is; CloudMapper asks for all in one place.
		region = merlon.PartitionOf(p.Region).GlobalRegion()
	}
	dir := path.Join(quote(string(p.Account)), quote(string(region)))
	stem := stems(o)[0]
	token, next := live.PageToken(in), ""
	var body []byte
	if err == nil {
		body, next = encode(o, out), live.NextToken(out)
	}
	list := &unfinished{}
	key := strings.Join([]string{dir, stem, q.print}, "\x00") + "\x00"
	r.mu.Lock()
	if token != "" {
		list = r.lists[key+token]
		delete(r.lists, key+token)
	}
	if list != nil && err == nil {
		list.pages = append(list.pages, body)
		if next != "" {
			r.lists[key+next] = list
		}
	}
	r.mu.Unlock()
	switch {
	case list == nil || next != "":
		return nil // the pages before were not seen, or more are to come
	case err != nil:
		if body, err = failureBody(list.pages, live.FailureOf(err)); err != nil {
			return err
		}
	default:
		body = joinPages(list.pages, true)
	}
	return r.answer(dir, stem, q, body)
}

// answer writes a body under the name of its request, or, where that name is
// taken or does not tell the request from others, under the request's hash.
func (r *Recorder) answer(dir, stem string, q request, body []byte) error {
	if err := r.folder(dir); err != nil {
		return err
	}
	hashed := path.Join(dir, stem+","+q.print+".json")
	plain := plainPath(path.Join(dir, stem), q.canonical())
	if q.selects || !r.take(plain, q.print) {
		return r.file(hashed, body)
	}
	if parent := path.Dir(plain); parent != dir {
		if err := r.folder(parent); err != nil {
			if occupied(err) {
				return r.file(hashed, body)
			}
			return err
		}
	}
	err := r.file(plain, body)
	if occupied(err) {
		return r.file(hashed, body)
	}
	return err
}

// take gives a path to the first request that asks for it. One that an earlier
// run wrote is taken: whose it was is not known. File systems that do not tell
// capitals from small letters would make one file of two, so neither does take.
func (r *Recorder) take(name, print string) bool {
	sum := sha256.Sum256([]byte(strings.ToLower(name)))
	key := binary.BigEndian.Uint64(sum[:8])
	r.mu.Lock()
	defer r.mu.Unlock()
	if have, ok := r.prints[key]; ok {
		return have == print
	}
	if _, err := r.root.Lstat(name); err == nil {
		return false
	}
	r.prints[key] = print
	return true
}

// occupied reports that a file is where a folder should be, or the reverse.
func occupied(err error) bool {
	return errors.Is(err, syscall.ENOTDIR) || errors.Is(err, syscall.EISDIR) || errors.Is(err, fs.ErrExist)
}

// folder makes a folder and those above it.
func (r *Recorder) folder(name string) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.regions[name] {
		return nil
	}
	if err := r.root.MkdirAll(name, 0o700); err != nil {
		return fmt.Errorf("make folder of the recording: %w", err)
	}
	r.regions[name] = true
	return nil
}

func (r *Recorder) put(name string, v any) error {
	body, err := json.Marshal(v)
	if err != nil {
		return err
	}
	return r.file(name, body)
}

// file writes a JSON body, indented for people.
func (r *Recorder) file(name string, body []byte) error {
	var b bytes.Buffer
	if err := json.Indent(&b, body, "", "    "); err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	b.WriteByte('\n')
	return r.write(name, b.Bytes())
}

// write puts a file in place in one step, so that none is ever half written.
func (r *Recorder) write(name string, data []byte) error {
	temp := path.Join(path.Dir(name), ".merlon-"+strconv.Itoa(os.Getpid())+"-"+strconv.FormatInt(r.temps.Add(1), 10))
	err := r.root.WriteFile(temp, data, 0o600)
	if err == nil {
		err = r.root.Rename(temp, name)
	}
	if err != nil {
		_ = r.root.Remove(temp)
		return fmt.Errorf("write recording: %w", err)
	}
	return nil
}

// failureBody is the body for a call that failed, after some pages or at once.
func failureBody(pages [][]byte, f *live.Failure) ([]byte, error) {
	type errorBody struct {
		Code    string
		Message string
		Cause   merlon.Cause `json:",omitempty"`
	}
	e := errorBody{Code: f.Code, Message: scrub(f.Message), Cause: f.Cause}
	if live.FailureOf(&smithy.GenericAPIError{Code: f.Code}).Cause == f.Cause {
		e.Cause = "" // the code says it
	}
	body, err := json.Marshal(map[string]errorBody{"Error": e})
	if err != nil {
		return nil, err
	}
	return joinPages(append(slices.Clone(pages), body), false), nil
}
