package awscli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strings"
	"time"

	"merlon.dev/merlon"
	"merlon.dev/merlon/inventory/live"
)

// Open gives the caller of one account and region of the folder.
func (f *Folder) Open(_ context.Context, p live.Place) (live.Caller, error) {
	a := f.accounts[p.Account]
	if a == nil {
		return nil, fmt.Errorf("%s holds no account %s", f.dir, p.Account)
	}
	return &caller{f: f, a: a, place: p}, nil
}

// Holds reports whether there is a file of any of the operations in a place.
func (f *Folder) Holds(p live.Place, operations []*live.Operation) bool {
	a := f.accounts[p.Account]
	if a == nil {
		return false
	}
	for _, o := range operations {
		for _, region := range a.searched(o, p.Region) {
			names := f.listing(path.Join(a.path, quote(string(region))))
			for _, stem := range f.stemsOf(o) {
				if names[stem] {
					return true
				}
			}
		}
	}
	return false
}

type caller struct {
	f     *Folder
	a     *account
	place live.Place
}

// Call answers from the file of the request. The error wraps
// [live.ErrNotRecorded] where there is none; for a file that cannot be read it is
// a [live.Failure] that names the file and the place in it.
func (c *caller) Call(ctx context.Context, o *live.Operation, in any) (any, live.Stats, error) {
	st := live.Stats{At: time.Now(), Attempts: 1}
	if err := ctx.Err(); err != nil {
		return nil, st, err
	}
	r := ask(o, in)
	file, err := c.find(o, r)
	var many []string
	if errors.Is(err, live.ErrNotRecorded) {
		many = c.findEach(o, r)
	}
	switch {
	case many != nil:
		return c.together(o, many, st)
	case err != nil:
		return nil, st, err
	}
	return c.answer(o, file, live.PageToken(in) != "", &st)
}

// answer reads one file. next asks for what comes after the pages that it holds.
func (c *caller) answer(o *live.Operation, file string, next bool, st *live.Stats) (any, live.Stats, error) {
	if info, err := c.f.root.Stat(file); err == nil {
		st.At = info.ModTime()
	}
	out := o.Output()
	data, err := c.f.read(file)
	var failure *live.Failure
	if err == nil {
		failure, err = c.f.decoder.body(data, out)
	}
	switch {
	case err != nil:
		return nil, *st, c.f.unreadable(file, err)
	case failure != nil && (next || live.NextToken(out) == ""):
		return nil, *st, failure
	case next:
		return nil, *st, fmt.Errorf("%w: %s ends with the token of another page", live.ErrNotRecorded, file)
	}
	return out, *st, nil
}

// together answers a request for several things from the files of each.
func (c *caller) together(o *live.Operation, files []string, st live.Stats) (any, live.Stats, error) {
	var all any
	for _, file := range files {
		out, one, err := c.answer(o, file, false, &st)
		if err != nil {
			return nil, one, err
		}
		if all == nil {
			all = out
		} else {
			merge(all, out)
		}
	}
	return all, st, nil
}

// unreadable is the failure of a file that is there and cannot be used.
func (f *Folder) unreadable(file string, err error) error {
	cause := merlon.CauseMalformed
	if errors.Is(err, ErrTooLarge) {
		cause = merlon.CauseTooLarge
	} else if errors.Is(err, fs.ErrPermission) {
		cause = merlon.CauseFailed
	}
	var at *fs.PathError
	if errors.As(err, &at) {
		err = at.Err
	}
	return &live.Failure{Cause: cause, Message: file + ": " + err.Error()}
}

// stemsOf is stems, once an operation.
func (f *Folder) stemsOf(o *live.Operation) []string {
	if s, ok := f.stems.Load(o); ok {
		return s.([]string)
	}
	s := stems(o)
	f.stems.Store(o, s)
	return s
}

// searched are the regions in whose folders an operation's file may lie. Global
// services answer the same everywhere, wherever the file was put.
func (a *account) searched(o *live.Operation, r merlon.Region) []merlon.Region {
	out := []merlon.Region{r}
	switch o.Service {
	case "account", "cloudfront", "iam", "organizations", "route53", "s3":
		if r != a.global {
			out = append(out, a.global)
		}
		for _, other := range a.regions {
			if other != r && other != a.global {
				out = append(out, other)
			}
		}
	}
	return out
}

// listing are the names in a folder up to the first "," or ".json"; empty for no folder.
func (f *Folder) listing(dir string) map[string]bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if names, ok := f.listings[dir]; ok {
		return names
	}
	names := map[string]bool{}
	if entries, err := f.entries(dir); err == nil {
		for _, e := range entries {
			stem, _, _ := strings.Cut(strings.TrimSuffix(e.Name(), ".json"), ",")
			names[stem] = true
		}
	}
	f.listings[dir] = names
	return names
}
