package awscli

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"syscall"

	"merlon.dev/merlon/inventory/live"
)

// ErrTooLarge is wrapped by the error for a file of more than [live.MaxBody] bytes.
var ErrTooLarge = errors.New("file is too large")

// missing reports errors that mean that there is no such file: no name, a file
// where a folder would be, a name that no file system takes.
func missing(err error) bool {
	return errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR) || errors.Is(err, syscall.ENAMETOOLONG)
}

// read reads a whole file. The error wraps fs.ErrNotExist, [ErrTooLarge] or says
// what the file is if it is no file.
func (f *Folder) read(name string) ([]byte, error) { return f.readUpTo(name, live.MaxBody) }

func (f *Folder) readUpTo(name string, limit int64) ([]byte, error) {
	// What is no plain file is not even opened: a pipe would wait for its writer.
	info, err := f.root.Stat(name)
	if err != nil {
		return nil, err
	}
	if err := readable(info, limit); err != nil {
		return nil, err
	}
	file, err := f.root.OpenFile(name, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	if info, err = file.Stat(); err == nil {
		err = readable(info, limit)
	}
	if err != nil {
		return nil, err
	}
	data, err := io.ReadAll(io.LimitReader(file, limit+1))
	if err != nil {
		return nil, err
	}
	if int64(len(data)) > limit {
		return nil, tooLarge(limit)
	}
	return data, nil
}

func readable(info fs.FileInfo, limit int64) error {
	switch {
	case info.IsDir():
		return errors.New("is a folder, not a file")
	case !info.Mode().IsRegular():
		return errors.New("is not a plain file")
	case info.Size() > limit:
		return tooLarge(limit)
	}
	return nil
}

func tooLarge(limit int64) error {
	return fmt.Errorf("%w: more than %d MB", ErrTooLarge, limit>>20)
}
