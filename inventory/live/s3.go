package live

import (
	"context"
	"errors"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/aws-sdk-go-v2/service/s3control"

	"merlon.dev/merlon"
)

const (
	bucketType       = "AWS::S3::Bucket"
	bucketPolicyType = "AWS::S3::BucketPolicy"
	accountBlockType = "Merlon::S3::AccountPublicAccessBlock"
)

// newS3 addresses buckets by path where the endpoint is not AWS's own: an
// emulator has no name for each of them.
func newS3(cfg aws.Config, fns ...func(*s3.Options)) *s3.Client {
	return s3.NewFromConfig(cfg, append(fns, func(o *s3.Options) { o.UsePathStyle = cfg.BaseEndpoint != nil })...)
}

const s3Errors = "https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html (read 2026-11-24)"

var (
	s3ListBuckets = operation(newS3, (*s3.Client).ListBuckets, Declaration{
		Types: []string{bucketType}, Actions: []string{"s3:ListAllMyBuckets"}})
	s3GetBucketLocation = operation(newS3, (*s3.Client).GetBucketLocation, Declaration{
		Per: bucketType, Key: []string{"Bucket"}, Optional: true})
	s3GetBucketEncryption = operation(newS3, (*s3.Client).GetBucketEncryption, Declaration{
		Per: bucketType, Key: []string{"Bucket"}, Fills: []string{"properties.BucketEncryption"}, Actions: []string{"s3:GetEncryptionConfiguration"},
		Absent: []string{"ServerSideEncryptionConfigurationNotFoundError"}, Source: s3Errors})
	s3GetPublicAccessBlock = operation(newS3, (*s3.Client).GetPublicAccessBlock, Declaration{
		Per: bucketType, Key: []string{"Bucket"}, Fills: []string{"properties.PublicAccessBlockConfiguration"}, Actions: []string{"s3:GetBucketPublicAccessBlock"},
		Absent: []string{"NoSuchPublicAccessBlockConfiguration"}, Source: s3Errors})
	s3GetBucketOwnershipControls = operation(newS3, (*s3.Client).GetBucketOwnershipControls, Declaration{
		Per: bucketType, Key: []string{"Bucket"}, Fills: []string{"properties.OwnershipControls"},
		Absent: []string{"OwnershipControlsNotFoundError"}, Source: s3Errors})
	s3GetBucketAcl = operation(newS3, (*s3.Client).GetBucketAcl, Declaration{Optional: true,
		Per: bucketType, Key: []string{"Bucket"}, Fills: []string{"observed.Acl"}})
	s3GetBucketPolicy = operation(newS3, (*s3.Client).GetBucketPolicy, Declaration{
		Per: bucketType, Key: []string{"Bucket"}, Types: []string{bucketPolicyType},
		Absent: []string{"NoSuchBucketPolicy"}, Source: s3Errors})
	s3GetBucketVersioning = operation(newS3, (*s3.Client).GetBucketVersioning, Declaration{
		Per: bucketType, Key: []string{"Bucket"}, Fills: []string{"properties.VersioningConfiguration", "observed.MfaDelete"}})
	s3GetBucketLogging = operation(newS3, (*s3.Client).GetBucketLogging, Declaration{
		Per: bucketType, Key: []string{"Bucket"}, Fills: []string{"properties.LoggingConfiguration"}})
	s3GetBucketLifecycle = operation(newS3, (*s3.Client).GetBucketLifecycleConfiguration, Declaration{
		Per: bucketType, Key: []string{"Bucket"}, Fills: []string{"properties.LifecycleConfiguration"}, Actions: []string{"s3:GetLifecycleConfiguration"},
		Absent: []string{"NoSuchLifecycleConfiguration"}, Source: s3Errors})
	s3GetBucketReplication = operation(newS3, (*s3.Client).GetBucketReplication, Declaration{
		Per: bucketType, Key: []string{"Bucket"}, Fills: []string{"properties.ReplicationConfiguration"}, Optional: true, Actions: []string{"s3:GetReplicationConfiguration"},
		Absent: []string{"ReplicationConfigurationNotFoundError"}, Source: s3Errors})
	s3GetBucketTagging = operation(newS3, (*s3.Client).GetBucketTagging, Declaration{
		Per: bucketType, Key: []string{"Bucket"}, Fills: []string{"tags"},
		Absent: []string{"NoSuchTagSet"}, Source: s3Errors})
	s3GetBucketWebsite = operation(newS3, (*s3.Client).GetBucketWebsite, Declaration{
		Per: bucketType, Key: []string{"Bucket"}, Fills: []string{"properties.WebsiteConfiguration"},
		Absent: []string{"NoSuchWebsiteConfiguration"}, Source: s3Errors})
	s3GetObjectLock = operation(newS3, (*s3.Client).GetObjectLockConfiguration, Declaration{
		Per: bucketType, Key: []string{"Bucket"}, Fills: []string{"properties.ObjectLockEnabled", "properties.ObjectLockConfiguration"}, Optional: true,
		Actions: []string{"s3:GetBucketObjectLockConfiguration"},
		Absent:  []string{"ObjectLockConfigurationNotFoundError"}, Source: s3Errors})
	s3GetBucketNotification = operation(newS3, (*s3.Client).GetBucketNotificationConfiguration, Declaration{
		Per: bucketType, Key: []string{"Bucket"}, Fills: []string{"properties.NotificationConfiguration"}, Actions: []string{"s3:GetBucketNotification"}})

	s3controlGetPublicAccessBlock = operation(newS3Control, (*s3control.Client).GetPublicAccessBlock, Declaration{
		Types: []string{accountBlockType}, Key: []string{"AccountId"}, Actions: []string{"s3:GetAccountPublicAccessBlock"},
		Absent: []string{"NoSuchPublicAccessBlockConfiguration"}, Source: s3Errors})
)

