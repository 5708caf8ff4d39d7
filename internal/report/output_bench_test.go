package report

import (
	"io"
	"testing"
)

// BenchmarkOutput is the cost of a finding in each format, and (count) of one
// that is only counted.
func BenchmarkOutput(b *testing.B) {
	run, findings := manyFindings(20_000)
	for _, format := range append(FormatNames(), "count") {
		b.Run(format, func(b *testing.B) {
			cfg := Config{Stdout: io.Discard}
			spec := format
			if format == "count" {
				spec, cfg.Verdicts = "jsonl", all[:0]
			}
			out, err := Open([]string{spec}, cfg)
			if err != nil {
				b.Fatal(err)
			}
			if err := out.Begin(run); err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			i := 0
			for b.Loop() {
				if err := out.Finding(&findings[i%len(findings)]); err != nil {
					b.Fatal(err)
				}
				i++
			}
		})
	}
}
