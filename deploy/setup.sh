#!/bin/sh
# Makes .venv/ with what one lock names. Usage: deploy/setup.sh base|dev
# Nothing is fetched but the lock's own files, each checked against its hash.
set -eu
lock="requirements/$1.lock"
python="${PYTHON:-python3}"

"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || {
    echo "citybase needs Python 3.11 or newer; $python is older. Name another: make PYTHON=python3.12" >&2
    exit 2
}
if ! "$python" -c 'import ensurepip' 2>/dev/null; then
    echo "python3-venv is missing: installing it"
    if [ "$(id -u)" = 0 ]; then
        apt-get update -q && apt-get install -q -y python3-venv
    elif command -v sudo >/dev/null; then
        sudo apt-get update -q && sudo apt-get install -q -y python3-venv
    else
        echo "Ask an administrator for: apt-get install python3-venv" >&2
        exit 2
    fi
fi
# A folder without a working pip is left over from a set-up that was interrupted.
.venv/bin/python -m pip --version >/dev/null 2>&1 || "$python" -m venv --clear .venv
pip=".venv/bin/python -m pip --disable-pip-version-check --quiet"
echo "Installing $lock (about a minute)"
$pip install --require-hashes -r "$lock"
$pip install --no-deps --no-build-isolation -e .
