#!/bin/sh
# Compares merlon's evaluator with iam-simulate on 5,000 generated questions and
# prints the kinds of differences; each of them, made small, is left in
# .cache/iam-differences.jsonl. Needs go, node and npm. See
# docs/design/iam-differences.md. iam-simulate is AGPL: it is run as a program
# and no part of merlon.
set -e
cd "$(dirname "$0")/../.."
version=0.1.173
cache=.cache/iam-simulate
mkdir -p "$cache"
npm install --silent --no-save --prefix "$cache" "@cloud-copilot/iam-simulate@$version"
go build -o "$cache/merlon" ./cmd/merlon
go test ./iam -count=1 -run 'TestTidy$' -args -cases "$(pwd)/$cache/questions.jsonl"
node internal/iamcompare/compare.mjs "$cache" "$cache/merlon" "$cache/questions.jsonl" .cache/iam-differences.jsonl
