#!/usr/bin/env bash
# Run every static check, all of them even when one fails, and say which failed.
set -uo pipefail
cd "$(dirname "$0")/.."

bin=$(cd "${VENV:-.venv}/bin" && pwd)
export PATH="$bin:$PATH" REDOCLY_TELEMETRY=off REDOCLY_SUPPRESS_UPDATE_NOTICE=true
# pyright takes node from the environment and must not look for a newer self.
export PYRIGHT_PYTHON_IGNORE_WARNINGS=1
failed=()

check() {
    local name=$1 started=$SECONDS
    shift
    if "$@"; then
        printf 'ok      %-12s %3d s\n' "$name" $((SECONDS - started))
    else
        printf 'FAILED  %-12s %3d s\n' "$name" $((SECONDS - started))
        failed+=("$name")
    fi
}

contract() {
    tools/openapi/node_modules/.bin/redocly lint openapi/openapi.json \
        --config tools/openapi/redocly.yaml --format=stylish --max-problems=50
}

check format ruff format --check --quiet --output-format concise .
check lint ruff check --quiet --output-format concise .
check sizes python -m tools.sizes
check layers lint-imports --no-cache
check types pyright --pythonpath "$bin/python"
check contract contract

if [ ${#failed[@]} -gt 0 ]; then
    printf 'check failed: %s\n' "${failed[*]}" >&2
    exit 1
fi
