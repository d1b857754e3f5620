#!/bin/sh
# Makes .venv/ with what one lock names. Usage: deploy/setup.sh base|dev
# Nothing is fetched but the lock's own files, each checked against its hash, and two packages of the
# system where they are missing: python3-venv, and mariadb-server for the sources that are MySQL.
set -eu
lock="requirements/$1.lock"

as_root() {
    if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi
}

# Installs a package of the system without starting a service: a policy-rc.d of our own forbids that
# while apt runs, unless the machine has one already.
install_package() {
    policy=/usr/sbin/policy-rc.d
    if [ ! -e "$policy" ]; then
        trap 'as_root rm -f "$policy"' EXIT
        printf '#!/bin/sh\nexit 101\n' | as_root tee "$policy" >/dev/null || return 1
        as_root chmod 755 "$policy"
    fi
    as_root apt-get update -q || true
    as_root env DEBIAN_FRONTEND=noninteractive \
        apt-get install -q -y --no-install-recommends "$1"
}
python="${PYTHON:-python3}"

"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || {
    echo "citybase needs Python 3.11 or newer; $python is older. Name another: make PYTHON=python3.12" >&2
    exit 2
}
if ! "$python" -c 'import ensurepip' 2>/dev/null; then
    echo "python3-venv is missing: installing it"
    install_package python3-venv || {
        echo "Ask an administrator for: apt-get install python3-venv" >&2
        exit 2
    }
fi
# A folder without a working pip is left over from a set-up that was interrupted.
.venv/bin/python -m pip --version >/dev/null 2>&1 || "$python" -m venv --clear .venv
pip=".venv/bin/python -m pip --disable-pip-version-check --quiet"
echo "Installing $lock (about a minute)"
$pip install --require-hashes -r "$lock"
$pip install --no-deps --no-build-isolation -e .

# MariaDB has no wheel. Without it everything runs but what asks for a MariaDB server of our own.
if ! PATH="$PATH:/usr/sbin" command -v mariadbd >/dev/null; then
    echo "mariadb-server is missing: installing it, without a service"
    # Nobody is asked for a password here: it is not needed enough.
    { [ "$(id -u)" = 0 ] || sudo -n true; } 2>/dev/null \
        && install_package mariadb-server >/dev/null 2>&1 \
        && { as_root systemctl disable mariadb >/dev/null 2>&1 || true; } \
        || echo "Not installed; tests that need MariaDB are skipped: apt-get install mariadb-server" >&2
fi
