package cli

import (
	"merlon.dev/merlon/controls"
	"merlon.dev/merlon/inventory"
	"merlon.dev/merlon/posture"
	"os"
)

// loadControls compiles the built-in controls and those of the user's folders.
func loadControls(schemas *inventory.SchemaSet, folders []string) (*posture.Catalog, error) {
	list := []posture.Folder{{FS: controls.FS(), Name: "controls"}}
	for _, dir := range folders {
		st, err := os.Stat(dir)
		if err != nil {
			return nil, usage("--controls: %w", err)
		}
		if !st.IsDir() {
			return nil, usage("--controls %s: not a folder", dir)
		}
		list = append(list, posture.Folder{FS: os.DirFS(dir), Name: dir, CostLimit: posture.DefaultCostLimit})
	}
	return posture.Load(schemas, list...)
}
