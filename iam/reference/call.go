package reference

type calls struct{}

func newCalls() *calls { return &calls{} }
