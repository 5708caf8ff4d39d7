//go:build !unix

package main

// ignoreFileLimit has nothing to do: there is no such signal.
func ignoreFileLimit() {}
