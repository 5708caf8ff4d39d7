package reference

// Embedded is the data of the binary.
func Embedded() []byte { return embedded }

// EmbeddedSize is what the package's data add to the binary, in bytes.
func EmbeddedSize() int {
	return len(embedded) + len(callsFile) + len(sdkFile) + len(dataEventsFile)
}
