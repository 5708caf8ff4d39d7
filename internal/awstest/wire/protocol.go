package wire

// Protocol is one of the ways in which AWS services speak, named as botocore
// names them.
//
// Specified in https://smithy.io/2.0/aws/protocols/index.html and
// https://smithy.io/2.0/additional-specs/protocols/smithy-rpc-v2.html (read 2026-11-24).
type Protocol string

// The protocols.
const (
	Query    Protocol = "query"
	EC2      Protocol = "ec2"
	RESTXML  Protocol = "rest-xml"
	RESTJSON Protocol = "rest-json"
	JSON     Protocol = "json"
	CBOR     Protocol = "smithy-rpc-v2-cbor"
)
