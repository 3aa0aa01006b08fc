#!/bin/sh
# The benchmark against peers: makes the data, installs DuckDB from npm, runs everything side by side
# and interleaved, and prints medians and ratios as Markdown (and JSON into the build folder).
#
#     sh tests/bench/run.sh [MEGABYTES [ROUNDS]]     default 200 5
set -eu
cd "$(dirname "$0")/../.."
work=build/bench
[ -x build/cli/mimic ] || { echo "build first: sh tests/run.sh or sh examples/quickstart.sh" >&2; exit 1; }
mkdir -p "$work"
if command -v npm >/dev/null; then
    cp tests/bench/package.json tests/bench/duckdb_scan.mjs "$work/"
    (cd "$work" && [ -d node_modules ] || npm install --silent --no-audit --no-fund)
else
    echo "npm is not there: DuckDB is left out" >&2
fi
exec python3 tests/bench/peers.py "$work" "${1:-200}" "${2:-5}"
