package live

// Recorder is told what every call of a scan was answered with, so that it can
// be replayed: package inventory/awscli writes it as a folder of AWS CLI output.
// Its methods are called concurrently.
type Recorder interface {
	// Account is called once an account has been entered and its regions are
	// known, before its first call; err says why it could not be entered.
	Account(t *Target, err error) error
	// Record is called with every answer, or the error in its place. An error of
	// its own ends the scan: a recording with a hole would replay as something else.
	Record(p Place, o *Operation, in, out any, err error) error
}

// Sparse is a [Source] that may hold nothing at all of a service in a place, as
// a recording may. Such a service is then one Gap there, not one for each call.
type Sparse interface {
	Source
	// Holds reports whether there is an answer to any of the operations.
	Holds(p Place, operations []*Operation) bool
}
