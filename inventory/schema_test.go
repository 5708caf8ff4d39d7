package inventory

import (
	"testing"
)

func TestBuiltInSchemas(t *testing.T) {
	s, err := LoadSchemas()
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Verify(); err != nil {
		t.Error(err)
	}
	if n := len(s.Names()); n < 1500 {
		t.Errorf("%d types, want the 1,800 of CloudFormation", n)
	}
}

func BenchmarkLoadSchemas(b *testing.B) {
	for b.Loop() {
		if _, err := LoadSchemas(); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkFirstType is what the first type costs after start.
func BenchmarkFirstType(b *testing.B) {
	for b.Loop() {
		s, err := LoadSchemas()
		if err != nil {
			b.Fatal(err)
		}
		if _, ok := s.Type("AWS::EC2::Instance"); !ok {
			b.Fatal("no such type")
		}
	}
}
