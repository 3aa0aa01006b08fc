#!/bin/sh
# libmimic beside its peers: makes the data, installs DuckDB and Polars from npm, runs every job side
# by side and interleaved, and prints medians, ratios and goals as Markdown (and JSON, both also in
# build/bench/). See docs/performance.md; `run.sh --help` tells all options.
#
#     sh tests/bench/run.sh [--mb N] [--rounds N] [--jobs N] [--only ROW] [--shapes]
#     sh tests/bench/run.sh --growth | --identical | --micro | --postgres
#     sh tests/bench/run.sh --install ...      first installs the Debian packages that peers need
#     sh tests/bench/run.sh [MB [ROUNDS]]
set -eu
cd "$(dirname "$0")/../.."
if [ "${1:-}" = --install ]; then
    shift
    . tests/support/setup.sh
    install_packages nodejs npm sqlite3 postgresql python3-pandas gzip zstd tabix linux-perf
fi
work=build/bench
[ -x build/tests/bench/bench_time ] || {
    echo "build first: sh tests/run.sh, or meson setup build && ninja -C build" >&2
    exit 1
}
mkdir -p "$work"
cp tests/bench/package.json tests/bench/peer_*.mjs "$work/"
if ! command -v npm >/dev/null; then
    echo "npm is not there: DuckDB and Polars are left out" >&2
elif ! cmp -s "$work/package.json" "$work/node_modules/installed.json"; then
    (cd "$work" && npm install --silent --no-audit --no-fund)
    cp "$work/package.json" "$work/node_modules/installed.json"
fi
exec python3 tests/bench/bench.py "$@"
