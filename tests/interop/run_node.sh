#!/bin/sh
# Runs the Node example on a file that mimic converts; check_output.py compares what it prints. The
# packages are installed into the build folder.
#
#     sh tests/interop/run_node.sh EXAMPLES_FOLDER MIMIC_PROGRAM BUILD_FOLDER LABS.csv
set -eu
for program in node npm; do
    if ! command -v "$program" >/dev/null 2>&1; then
        echo "skipped: $program is not installed" >&2
        exit 77
    fi
done
work=$3/node
mkdir -p "$work"
cp "$1/node/package.json" "$1/node/package-lock.json" "$1/node/summary.mjs" "$work/"
# Installed once; again when the versions change.
if ! cmp -s "$work/package-lock.json" "$work/installed-lock.json"; then
    rm -f "$work/installed-lock.json"
    (cd "$work" && npm ci --no-audit --no-fund --ignore-scripts >&2)
    cp "$work/package-lock.json" "$work/installed-lock.json"
fi
# Status 3: done, with a reject, which the file has.
"$2" convert "$4" "$work/labs.arrow" --table mimic-iv@3.1/labevents \
    --columns itemid,valuenum,valueuom --quiet >&2 || [ $? -eq 3 ]
node "$work/summary.mjs" "$work/labs.arrow"
