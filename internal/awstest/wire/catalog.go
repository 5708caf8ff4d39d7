package wire

import (
	"archive/zip"
	"bytes"
	_ "embed"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"sync"
)

//go:generate go run merlon.dev/merlon/internal/generate/awswire -botocore ../../../.cache/venv/lib/python3*/site-packages/botocore/data -o models.zip

//go:embed models.zip
var models []byte

// Catalog is the table of all services. It may be used concurrently; a service
// is read when it is first asked for.
type Catalog struct {
	files map[string]*zip.File
	heads []*Service
	full  map[string]func() (*Service, error)
}

// open is the embedded catalog: parsed once a process, never changed.
var open = sync.OnceValues(func() (*Catalog, error) { return read(models) })

// Open reads the embedded catalog.
func Open() (*Catalog, error) { return open() }

func read(b []byte) (*Catalog, error) {
	z, err := zip.NewReader(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		return nil, fmt.Errorf("read service models: %w", err)
	}
	c := &Catalog{files: map[string]*zip.File{}, full: map[string]func() (*Service, error){}}
	for _, f := range z.File {
		c.files[f.Name] = f
	}
	if err := c.decode("index.json", &c.heads); err != nil {
		return nil, err
	}
	for _, h := range c.heads {
		c.full[h.Name] = sync.OnceValues(func() (*Service, error) {
			s := new(Service)
			if err := c.decode(h.Name+".json", s); err != nil {
				return nil, err
			}
			for name, op := range s.Operations {
				op.Name, op.modelled = name, true
			}
			s.compileRoutes()
			return s, nil
		})
	}
	return c, nil
}

func (c *Catalog) decode(name string, into any) error {
	f := c.files[name]
	if f == nil {
		return fmt.Errorf("service models: no %s", name)
	}
	r, err := f.Open()
	if err != nil {
		return fmt.Errorf("service models: %w", err)
	}
	defer r.Close()
	b, err := io.ReadAll(r)
	if err != nil {
		return fmt.Errorf("service models: %w", err)
	}
	if err := json.Unmarshal(b, into); err != nil {
		return fmt.Errorf("service models: %s: %w", name, err)
	}
	return nil
}

// Services lists the names of all services.
func (c *Catalog) Services() []string {
	names := make([]string, len(c.heads))
	for i, h := range c.heads {
		names[i] = h.Name
	}
	slices.Sort(names)
	return names
}

// Service reads the model of a service; the error names one that is not there.
func (c *Catalog) Service(name string) (*Service, error) {
	f := c.full[name]
	if f == nil {
		return nil, fmt.Errorf("no service %q: use the name of the SDK's package, such as \"ec2\" or \"cloudwatchlogs\"", name)
	}
	return f()
}

// where finds the services whose head fits.
func (c *Catalog) where(fits func(*Service) bool) ([]*Service, error) {
	var out []*Service
	for _, h := range c.heads {
		if fits(h) {
			s, err := c.Service(h.Name)
			if err != nil {
				return nil, err
			}
			out = append(out, s)
		}
	}
	return out, nil
}
