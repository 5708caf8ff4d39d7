#!/bin/sh
# Makes organization.zip and labels.jsonl anew: seeds an emulator, records it with
# bin/merlon, finishes the recording. Called by `make demo-data`.
set -eu
root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
PATH=$PATH:$root/.cache/venv/bin
port=${PORT:-5599}
work=$(mktemp -d)
endpoint=http://127.0.0.1:$port

MOTO_IAM_LOAD_MANAGED_POLICIES=true MOTO_EC2_LOAD_DEFAULT_AMIS=false moto_server -H 127.0.0.1 -p "$port" >"$work/moto.log" 2>&1 &
moto=$!
trap 'kill $moto; rm -rf "$work"' EXIT
python=$(head -n 1 "$(command -v moto_server)" | sed 's/^#!//')
case $python in */python*) ;; *) python=python3 ;; esac
for _ in $(seq 60); do
  "$python" -c "import urllib.request; urllib.request.urlopen('$endpoint/moto-api/', timeout=1)" 2>/dev/null && break
  sleep 0.5
done

"$python" "$root/demo/seed.py" --endpoint "$endpoint" --labels "$root/demo/labels.jsonl"
AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=test "$root/bin/merlon" collect -q -o "$work/snapshot.db" --record "$work/recording" --endpoint-url "$endpoint" \
  --organization --role OrganizationAccountAccessRole --region us-east-1 --region eu-west-1 --region eu-central-1
"$python" "$root/demo/finish.py" "$work/recording" "$root/demo/organization.zip"
