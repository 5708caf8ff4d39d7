package reference

// Embedded is the data of the binary.
func Embedded() []byte { return embedded }
