package report

import "strings"

// Formula keeps a spreadsheet from running a cell of a CSV file: text that begins
// with a character that starts a formula gets an apostrophe before it.
//
// https://owasp.org/www-community/attacks/CSV_Injection (read 2026-11-24).
func Formula(s string) string {
	if s != "" && strings.ContainsRune("=+-@\t\r", rune(s[0])) {
		return "'" + s
	}
	return s
}
