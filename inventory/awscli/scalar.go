package awscli

import (
	"encoding/base64"
	"math"
	"reflect"
	"strconv"
	"strings"
	"time"
)

// string reads text, and a document that the CLI prints as an object.
func (d *decoder) string(s *scanner, v reflect.Value, name string) error {
	switch c := s.peek(); {
	case c == '"':
		v.SetString(s.string())
		return nil
	case (c == '{' || c == '[') && isDocument(name):
		v.SetString(string(s.raw()))
		return nil
	}
	return mismatched("want a string, have %s", s.kind())
}

// isDocument tells the members that hold JSON as text, which botocore parses.
//
// botocore/handlers.py, json_decode_policies and json_decode_template_body (version 1.43.11, read 2026-11-24).
func isDocument(name string) bool {
	return strings.HasSuffix(name, "Document") || strings.HasSuffix(name, "Policy") || name == "PolicyText" || name == "policyText" || name == "TemplateBody"
}

func (d *decoder) time(s *scanner, v reflect.Value) error {
	var t time.Time
	var err error
	switch c := s.peek(); {
	case c == '"':
		t, err = parseTime(s.string())
	case c == '-' || c >= '0' && c <= '9':
		t, err = parseTime(s.number())
	default:
		return mismatched("want a time, have %s", s.kind())
	}
	if err != nil {
		return mismatched("%v", err)
	}
	v.Set(reflect.ValueOf(t))
	return nil
}

// bytes reads base64, as the CLI prints bytes, or text, as boto3's user does.
func (d *decoder) bytes(s *scanner, v reflect.Value) error {
	if s.peek() != '"' {
		return mismatched("want bytes as text, have %s", s.kind())
	}
	v.SetBytes(parseBytes(s.string()))
	return nil
}

func parseBytes(text string) []byte {
	if b, err := base64.StdEncoding.Strict().DecodeString(text); err == nil {
		return b
	}
	return []byte(text)
}

func (d *decoder) integer(s *scanner, v reflect.Value) error {
	text, err := d.digits(s)
	if err != nil {
		return err
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		f, ferr := strconv.ParseFloat(text, 64)
		// Beyond 2^53 a float no longer says which integer is meant.
		if ferr != nil || f != math.Trunc(f) || math.Abs(f) > 1<<53 {
			return mismatched("want an integer, have %s", quoteShort(text))
		}
		n = int64(f)
	}
	if v.OverflowInt(n) {
		return mismatched("%d is too large", n)
	}
	v.SetInt(n)
	return nil
}

func (d *decoder) float(s *scanner, v reflect.Value) error {
	text, err := d.digits(s)
	if err != nil {
		return err
	}
	f, err := strconv.ParseFloat(text, 64)
	if err != nil || v.Kind() == reflect.Float32 && !math.IsInf(f, 0) && v.OverflowFloat(f) {
		return mismatched("want a number, have %s", quoteShort(text))
	}
	v.SetFloat(f)
	return nil
}

// digits reads a number or a string that should hold one: some services' models
// and the SDK disagree about which it is.
func (d *decoder) digits(s *scanner) (string, error) {
	switch c := s.peek(); {
	case c == '-' || c >= '0' && c <= '9':
		return s.number(), nil
	case c == '"':
		return s.string(), nil
	}
	return "", mismatched("want a number, have %s", s.kind())
}