func s3Service() *Service {
	return &Service{
		Name: "s3", Title: "S3", Global: true,
		Operations: []*Operation{s3ListBuckets.Operation, s3GetBucketLocation.Operation, s3GetBucketEncryption.Operation, s3GetPublicAccessBlock.Operation,
			s3GetBucketOwnershipControls.Operation, s3GetBucketAcl.Operation, s3GetBucketPolicy.Operation, s3GetBucketVersioning.Operation,
			s3GetBucketLogging.Operation, s3GetBucketLifecycle.Operation, s3GetBucketReplication.Operation, s3GetBucketTagging.Operation,
			s3GetBucketWebsite.Operation, s3GetObjectLock.Operation, s3GetBucketNotification.Operation, s3controlGetPublicAccessBlock.Operation,
			s3controlListMultiRegion.Operation, s3controlGetMultiRegionPolicy.Operation, s3controlGetMultiRegionPolicyStatus.Operation},
		Collect: collectS3,
	}
}

func collectS3(ctx context.Context, s *Scope) error {
	account := string(s.Account)
	err := s3controlGetPublicAccessBlock.List(ctx, s, &s3control.GetPublicAccessBlockInput{AccountId: &account}, func(out *s3control.GetPublicAccessBlockOutput) error {
		d := s.Draft(accountBlockType, account, "", "").From(s3controlGetPublicAccessBlock.Operation, s)
		d.Set("AccountId", account)
		d.Fold(out.PublicAccessBlockConfiguration, Folding{})
		return s.Put(ctx, d)
	})
	if err != nil {
		return err
	}
	if err := s.multiRegionAccessPoints(ctx); err != nil {
		return err
	}
	return s3ListBuckets.List(ctx, s, &s3.ListBucketsInput{MaxBuckets: aws.Int32(1000)}, func(out *s3.ListBucketsOutput) error {
		if err := s.placeBuckets(ctx, out.Buckets); err != nil {
			return err
		}
		return each(ctx, s, out.Buckets, func(ctx context.Context, b types.Bucket) error { return s.bucket(ctx, b, out.Owner) })
	})
}

