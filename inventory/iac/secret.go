package iac

import (
	"slices"
	"strings"
)

// redacted stands where a secret would, as in what the collectors write. That
// there is one, written out, stays to be seen.
const redacted = "REDACTED"

// secretEndings are the endings of properties that hold secrets.
var secretEndings = [...]string{"Password", "Passphrase", "SecretString", "SecretKey", "SecretAccessKey", "ClientSecret", "SharedSecret",
	"PrivateKey", "PreSharedKey", "AuthToken", "OAuthToken", "OauthToken", "AccessToken", "RefreshToken", "ApiKeyValue", "UserData"}

// redact replaces secrets in the properties of a resource.
func (r *resource) redact() {
	if v, ok := r.props["Value"]; ok && r.typ.Name == "AWS::SSM::Parameter" {
		r.props["Value"] = redactAll(v)
	}
	redactIn(r.props)
}

func redactIn(v any) {
	switch t := v.(type) {
	case []any:
		for _, e := range t {
			redactIn(e)
		}
	case map[string]any:
		for k, e := range t {
			switch {
			case slices.ContainsFunc(secretEndings[:], func(s string) bool { return strings.HasSuffix(k, s) }):
				t[k] = redactAll(e)
			case k == "Variables" || strings.HasSuffix(k, "EnvironmentVariables"):
				redactVariables(e)
			case k == "Environment":
				if _, isList := e.([]any); isList {
					redactVariables(e)
				} else {
					redactIn(e)
				}
			default:
				redactIn(e)
			}
		}
	}
}

// redactVariables redacts the values of environment variables, which are written
// as an object or as a list of names and values.
func redactVariables(v any) {
	switch t := v.(type) {
	case map[string]any:
		for k, e := range t {
			t[k] = redactAll(e)
		}
	case []any:
		for _, e := range t {
			m, ok := e.(map[string]any)
			if !ok {
				continue
			}
			// A reference to where the value is kept is no secret.
			typ, _, _ := text(m["Type"])
			if _, ok := m["Value"]; ok && (typ == "" || typ == "PLAINTEXT") {
				m["Value"] = redactAll(m["Value"])
			}
		}
	}
}

// redactAll replaces text at any depth. Numbers, booleans and what is unknown stay.
func redactAll(v any) any {
	switch t := v.(type) {
	case string, standIn:
		return redacted
	case []any:
		for i, e := range t {
			t[i] = redactAll(e)
		}
	case map[string]any:
		for k, e := range t {
			t[k] = redactAll(e)
		}
	}
	return v
}
