// Package awstest is the AWS of the tests: an HTTP server on 127.0.0.1 that
// speaks AWS's protocols (package wire), answers every read call as an account
// that has nothing would, serves data that tests give it, and pages, throttles, denies, breaks and
// counts as told. Beside it stand the start of an emulator (moto), and generators of organizations.
//
// It does not keep state, check signatures or evaluate policies: what a call
// answers is what the test says. Writes are recorded, and change nothing.
package awstest