// bucket reads one bucket. S3 has no call that tells more than one thing of more
// than one bucket.
func (s *Scope) bucket(ctx context.Context, b types.Bucket, owner *types.Owner) error {
	name := aws.ToString(b.Name)
	d := s.Draft(bucketType, name, "arn:"+string(s.Partition)+":s3:::"+name, name).From(s3ListBuckets.Operation, s)
	d.Set("BucketName", name)
	d.Observe("CreationDate", b.CreationDate)
	d.Region = merlon.Region(aws.ToString(b.BucketRegion))
	if d.Region == "" {
		d.Region = s.Region
		err := s3GetBucketLocation.Get(ctx, s, d, &s3.GetBucketLocationInput{Bucket: &name}, func(out *s3.GetBucketLocationOutput) error {
			d.Region = locationRegion(out.LocationConstraint)
			return nil
		})
		if err != nil {
			return err
		}
	}
	if !s.inScope(d.Region) {
		return nil
	}
	versioned := true // until it is known not to be
	err := s3GetBucketVersioning.Get(ctx, s, d, &s3.GetBucketVersioningInput{Bucket: &name}, func(out *s3.GetBucketVersioningOutput) error {
		versioned = out.Status != ""
		d.Set("VersioningConfiguration.Status", out.Status)
		d.Observe("MfaDelete", out.MFADelete)
		return nil
	})
	if err != nil {
		return err
	}
	steps := []func() error{
		func() error {
			return s3GetBucketEncryption.Get(ctx, s, d, &s3.GetBucketEncryptionInput{Bucket: &name}, func(out *s3.GetBucketEncryptionOutput) error {
				if c := out.ServerSideEncryptionConfiguration; c != nil {
					var rules []map[string]any
					for _, r := range c.Rules {
						rules = append(rules, map[string]any{"BucketKeyEnabled": aws.ToBool(r.BucketKeyEnabled), "ServerSideEncryptionByDefault": plain(r.ApplyServerSideEncryptionByDefault)})
					}
					d.Fit("BucketEncryption.ServerSideEncryptionConfiguration", rules)
				}
				return nil
			})
		},
		func() error {
			return s3GetPublicAccessBlock.Get(ctx, s, d, &s3.GetPublicAccessBlockInput{Bucket: &name}, func(out *s3.GetPublicAccessBlockOutput) error {
				d.Fit("PublicAccessBlockConfiguration", out.PublicAccessBlockConfiguration)
				return nil
			})
		},
		func() error { return s.bucketOwnership(ctx, d, owner) },
		func() error {
			return s3GetBucketPolicy.Get(ctx, s, d, &s3.GetBucketPolicyInput{Bucket: &name}, func(out *s3.GetBucketPolicyOutput) error {
				p := s.Draft(bucketPolicyType, name, "", name).From(s3GetBucketPolicy.Operation, s)
				p.Region = d.Region
				p.Set("Bucket", name)
				p.SetDocument("PolicyDocument", out.Policy)
				return s.Put(ctx, p)
			})
		},
		func() error {
			return s3GetBucketLogging.Get(ctx, s, d, &s3.GetBucketLoggingInput{Bucket: &name}, func(out *s3.GetBucketLoggingOutput) error {
				if l := out.LoggingEnabled; l != nil {
					d.Set("LoggingConfiguration.DestinationBucketName", l.TargetBucket)
					d.Set("LoggingConfiguration.LogFilePrefix", l.TargetPrefix)
				}
				return nil
			})
		},
		func() error {
			return s3GetBucketLifecycle.Get(ctx, s, d, &s3.GetBucketLifecycleConfigurationInput{Bucket: &name}, func(out *s3.GetBucketLifecycleConfigurationOutput) error {
				d.Set("LifecycleConfiguration.Rules", lifecycleRules(out.Rules))
				return nil
			})
		},
		func() error {
			return s3GetBucketTagging.Get(ctx, s, d, &s3.GetBucketTaggingInput{Bucket: &name}, func(out *s3.GetBucketTaggingOutput) error {
				d.Tag(out.TagSet)
				return nil
			})
		},
		func() error {
			return s3GetBucketWebsite.Get(ctx, s, d, &s3.GetBucketWebsiteInput{Bucket: &name}, func(out *s3.GetBucketWebsiteOutput) error {
				if out.IndexDocument != nil {
					d.Set("WebsiteConfiguration.IndexDocument", out.IndexDocument.Suffix)
				}
				if out.ErrorDocument != nil {
					d.Set("WebsiteConfiguration.ErrorDocument", out.ErrorDocument.Key)
				}
				d.Fit("WebsiteConfiguration.RedirectAllRequestsTo", out.RedirectAllRequestsTo)
				return nil
			})
		},
		func() error {
			return s3GetBucketNotification.Get(ctx, s, d, &s3.GetBucketNotificationConfigurationInput{Bucket: &name}, func(out *s3.GetBucketNotificationConfigurationOutput) error {
				notifications(d, out)
				return nil
			})
		},
	}
	// Only a bucket that has versioning can have replication or Object Lock:
	// https://docs.aws.amazon.com/AmazonS3/latest/userguide/Versioning.html (read 2026-11-24).
	if versioned {
		steps = append(steps,
			func() error {
				return s3GetBucketReplication.Get(ctx, s, d, &s3.GetBucketReplicationInput{Bucket: &name}, func(out *s3.GetBucketReplicationOutput) error {
					d.Fit("ReplicationConfiguration", out.ReplicationConfiguration)
					return nil
				})
			},
			func() error {
				return s3GetObjectLock.Get(ctx, s, d, &s3.GetObjectLockConfigurationInput{Bucket: &name}, func(out *s3.GetObjectLockConfigurationOutput) error {
					if c := out.ObjectLockConfiguration; c != nil {
						d.Set("ObjectLockEnabled", c.ObjectLockEnabled == types.ObjectLockEnabledEnabled)
						d.Fit("ObjectLockConfiguration", c)
					}
					return nil
				})
			},
		)
	}
	if err := each(ctx, s, steps, func(_ context.Context, step func() error) error { return step() }); err != nil {
		return err
	}
	return s.Put(ctx, d)
}

