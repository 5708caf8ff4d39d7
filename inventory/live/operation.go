package live

import (
	"context"
	"path"
	"reflect"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// Declaration says what a call is for. Everything that can be derived from the
// SDK's method is left out.
type Declaration struct {
	// Types are the resource types the call lists or, with Per, adds. A failed
	// call means that resources of these types are missing.
	Types []string
	// Per is the type of the resource that the call is made for, once each;
	// empty for a call made once a region.
	Per string
	// Fills are the top-level parts of the Per resource that the answer fills:
	// "properties.BucketEncryption", "observed.PolicyStatus". They become unknown
	// when the call fails.
	Fills []string
	// Absent are the error codes that mean "not there"; Source is the page that
	// says so. Where a service has one code for that and for a denial, the words
	// of its message that tell follow the code: "AccessDeniedException: is not enabled".
	Absent []string
	Source string
	// Actions are the IAM actions needed, where they are not "service:Operation".
	Actions []string
	// Key names the input fields whose values name the file of a recorded
	// answer; by default the string fields that are set.
	Key []string
	// Optional calls are made only where the answer before says that there is
	// something to ask for; they count in permissions, not in the dry run.
	Optional bool
	// Times is how often a call without Per is made in a region, where it takes
	// more than one to hear everything; 0 is once.
	Times int
	// PerAccount is how often a call of a service that is not global is made
	// besides in one region of each account: about what the account has once.
	PerAccount int
	// Shared: one call tells about all resources of the Per type ([op.Batch]), so
	// that it is made once a region and not once each.
	Shared bool
}

// Operation is one declared call. It is immutable and safe for concurrent use.
type Operation struct {
	Declaration
	// Service is the SDK's package name ("cloudwatchlogs"), Name the operation's.
	Service string
	Name    string

	client func(aws.Config) any
	invoke func(ctx context.Context, client, in any) (any, error)
	output func() any
}

// Call is the operation's name as gaps and reports spell it: the AWS CLI's
// command and the operation, "elbv2:DescribeLoadBalancers".
func (o *Operation) Call() string { return CLI(o.Service) + ":" + o.Name }

// IAMActions are the actions that the caller must be allowed.
func (o *Operation) IAMActions() []string {
	if len(o.Actions) > 0 {
		return o.Actions
	}
	return []string{Prefix(o.Service) + ":" + o.Name}
}

// Output makes an empty answer of the operation's output type, for sources that decode one.
func (o *Operation) Output() any { return o.output() }

// op is an Operation with its types.
type op[I, O any] struct{ *Operation }

// operation declares a call by the SDK's constructor and method, for example
// operation(s3.NewFromConfig, (*s3.Client).ListBuckets, Declaration{…}).
func operation[C, I, O, Opt any](
	construct func(aws.Config, ...func(*Opt)) *C,
	method func(*C, context.Context, *I, ...func(*Opt)) (*O, error),
	d Declaration,
) op[I, O] {
	return op[I, O]{&Operation{
		Declaration: d,
		Service:     path.Base(reflect.TypeFor[C]().PkgPath()),
		Name:        strings.TrimSuffix(reflect.TypeFor[O]().Name(), "Output"),
		client:      func(cfg aws.Config) any { return construct(cfg) },
		invoke: func(ctx context.Context, client, in any) (any, error) {
			return method(client.(*C), ctx, in.(*I))
		},
		output: func() any { return new(O) },
	}}
}
