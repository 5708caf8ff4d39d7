package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"merlon.dev/merlon"
	"merlon.dev/merlon/iam"
	"merlon.dev/merlon/inventory"
)

// lintPolicy is one policy document to lint and what it is called.
type lintPolicy struct {
	name string // a path, or the key of the resource
	part string // where in the resource the document stands: a JSON pointer
	file bool   // line and column are those of a file that a person can open
	doc  iam.LintDocument
}

// placement says where resources of a type carry policies.
type placement struct {
	typ    string
	path   string // in the properties; [] for the items of a list
	kind   iam.PolicyKind
	holder iam.Holder
}

func placements() []placement {
	return []placement{
		{"AWS::IAM::ManagedPolicy", "PolicyDocument", iam.IdentityPolicy, iam.ManagedPolicy},
		{"AWS::IAM::User", "Policies.[].PolicyDocument", iam.IdentityPolicy, iam.UserInline},
		{"AWS::IAM::Group", "Policies.[].PolicyDocument", iam.IdentityPolicy, iam.GroupInline},
		{"AWS::IAM::Role", "Policies.[].PolicyDocument", iam.IdentityPolicy, iam.RoleInline},
		{"AWS::IAM::Role", "AssumeRolePolicyDocument", iam.TrustPolicy, iam.RoleTrust},
		{"AWS::SSO::PermissionSet", "InlinePolicy", iam.IdentityPolicy, iam.PermissionSet},
		{"AWS::Organizations::Policy", "Content", iam.SCP, iam.OrganizationSCP},
		{"AWS::Organizations::ResourcePolicy", "Content", iam.ResourcePolicy, ""},
		{"AWS::S3::BucketPolicy", "PolicyDocument", iam.ResourcePolicy, iam.Bucket},
		{"AWS::S3::AccessPoint", "Policy", iam.ResourcePolicy, ""},
		{"AWS::SQS::QueuePolicy", "PolicyDocument", iam.ResourcePolicy, iam.Queue},
		{"AWS::SNS::TopicPolicy", "PolicyDocument", iam.ResourcePolicy, iam.Topic},
		{"AWS::KMS::Key", "KeyPolicy", iam.ResourcePolicy, iam.KMSKey},
		{"AWS::SecretsManager::ResourcePolicy", "ResourcePolicy", iam.ResourcePolicy, ""},
		{"AWS::ECR::Repository", "RepositoryPolicyText", iam.ResourcePolicy, ""},
		{"AWS::EFS::FileSystem", "FileSystemPolicy", iam.ResourcePolicy, ""},
		{"AWS::OpenSearchService::Domain", "AccessPolicies", iam.ResourcePolicy, ""},
		{"AWS::DynamoDB::Table", "ResourcePolicy.PolicyDocument", iam.ResourcePolicy, ""},
		{"AWS::Backup::BackupVault", "AccessPolicy", iam.ResourcePolicy, ""},
		{"AWS::Events::EventBus", "Policy", iam.ResourcePolicy, ""},
		{"AWS::ApiGateway::RestApi", "Policy", iam.ResourcePolicy, ""},
		{"AWS::Lambda::ResourcePolicy", "PolicyDocument", iam.ResourcePolicy, ""},
		{"AWS::Logs::ResourcePolicy", "PolicyDocument", iam.ResourcePolicy, iam.LogsDestinations},
		{"AWS::EC2::VPCEndpoint", "PolicyDocument", iam.EndpointPolicy, iam.VPCEndpoint},
	}
}

// snapshotPolicies are the policies of an inventory. Notes say which of them
// could not be read.
func snapshotPolicies(ctx context.Context, s *inventory.Snapshot) (found []lintPolicy, notes []string, err error) {
	var accounts []string
	for _, typ := range []string{"Merlon::Account::Account", "AWS::Organizations::Account"} {
		if err := s.Each(ctx, typ, func(r *merlon.Resource) error {
			accounts = append(accounts, r.ID)
			return nil
		}); err != nil {
			return nil, nil, err
		}
	}
	for _, p := range placements() {
		err := s.Each(ctx, p.typ, func(r *merlon.Resource) error {
			if awsManaged(r) {
				return nil // nobody but AWS can change it
			}
			docs, lost := documentsAt(r, p)
			for i := range docs {
				docs[i].doc.Account, docs[i].doc.Accounts = string(r.Account), accounts
			}
			found = append(found, docs...)
			notes = append(notes, lost...)
			return nil
		})
		if err != nil {
			return nil, nil, err
		}
	}
	return found, notes, nil
}

func awsManaged(r *merlon.Resource) bool {
	var o struct{ AwsManaged bool }
	return len(r.Observed) > 0 && json.Unmarshal(r.Observed, &o) == nil && o.AwsManaged
}

