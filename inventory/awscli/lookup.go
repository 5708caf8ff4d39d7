package awscli

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"merlon.dev/merlon"
	"merlon.dev/merlon/inventory/live"
)

// find gives the file that answers a request. The error wraps
// [live.ErrNotRecorded] where there is none: a file of another request, however
// like, is none.
func (c *caller) find(o *live.Operation, r request) (string, error) {
	var names [][]level
	if !r.selects {
		names = c.namings(r)
	}
	var first string
	for _, region := range c.a.searched(o, c.place.Region) {
		for _, stem := range c.f.stemsOf(o) {
			base := path.Join(c.a.path, quote(string(region)), stem)
			if first == "" {
				first = plainPath(base, r.canonical())
			}
			file, err := c.file(base + "," + r.print + ".json")
			if err != nil || file != "" {
				return file, err
			}
			for _, n := range names {
				file, err := c.at(base, n)
				if err != nil || file != "" {
					return file, err
				}
			}
		}
	}
	return "", fmt.Errorf("%w: there is no %s", live.ErrNotRecorded, first)
}

// namings are the levels by which a request's file may be named, as it is written
// first: with neutral values and the account's own id or without them.
func (c *caller) namings(r request) [][]level {
	own := slices.DeleteFunc(r.canonical(), func(l level) bool { return len(l.values) == 1 && l.values[0] == string(c.place.Account) })
	out := [][]level{r.canonical()}
	if len(r.levels) != len(out[0]) {
		out = append(out, r.levels)
	}
	if len(own) != len(out[0]) {
		out = append(out, own)
	}
	return out
}

// at looks for the file of the levels under a verb's name; "" for none.
func (c *caller) at(base string, levels []level) (string, error) {
	if len(levels) == 0 {
		return c.file(base + ".json")
	}
	dir := base
	for i, l := range levels {
		last := i == len(levels)-1
		var next string
		for _, name := range c.spellings(l) {
			p := path.Join(dir, name)
			if found, err := c.there(p, last); err != nil {
				return "", err
			} else if found {
				next = p
				break
			}
		}
		if next == "" && !l.list {
			if name := c.alias(dir, l); name != "" {
				p := path.Join(dir, name)
				if found, err := c.there(p, last); err != nil {
					return "", err
				} else if found {
					next = p
				}
			}
		}
		if next == "" {
			return "", nil
		}
		dir = next
	}
	return dir, nil
}

// there reports whether there is a file, or with last unset a folder, of a name.
func (c *caller) there(p string, last bool) (bool, error) {
	info, err := c.f.root.Stat(p)
	switch {
	case missing(err):
		return false, nil
	case err != nil:
		return false, c.f.unreadable(p, err)
	}
	return info.IsDir() != last, nil
}

// file is a path if there is something of that name, whatever it is.
func (c *caller) file(p string) (string, error) {
	_, err := c.f.root.Stat(p)
	switch {
	case missing(err):
		return "", nil
	case err != nil:
		return "", c.f.unreadable(p, err)
	}
	return p, nil
}

// spellings are the names of a level's file or folder: as a Recorder writes it,
// and uncut.
func (c *caller) spellings(l level) []string {
	name := l.fileName()
	if len(l.values) == 1 && len(quote(l.values[0])) > maxName {
		return []string{name, quote(l.values[0])}
	}
	return []string{name}
}

// plainPath is the path that a request's file is written to, for a message.
func plainPath(base string, levels []level) string {
	if len(levels) == 0 {
		return base + ".json"
	}
	for _, l := range levels {
		base = path.Join(base, l.fileName())
	}
	return base
}

// findEach gives the files of the parts of a request for several things, nil
// unless there is one for each.
func (c *caller) findEach(o *live.Operation, r request) []string {
	if r.selects {
		return nil
	}
	for i, l := range r.levels {
		if len(l.values) < 2 {
			continue
		}
		var files []string
		for _, v := range l.values {
			part := request{levels: slices.Clone(r.levels), print: r.print}
			part.levels[i] = level{field: l.field, values: []string{v}, list: true}
			file, err := c.find(o, part)
			if err != nil {
				return nil
			}
			files = append(files, file)
		}
		return files
	}
	return nil
}

