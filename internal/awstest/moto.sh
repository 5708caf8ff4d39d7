#!/bin/sh
# Makes moto_server, the emulated AWS of the tests, available: the one on PATH,
# else version $version by pip in .cache/venv of the repository. Called by
# "make test"; does nothing where it is there.
set -eu

version=5.2.1
root=$(CDPATH='' cd -- "$(dirname -- "$0")/../.." && pwd)
venv=$root/.cache/venv

if command -v moto_server >/dev/null || [ -x "$venv/bin/moto_server" ]; then
	exit 0
fi
if python3 -m venv "$venv" && "$venv/bin/pip" install --quiet --disable-pip-version-check "moto[server]==$version"; then
	exit 0
fi
cat >&2 <<EOF
moto.sh: moto_server is not there and could not be installed.
Install Python 3.9 or later with its venv module (Debian: python3-venv), and either
  put moto_server on PATH:  python3 -m pip install 'moto[server]==$version'
  or into this repository:  python3 -m venv .cache/venv && .cache/venv/bin/pip install 'moto[server]==$version'
EOF
exit 1
