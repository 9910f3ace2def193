#!/usr/bin/env bash
# Make the virtual environment $1 with exactly what the lock $2 names, then leave the stamp $3.
# A repeat with the same lock does nothing: make compares the stamp with the lock.
set -euo pipefail

venv=$1 lock=$2 stamp=$3

say() { printf '%s\n' "$*" >&2; }

find_python() {
    local candidate
    for candidate in "${PYTHON:-}" python3.11 python3 python3.12 python3.13; do
        [ -n "$candidate" ] || continue
        if "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            command -v "$candidate"
            return
        fi
    done
    say "Python 3.11 or newer is needed and was not found (set PYTHON=/path/to/python3)."
    return 1
}

# Debian keeps ensurepip in a package of its own; without it "python3 -m venv" fails half-way.
make_venv() {
    local python=$1 version
    "$python" -m venv "$venv" >/dev/null 2>&1 && return
    version=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
        say "python$version-venv is missing; installing it."
        apt-get update -qq
        DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "python$version-venv" >/dev/null
        "$python" -m venv "$venv"
    else
        say "$python cannot make a virtual environment. On Debian and Ubuntu: apt-get install python$version-venv"
        return 1
    fi
}

started=$SECONDS
if ! "$venv/bin/python" -c 'import pip, sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
    make_venv "$(find_python)"
fi
say "Installing what $lock names into $venv …"
# No byte-code at install time: what is used is compiled when first imported, and set-up is a third shorter.
"$venv/bin/python" -m pip install -qq --disable-pip-version-check --no-input --no-compile --require-hashes -r "$lock"
"$venv/bin/python" -m pip install -qq --disable-pip-version-check --no-input --no-deps --no-build-isolation --editable .
touch "$stamp"
say "Set up in $((SECONDS - started)) s."
