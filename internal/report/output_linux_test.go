package report

import (
	"errors"
	"os"
	"syscall"
	"testing"
)

// TestFullDisk writes to the device that is always full.
func TestFullDisk(t *testing.T) {
	out, err := Open([]string{"json=/dev/full"}, Config{})
	if err != nil {
		t.Fatal(err)
	}
	if err := out.Begin(testRun()); err != nil {
		t.Fatal(err)
	}
	if err := out.End(&Summary{}); !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("error %v", err)
	}
}

func TestDeviceIsNotReplaced(t *testing.T) {
	out, err := Open([]string{"json=/dev/null"}, Config{})
	if err != nil {
		t.Fatal(err)
	}
	if err := out.Begin(testRun()); err != nil {
		t.Fatal(err)
	}
	if err := out.End(&Summary{}); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat("/dev/null"); err != nil || info.Mode().IsRegular() {
		t.Fatalf("/dev/null is %v %v", info.Mode(), err)
	}
}
