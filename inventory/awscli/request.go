package awscli

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"

	"merlon.dev/merlon/inventory/live"
)

// level is one value that names a file: what an input field holds, several
// values where the request asks for several things at a time.
type level struct {
	field  string
	values []string
	// list is true for a field that takes several.
	list bool
}

// request is what a call asks for, as far as file names tell.
type request struct {
	levels []level
	// selects is true where a filter decides what the answer holds: no file but
	// that of the same filter answers it.
	selects bool
	// print tells requests apart whose levels are the same. Pages of one list
	// have one print.
	print string
}

// neutral values are those that CloudMapper asks for always and leaves out of the
// file's name: what anyone means who files the output of the command.
func neutral(field, value string) bool {
	switch field {
	case "Owners", "OwnerIds":
		return value == "self"
	case "PolicyName", "EventBusName":
		return value == "default"
	case "Attribute":
		return value == "createVolumePermission" || value == "launchPermission"
	case "Scope":
		return value == "Local" || value == "REGIONAL"
	}
	return false
}

// ask reads the request of an operation. Declaration.Key names the fields that
// name the file, in the order of the levels; otherwise it is every string that is
// set: names first, then choices, then lists of names.
func ask(o *live.Operation, in any) request {
	v := reflect.ValueOf(in).Elem()
	var r request
	var names, choices, lists []level
	hash := sha256.New()
	for i := range v.NumField() {
		f := v.Type().Field(i)
		x := v.Field(i)
		if !f.IsExported() || f.Name == "ResultMetadata" || x.IsZero() || live.IsToken(f.Name) && isText(x) {
			continue
		}
		if filter(x) {
			r.selects = r.selects || len(o.Key) == 0
		}
		fmt.Fprintf(hash, "%s=", f.Name)
		printValue(hash, x)
		for x.Kind() == reflect.Pointer && !x.IsNil() {
			x = x.Elem()
		}
		l := level{field: f.Name}
		switch {
		case x.Kind() == reflect.String:
			l.values = []string{x.String()}
			if x.Type() == stringType {
				names = append(names, l)
			} else {
				choices = append(choices, l)
			}
		case x.Kind() == reflect.Slice && x.Type().Elem() == stringType:
			l.list = true
			for j := range x.Len() {
				l.values = append(l.values, x.Index(j).String())
			}
			lists = append(lists, l)
		}
	}
	r.levels = slices.Concat(names, choices, lists)
	if len(o.Key) > 0 {
		all := r.levels
		r.levels = nil
		for _, k := range o.Key {
			for _, l := range all {
				if l.field == k {
					r.levels = append(r.levels, l)
				}
			}
		}
	}
	r.levels = slices.DeleteFunc(r.levels, func(l level) bool { return len(l.values) == 1 && l.values[0] == "" })
	r.print = hex.EncodeToString(hash.Sum(nil)[:8])
	return r
}

var stringType = reflect.TypeFor[string]()

func isText(v reflect.Value) bool {
	return v.Kind() == reflect.Pointer && v.Type().Elem().Kind() == reflect.String
}

// filter tells the fields that select what an answer holds: structures.
func filter(v reflect.Value) bool {
	switch v.Kind() {
	case reflect.Pointer:
		return v.Type().Elem().Kind() == reflect.Struct && v.Type().Elem() != timeType
	case reflect.Slice:
		return v.Type().Elem().Kind() == reflect.Struct
	}
	return v.Kind() == reflect.Map || v.Kind() == reflect.Interface
}

// printValue writes a value so that equal requests give equal prints. Times are
// left out: they move with the clock.
func printValue(w interface{ Write([]byte) (int, error) }, v reflect.Value) {
	switch v.Kind() {
	case reflect.Pointer, reflect.Interface:
		if !v.IsNil() {
			printValue(w, v.Elem())
		}
	case reflect.Struct:
		if v.Type() == timeType {
			return
		}
		fmt.Fprintf(w, "%s{", v.Type().Name())
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() && !v.Field(i).IsZero() {
				fmt.Fprintf(w, "%s=", v.Type().Field(i).Name)
				printValue(w, v.Field(i))
			}
		}
		fmt.Fprint(w, "}")
	case reflect.Slice:
		fmt.Fprint(w, "[")
		for i := range v.Len() {
			printValue(w, v.Index(i))
		}
		fmt.Fprint(w, "]")
	case reflect.Map:
		keys := v.MapKeys()
		slices.SortFunc(keys, func(a, b reflect.Value) int { return strings.Compare(a.String(), b.String()) })
		for _, k := range keys {
			fmt.Fprintf(w, "%q:", k.String())
			printValue(w, v.MapIndex(k))
		}
	default:
		if v.CanInterface() {
			if _, isTime := v.Interface().(time.Time); !isTime {
				fmt.Fprintf(w, "%q;", fmt.Sprint(v.Interface()))
			}
		}
	}
}

// canonical are the levels that name the file which is written.
func (r request) canonical() []level {
	return slices.DeleteFunc(slices.Clone(r.levels), func(l level) bool { return len(l.values) == 1 && neutral(l.field, l.values[0]) })
}
