package awscli

import (
	"bytes"
	"slices"

	"merlon.dev/merlon/inventory/live"
)

// joinPages makes one answer of the pages of a list: lists are joined, objects
// united, of anything else the last page's is kept, which says whether there is
// still more. The tokens are dropped, as
// CloudMapper drops them, unless the list broke off: then the last page's are
// kept, so that whoever reads it knows that there was more.
func joinPages(pages [][]byte, whole bool) []byte {
	var out bytes.Buffer
	joinObjects(&out, pages, whole, 0)
	return out.Bytes()
}

func joinObjects(out *bytes.Buffer, objects [][]byte, whole bool, depth int) {
	var order []string
	members := map[string][][]byte{}
	for _, o := range objects {
		s := &scanner{data: o}
		_ = s.object(func(key string) error {
			if _, ok := members[key]; !ok {
				order = append(order, key)
			}
			members[key] = append(members[key], s.raw())
			return nil
		})
	}
	slices.Sort(order)
	// Below the answer itself only CloudFront's lists page.
	pages := depth == 0 || depth == 1 && (members["IsTruncated"] != nil || members["NextMarker"] != nil)
	out.WriteByte('{')
	first := true
	for _, key := range order {
		values := members[key]
		if pages && pagingMember(key) {
			if whole {
				continue
			}
			values = values[len(values)-1:]
		}
		if !first {
			out.WriteByte(',')
		}
		first = false
		e := encoder{}
		e.text(key)
		out.Write(e.out.Bytes())
		out.WriteByte(':')
		join(out, values, whole, depth)
	}
	out.WriteByte('}')
}

// pagingMember tells the members that say where a page ends.
func pagingMember(name string) bool {
	name = spelledUp(name)
	return name == "IsTruncated" || live.IsToken(name)
}

func spelledUp(name string) string {
	if name == "" {
		return ""
	}
	return string(bytes.ToUpper([]byte(name[:1]))) + name[1:]
}

func join(out *bytes.Buffer, values [][]byte, whole bool, depth int) {
	switch {
	case (depth == 0 || len(values) > 1) && all(values, '{'):
		joinObjects(out, values, whole, depth+1)
	case len(values) > 1 && all(values, '['):
		out.WriteByte('[')
		first := true
		for _, v := range values {
			inner := bytes.TrimSpace(v[1 : len(v)-1])
			if len(inner) == 0 {
				continue
			}
			if !first {
				out.WriteByte(',')
			}
			first = false
			out.Write(inner)
		}
		out.WriteByte(']')
	default:
		out.Write(values[len(values)-1])
	}
}

func all(values [][]byte, begin byte) bool {
	for _, v := range values {
		if v[0] != begin {
			return false
		}
	}
	return true
}