// alias finds the one file of a folder that is named by another name of the value:
// a resource's name for its ARN, its ARN for its name, a hosted zone's name for its
// id. Only fields that take names have others; where two files could be meant,
// none is.
func (c *caller) alias(dir string, l level) string {
	value := l.values[0]
	if !takesName(l.field) {
		return ""
	}
	if strings.HasPrefix(value, "arn:") {
		// A file named by an ARN is about that ARN alone.
		for _, other := range c.nameInARN(value) {
			if _, err := c.f.root.Stat(path.Join(dir, quote(other))); err == nil {
				return quote(other)
			}
		}
		return ""
	}
	if name := c.aliasesIn(dir)[value]; name != "" {
		return name
	}
	if id, ok := strings.CutPrefix(value, zonePrefix); ok || l.field == "HostedZoneId" {
		if _, err := c.f.root.Stat(path.Join(dir, quote(id))); ok && err == nil {
			return quote(id)
		}
		if zone := c.f.zones(path.Dir(dir))[id]; zone != "" {
			return quote(zone)
		}
	}
	return ""
}

// zonePrefix stands before the ids of hosted zones in lists of them.
const zonePrefix = "/hostedzone/"

// takesName tells the fields that hold the name or id of one type of resource,
// which an ARN may stand for.
func takesName(field string) bool {
	switch field {
	case "ResourceName", "ResourceId":
		return false
	case "Cluster", "Id":
		return true
	}
	return strings.HasSuffix(field, "Name") || strings.HasSuffix(field, "Id") || strings.HasSuffix(field, "Identifier")
}

// nameInARN gives the names by which a resource of this account and region is
// called besides its ARN.
func (c *caller) nameInARN(arn string) []string {
	p, err := merlon.ParseARN(arn)
	if err != nil || p.Account.Valid() && p.Account != c.place.Account || p.Region != "" && p.Region != c.place.Region {
		return nil
	}
	i := strings.IndexAny(p.Resource, ":/")
	if i < 0 {
		return []string{p.Resource}
	}
	name := p.Resource[i+1:]
	switch p.Service {
	case "cloudformation": // stack/NAME/UUID
		name, _, _ = strings.Cut(name, "/")
	case "iam": // role/PATH/NAME
		name = path.Base(name)
	case "secretsmanager": // secret:NAME-XXXXXX
		if len(name) > 7 && name[len(name)-7] == '-' {
			return []string{name[:len(name)-7], name}
		}
	}
	return []string{name}
}

// aliasesIn maps the other names of a folder's files to the files' names; a name
// that two of them have is left out.
func (c *caller) aliasesIn(dir string) map[string]string {
	c.f.mu.Lock()
	defer c.f.mu.Unlock()
	key := string(c.place.Region) + " " + dir
	if m, ok := c.f.aliases[key]; ok {
		return m
	}
	m := map[string]string{}
	add := func(other, name string) {
		if have, ok := m[other]; ok && have != name {
			name = ""
		}
		m[other] = name
	}
	if entries, err := c.f.entries(dir); err == nil {
		for _, e := range entries {
			value := unquote(e.Name())
			if id, ok := strings.CutPrefix(value, zonePrefix); ok {
				add(id, e.Name())
			}
			for _, other := range c.nameInARN(value) {
				add(other, e.Name())
			}
		}
	}
	c.f.aliases[key] = m
	return m
}

// zones maps the ids of hosted zones to their names, where only one zone has it.
func (f *Folder) zones(region string) map[string]string {
	f.mu.Lock()
	defer f.mu.Unlock()
	key := "zones " + region
	if m, ok := f.aliases[key]; ok {
		return m
	}
	var list struct {
		HostedZones []struct{ Id, Name *string }
	}
	m, ids := map[string]string{}, map[string]int{}
	if data, err := f.read(path.Join(region, "route53-list-hosted-zones.json")); err == nil {
		if _, err := f.decoder.body(data, &list); err == nil {
			for _, z := range list.HostedZones {
				if z.Id != nil && z.Name != nil {
					m[strings.TrimPrefix(*z.Id, zonePrefix)] = *z.Name
					ids[*z.Name]++
				}
			}
		}
	}
	for id, name := range m {
		if ids[name] > 1 {
			delete(m, id)
		}
	}
	f.aliases[key] = m
	return m
}
