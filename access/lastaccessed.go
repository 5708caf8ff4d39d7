package access

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"merlon.dev/merlon"
	"merlon.dev/merlon/iam"
	"merlon.dev/merlon/inventory"
)

// LastAccessed is which services and actions a user or a role used (of a session its
// role), and when that was read. It is there where it was collected with
// --last-accessed; elsewhere unknown says why not, and the rest is empty.
func (x *Index) LastAccessed(ctx context.Context, p *Principal) (list []iam.ServiceAccess, read time.Time, unknown string, err error) {
	const pointer = "/observed/ServicesLastAccessed"
	arn := p.ARN
	if p.RoleARN != "" {
		arn = p.RoleARN
	}
	if p.Type == "" || x.byARN[arn] == nil {
		return nil, time.Time{}, "AWS gathers last-accessed data of users and roles", nil
	}
	err = x.snapshot.Get(ctx, arn, func(d *inventory.Document) error {
		r, err := d.Resource()
		if err != nil {
			return err
		}
		if unknown = unknownBelow(r, pointer); unknown != "" {
			return nil
		}
		var o struct{ ServicesLastAccessed json.RawMessage }
		if err := decode(r, nil, &o); err != nil {
			return err
		}
		if len(o.ServicesLastAccessed) == 0 {
			unknown = "the snapshot does not hold it"
			return nil
		}
		read = x.readAt(r)
		if list, err = accessed(o.ServicesLastAccessed); err != nil {
			return malformed(r, err)
		}
		return nil
	})
	if err != nil {
		return nil, time.Time{}, "", fmt.Errorf("last-accessed data of %s: %w", arn, err)
	}
	return list, read, unknown, nil
}

// readAt is when the answer came, or when the snapshot was begun.
func (x *Index) readAt(r *merlon.Resource) time.Time {
	for _, c := range r.Calls {
		if c.Call == "iam:GetServiceLastAccessedDetails" {
			return c.At
		}
	}
	return x.snapshot.Meta().Started
}

// accessed reads the observed fact.
func accessed(raw json.RawMessage) ([]iam.ServiceAccess, error) {
	var services []struct {
		ServiceNamespace           string
		LastAuthenticated          time.Time
		TrackedActionsLastAccessed []struct {
			ActionName       string
			LastAccessedTime time.Time
		}
	}
	if err := json.Unmarshal(raw, &services); err != nil {
		return nil, err
	}
	list := make([]iam.ServiceAccess, 0, len(services))
	for _, s := range services {
		a := iam.ServiceAccess{Service: s.ServiceNamespace, Last: s.LastAuthenticated}
		for _, t := range s.TrackedActionsLastAccessed {
			if a.Actions == nil {
				a.Actions = map[string]time.Time{}
			}
			a.Actions[t.ActionName] = t.LastAccessedTime
		}
		list = append(list, a)
	}
	return list, nil
}