// bucketOwnership reads who owns what is put into a bucket and, where access
// control lists count, the bucket's own. Where they are disabled AWS answers that
// the owner has full control, whatever was set before; a call would tell nothing.
//
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-ownership-error-responses.html (read 2026-11-24).
func (s *Scope) bucketOwnership(ctx context.Context, d *Draft, owner *types.Owner) error {
	disabled := false
	err := s3GetBucketOwnershipControls.Get(ctx, s, d, &s3.GetBucketOwnershipControlsInput{Bucket: &d.ID}, func(out *s3.GetBucketOwnershipControlsOutput) error {
		d.Fit("OwnershipControls", out.OwnershipControls)
		disabled = out.OwnershipControls != nil && slices.ContainsFunc(out.OwnershipControls.Rules, func(r types.OwnershipControlsRule) bool {
			return r.ObjectOwnership == types.ObjectOwnershipBucketOwnerEnforced
		})
		return nil
	})
	if err != nil {
		return err
	}
	if disabled && owner != nil && aws.ToString(owner.ID) != "" {
		full := types.Grant{Grantee: &types.Grantee{ID: owner.ID, Type: types.TypeCanonicalUser}, Permission: types.PermissionFullControl}
		d.Observe("Acl", map[string]any{"Owner": map[string]any{"ID": *owner.ID}, "Grants": plain([]types.Grant{full})})
		return nil
	}
	return s3GetBucketAcl.Get(ctx, s, d, &s3.GetBucketAclInput{Bucket: &d.ID}, func(out *s3.GetBucketAclOutput) error {
		d.Observe("Acl", map[string]any{"Owner": plain(out.Owner), "Grants": plain(out.Grants)})
		return nil
	})
}

// placeBuckets fills in the regions of buckets that were listed without theirs,
// as emulators and recordings of old do: a list of each region's own buckets is one
// call, where asking for the location of each is as many as there are buckets.
// What it does not place is asked for one by one.
func (s *Scope) placeBuckets(ctx context.Context, buckets []types.Bucket) error {
	lost := map[string]int{}
	for i, b := range buckets {
		if aws.ToString(b.BucketRegion) == "" {
			lost[aws.ToString(b.Name)] = i
		}
	}
	// A recording holds the one list and the locations, and one that is being made is to hold them.
	_, recording := s.source.(Sparse)
	if recording || s.recorder != nil || len(lost) <= len(s.Regions) {
		return nil
	}
	found := map[string]merlon.Region{}
	for _, region := range s.Regions {
		// The endpoint must be the region's own:
		// https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListBuckets.html (read 2026-11-24).
		in := &s3.ListBucketsInput{MaxBuckets: aws.Int32(1000), BucketRegion: aws.String(string(region))}
		err := s3ListBuckets.pages(ctx, s, region, "", in, func(out *s3.ListBucketsOutput, _ merlon.Read) error {
			for _, b := range out.Buckets {
				name := aws.ToString(b.Name)
				if at, twice := found[name]; twice && at != region {
					// The server does not heed the region it is asked for.
					return errUnheeded
				}
				found[name] = region
			}
			return nil
		})
		if err != nil && (ctx.Err() != nil || fatal(err) && !errors.Is(err, errUnheeded)) {
			return err
		}
		if err != nil {
			return nil
		}
	}
	for name, i := range lost {
		if region, ok := found[name]; ok {
			buckets[i].BucketRegion = aws.String(string(region))
		}
	}
	return nil
}

