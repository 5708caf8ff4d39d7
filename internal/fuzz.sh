#!/bin/sh
# Runs one fuzz target and is silent but for its name: fuzz.sh GO TIME FILE TARGET.
out=$(mktemp)
trap 'rm -f "$out"' EXIT
if "$1" test -run '^$' -fuzz "^$4\$" -fuzztime "$2" -parallel 1 "./$(dirname "$3")" >"$out" 2>&1; then
  echo "fuzz $(dirname "$3") $4"
else
  cat "$out"
  exit 255 # xargs stops
fi
