package iam

import (
	"maps"
	"slices"
	"sort"
	"strings"
)

// Context are the keys of a request: each is present with its values, absent,
// or not known. Names have no case. A Context may be read concurrently, not
// changed at the same time.
type Context struct {
	parent  *Context
	open    bool
	closed  []string // prefixes, lower case: what was not set below them is absent
	entries map[string]entry
}

type entry struct {
	state   state
	values  []string
	options []entry // of oneOf
}

type state uint8

const (
	absent   state = iota
	present        // with these values
	valued         // present, its value is not known
	unstated       // whether it is present is not known
	oneOf          // one of a few known possibilities
)

// NewContext is a context in which a key that was not set is absent.
func NewContext() *Context { return &Context{} }

// NewOpenContext is a context in which a key that was not set is unknown.
func NewOpenContext() *Context { return &Context{open: true} }

// Over is an empty context that asks c for what it was not told itself.
func (c *Context) Over() *Context { return &Context{parent: c} }

// Clone is a copy that may be changed; it asks the same context for what it does
// not hold.
func (c *Context) Clone() *Context {
	return &Context{parent: c.parent, open: c.open, closed: slices.Clone(c.closed), entries: maps.Clone(c.entries)}
}

// On are c's own keys over another context: a cheap way to combine what many
// requests share with what each has of its own. Neither may be changed after.
func (c *Context) On(parent *Context) *Context {
	return &Context{parent: parent, closed: c.closed, entries: c.entries}
}

func (c *Context) put(key string, e entry) *Context {
	if c.entries == nil {
		c.entries = make(map[string]entry)
	}
	c.entries[strings.ToLower(key)] = e
	return c
}

// Set makes a key present. No value at all is an empty set, which AWS takes
// for an absent key.
func (c *Context) Set(key string, values ...string) *Context {
	if len(values) == 0 {
		return c.SetAbsent(key)
	}
	return c.put(key, entry{state: present, values: values})
}

// SetAbsent says that the request does not have the key.
func (c *Context) SetAbsent(key string) *Context { return c.put(key, entry{state: absent}) }

// SetPresent says that the request has the key, with a value that is not known.
func (c *Context) SetPresent(key string) *Context { return c.put(key, entry{state: valued}) }

// SetUnknown says that nothing is known of the key.
func (c *Context) SetUnknown(key string) *Context { return c.put(key, entry{state: unstated}) }

// SetOneOf says that the key is in one of a few states: each is a list of
// values, nil for absent.
func (c *Context) SetOneOf(key string, options ...[]string) *Context {
	e := entry{state: oneOf}
	for _, values := range options {
		if len(values) == 0 {
			e.options = append(e.options, entry{state: absent})
		} else {
			e.options = append(e.options, entry{state: present, values: values})
		}
	}
	return c.put(key, e)
}

// Close says that all keys below a prefix, such as "aws:PrincipalTag/", are
// known: what was not set is absent.
func (c *Context) Close(prefix string) *Context {
	c.closed = append(c.closed, strings.ToLower(prefix))
	return c
}

// Keys are the names that were set, lower case and sorted.
func (c *Context) Keys() []string {
	seen := make(map[string]bool)
	for at := c; at != nil; at = at.parent {
		for k := range at.entries {
			seen[k] = true
		}
	}
	out := make([]string, 0, len(seen))
	for k := range seen {
		out = append(out, k)
	}
	sort.Strings(out)
	return out
}

// Get is what is known of a key: its values, and whether it is present.
func (c *Context) Get(key string) (values []string, is Match) {
	switch e := c.lookup(strings.ToLower(key)); e.state {
	case present:
		return e.values, Yes
	case valued:
		return nil, Yes
	case absent:
		return nil, No
	}
	return nil, Maybe
}

// lookup takes a name in lower case.
func (c *Context) lookup(key string) entry {
	for at := c; at != nil; at = at.parent {
		if e, ok := at.entries[key]; ok {
			return e
		}
		for _, prefix := range at.closed {
			if strings.HasPrefix(key, prefix) {
				return entry{state: absent}
			}
		}
		if at.parent == nil && at.open {
			return entry{state: unstated}
		}
	}
	return entry{state: absent}
}

// single is a key's value for a policy variable. A key with several values
// cannot be a variable: it counts as absent. Of an empty string AWS says that
// "the value in the request context is null", and not what then becomes of the
// variable: that counts as unknown.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition.html, read 2026-11-24
func (c *Context) single(key string) (string, state) {
	e := c.lookup(key)
	if e.state == present && len(e.values) != 1 {
		return "", absent
	}
	if e.state == present && e.values[0] == "" {
		return "", valued
	}
	if e.state == present {
		return e.values[0], present
	}
	return "", e.state
}
