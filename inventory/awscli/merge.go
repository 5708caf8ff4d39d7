package awscli

import "reflect"

// merge adds the content of one page to another's: lists are joined, maps united,
// what only the new page has is taken over. Both are pointers to the same type.
func merge(into, from any) {
	mergeValue(reflect.ValueOf(into).Elem(), reflect.ValueOf(from).Elem())
}

func mergeValue(into, from reflect.Value) {
	switch into.Kind() {
	case reflect.Struct:
		if into.Type() == timeType {
			return
		}
		for i := range into.NumField() {
			if f := into.Type().Field(i); f.IsExported() && f.Name != "ResultMetadata" {
				mergeValue(into.Field(i), from.Field(i))
			}
		}
	case reflect.Pointer:
		switch {
		case from.IsNil():
		case into.IsNil():
			into.Set(from)
		case into.Type().Elem().Kind() == reflect.Struct:
			mergeValue(into.Elem(), from.Elem())
		}
	case reflect.Slice:
		if into.Type() == bytesType {
			return
		}
		if into.IsNil() {
			into.Set(from)
		} else {
			into.Set(reflect.AppendSlice(into, from))
		}
	case reflect.Map:
		if into.IsNil() {
			into.Set(from)
			return
		}
		for it := from.MapRange(); it.Next(); {
			into.SetMapIndex(it.Key(), it.Value())
		}
	default:
		if into.IsZero() {
			into.Set(from)
		}
	}
}
