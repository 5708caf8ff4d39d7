package iam

import (
	"encoding/json"
	"slices"
	"strings"
	"time"
)

// Call is an API call that was seen: in CloudTrail, in the metrics of an SDK or
// by a proxy. It is as reliable as what it was read from.
type Call struct {
	// Service is the event source, the SDK's service id or the name in the
	// signature; Operation the API's name. See [reference.Reference.ActionsOf].
	Service, Operation string

	Partition, Region, Account string // "" where not known
	// Principal is the ARN of the user or role, the name of a service, or a type
	// and an id where there is no ARN. Session is the session's own ARN, if any.
	Principal, Session string
	// Via is the service that made the call for the principal.
	Via   string
	Time  time.Time // zero where not known
	Error string    // AWS's code; "" for a call that was answered

	// Resources are ARNs that the record names, as AWS writes them.
	Resources []CallResource
	// Parameters are names and identifiers from the request by the last part of
	// their names in lower case, "bucketname". Complete says that all are there, so
	// that a resource that is missing was not named.
	Parameters map[string][]string
	Complete   bool
	// Data says that CloudTrail recorded it as a data event.
	Data bool
}

// CallResource is an ARN, or what the ARNs of several begin with.
type CallResource struct {
	ARN    string
	Prefix bool
}

// Bounds of what is kept of one call's parameters.
const (
	maxParameters     = 1000
	maxParameterDepth = 12
)

// Denied reports whether AWS refused the call for want of permission.
func (c *Call) Denied() bool { return deniedCode(c.Error) }

// deniedCode knows the codes with which services refuse: AccessDenied,
// AccessDeniedException, Client.UnauthorizedOperation, AuthorizationError,
// NotAuthorizedException, VpceAccessDenied …
func deniedCode(code string) bool {
	code = strings.ToLower(code)
	for _, s := range [...]string{"accessdenied", "unauthorizedoperation", "authorizationerror", "notauthorized", "unauthorizedaccess", "operationnotpermitted.iam"} {
		if strings.Contains(code, s) {
			return true
		}
	}
	return code == "forbidden" || code == "403"
}

// SetParameters keeps the strings of a request's parameters that may name
// resources. Values without a name of their own (in lists, or as "items" and
// "member") get that of what holds them; keys of objects count as values of what
// holds them, as DynamoDB's requestItems has the tables for keys.
func (c *Call) SetParameters(v any) {
	c.Parameters = map[string][]string{}
	c.collect("", v, 0)
}

// AddParameter adds one value.
func (c *Call) AddParameter(name, value string) {
	if c.Parameters == nil {
		c.Parameters = map[string][]string{}
	}
	if value == "" || len(value) > maxResource || len(c.Parameters) >= maxParameters || len(name) > 128 {
		return
	}
	name = strings.ToLower(name)
	list := c.Parameters[name]
	if len(list) < maxParameters && !slices.Contains(list, value) {
		c.Parameters[name] = append(list, value)
	}
}

func (c *Call) collect(name string, v any, depth int) {
	if depth > maxParameterDepth {
		return
	}
	switch v := v.(type) {
	case string:
		c.AddParameter(name, v)
	case json.Number:
		c.AddParameter(name, v.String())
	case []any:
		for _, item := range v {
			c.collect(name, item, depth+1)
		}
	case map[string]any:
		for _, key := range sortedKeys(v) {
			if name == "requestitems" {
				c.AddParameter(name, key)
			}
			inner := strings.ToLower(key)
			if inner == "items" || inner == "item" || inner == "member" || inner == "value" {
				inner = name
			}
			c.collect(inner, v[key], depth+1)
		}
	}
}
