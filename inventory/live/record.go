package live

// Recorder writes what AWS answered as a folder of AWS CLI output.
type Recorder struct{}

func (r *Recorder) record(p Place, o *Operation, in, out any, err error) error { return nil }