// documentsAt takes the documents of one placement out of a resource.
func documentsAt(r *merlon.Resource, p placement) (found []lintPolicy, lost []string) {
	kind, holder, arn := p.kind, p.holder, ""
	var of struct{ Type, Bucket string }
	if json.Unmarshal(r.Properties, &of) == nil {
		switch {
		case p.typ == "AWS::Organizations::Policy" && of.Type == "RESOURCE_CONTROL_POLICY":
			kind, holder = iam.RCP, iam.OrganizationRCP
		case p.typ == "AWS::Organizations::Policy" && of.Type != "SERVICE_CONTROL_POLICY":
			return nil, nil // tags, backups and others have languages of their own
		case p.typ == "AWS::S3::BucketPolicy" && of.Bucket != "" && !covers(r.Unknowns, "/properties/Bucket"):
			arn = "arn:aws:s3:::" + of.Bucket
		}
	}
	var walk func(raw json.RawMessage, at string, path []string)
	walk = func(raw json.RawMessage, at string, path []string) {
		if covers(r.Unknowns, at) {
			lost = append(lost, fmt.Sprintf("%s: %s is not known", r.Key(), strings.TrimPrefix(at, "/")))
			return
		}
		if len(path) == 0 {
			if text := documentText(raw); text != nil {
				found = append(found, lintPolicy{name: r.Key(), part: at,
					doc: iam.LintDocument{Source: text, Kind: kind, Holder: holder, ResourceARN: arn, Unknown: below(r.Unknowns, at)}})
			}
			return
		}
		if path[0] == "[]" {
			var items []json.RawMessage
			if json.Unmarshal(raw, &items) == nil {
				for i, item := range items {
					walk(item, at+"/"+strconv.Itoa(i), path[1:])
				}
			}
			return
		}
		var members map[string]json.RawMessage
		if json.Unmarshal(raw, &members) != nil {
			return
		}
		next := at + "/" + path[0]
		if child, ok := members[path[0]]; ok || covers(r.Unknowns, next) {
			walk(child, next, path[1:])
		}
	}
	walk(r.Properties, "/properties", strings.Split(p.path, "."))
	if limit, ok := iam.LimitOf(holder); ok && limit.Together {
		total := 0
		for _, d := range found {
			_, n := iam.PolicySize(d.doc.Source)
			total += n
		}
		for i := range found {
			_, n := iam.PolicySize(found[i].doc.Source)
			found[i].doc.Others = total - n
		}
	}
	return found, lost
}

// documentText is a policy that stands as an object, or as JSON in a string; nil
// where there is none.
func documentText(raw json.RawMessage) []byte {
	raw = bytes.TrimSpace(raw)
	var text string
	if len(raw) > 0 && raw[0] == '"' && json.Unmarshal(raw, &text) == nil {
		if strings.TrimSpace(text) == "" {
			return nil
		}
		return []byte(text)
	}
	if len(raw) == 0 || bytes.Equal(raw, []byte("null")) || bytes.Equal(raw, []byte("{}")) {
		return nil
	}
	return raw
}

// covers reports whether a path or one above it is unknown.
func covers(unknowns []merlon.Unknown, path string) bool {
	return slices.ContainsFunc(unknowns, func(u merlon.Unknown) bool {
		return u.Path == path || strings.HasPrefix(path, u.Path+"/")
	})
}

// below are the unknown paths within a document, as pointers into it.
func below(unknowns []merlon.Unknown, path string) []string {
	var out []string
	for _, u := range unknowns {
		if rest, ok := strings.CutPrefix(u.Path, path+"/"); ok {
			out = append(out, "/"+rest)
		}
	}
	return out
}

// filePolicies reads files, folders of *.json, and "-" for standard input.
func filePolicies(stdin io.Reader, args []string, kind iam.PolicyKind) ([]lintPolicy, error) {
	var out []lintPolicy
	add := func(name string, r io.Reader) error {
		source, err := io.ReadAll(io.LimitReader(r, iam.MaxDocumentBytes+1))
		if err != nil {
			return fmt.Errorf("read policy %s: %w", name, err)
		}
		out = append(out, lintPolicy{name: name, file: true, doc: iam.LintDocument{Source: source, Kind: kind}})
		return nil
	}
	open := func(path string) error {
		f, err := os.Open(path)
		if err != nil {
			return fmt.Errorf("read policy: %w", err)
		}
		defer f.Close()
		return add(path, f)
	}
	for _, arg := range args {
		if arg == "-" {
			if err := add("standard input", stdin); err != nil {
				return nil, err
			}
			continue
		}
		info, err := os.Stat(arg)
		if err != nil {
			return nil, fmt.Errorf("read policy: %w", err)
		}
		if !info.IsDir() {
			if err := open(arg); err != nil {
				return nil, err
			}
			continue
		}
		before := len(out)
		err = filepath.WalkDir(arg, func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || !strings.EqualFold(filepath.Ext(path), ".json") {
				return err
			}
			return open(path)
		})
		if err != nil {
			return nil, err
		}
		if len(out) == before {
			return nil, fmt.Errorf("read policies: no file in %s ends in .json", arg)
		}
	}
	return out, nil
}
