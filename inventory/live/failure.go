package live

import (
	"errors"

	smithy "github.com/aws/smithy-go"

	"merlon.dev/merlon"
)

// Failure is why a call gave no answer, in the words of a Gap. It is an error
// itself and counts as the service's own where Code is set, so that what was
// recorded of a failed call says the same as the failure did: "not there" stays
// "not there", and denied stays denied.
type Failure struct {
	Cause   merlon.Cause
	Code    string
	Message string
}

// FailureOf sorts the error of a call; nil for no error.
func FailureOf(err error) *Failure {
	if err == nil {
		return nil
	}
	return &Failure{Cause: causeFor(err), Code: code(err), Message: message(err)}
}

func (f *Failure) Error() string {
	if f.Code == "" {
		return f.Message
	}
	return f.Code + ": " + f.Message
}

// ErrorCode is the service's code, "" where the failure was not the service's.
func (f *Failure) ErrorCode() string { return f.Code }

// ErrorMessage is the text of the failure.
func (f *Failure) ErrorMessage() string { return f.Message }

// ErrorFault tells no fault: a Gap does not either.
func (f *Failure) ErrorFault() smithy.ErrorFault { return smithy.FaultUnknown }

// recordedCause is the cause of an error that carries its own.
func recordedCause(err error) (merlon.Cause, bool) {
	var f *Failure
	if errors.As(err, &f) {
		return f.Cause, true
	}
	return "", false
}
