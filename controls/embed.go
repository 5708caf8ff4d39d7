// Package controls holds the built-in controls: a folder a service, and for each
// control NAME.yaml and NAME_test.yaml. The id of a control is its path.
//
// How a control is written: `merlon controls new`, and package posture, which
// compiles and runs them. Nothing here is code.
package controls

import (
	"embed"
	"io/fs"
)

//go:embed */*.yaml
var files embed.FS

// FS is the folder of the built-in controls and their tests. It is read-only and
// safe for concurrent use.
func FS() fs.FS { return files }
