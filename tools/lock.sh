#!/usr/bin/env bash
# Resolve what requirements.in and requirements-dev.in ask for into locks with hashes, and name no package index in them.
# UPGRADE=1 takes the newest versions; otherwise what is locked stays as long as it fits.
set -euo pipefail
cd "$(dirname "$0")/.."

bin=${VENV:-.venv}/bin
compile() {
    "$bin/uv" pip compile --quiet --universal --python-version 3.11 --generate-hashes ${UPGRADE:+--upgrade} \
        --no-header --no-annotate --no-emit-index-url --no-emit-find-links "$@"
}
compile requirements.in --output-file requirements.txt
compile requirements-dev.in --constraints requirements.txt --output-file requirements-dev.txt
(cd tools/openapi && PATH="$(cd ../.. && cd "$bin" && pwd):$PATH" npm install --package-lock-only --ignore-scripts --loglevel=error)
