package wire

import (
	"net/url"
	"strings"
)

// documents are the members that IAM percent-encodes (RFC 3986) in its answers.
// https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetPolicyVersion.html (read 2026-11-24).
var documents = map[string]bool{"policydocument": true, "assumerolepolicydocument": true, "document": true}

// quirks applies what a service does and its model does not say. The data given
// stays as it is.
func (s *Service) quirks(out map[string]any) (map[string]any, error) {
	if s.Name != "iam" {
		return out, nil
	}
	v, err := encodeDocuments(out)
	if err != nil {
		return nil, err
	}
	return v.(map[string]any), nil
}

// encodeDocuments copies a value with IAM's policy documents, given as text or
// objects, as percent-encoded text; what is encoded already stays.
func encodeDocuments(v any) (any, error) {
	v, err := plain(v)
	if err != nil {
		return nil, err
	}
	switch v := v.(type) {
	case map[string]any:
		out := make(map[string]any, len(v))
		for k, e := range v {
			if e == nil || !documents[strings.ToLower(k)] {
				if out[k], err = encodeDocuments(e); err != nil {
					return nil, err
				}
				continue
			}
			t, err := text(e)
			if err != nil {
				return nil, err
			}
			if !strings.HasPrefix(t, "%7B") {
				t = strings.ReplaceAll(url.QueryEscape(t), "+", "%20")
			}
			out[k] = t
		}
		return out, nil
	case []any:
		out := make([]any, len(v))
		for i, e := range v {
			if out[i], err = encodeDocuments(e); err != nil {
				return nil, err
			}
		}
		return out, nil
	}
	return v, nil
}
