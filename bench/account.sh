#!/bin/sh
# The scan of one filled region: calls, wall clock, memory, report files. Seeds an
# emulator (moto) with internal/awstest/seed/benchmark.py; about two minutes.
set -eu
root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
PATH=$PATH:$root/.cache/venv/bin
port=${PORT:-5598}
work=$(mktemp -d)
endpoint=http://127.0.0.1:$port
export AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=test XDG_CACHE_HOME=$work

MOTO_IAM_LOAD_MANAGED_POLICIES=true MOTO_EC2_LOAD_DEFAULT_AMIS=false moto_server -H 127.0.0.1 -p "$port" >"$work/moto.log" 2>&1 &
moto=$!
trap 'kill $moto; rm -rf "$work"' EXIT
python=$(head -n 1 "$(command -v moto_server)" | sed 's/^#!//')
case $python in */python*) ;; *) python=python3 ;; esac
for _ in $(seq 60); do
  "$python" -c "import urllib.request; urllib.request.urlopen('$endpoint/moto-api/', timeout=1)" 2>/dev/null && break
  sleep 0.5
done

cd "$work"
echo "a region with nothing in it:"
"$python" "$root/bench/measure.py" "$root/bin/merlon" collect -o empty.db --endpoint-url "$endpoint" --region eu-central-1 2>&1 | grep -E '^(all|wall|[0-9])'
"$python" "$root/internal/awstest/seed/benchmark.py" --endpoint "$endpoint" --region eu-central-1
echo "the filled region:"
"$python" "$root/bench/measure.py" "$root/bin/merlon" scan -o full.db --endpoint-url "$endpoint" --region eu-central-1 --fail-on none \
  --format terminal=report.txt --format html=report.html --format jsonl=report.jsonl --format sarif=report.sarif --format csv=report.csv
"$root/bin/merlon" query --snapshot full.db "SELECT substr(call, 1, instr(call, ':') - 1) AS service, count(*) AS calls FROM calls GROUP BY 1 ORDER BY 2 DESC"
"$root/bin/merlon" query --snapshot full.db "SELECT (SELECT count(*) FROM resources) AS resources, (SELECT count(*) FROM calls) AS calls, (SELECT count(*) FROM gaps) AS gaps"
du -k report.* full.db
