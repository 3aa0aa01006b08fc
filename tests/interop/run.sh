#!/bin/sh
# Writes Arrow files with libmimic and reads them back with two independent readers from npm; lets
# DuckDB's library, from npm too, consume an Arrow C stream, and produce one.
#
#     sh tests/interop/run.sh WRITE_ARROW_CASES READ_STREAM_DUCKDB BUILD_FOLDER EXAMPLE_06 TAKE_STREAM_DUCKDB
#
# The readers are installed into the build folder. Exit status 77 (skipped) only where node or npm is
# not there; an installation that fails is a failure.
set -eu

writer=$1
stream_reader=$2
work=$3/readers
example=$4
stream_taker=$5
here=$(cd "$(dirname "$0")" && pwd)

for program in node npm; do
    if ! command -v "$program" >/dev/null 2>&1; then
        echo "skipped: $program is not installed; the Arrow files were not read back" >&2
        exit 77
    fi
done

mkdir -p "$work/cases"
cp "$here/package.json" "$here/package-lock.json" "$here/read_arrow.mjs" "$work/"
# Installed once; again when the versions change.
if ! cmp -s "$work/package-lock.json" "$work/installed-lock.json"; then
    rm -f "$work/installed-lock.json"
    (cd "$work" && npm ci --no-audit --no-fund --ignore-scripts)
    cp "$work/package-lock.json" "$work/installed-lock.json"
fi

"$writer" "$work/cases"
for file in "$work"/cases/*.arrow "$work"/cases/*.arrows; do
    node "$work/read_arrow.mjs" --expect "${file%.*}.ndjson" "$file"
done

# The comparison must be able to fail.
if node "$work/read_arrow.mjs" --expect "$work/cases/file_one_row.ndjson" \
    "$work/cases/file_zstd.arrow" >/dev/null 2>&1; then
    echo "read_arrow.mjs found no difference where there is one" >&2
    exit 1
fi
sed 's/"plain"/"plan"/' "$work/cases/file_zstd.ndjson" >"$work/cases/wrong.ndjson"
if node "$work/read_arrow.mjs" --expect "$work/cases/wrong.ndjson" \
    "$work/cases/file_zstd.arrow" >/dev/null 2>&1; then
    echo "read_arrow.mjs found no difference where there is one" >&2
    exit 1
fi

duckdb=$work/node_modules/@duckdb/node-bindings-linux-x64/libduckdb.so
if [ -f "$duckdb" ]; then
    "$stream_reader" "$duckdb"
    mkdir -p "$work/taken"
    "$stream_taker" "$duckdb" "$work/taken"
    "$example" "$here/../data/labs.csv" "$duckdb" |
        diff "$here/../../examples/expected/06_arrow_stream_duckdb.txt" -
    if [ -x /usr/bin/python3 ] && [ -f "$3/../../libmimic/libmimic.so.0" ]; then
        MIMIC_LIBRARY=$3/../../libmimic/libmimic.so.0 PYTHONPATH=$here/../../bindings/python \
            PYTHONDONTWRITEBYTECODE=1 /usr/bin/python3 -X dev "$here/consume_duckdb.py" "$duckdb"
    fi
else
    echo "DuckDB: not published for this kind of machine; the C stream was not consumed" >&2
fi