var errUnheeded = errors.New("a bucket is in two regions")

// locationRegion: "" is us-east-1 and "EU" eu-west-1.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketLocation.html (read 2026-11-24).
func locationRegion(c types.BucketLocationConstraint) merlon.Region {
	switch c {
	case "":
		return "us-east-1"
	case types.BucketLocationConstraintEu:
		return "eu-west-1"
	}
	return merlon.Region(c)
}

// lifecycleRules gives the rules in CloudFormation's form, which spreads what
// the API nests.
func lifecycleRules(rules []types.LifecycleRule) []map[string]any {
	var out []map[string]any
	for _, r := range rules {
		m := map[string]any{"Status": string(r.Status)}
		put := func(path string, v any) { set(m, path, plain(v)) }
		put("Id", r.ID)
		//lint:ignore SA1019 AWS still answers with it for rules that were made long ago
		put("Prefix", r.Prefix)
		if f := r.Filter; f != nil {
			put("Prefix", f.Prefix)
			put("ObjectSizeGreaterThan", f.ObjectSizeGreaterThan)
			put("ObjectSizeLessThan", f.ObjectSizeLessThan)
			if f.Tag != nil {
				put("TagFilters", []types.Tag{*f.Tag})
			}
			if f.And != nil {
				put("Prefix", f.And.Prefix)
				put("TagFilters", f.And.Tags)
			}
		}
		if e := r.Expiration; e != nil {
			put("ExpirationInDays", e.Days)
			put("ExpirationDate", e.Date)
			put("ExpiredObjectDeleteMarker", e.ExpiredObjectDeleteMarker)
		}
		if e := r.NoncurrentVersionExpiration; e != nil {
			put("NoncurrentVersionExpiration.NoncurrentDays", e.NoncurrentDays)
			put("NoncurrentVersionExpiration.NewerNoncurrentVersions", e.NewerNoncurrentVersions)
		}
		if a := r.AbortIncompleteMultipartUpload; a != nil {
			put("AbortIncompleteMultipartUpload.DaysAfterInitiation", a.DaysAfterInitiation)
		}
		var moves []any
		for _, t := range r.Transitions {
			x := map[string]any{"StorageClass": string(t.StorageClass)}
			set(x, "TransitionInDays", plain(t.Days))
			set(x, "TransitionDate", plain(t.Date))
			moves = append(moves, x)
		}
		if moves != nil {
			m["Transitions"] = moves
		}
		out = append(out, m)
	}
	return out
}

func notifications(d *Draft, out *s3.GetBucketNotificationConfigurationOutput) {
	list := func(events []types.Event, key string, arn *string) (rules []map[string]any) {
		for _, e := range events {
			rules = append(rules, map[string]any{"Event": string(e), key: aws.ToString(arn)})
		}
		return rules
	}
	var lambda, queue, topic []map[string]any
	for _, c := range out.LambdaFunctionConfigurations {
		lambda = append(lambda, list(c.Events, "Function", c.LambdaFunctionArn)...)
	}
	for _, c := range out.QueueConfigurations {
		queue = append(queue, list(c.Events, "Queue", c.QueueArn)...)
	}
	for _, c := range out.TopicConfigurations {
		topic = append(topic, list(c.Events, "Topic", c.TopicArn)...)
	}
	d.Set("NotificationConfiguration.LambdaConfigurations", lambda)
	d.Set("NotificationConfiguration.QueueConfigurations", queue)
	d.Set("NotificationConfiguration.TopicConfigurations", topic)
	if out.EventBridgeConfiguration != nil {
		d.Set("NotificationConfiguration.EventBridgeConfiguration.EventBridgeEnabled", true)
	}
}
