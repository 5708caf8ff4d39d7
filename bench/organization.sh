#!/bin/sh
# The collection of an organization of 200 accounts in 17 regions, mostly empty,
# from a server of our own that takes 20 ms for each answer. Some minutes.
set -eu
root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
work=$(mktemp -d)
addr=127.0.0.1:${PORT:-4700}
cd "$root"
go build -o "$work/fakeaws" ./internal/awstest/cmd/fakeaws
"$work/fakeaws" -addr "$addr" -accounts "${ACCOUNTS:-200}" -regions 17 -latency 20ms >"$work/fakeaws.log" 2>&1 &
server=$!
trap 'kill $server; rm -rf "$work"' EXIT
sleep 2
eval "$(grep '^export' "$work/fakeaws.log")"
export XDG_CACHE_HOME="$work"
python3 bench/measure.py bin/merlon collect -o "$work/organization.db" --organization --role merlon-audit --parallel 64
du -k "$work/organization.db"
