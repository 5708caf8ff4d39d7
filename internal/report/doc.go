// Package report writes the findings of a scan in the formats that people and
// programs read: terminal, JSON, JSON Lines, CSV, Markdown, SARIF, OCSF and one
// self-contained HTML page.
//
// Every name, tag and message comes from an account that may be hostile, so each
// format escapes what its readers would act on: terminal controls, markup,
// spreadsheet formulas, characters that change the direction of text.
//
// Not its job: deciding verdicts (posture), which findings count for the exit
// status (internal/cli), and keeping findings from one scan to the next
// (internal/store).
//
// Formats:
// SARIF 2.1.0, https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html;
// OCSF, https://schema.ocsf.io/classes/compliance_finding;
// colours, https://no-color.org and https://bixense.com/clicolors
// (all read 2026-11-24).
package report
