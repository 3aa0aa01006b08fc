#!/bin/sh
# Writes MEDS datasets of hand-made events with libmimic and checks them with a reader from npm.
#
#     sh tests/interop/run_meds.sh WRITE_EVENT_CASES BUILD_FOLDER
#
# Exit status 77 (skipped) only where node or npm is not there.
set -eu

writer=$1
work=$2/readers
here=$(cd "$(dirname "$0")" && pwd)

for program in node npm; do
    if ! command -v "$program" >/dev/null 2>&1; then
        echo "skipped: $program is not installed; the datasets were not read back" >&2
        exit 77
    fi
done

mkdir -p "$work"
cp "$here/package.json" "$here/package-lock.json" "$here/meds_check.mjs" "$here/read_arrow.mjs" "$work/"
# Installed once; again when the versions change.
if ! cmp -s "$work/package-lock.json" "$work/installed-lock.json"; then
    rm -f "$work/installed-lock.json"
    (cd "$work" && npm ci --no-audit --no-fund --ignore-scripts)
    cp "$work/package-lock.json" "$work/installed-lock.json"
fi

rm -rf "$work/meds"
for subjects in 1 100; do
    "$writer" "$work/meds/$subjects" "$subjects" shards
    node "$work/meds_check.mjs" "$work/meds/$subjects"
    "$writer" "$work/meds/files-$subjects" "$subjects" files
    node "$work/meds_check.mjs" "$work/meds/files-$subjects" --files
done
# The same with polars, which compares each value with apache-arrow's.
node "$work/read_arrow.mjs" "$work/meds/100/data/train/1.arrow" >/dev/null

# The check must be able to fail: a subject in two files, and codes that are not listed.
cp "$work/meds/100/data/train/1.arrow" "$work/meds/100/data/train/99.arrow"
cp "$work/meds/1/metadata/codes.arrow" "$work/meds/100/metadata/codes.arrow"
if node "$work/meds_check.mjs" "$work/meds/100" >/dev/null 2>&1; then
    echo "meds_check.mjs found nothing wrong where something is" >&2
    exit 1
fi
