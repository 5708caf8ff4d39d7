package inventory

import "testing"

func TestClosest(t *testing.T) {
	bucket := builtInType(t, "AWS::S3::Bucket")
	tests := []struct{ path, want string }{
		{"properties.BucketEncyption", "properties.BucketEncryption"},
		{"properties.bucketname", "properties.BucketName"},
		{"BucketEncyption", "properties.BucketEncryption"},
		{"properties.VersioningConfiguration.State", "properties.VersioningConfiguration.Status"},
		{"properties.BucketEncryption.ServerSideEncryptionConfiguraton.BucketKeyEnabled", "properties.BucketEncryption.ServerSideEncryptionConfiguration.BucketKeyEnabled"},
		{"properties.PolicyStatus", "observed.PolicyStatus"},
		{"observed.BucketName", "properties.BucketName"},
		{"properties.BucketName.Length", "properties.BucketName"},
		{"properties.NothingLikeThisAtAll", ""},
		{"properties", "properties"},
		{"", ""},
		{"..", ""},
	}
	for _, tt := range tests {
		if got := bucket.Closest(tt.path); got != tt.want {
			t.Errorf("%q: %q, want %q", tt.path, got, tt.want)
		}
	}
	role := builtInType(t, "AWS::IAM::Role")
	if got, want := role.Closest("properties.AssumeRolePolicyDocumnt.Statement"), "properties.AssumeRolePolicyDocument"; got != want {
		t.Errorf("below anything: %q, want %q", got, want)
	}
}

func TestClosestType(t *testing.T) {
	s := builtIn(t)
	tests := []struct{ name, want string }{
		{"AWS::S3::Bukket", "AWS::S3::Bucket"},
		{"aws::s3::bucket", "AWS::S3::Bucket"},
		{"Merlon::EC2::Snapshots", "Merlon::EC2::Snapshot"},
		{"something entirely different, and long", ""},
		{"", ""},
	}
	for _, tt := range tests {
		if got := s.ClosestType(tt.name); got != tt.want {
			t.Errorf("%q: %q, want %q", tt.name, got, tt.want)
		}
	}
}

func TestEditDistance(t *testing.T) {
	tests := []struct {
		a, b        string
		limit, want int
	}{
		{"", "", 5, 0}, {"a", "", 5, 1}, {"", "ab", 5, 2}, {"kitten", "sitting", 9, 3}, {"kitten", "sitting", 3, 3},
		{"flaw", "lawn", 9, 2}, {"abcdef", "ghijkl", 4, 4}, {"abcdef", "ghijkl", 9, 6}, {"a", "abcdefgh", 3, 3},
	}
	for _, tt := range tests {
		if got := editDistance(tt.a, tt.b, tt.limit); got != tt.want {
			t.Errorf("%q to %q, limit %d: %d, want %d", tt.a, tt.b, tt.limit, got, tt.want)
		}
	}
}
